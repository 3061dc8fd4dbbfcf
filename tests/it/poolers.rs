//! A start through a connection pooler ends at once and says why, however the pooler treats the options of a connection.

use std::str::FromStr as _;

use sqlx::ConnectOptions as _;
use sqlx::postgres::PgConnectOptions;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use waapify_ghl::db;

use crate::commands::{output, program};
use crate::harness::{Bridge, TestDatabase};

/// Answers as `PgBouncer` does by default: without TLS, and that it does not know the options.
async fn refuse(mut client: TcpStream) -> std::io::Result<()> {
    let mut startup = [0; 1024];
    let mut read = client.read(&mut startup).await?;
    if read == 8 {
        client.write_all(b"N").await?;
        read = client.read(&mut startup).await?;
    }
    let startup = String::from_utf8_lossy(&startup[..read]).into_owned();
    assert!(startup.contains("enable_seqscan"), "{startup}");
    let fields = b"SFATAL\0VFATAL\0C08P01\0Munsupported startup parameter: options\0\0";
    let length = u32::try_from(4 + fields.len()).unwrap().to_be_bytes();
    client
        .write_all(&[b"E", &length[..], fields].concat())
        .await
}

#[tokio::test]
async fn a_pooler_that_refuses_the_options_ends_the_start_with_a_sentence() {
    let bridge = Bridge::bare().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            tokio::spawn(refuse(client));
        }
    });
    let mut serve = program(Some(&bridge));
    serve.arg("serve").env(
        "DATABASE_URL",
        format!("postgres://nobody:x@{address}/none"),
    );
    let (code, _, log) = output(serve).await;
    assert_eq!(code, Some(2), "{log}");
    assert!(log.contains("Name the PostgreSQL server itself"), "{log}");
}

#[tokio::test]
async fn a_pooler_that_drops_the_options_is_noticed_on_a_connection_that_others_used() {
    let database = TestDatabase::new().await;
    let plain = PgConnectOptions::from_str(&database.url()).unwrap();
    let ours = db::connect_options(&database.url(), None).unwrap();
    for (options, keeps) in [(plain, false), (ours, true)] {
        let mut connection = options.connect().await.unwrap();
        // The pooler gave this connection to another client before, whose first statement is still there.
        sqlx::raw_sql("prepare sqlx_s_1 as select 1")
            .execute(&mut connection)
            .await
            .unwrap();
        assert_eq!(db::keeps_options(&mut connection).await.unwrap(), keeps);
    }
}
