//! Linking a number by QR code: the gateway's calls, and the procedure for whoever shows the code.

use secrecy::SecretString;
use waapify_ghl::clients::waapify::{CheckError, Client, Credentials, QrCode};
use waapify_ghl::sandbox::{Fault, GatewayBuild, seed};

use crate::harness::Bridge;

fn client(bridge: &Bridge) -> &Client {
    &bridge.app.relay.waapify
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
        !bridge.world.waapify.scan_qr(&instance).await,
        "no code is shown"
    );
    bridge
        .world
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
    bridge.world.waapify.set_build(GatewayBuild::Modern);
    crate::harness::wait("the code changes", async || {
        client(&bridge).qr_code(&keys).await.unwrap() != first
    })
    .await;
    assert!(bridge.world.waapify.scan_qr(&instance).await);
    assert_eq!(client(&bridge).qr_code(&keys).await, Ok(QrCode::InUse));
    let linked = client(&bridge).reconnect(&keys).await.unwrap();
    assert_eq!(linked.number.as_deref(), Some(seed::NEW_NUMBER));
    assert_ne!(create(&bridge).await.unwrap(), instance, "a new one now");
}

#[tokio::test]
async fn a_number_whose_link_is_lost_shows_a_code_once_its_session_is_ended() {
    let bridge = Bridge::bare().await;
    let keys = keys(seed::INSTANCE_ID);
    bridge.world.waapify.unlink().await;
    assert_eq!(client(&bridge).qr_code(&keys).await, Ok(QrCode::InUse));
    client(&bridge).reboot(&keys).await.unwrap();
    let code = client(&bridge).qr_code(&keys).await;
    assert!(matches!(code, Ok(QrCode::Png(_))), "{code:?}");
    let again = client(&bridge).reboot(&keys).await;
    assert!(matches!(again, Err(CheckError::NotLinked(_))), "{again:?}");
    assert!(bridge.world.waapify.scan_qr(seed::INSTANCE_ID).await);
    let linked = client(&bridge).reconnect(&keys).await.unwrap();
    assert_eq!(linked.number.as_deref(), Some(seed::NUMBER));
}

#[tokio::test]
async fn what_the_gateway_refuses_is_told_without_the_token() {
    let bridge = Bridge::bare().await;
    let wrong = SecretString::from("s3cret-token-of-nobody");
    let refused = client(&bridge).create_instance(&wrong).await.unwrap_err();
    assert!(matches!(refused, CheckError::Credentials(_)), "{refused}");
    bridge.world.waapify.set_max_numbers(Some(1));
    let full = create(&bridge).await.unwrap_err();
    assert!(matches!(full, CheckError::Full(_)), "{full}");
    bridge.world.waapify.faults().push(
        "createinstance.php",
        Fault::answer(200, r#"{"status":"success","instance_id":"../../x"}"#),
    );
    let odd = create(&bridge).await.unwrap_err();
    assert!(matches!(odd, CheckError::Refused(_)), "{odd}");
    bridge
        .world
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
