//! Alerts by mail: a conversation with a real server that speaks SMTP.

mod tls;

use std::sync::{Arc, Mutex};

use simulators::seed;
use time::Duration;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use waapify_ghl::db::alerts;
use waapify_ghl::model::alert::{AlertFault, Channel, Medium};
use waapify_ghl::model::states::IncidentKind;

use super::{Target, after, begin, with};
use crate::commands::Serving;

/// A mail server that takes everything, or refuses the recipients.
struct MailServer {
    url: String,
    mails: Arc<Mutex<Vec<String>>>,
    refuses: Arc<Mutex<bool>>,
    logins: Arc<Mutex<usize>>,
}

impl MailServer {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("smtp://{}", listener.local_addr().unwrap());
        let (mails, refuses): (Arc<Mutex<Vec<String>>>, Arc<Mutex<bool>>) = Default::default();
        let logins = Arc::new(Mutex::new(0));
        let (kept, refusing, tried) = (
            Arc::clone(&mails),
            Arc::clone(&refuses),
            Arc::clone(&logins),
        );
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let is_refusing = *refusing.lock().unwrap();
                if let Some(mail) = converse(stream, is_refusing, &tried).await {
                    kept.lock().unwrap().push(mail);
                }
            }
        });
        Self {
            url,
            mails,
            refuses,
            logins,
        }
    }

    fn take(&self) -> Vec<String> {
        std::mem::take(&mut *self.mails.lock().unwrap())
    }
}

/// Takes one mail. Returns the recipients and the mail.
async fn converse(stream: TcpStream, is_refusing: bool, logins: &Mutex<usize>) -> Option<String> {
    let (from, mut to) = stream.into_split();
    let mut lines = BufReader::new(from).lines();
    let mut mail = String::new();
    to.write_all(b"220 mail.test ESMTP\r\n").await.ok()?;
    while let Some(line) = lines.next_line().await.ok()? {
        let answer = match line.split([' ', ':']).next().unwrap_or_default() {
            "AUTH" => {
                *logins.lock().unwrap() += 1;
                "235 welcome"
            }
            "RCPT" if is_refusing => "550 no such mailbox",
            "RCPT" => {
                mail += &line;
                mail += "\n";
                "250 ok"
            }
            "DATA" => {
                to.write_all(b"354 go on\r\n").await.ok()?;
                while let Some(line) = lines.next_line().await.ok()? {
                    if line == "." {
                        break;
                    }
                    mail += &line;
                    mail += "\n";
                }
                "250 taken"
            }
            "QUIT" => break,
            _ => "250 ok",
        };
        to.write_all(format!("{answer}\r\n").as_bytes())
            .await
            .ok()?;
    }
    Some(mail).filter(|mail| mail.contains("Subject:"))
}

#[tokio::test]
async fn the_operator_gets_one_mail_for_what_began() {
    let server = MailServer::start().await;
    let bridge = with(&[
        ("ALERT_SMTP_URL", server.url.as_str()),
        ("ALERT_MAIL_FROM", "Waapify <alerts@example.com>"),
        ("ALERT_MAIL_TO", "one@example.com, two@example.com"),
    ])
    .await;
    begin(&bridge, seed::NUMBER, IncidentKind::Link).await;
    begin(&bridge, "", IncidentKind::Provider).await;
    after(&bridge, Duration::minutes(3)).await;
    crate::harness::wait("the mail came", async || {
        !server.mails.lock().unwrap().is_empty()
    })
    .await;
    // Lines are broken after so many characters.
    let mail = server.take().remove(0).replace("=\n", "");
    for part in [
        "RCPT TO:<one@example.com>",
        "RCPT TO:<two@example.com>",
        "Subject: [Waapify] 2 new, 0 still there, 0 over",
        "alerts@example.com",
        "No default SMS provider has been chosen yet.",
        "Message-ID: <",
        "@example.com>\n",
        "Date: ",
    ] {
        assert!(mail.contains(part), "{part}: {mail}");
    }
    after(&bridge, Duration::hours(1)).await;
    assert_eq!(server.take().len(), 0);
}

#[tokio::test]
async fn a_target_that_cannot_be_reached_is_told_on_the_other() {
    let (server, target) = (MailServer::start().await, Target::start().await);
    *server.refuses.lock().unwrap() = true;
    let bridge = with(&[
        ("ALERT_WEBHOOK_URL", target.url.as_str()),
        ("ALERT_SMTP_URL", server.url.as_str()),
        ("ALERT_MAIL_FROM", "alerts@example.com"),
        ("ALERT_MAIL_TO", "one@example.com"),
    ])
    .await;
    begin(&bridge, seed::NUMBER, IncidentKind::Link).await;
    after(&bridge, Duration::minutes(3)).await;
    target.take_one();
    for _ in 0..15 {
        after(&bridge, Duration::minutes(1)).await;
    }
    let alert = target.take_one();
    assert_eq!(alert["alerts"][0]["kind"], "alerts");
    assert_eq!(alert["alerts"][0]["subject"], "operator/mail");
    assert!(
        alert["text"].as_str().unwrap().contains("it answered 550"),
        "{alert}"
    );
}

/// How a target fares whose mail server has this address.
async fn fault(url: &str) -> String {
    let bridge = with(&[
        ("ALERT_SMTP_URL", url),
        ("ALERT_MAIL_FROM", "alerts@example.com"),
        ("ALERT_MAIL_TO", "one@example.com"),
    ])
    .await;
    begin(&bridge, seed::NUMBER, IncidentKind::Link).await;
    after(&bridge, Duration::minutes(3)).await;
    let channel = Channel::Operator(Medium::Mail);
    let standing = alerts::find(&bridge.database.pool, &channel).await.unwrap();
    standing.unwrap().fault.unwrap().text().english.into_owned()
}

#[tokio::test]
async fn without_encryption_no_password_is_sent() {
    let server = MailServer::start().await;
    let address = server.url.replace("smtp://", "smtp://user:hunter2@") + "?tls=required";
    assert!(fault(&address).await.contains("offers no encryption"));
    assert_eq!(*server.logins.lock().unwrap(), 0);
}

#[tokio::test]
async fn a_certificate_that_nobody_vouches_for_is_said_to_be_that() {
    let address = tls::start();
    let said = fault(&format!("smtps://{address}")).await;
    assert!(said.contains("certificate is not trusted"), "{said}");
}

#[tokio::test]
async fn a_certificate_that_the_operator_trusts_is_taken() {
    let bridge = with(&[]).await;
    begin(&bridge, seed::NUMBER, IncidentKind::Link).await;
    sqlx::query("update incidents set since = since - interval '1 hour'")
        .execute(&bridge.database.pool)
        .await
        .unwrap();
    let address = tls::start();
    let serving = Serving::start_with(&bridge, |command| {
        command
            .env("SSL_CERT_FILE", tls::CERTIFICATE_FILE)
            .env("ALERT_SMTP_URL", format!("smtps://{address}"))
            .env("ALERT_MAIL_FROM", "alerts@example.com")
            .env("ALERT_MAIL_TO", "one@example.com");
    })
    .await;
    // The server hangs up after its greeting, so that the connection was encrypted.
    let channel = Channel::Operator(Medium::Mail);
    crate::harness::wait("a mail is tried", async || {
        let standing = alerts::find(&bridge.database.pool, &channel).await.unwrap();
        standing.is_some_and(|standing| standing.fault == Some(AlertFault::Refused(Some(554))))
    })
    .await;
    drop(serving);
}
