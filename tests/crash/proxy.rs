//! A fixed address in front of targets that die, move or multiply: the address of the service in front of its
//! replicas, and the address of a database that returns on another port.
//!
//! Passes bytes on, and stops passing them on when told. Does not interpret them.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// A page of Postgres and a delivery each fit into it.
const BUFFER_BYTES: usize = 16 * 1024;

/// An address in front of others.
pub struct Proxy {
    pub address: SocketAddr,
    targets: Arc<Mutex<Vec<SocketAddr>>>,
    /// What connections go by: the last one for new connections.
    flows: Arc<Mutex<Vec<watch::Sender<bool>>>>,
}

impl Proxy {
    /// Listens without a target: connections are closed at once.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let proxy = Self {
            address: listener.local_addr().unwrap(),
            targets: Arc::default(),
            flows: Arc::new(Mutex::new(vec![watch::Sender::new(true)])),
        };
        let (targets, flows) = (Arc::clone(&proxy.targets), Arc::clone(&proxy.flows));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let targets = targets.lock().unwrap().clone();
                let flowing = flows.lock().unwrap().last().unwrap().subscribe();
                tokio::spawn(join(stream, targets, flowing));
            }
        });
        proxy
    }

    /// Sends each new connection to a random target. A target that does not listen is skipped.
    pub fn aim(&self, targets: Vec<SocketAddr>) {
        *self.targets.lock().unwrap() = targets;
    }

    /// Sets whether bytes are passed on. If not, connections stay open and silent.
    pub fn set_flowing(&self, flows: bool) {
        self.flows
            .lock()
            .unwrap()
            .last()
            .unwrap()
            .send_replace(flows);
    }

    /// Stops passing on what comes over the connections that are open, without closing them: as when a host dies or a
    /// NAT forgets them. New connections work.
    pub fn forget_connections(&self) {
        self.set_flowing(false);
        self.flows.lock().unwrap().push(watch::Sender::new(true));
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

/// Copies bytes until one side ends, and then closes the other side.
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
