//! A fixed address in front of targets that die, move or multiply: the address of the service in front of its
//! replicas, and the address of a database that returns on another port.
//!
//! Passes bytes on, and stops passing them on when told. Does not interpret them.

use std::mem;
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
    ways: Arc<Mutex<Ways>>,
}

/// What connections go by. One lock for both, so that no connection leads to an old target and flows on like a new one.
struct Ways {
    targets: Vec<SocketAddr>,
    /// Of new connections.
    flows: watch::Sender<bool>,
    /// Of those that are forgotten, which stay open.
    forgotten: Vec<watch::Sender<bool>>,
}

impl Proxy {
    /// Listens without a target: connections are closed at once.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let proxy = Self {
            address: listener.local_addr().unwrap(),
            ways: Arc::new(Mutex::new(Ways {
                targets: Vec::new(),
                flows: watch::Sender::new(true),
                forgotten: Vec::new(),
            })),
        };
        let ways = Arc::clone(&proxy.ways);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (targets, flowing) = {
                    let ways = ways.lock().unwrap();
                    (ways.targets.clone(), ways.flows.subscribe())
                };
                tokio::spawn(join(stream, targets, flowing));
            }
        });
        proxy
    }

    /// Sends each new connection to a random target. A target that does not listen is skipped.
    pub fn aim(&self, targets: Vec<SocketAddr>) {
        self.ways.lock().unwrap().targets = targets;
    }

    /// Sets whether bytes are passed on. If not, connections stay open and silent.
    pub fn set_flowing(&self, flows: bool) {
        self.ways.lock().unwrap().flows.send_replace(flows);
    }

    /// Stops passing on what comes over the connections that are open, without closing them: as when a host dies or a
    /// NAT forgets them. New connections work.
    pub fn forget_connections(&self) {
        let mut ways = self.ways.lock().unwrap();
        let flows = mem::replace(&mut ways.flows, watch::Sender::new(true));
        flows.send_replace(false);
        ways.forgotten.push(flows);
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
