//! Linking a number by QR code: the gateway's calls, and the procedure on the pages that show the code.

use axum::http::StatusCode;
use secrecy::SecretString;
use serde_json::Value;
use simulators::{Fault, GatewayBuild, seed};
use waapify_ghl::accounts::qr_linking;
use waapify_ghl::accounts::qr_linking::Progress;
use waapify_ghl::clients::waapify::{CheckError, Client, Credentials, QrCode};
use waapify_ghl::model::written_phone::grouped;

use crate::connecting::{link, numbers, path_in, post};
use crate::harness::Bridge;

fn client(bridge: &Bridge) -> &Client {
    &bridge.app.context.waapify
}

fn keys(instance: &str) -> Credentials {
    Credentials {
        instance_id: instance.to_owned(),
        access_token: seed::ACCESS_TOKEN.into(),
    }
}

async fn create(bridge: &Bridge) -> Result<String, CheckError> {
    let token = SecretString::from(seed::ACCESS_TOKEN);
    client(bridge).create_instance(&token).await
}

#[tokio::test]
async fn a_new_instance_shows_codes_that_change_until_a_phone_scans_one() {
    let bridge = Bridge::bare().await;
    let instance = create(&bridge).await.unwrap();
    assert_eq!(
        create(&bridge).await.unwrap(),
        instance,
        "the same one again"
    );
    let keys = keys(&instance);
    let not_yet = client(&bridge).reconnect(&keys).await;
    assert!(
        matches!(not_yet, Err(CheckError::NotLinked(_))),
        "{not_yet:?}"
    );
    assert!(
        !bridge.simulation.waapify.scan_qr(&instance).await,
        "no code is shown"
    );
    bridge
        .simulation
        .adjust(|timings| timings.qr_changes_after = std::time::Duration::from_millis(1));
    let first = client(&bridge).qr_code(&keys).await.unwrap();
    let QrCode::Png(picture) = &first else {
        panic!("{first:?}");
    };
    let mut reader = png::Decoder::new(std::io::Cursor::new(picture.clone()))
        .read_info()
        .unwrap();
    let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
    reader.next_frame(&mut pixels).unwrap();
    bridge.simulation.waapify.set_build(GatewayBuild::Modern);
    crate::harness::wait("the code changes", async || {
        client(&bridge).qr_code(&keys).await.unwrap() != first
    })
    .await;
    assert!(bridge.simulation.waapify.scan_qr(&instance).await);
    assert_eq!(client(&bridge).qr_code(&keys).await, Ok(QrCode::InUse));
    let linked = client(&bridge).reconnect(&keys).await.unwrap();
    assert_eq!(linked.number.as_deref(), Some(seed::NEW_NUMBER));
    assert_ne!(create(&bridge).await.unwrap(), instance, "a new one now");
}

#[tokio::test]
async fn a_number_whose_link_is_lost_shows_a_code_once_its_session_is_ended() {
    let bridge = Bridge::bare().await;
    let keys = keys(seed::INSTANCE_ID);
    bridge.simulation.waapify.unlink().await;
    assert_eq!(client(&bridge).qr_code(&keys).await, Ok(QrCode::InUse));
    client(&bridge).reboot(&keys).await.unwrap();
    let code = client(&bridge).qr_code(&keys).await;
    assert!(matches!(code, Ok(QrCode::Png(_))), "{code:?}");
    let again = client(&bridge).reboot(&keys).await;
    assert!(matches!(again, Err(CheckError::NotLinked(_))), "{again:?}");
    assert!(bridge.simulation.waapify.scan_qr(seed::INSTANCE_ID).await);
    let linked = client(&bridge).reconnect(&keys).await.unwrap();
    assert_eq!(linked.number.as_deref(), Some(seed::NUMBER));
}

#[tokio::test]
async fn what_the_gateway_refuses_is_told_without_the_token() {
    let bridge = Bridge::bare().await;
    let wrong = SecretString::from("s3cret-token-of-nobody");
    let refused = client(&bridge).create_instance(&wrong).await.unwrap_err();
    assert!(matches!(refused, CheckError::Credentials(_)), "{refused}");
    bridge.simulation.waapify.set_max_numbers(Some(1));
    let full = create(&bridge).await.unwrap_err();
    assert!(matches!(full, CheckError::Full(_)), "{full}");
    bridge.simulation.waapify.faults().push(
        "createinstance.php",
        Fault::answer(200, r#"{"status":"success","instance_id":"../../x"}"#),
    );
    let odd = create(&bridge).await.unwrap_err();
    assert!(matches!(odd, CheckError::Refused(_)), "{odd}");
    bridge
        .simulation
        .waapify
        .faults()
        .push("getqrcode.php", Fault::answer(200, "\n\nnull"));
    let code = client(&bridge).qr_code(&keys(seed::INSTANCE_ID)).await;
    assert_eq!(code, Ok(QrCode::NotReady));
    let nowhere = Client::new(
        bridge.http.clone(),
        "http://127.0.0.1:1/api".parse().unwrap(),
    );
    for said in [
        format!("{refused:?} {refused}"),
        format!("{:?}", nowhere.create_instance(&wrong).await.unwrap_err()),
        format!("{:?}", nowhere.qr_code(&keys("X")).await.unwrap_err()),
        format!("{:?}", nowhere.reboot(&keys("X")).await.unwrap_err()),
    ] {
        assert!(
            !said.contains("s3cret") && !said.contains(seed::ACCESS_TOKEN),
            "{said}"
        );
    }
}

const TOKEN: [(&str, &str); 1] = [("access_token", seed::ACCESS_TOKEN)];

/// Begins on a connect page. Returns the instance that waits for a phone.
pub async fn begin(bridge: &Bridge, link: &str) -> String {
    let (status, page) = post(bridge, &format!("{link}/qr"), &TOKEN).await;
    assert_eq!(status, StatusCode::OK, "{page}");
    assert!(page.contains(&format!("{link}/qr.png")), "{page}");
    assert!(!page.contains(seed::ACCESS_TOKEN), "{page}");
    let picture = bridge.http.get(format!("{}{link}/qr.png", bridge.address));
    let picture = picture.send().await.unwrap();
    assert_eq!(picture.headers()["content-type"], "image/png");
    assert!(picture.bytes().await.unwrap().starts_with(b"\x89PNG"));
    bridge.simulation.waapify.waiting_instances().remove(0)
}

/// Says that the number is the right one. Returns the page after that.
pub async fn confirm(bridge: &Bridge, link: &str, number: &str) -> String {
    let (status, page) = post(bridge, &format!("{link}/confirm"), &[("number", number)]).await;
    assert_eq!(status, StatusCode::OK, "{page}");
    page
}

pub async fn state(bridge: &Bridge, link: &str) -> Value {
    let (status, body) = bridge.get(&format!("{link}/state")).await;
    assert_eq!(status, StatusCode::OK, "{body}");
    serde_json::from_str::<Value>(&body).unwrap()["state"].clone()
}

#[tokio::test]
async fn a_person_without_a_number_scans_a_code_and_is_connected_with_what_waapify_names() {
    let bridge = Bridge::bare().await;
    let link = link(&bridge).await;
    let instance = begin(&bridge, &link).await;
    assert_eq!(state(&bridge, &link).await, "waiting");
    let (_, page) = bridge.get(&link).await;
    assert!(
        page.contains("qr.png") && page.contains("<a href=\"\">load it again"),
        "a reload goes on: {page}"
    );
    assert!(bridge.simulation.waapify.scan_qr(&instance).await);
    assert_eq!(state(&bridge, &link).await, "linked");
    assert_eq!(state(&bridge, &link).await, "linked", "asked again");
    let (status, page) = bridge.get(&link).await;
    assert_eq!(status, StatusCode::OK);
    let shown = grouped(seed::NEW_NUMBER);
    assert!(
        page.contains(&shown) && page.contains("Is this your number?"),
        "{page}"
    );
    assert!(
        numbers(&bridge).await.is_empty(),
        "nobody has said yes: nothing is connected"
    );
    let page = confirm(&bridge, &link, seed::NEW_NUMBER).await;
    assert!(
        page.contains(&shown) && page.contains("is connected"),
        "{page}"
    );
    assert_eq!(numbers(&bridge).await, [seed::NEW_NUMBER]);
    assert!(bridge.simulation.waapify.at(&instance).webhook().is_some());
    assert_eq!(
        bridge.get(&format!("{link}/qr.png")).await.0,
        StatusCode::NOT_FOUND
    );
    assert_eq!(
        post(&bridge, &format!("{link}/qr"), &TOKEN).await.0,
        StatusCode::NOT_FOUND
    );
    let kept: i64 =
        sqlx::query_scalar("select count(*) from connect_links where pending_token is not null")
            .fetch_one(&bridge.database.pool)
            .await
            .unwrap();
    assert_eq!(kept, 0, "the token is kept with the number alone");
}

#[tokio::test]
async fn without_a_script_the_page_itself_sees_the_link_happen() {
    let bridge = Bridge::bare().await;
    let link = link(&bridge).await;
    let instance = begin(&bridge, &link).await;
    bridge.simulation.waapify.scan_qr(&instance).await;
    let answer = bridge
        .http
        .get(format!("{}{link}", bridge.address))
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    assert!(
        answer
            .text()
            .await
            .unwrap()
            .contains("Is this your number?")
    );
    confirm(&bridge, &link, seed::NEW_NUMBER).await;
    assert_eq!(numbers(&bridge).await, [seed::NEW_NUMBER]);
}

#[tokio::test]
async fn an_instance_that_waits_for_one_location_is_not_given_to_another() {
    let bridge = Bridge::bare().await;
    let first = link(&bridge).await;
    let second = path_in(&bridge.install_second().await);
    let instance = begin(&bridge, &first).await;
    let (status, page) = post(&bridge, &format!("{second}/qr"), &TOKEN).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(
        page.contains("another number right now") && !page.contains(&instance),
        "{page}"
    );
    bridge.simulation.waapify.scan_qr(&instance).await;
    assert_eq!(state(&bridge, &first).await, "linked");
    confirm(&bridge, &first, seed::NEW_NUMBER).await;
    // The number that waits to be linked again also belongs to another location.
    let waiting = keys(&instance);
    client(&bridge).reboot(&waiting).await.unwrap();
    let (status, page) = post(&bridge, &format!("{second}/qr"), &TOKEN).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{page}");
    assert_eq!(numbers(&bridge).await, [seed::NEW_NUMBER]);
}

#[tokio::test]
async fn a_newer_link_of_a_location_goes_on_with_what_waits_and_one_may_give_up() {
    let bridge = Bridge::bare().await;
    let first = link(&bridge).await;
    begin(&bridge, &first).await;
    let second = link(&bridge).await;
    begin(&bridge, &second).await;
    assert_eq!(
        bridge.get(&format!("{first}/state")).await.0,
        StatusCode::NOT_FOUND
    );
    let (_, page) = post(&bridge, &format!("{second}/cancel"), &[]).await;
    assert!(page.contains("name=\"instance_id\""), "{page}");
    assert_eq!(
        bridge.get(&format!("{second}/qr.png")).await.0,
        StatusCode::NOT_FOUND
    );
}

#[tokio::test]
async fn what_waapify_says_about_a_new_instance_stands_at_its_field() {
    let bridge = Bridge::bare().await;
    let link = link(&bridge).await;
    let path = format!("{link}/qr");
    bridge.simulation.waapify.set_max_numbers(Some(1));
    for (token, said) in [
        ("", "The access token is empty"),
        ("nobody-s", "refused the access token"),
    ] {
        let (status, page) = post(&bridge, &path, &[("access_token", token)]).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{page}");
        assert!(page.contains(said), "{page}");
        let input = page
            .split("<input")
            .find(|input| input.contains("aria-invalid"))
            .unwrap();
        assert!(input.contains("qr_access_token"), "{input}");
        assert!(token.is_empty() || !page.contains(token), "{page}");
    }
    let (status, page) = post(&bridge, &path, &TOKEN).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{page}");
    assert!(page.contains("as many WhatsApp numbers"), "{page}");
    assert!(!page.contains("aria-invalid"), "the token is right: {page}");
}

#[tokio::test]
async fn a_known_number_is_linked_again_and_no_other_phone_takes_its_place() {
    let bridge = Bridge::new().await;
    let keys = keys(seed::INSTANCE_ID);
    let works = qr_linking::begin_again(client(&bridge), &keys, seed::NUMBER, false).await;
    assert!(matches!(works, Progress::Linked(_)), "{works:?}");
    assert_eq!(bridge.simulation.waapify.faults().count("reboot.php"), 0);
    bridge.simulation.waapify.unlink().await;
    let waits = qr_linking::begin_again(client(&bridge), &keys, seed::NUMBER, false).await;
    assert!(matches!(waits, Progress::Waiting), "{waits:?}");
    let code = qr_linking::picture(client(&bridge), &keys).await;
    assert!(matches!(code, Ok(QrCode::Png(_))), "{code:?}");
    bridge
        .simulation
        .waapify
        .scan_qr_with(seed::INSTANCE_ID, "60119990000", "x")
        .await;
    let other = qr_linking::state(client(&bridge), &keys, Some(seed::NUMBER)).await;
    let Progress::Stopped(error) = other else {
        panic!("{other:?}");
    };
    assert!(error.to_string().contains("60119990000"), "{error}");
}

#[tokio::test]
async fn what_waits_is_sealed_and_outlives_a_change_of_the_keys() {
    let bridge = Bridge::bare().await;
    let link = link(&bridge).await;
    let instance = begin(&bridge, &link).await;
    let pool = &bridge.database.pool;
    let sealed: Vec<u8> = sqlx::query_scalar("select pending_token from connect_links")
        .fetch_one(pool)
        .await
        .unwrap();
    let token = seed::ACCESS_TOKEN.as_bytes();
    assert!(!sealed.windows(token.len()).any(|part| part == token));
    let mut environment = bridge.environment.clone();
    for (name, value) in &mut environment {
        if name == "ENCRYPTION_KEYS" {
            *value = format!("{}=,{value}", "E".repeat(43));
        }
    }
    let newer = crate::harness::settings(&environment).sealer;
    let rotation = waapify_ghl::accounts::key_rotation::rotate(pool, &newer)
        .await
        .unwrap();
    assert_eq!(rotation.unreadable, 0);
    let moved: Vec<u8> = sqlx::query_scalar("select pending_token from connect_links")
        .fetch_one(pool)
        .await
        .unwrap();
    assert_ne!(moved[..4], sealed[..4], "the newest key sealed it");
    // This process has only the old key, so the linking begins again; the link itself is not lost.
    let (_, page) = bridge.get(&link).await;
    assert!(!page.contains("qr.png"), "{page}");
    assert!(bridge.get(&link).await.1.contains("name=\"instance_id\""));
    assert_eq!(begin(&bridge, &link).await, instance);
    bridge.after(time::Duration::hours(25)).await;
    let kept: i64 = sqlx::query_scalar("select count(pending_token) from connect_links")
        .fetch_one(pool)
        .await
        .unwrap();
    assert_eq!(kept, 0, "an expired link keeps no token");
}
