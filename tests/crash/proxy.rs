//! A door that stays where it is while what stands behind it dies, moves, or doubles: the address of the service
//! before its replicas, and the address of a database that comes back on another port.
//!
//! Owns: carrying bytes, and stopping to carry them. Refuses: understanding them.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// A page of Postgres and a delivery fit in it.
const BUFFER_BYTES: usize = 16 * 1024;

/// An address before changing others.
pub struct Proxy {
    pub address: SocketAddr,
    targets: Arc<Mutex<Vec<SocketAddr>>>,
    flows: watch::Sender<bool>,
}

impl Proxy {
    /// Listens, with nothing behind it yet: who connects is hung up on.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (flows, flowing) = watch::channel(true);
        let proxy = Self {
            address: listener.local_addr().unwrap(),
            targets: Arc::default(),
            flows,
        };
        let targets = Arc::clone(&proxy.targets);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let targets = targets.lock().unwrap().clone();
                tokio::spawn(join(stream, targets, flowing.clone()));
            }
        });
        proxy
    }

    /// From now on each new connection goes to one of these, by chance; one that does not listen is passed over.
    pub fn aim(&self, targets: Vec<SocketAddr>) {
        *self.targets.lock().unwrap() = targets;
    }

    /// Whether bytes are carried. While not, connections stay and are silent.
    pub fn set_flowing(&self, flows: bool) {
        self.flows.send_replace(flows);
    }
}

async fn join(stream: TcpStream, mut targets: Vec<SocketAddr>, flowing: watch::Receiver<bool>) {
    let chosen = rand::random_range(0..=targets.len());
    let by = chosen % targets.len().max(1);
    targets.rotate_left(by);
    for target in targets {
        if let Ok(behind) = TcpStream::connect(target).await {
            let _ = (stream.set_nodelay(true), behind.set_nodelay(true));
            let (from, to) = stream.into_split();
            let (back, forth) = behind.into_split();
            tokio::join!(
                carry(from, forth, flowing.clone()),
                carry(back, to, flowing)
            );
            return;
        }
    }
}

/// Until one side ends; dropping the other's half tells it so.
async fn carry(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    mut flowing: watch::Receiver<bool>,
) {
    let mut buffer = vec![0; BUFFER_BYTES];
    while let Ok(read @ 1..) = from.read(&mut buffer).await {
        let flows = flowing.wait_for(|flows| *flows).await.is_ok();
        if !flows || to.write_all(&buffer[..read]).await.is_err() {
            return;
        }
    }
}
