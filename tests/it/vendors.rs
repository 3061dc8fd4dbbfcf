//! The simulated vendors, against a stub of the service.
#![allow(warnings, reason="scratch")]
use std::{sync::{Arc, Mutex}, time::Duration};
use axum::{Router, body::Bytes, extract::Request, http::HeaderMap};
use base64::Engine as _;
use reqwest::{Client, StatusCode};
use serde_json::{Value, json};
use url::Url;
use waapify_ghl::sandbox::{*, seed};

type Posts = Arc<Mutex<Vec<(String, HeaderMap, Bytes)>>>;
struct Stage { world: World, base: String, posts: Posts, refuse: Arc<Mutex<u32>>, http: Client, _origin: String }

async fn serve(router: Router) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    at
}

async fn stage() -> Stage {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let posts = Posts::default();
    let refuse = Arc::new(Mutex::new(0));
    let (kept, refusals) = (posts.clone(), refuse.clone());
    let service = serve(Router::new().fallback(move |request: Request| {
        let (kept, refusals) = (kept.clone(), refusals.clone());
        async move {
            let (parts, body) = request.into_parts();
            let body = axum::body::to_bytes(body, usize::MAX).await.unwrap();
            kept.lock().unwrap().push((parts.uri.path().to_owned(), parts.headers, body));
            let mut left = refusals.lock().unwrap();
            if *left > 0 { *left -= 1; StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::OK }
        }
    })).await;
    let http = Client::builder().build().unwrap();
    let world = World::new(WorldConfig {
        client_id: "66b1f0a2c3d4e5f60718293a-abc".into(),
        client_secret: "secret".into(),
        service_url: Url::parse(&service).unwrap(),
        timings: Timings::fast(),
        http: http.clone(),
    }).unwrap();
    let origin = serve(world.vendors_router().merge(world.page_router())).await;
    Stage { world, base: format!("{origin}/sim"), posts, refuse, http, _origin: origin }
}

impl Stage {
    async fn token(&self, form: &[(&str, &str)]) -> (u16, Value) {
        let mut all = vec![("client_id", "66b1f0a2c3d4e5f60718293a-abc"), ("client_secret", "secret")];
        all.extend_from_slice(form);
        let r = self.http.post(format!("{}/ghl/oauth/token", self.base)).form(&all).send().await.unwrap();
        (r.status().as_u16(), r.json().await.unwrap())
    }
    async fn exchange(&self, kind: InstallKind) -> Value {
        let code = self.world.ghl.issue_code(kind);
        let (s, v) = self.token(&[("grant_type", "authorization_code"), ("code", &code), ("redirect_uri", "http://x/oauth/callback"), ("user_type", "Location")]).await;
        assert_eq!(s, 200, "{v}");
        v
    }
    async fn location_token(&self) -> String {
        self.exchange(InstallKind::Location { location_id: seed::LOCATION_ID.into() }).await["access_token"].as_str().unwrap().to_owned()
    }
    async fn api(&self, method: &str, path: &str, version: Option<&str>, token: &str, body: Option<Value>) -> (u16, Value) {
        let mut r = self.http.request(method.parse().unwrap(), format!("{}/ghl{path}", self.base)).bearer_auth(token);
        if let Some(v) = version { r = r.header("Version", v); }
        if let Some(b) = body { r = r.json(&b); }
        let r = r.send().await.unwrap();
        assert!(r.headers().contains_key("x-ratelimit-remaining"));
        let s = r.status().as_u16();
        (s, serde_json::from_str(&r.text().await.unwrap()).unwrap_or(Value::Null))
    }
    async fn php(&self, page: &str, query: &[(&str, &str)]) -> Value {
        let r = self.http.get(format!("{}/waapify/api/{page}", self.base)).query(query).send().await.unwrap();
        assert_eq!(r.status(), 200);
        assert_eq!(r.headers()["content-type"], "text/html; charset=UTF-8");
        let text = r.text().await.unwrap();
        assert!(text.starts_with("\n\n"), "{text}");
        assert!(text.is_ascii());
        serde_json::from_str(&text).unwrap()
    }
    fn posts(&self, path: &str) -> Vec<(HeaderMap, Value)> {
        self.posts.lock().unwrap().iter().filter(|p| p.0 == path).map(|p| (p.1.clone(), serde_json::from_slice(&p.2).unwrap())).collect()
    }
    async fn until(&self, what: &str, mut done: impl FnMut() -> bool) {
        for _ in 0..300 { if done() { return; } tokio::time::sleep(Duration::from_millis(10)).await; }
        panic!("never: {what}");
    }
}
const AUTH: [(&str, &str); 2] = [("instance_id", seed::INSTANCE_ID), ("access_token", seed::ACCESS_TOKEN)];
fn auth<'a>(more: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> { let mut v = AUTH.to_vec(); v.extend_from_slice(more); v }

#[tokio::test]
async fn tokens_rotate_and_codes_are_single_use() {
    let s = stage().await;
    let (st, v) = s.token(&[("grant_type", "authorization_code"), ("code", "zz"), ("redirect_uri", "x")]).await;
    assert_eq!((st, v["error_description"].as_str()), (401, Some("Authorization code not found")));
    let (st, v) = s.token(&[("grant_type", "refresh_token"), ("refresh_token", "x"), ("userType", "Location")]).await;
    assert_eq!((st, &v["message"]), (422, &json!(["property userType should not exist"])));
    let code = s.world.ghl.issue_code(InstallKind::Location { location_id: seed::LOCATION_ID.into() });
    let form = [("grant_type", "authorization_code"), ("code", code.as_str()), ("redirect_uri", "x")];
    let (st, first) = s.token(&form).await;
    assert_eq!(st, 200);
    assert_eq!(first["locationId"], seed::LOCATION_ID);
    assert_eq!(first["expires_in"], 86399);
    assert_eq!(s.token(&form).await.0, 401);
    let old = first["refresh_token"].as_str().unwrap();
    let refresh = [("grant_type", "refresh_token"), ("refresh_token", old), ("user_type", "Location")];
    let (_, a) = s.token(&refresh).await;
    let (_, b) = s.token(&refresh).await;
    assert_eq!(a["refresh_token"], b["refresh_token"]);
    assert_ne!(a["refresh_token"], first["refresh_token"]);
    s.world.adjust(|t| t.refresh_grace = Duration::ZERO);
    tokio::time::sleep(Duration::from_millis(2)).await;
    let (st, v) = s.token(&refresh).await;
    assert_eq!((st, v["message"].as_str()), (400, Some("Invalid grant: refresh token is invalid")));
    s.world.ghl.set_active(seed::LOCATION_ID, false);
    let newer = a["refresh_token"].as_str().unwrap();
    let (st, v) = s.token(&[("grant_type", "refresh_token"), ("refresh_token", newer)]).await;
    assert_eq!((st, v["message"].as_str()), (400, Some("Location is not active")));
    s.world.ghl.set_active(seed::LOCATION_ID, true);
    assert_eq!(s.token(&[("grant_type", "refresh_token"), ("refresh_token", newer)]).await.0, 200);
}

#[tokio::test]
async fn company_installs_mint_location_tokens() {
    let s = stage().await;
    for n in 0..25 { s.world.ghl.add_location(seed::COMPANY_ID, &format!("L{n:02}"), "Kedai"); s.world.ghl.set_installed(&format!("L{n:02}"), n != 3); }
    let v = s.exchange(InstallKind::Company { company_id: seed::COMPANY_ID.into(), location_ids: vec![seed::LOCATION_ID.into()], bulk: true }).await;
    assert_eq!(v["userType"], "Company");
    assert!(v.get("locationId").is_none());
    let token = v["access_token"].as_str().unwrap();
    let path = format!("/oauth/installedLocations?companyId={}&appId={}&isInstalled=true", seed::COMPANY_ID, s.world.ghl.app_id());
    let (st, v) = s.api("GET", &path, Some("2021-07-28"), token, None).await;
    assert_eq!((st, v["locations"].as_array().unwrap().len(), &v["count"]), (200, 20, &json!(25)));
    let (_, v) = s.api("GET", &format!("{path}&skip=20"), Some("2021-07-28"), token, None).await;
    assert_eq!(v["locations"].as_array().unwrap().len(), 5);
    let mint = |id: &str| s.api("POST", "/oauth/locationToken", Some("2021-07-28"), token, Some(json!({"companyId": seed::COMPANY_ID, "locationId": id})));
    let (st, v) = mint(seed::LOCATION_ID).await;
    assert_eq!(st, 201, "{v}");
    assert!(v["refresh_token"].is_string());
    assert_eq!(mint("L03").await.0, 400);
    assert_eq!(mint("nope").await.0, 403);
    let (st, v) = s.api("POST", "/contacts/upsert", Some("2021-07-28"), token, Some(json!({"locationId": seed::LOCATION_ID}))).await;
    assert_eq!(st, 401);
    assert!(v["message"].as_str().unwrap().starts_with("This authClass"));
    let r = s.http.post(format!("{}/ghl/oauth/locationToken", s.base)).bearer_auth(token).header("Version", "2021-07-28").form(&[("companyId", seed::COMPANY_ID), ("locationId", seed::LOCATION_ID)]).send().await.unwrap();
    assert_eq!(r.status(), 201);
}

#[tokio::test]
async fn the_gate_says_what_is_wrong() {
    let s = stage().await;
    let token = s.location_token().await;
    let path = format!("/contacts/{}", seed::AISYAH.0);
    let go = |version, token: &str| { let (s, path, token) = (&s, path.clone(), token.to_owned()); async move { let (st, v) = s.api("GET", &path, version, &token, None).await; (st, v["message"].as_str().unwrap_or_default().to_owned()) } };
    assert_eq!(go(None, &token).await, (401, "version header was not found.".into()));
    assert_eq!(go(Some("bogus-version"), &token).await, (400, "Invalid API version segment 'bogus-version' at position 0".into()));
    assert_eq!(go(Some("v3"), &token).await, (404, format!("Cannot GET {path}")));
    assert_eq!(go(Some("2021-07-28"), "nope").await, (401, "Invalid JWT".into()));
    assert_eq!(go(Some("2021-07-28"), &token).await.0, 200);
    s.world.ghl.add_location("C2", "L2", "Lain");
    let other = s.world.ghl.add_contact("L2", "Orang", "+60111");
    assert_eq!(s.api("GET", &format!("/contacts/{other}"), Some("2021-07-28"), &token, None).await.0, 403);
    s.world.ghl.set_burst_limit(Some(6));
    let mut last = 0;
    for _ in 0..7 { last = go(Some("2021-07-28"), &token).await.0; }
    assert_eq!(last, 429);
    s.world.ghl.set_burst_limit(None);
    s.world.ghl.expire_access_tokens();
    assert_eq!(go(Some("2021-07-28"), &token).await.0, 401);
    assert_eq!(s.api("GET", "/nowhere", None, &token, None).await.1["message"], "Cannot GET /nowhere");
}

#[tokio::test]
async fn inbound_messages_are_held_against_the_schema() {
    let s = stage().await;
    let token = s.location_token().await;
    let post = |body: Value| s.api("POST", "/conversations/messages/inbound", Some("2021-04-15"), &token, Some(body));
    let good = json!({"type":"SMS","contactId":seed::AISYAH.0,"message":"Hai","direction":"inbound","altId":"3A1","date":"2026-11-21T01:02:03.456Z"});
    let with = |k: &str, v: Value| { let mut b = good.clone(); b[k] = v; b };
    let (st, v) = post(good.clone()).await;
    assert_eq!(st, 201, "{v}");
    assert_eq!(v["dateAdded"], "2026-11-21T01:02:03.456Z");
    let stored = s.world.ghl.message(v["messageId"].as_str().unwrap()).unwrap();
    assert_eq!((stored.direction, stored.text.as_str()), (Direction::Inbound, "Hai"));
    for (k, v) in [("type", json!("sms")), ("deliveredAt", json!(1)), ("attachments", json!("x")), ("date", json!("yesterday")), ("direction", json!({}))] {
        assert_eq!(post(with(k, v)).await.0, 422, "{k}");
    }
    assert_eq!(post(with("conversationProviderId", json!("66c0"))).await.0, 400);
    assert_eq!(post(with("type", json!("WhatsApp"))).await.1["message"], "No conversationProviderId passed in body");
    assert_eq!(post(with("type", json!("Custom"))).await, (201, Value::Null));
    assert_eq!(s.world.ghl.messages().len(), 1);
    let (_, v) = post(json!({"type":"SMS","contactId":seed::AISYAH.0,"message":"Hai"})).await;
    assert_eq!(s.world.ghl.message(v["messageId"].as_str().unwrap()).unwrap().direction, Direction::Outbound);
}

#[tokio::test]
async fn deliveries_are_signed_retried_and_their_status_comes_back() {
    let s = stage().await;
    s.world.adjust(|t| t.not_yet = Duration::from_millis(150));
    let token = s.location_token().await;
    *s.refuse.lock().unwrap() = 2;
    let id = s.world.ghl.agent_sends(seed::AISYAH.0, "Selamat 🙏", &["https://x/y.jpg".into()]).unwrap();
    s.until("first post", || !s.posts("/hooks/delivery").is_empty()).await;
    let status_path = format!("/conversations/messages/{id}/status");
    let put = |body: Value| s.api("PUT", &status_path, Some("2021-04-15"), &token, Some(body));
    let (st, v) = put(json!({"status":"delivered"})).await;
    assert_eq!((st, v["message"].as_str()), (403, Some("No conversation provider found for this message")));
    s.until("accepted", || s.world.ghl.message(&id).unwrap().status == "sent").await;
    let posts = s.posts("/hooks/delivery");
    assert_eq!(posts.len(), 3);
    let keys: Vec<_> = posts[0].1.as_object().unwrap().keys().cloned().collect();
    assert_eq!(keys, ["attachments","contactId","locationId","message","messageId","phone","type","userId"]);
    let raw = s.posts.lock().unwrap()[0].2.clone();
    assert!(raw.starts_with(b"{\"contactId\""));
    let spki = base64::engine::general_purpose::STANDARD.decode(s.world.ghl.public_keys().ed25519_base64).unwrap();
    let signature = base64::engine::general_purpose::STANDARD.decode(posts[0].0["x-ghl-signature"].as_bytes()).unwrap();
    ring::signature::UnparsedPublicKey::new(&ring::signature::ED25519, &spki[12..]).verify(&raw, &signature).unwrap();
    tokio::time::sleep(Duration::from_millis(150)).await;
    assert_eq!(put(json!({"status":"sent"})).await.0, 422);
    assert_eq!(put(json!({"status":"delivered","deliveredAt":1})).await.0, 422);
    assert_eq!(put(json!({"status":"failed","error":{"code":"1"}})).await.0, 422);
    assert_eq!(put(json!({"status":"failed","error":{"code":"1","type":"x","message":"y"}})).await.0, 200);
    assert_eq!(s.world.ghl.message(&id).unwrap().statuses, ["pending", "sent", "failed"]);
    let (st, v) = s.api("PUT", "/conversations/messages/nope/status", Some("2021-04-15"), &token, Some(json!({"status":"read"}))).await;
    assert_eq!((st, v["message"].as_str()), (401, Some("No message found for the id")));
    assert_eq!(s.world.ghl.redeliver(&id).await, Some(200));
    assert_eq!(s.posts.lock().unwrap().last().unwrap().2, raw);
    s.world.ghl.set_signing(SignWith::Rsa);
    s.world.ghl.redeliver(&id).await;
    let posts = s.posts("/hooks/delivery");
    assert!(posts[4].0.contains_key("x-wh-signature") && !posts[4].0.contains_key("x-ghl-signature"));
    assert!(s.world.ghl.rsa_public_key_pem().unwrap().starts_with("-----BEGIN PUBLIC KEY"));
    let pem = s.world.ghl.rsa_public_key_pem().unwrap();
    use rsa::{pkcs8::DecodePublicKey as _, signature::Verifier as _};
    let key = rsa::pkcs1v15::VerifyingKey::<sha2::Sha256>::new(rsa::RsaPublicKey::from_public_key_pem(&pem).unwrap());
    let sig = base64::engine::general_purpose::STANDARD.decode(posts[4].0["x-wh-signature"].as_bytes()).unwrap();
    key.verify(&raw, &rsa::pkcs1v15::Signature::try_from(sig.as_slice()).unwrap()).unwrap();
}
#[tokio::test]
async fn contacts_conversations_and_channels() {
    let s = stage().await;
    let token = s.location_token().await;
    let v = Some("2021-07-28");
    let loc = seed::LOCATION_ID;
    let (st, b) = s.api("POST", "/contacts/upsert", v, &token, Some(json!({"locationId":loc,"phone":"+60 12-345 6789"}))).await;
    assert_eq!((st, &b["new"], b["contact"]["id"].as_str()), (200, &json!(false), Some(seed::AISYAH.0)));
    let (st, b) = s.api("POST", "/contacts/upsert", v, &token, Some(json!({"locationId":loc,"phone":"+60137778888","name":"Siti"}))).await;
    assert_eq!((st, &b["new"]), (201, &json!(true)));
    assert_eq!(s.api("POST", "/contacts/upsert", v, &token, Some(json!({"locationId":"other","phone":"+6"}))).await.0, 403);
    let (_, b) = s.api("GET", &format!("/contacts/search/duplicate?locationId={loc}&number=%2B60198765432"), v, &token, None).await;
    assert_eq!(b["contact"]["name"], "Lim Wei");
    let (_, b) = s.api("GET", &format!("/contacts/search/duplicate?locationId={loc}&number=+60198765432"), v, &token, None).await;
    assert_eq!(b["contact"], Value::Null);
    let a = Some("2021-04-15");
    let body = json!({"locationId":loc,"contactId":seed::LIM_WEI.0});
    let (st, first) = s.api("POST", "/conversations/", a, &token, Some(body.clone())).await;
    assert_eq!(st, 201);
    let (st, second) = s.api("POST", "/conversations/", a, &token, Some(body)).await;
    assert_eq!((st, &second["conversationId"]), (400, &first["conversation"]["id"]));
    let (_, found) = s.api("GET", &format!("/conversations/search?locationId={loc}&contactId={}", seed::LIM_WEI.0), a, &token, None).await;
    assert_eq!(found["total"], 1);
    let path = format!("/locations/{loc}/conversationChannels/SMS");
    let (_, b) = s.api("GET", &path, Some("v3"), &token, None).await;
    assert_eq!(b["conversationChannel"]["defaults"]["SMS"], seed::PROVIDER_ID);
    assert_eq!(s.api("GET", &path.replace("SMS", "sms"), Some("v3"), &token, None).await.0, 422);
    let multipart = "--B\r\nContent-Disposition: form-data; name=\"locationId\"\r\n\r\nSandboxLocation00001\r\n--B\r\nContent-Disposition: form-data; name=\"contactId\"\r\n\r\nSandboxContact000001\r\n--B\r\nContent-Disposition: form-data; name=\"fileAttachment\"; filename=\"a b.jpg\"\r\nContent-Type: image/jpeg\r\n\r\nxx\r\nyy\r\n--B--\r\n";
    let r = s.http.post(format!("{}/ghl/conversations/messages/upload", s.base)).bearer_auth(&token).header("Version", "2021-04-15").header("content-type", "multipart/form-data; boundary=B").body(multipart).send().await.unwrap();
    assert_eq!(r.status(), 201);
    let b: Value = r.json().await.unwrap();
    assert!(b["uploadedFiles"]["a b.jpg"].as_str().unwrap().starts_with("https://storage.googleapis.com/"));
    assert_eq!(&s.world.ghl.uploads()[0].bytes[..], b"xx\r\nyy");
}

#[tokio::test]
async fn the_gateway_speaks_legacy_php() {
    let s = stage().await;
    let err = |v: Value| v["message"].as_str().unwrap().to_owned();
    assert_eq!(err(s.php("send.php", &[]).await), "Access token is required");
    assert_eq!(err(s.php("send.php", &[("access_token", "x"), ("instance_id", "y")]).await), "Access token does not exist");
    assert_eq!(err(s.php("send.php", &[("access_token", seed::ACCESS_TOKEN), ("instance_id", "y")]).await), "Instance ID Invalidated");
    assert_eq!(err(s.php("send.php", &auth(&[("number", "60123456789"), ("type", "json"), ("message", "x")])).await), "Message type not supported");
    for bad in ["+60123456789", "60120000000", "0123456789"] {
        assert_eq!(err(s.php("send.php", &auth(&[("number", bad), ("type", "text"), ("message", "x")])).await), "Failed to send the message");
    }
    assert_eq!(err(s.php("setwebhook.php", &auth(&[("webhook_url", "nope"), ("enable", "true")])).await), "Webhook is not a valid URL");
    let hook = s.world.ghl.app_id(); let _ = hook;
    let service = { s.world.ghl.agent_sends(seed::AISYAH.0, "x", &[]); s.until("post", || !s.posts("/hooks/delivery").is_empty()).await; s.posts("/hooks/delivery")[0].0["host"].to_str().unwrap().to_owned() };
    let v = s.php("setwebhook.php", &auth(&[("webhook_url", &format!("http://{service}/hooks/waapify/s3cret")), ("enable", "true")])).await;
    assert_eq!(v["message"], "Webhook URI Saved");
    let v = s.php("send.php", &auth(&[("number", "60123456789"), ("type", "text"), ("message", "Hai {nama} 🙏 a/b {{x}}"), ("filename", "")])).await;
    assert_eq!(v["data"]["status"], "PENDING");
    let id = v["data"]["key"]["id"].as_str().unwrap().to_owned();
    assert_eq!(s.world.waapify.chat("+60123456789")[0].text, "Hai nama 🙏 a/b x");
    let hook = "/hooks/waapify/s3cret";
    s.until("acks", || s.posts(hook).len() == 2).await;
    let posts = s.posts(hook);
    assert_eq!(posts[0].0["user-agent"], "axios/1.7.9");
    assert_eq!(posts[0].1["data"]["messages"][0]["key"]["remoteJid"], "60123456789@c.us");
    assert_eq!(posts[0].1["data"]["type"], "append");
    assert_eq!(posts[1].1["data"][0]["update"]["status"], 3);
    s.world.waapify.customer_reads("+60123456789").await;
    s.world.waapify.customer_reads("+60123456789").await;
    assert_eq!(s.posts(hook).len(), 3);
    assert_eq!(s.posts(hook)[2].1["data"][0]["key"]["id"], id.as_str());
    // media
    let v = s.php("send.php", &auth(&[("number", "60123456789"), ("type", "media"), ("media_url", "https://x/y/a.png?z=1.pdf")])).await;
    assert_eq!(v["data"]["message"]["imageMessage"]["caption"], "0");
    let v = s.php("send.php", &auth(&[("number", "60123456789"), ("type", "media"), ("media_url", "https://x/y/a"), ("message", "c"), ("filename", "Senarai.pdf")])).await;
    assert_eq!(v["data"]["message"]["documentMessage"]["fileName"], "Senarai.pdf");
    s.until("acks", || s.posts(hook).len() == 7).await;
    // inbound, unlinked, linked
    s.world.waapify.set_envelope(Envelope::NestedArray);
    s.world.waapify.customer_sends("+60123456789", "Aisyah", "salam").await;
    let last = s.posts(hook);
    assert_eq!(last[7].1["data"]["data"][0]["message"]["conversation"], "salam");
    s.world.waapify.set_envelope(Envelope::Flat);
    s.world.waapify.unlink().await;
    assert_eq!(err(s.php("send.php", &auth(&[("number", "60123456789"), ("type", "text"), ("message", "x")])).await), "Relogin required");
    assert_eq!(s.php("reconnect.php", &auth(&[])).await["relogin"], true);
    let n = s.posts(hook).len();
    s.world.waapify.customer_sends("+60123456789", "Aisyah", "hello?").await;
    assert_eq!(s.posts(hook).len(), n);
    s.world.waapify.link().await;
    assert_eq!(s.posts(hook).len(), n + 3);
    assert_eq!(s.posts(hook)[n + 1].1["data"]["type"], "append");
    let r = s.php("reconnect.php", &auth(&[])).await;
    assert_eq!(r["data"]["id"], "60111234567:12@s.whatsapp.net");
    let wire = s.world.wire.exchanges();
    assert!(wire.iter().all(|e| !e.path.contains("sandbox-waapify-token") && !e.path.contains("s3cret")), "{wire:#?}");
}

#[tokio::test]
async fn faults_are_played_once_and_requests_counted() {
    let s = stage().await;
    let faults = s.world.waapify.faults();
    faults.push("send.php", Fault::answer(502, "<html>"));
    faults.push("send.php", Fault::after_effect(200, "\n\nnull"));
    let q = auth(&[("number", "60123456789"), ("type", "text"), ("message", "x")]);
    let r = s.http.get(format!("{}/waapify/api/send.php", s.base)).query(&q).send().await.unwrap();
    assert_eq!(r.status(), 502);
    assert!(s.world.waapify.chat("60123456789").is_empty());
    let r = s.http.get(format!("{}/waapify/api/send.php", s.base)).query(&q).send().await.unwrap();
    assert_eq!(r.text().await.unwrap(), "\n\nnull");
    assert_eq!(s.world.waapify.chat("60123456789").len(), 1);
    faults.push("send.php", Fault::silent_after_effect(Duration::from_secs(5)));
    let gone = s.http.get(format!("{}/waapify/api/send.php", s.base)).query(&q).timeout(Duration::from_millis(50)).send().await;
    assert!(gone.is_err());
    assert_eq!(s.world.waapify.chat("60123456789").len(), 2);
    assert_eq!(faults.count("send.php"), 3);
    assert_eq!(faults.seen_at("send.php")[0].query["message"], "x");
    let token = s.location_token().await;
    s.world.ghl.faults().push("PUT /conversations/messages/{id}/status", Fault::answer(403, "{}"));
    assert_eq!(s.api_raw(&token).await, 403);
    assert_eq!(s.api_raw(&token).await, 401);
}
impl Stage { async fn api_raw(&self, token: &str) -> u16 {
    self.http.put(format!("{}/ghl/conversations/messages/x/status", self.base)).bearer_auth(token).header("Version", "2021-04-15").json(&json!({"status":"read"})).send().await.unwrap().status().as_u16() } }
