//! A mail server with a certificate of its own, which greets with a refusal.

use std::io::Write as _;
use std::net::TcpListener;
use std::sync::Arc;

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, Stream};

/// For this machine's names, valid for a hundred years; the key protects nothing.
const CERTIFICATE: &[u8] = include_bytes!("certificate.pem");
const KEY: &[u8] = include_bytes!("key.pem");
/// Where the certificate is.
pub const CERTIFICATE_FILE: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/tests/it/alerts/mail/certificate.pem"
);

/// Starts the server in a thread, which ends with the process. Returns its address.
pub fn start() -> String {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let certificate = CertificateDer::from_pem_slice(CERTIFICATE).unwrap();
    let key = PrivateKeyDer::from_pem_slice(KEY).unwrap();
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .unwrap();
    let config = Arc::new(config);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut connection = ServerConnection::new(Arc::clone(&config)).unwrap();
            let mut stream = stream.unwrap();
            // A client that does not trust it hangs up.
            let _ = Stream::new(&mut connection, &mut stream).write_all(b"554 go away\r\n");
        }
    });
    address
}
