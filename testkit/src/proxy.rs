//! A proxy between sqlx and the server, on loopback: it tells what the client sent in each round trip, and can make every
//! round trip longer.

use std::io::{Read, Result, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgSslMode};

use crate::messages::Messages;
use crate::server::{host, password};

/// Serves until the process ends.
#[derive(Debug)]
pub struct Proxy {
    address: SocketAddr,
    server: PgConnectOptions,
    trips: Trips,
}

/// The bytes that the client sent in each round trip.
type Trips = Arc<Mutex<Vec<String>>>;

impl Proxy {
    /// Every round trip takes longer by `delay`, which the client's messages wait on their way.
    pub fn start(server: &PgConnectOptions, delay: Duration) -> Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0))?;
        let proxy = Self { address: listener.local_addr()?, server: server.clone(), trips: Trips::default() };
        let (server, trips) = (server.clone(), Arc::clone(&proxy.trips));
        thread::spawn(move || {
            for client in listener.incoming() {
                // Whoever connected finds out by itself when there is no server.
                let _served = client.and_then(|client| serve(client, &server, delay, &trips));
            }
        });
        Ok(proxy)
    }

    /// Leads through the proxy, in clear text: it could read nothing else.
    pub fn options(&self) -> PgConnectOptions {
        let options = PgConnectOptions::new_without_pgpass().ssl_mode(PgSslMode::Disable);
        let options = options.host(&self.address.ip().to_string()).port(self.address.port());
        let options = options.username(self.server.get_username());
        let options = options.database(self.server.get_database().unwrap_or("postgres"));
        match password(&self.server) {
            Some(password) => options.password(&password),
            None => options,
        }
    }

    /// The round trips since the last call, without those by which a pool looks whether a connection is alive.
    pub fn trips(&self) -> Vec<String> {
        let mut trips = self.trips.lock().unwrap_or_else(PoisonError::into_inner);
        trips.drain(..).filter(|trip| trip != "Sync").collect()
    }
}

fn serve(client: TcpStream, server: &PgConnectOptions, delay: Duration, trips: &Trips) -> Result<()> {
    // Small messages go at once.
    client.set_nodelay(true)?;
    let (folder, port) = (host(server), server.get_port());
    if folder.starts_with('/') {
        let server = UnixStream::connect(Path::new(&folder).join(format!(".s.PGSQL.{port}")))?;
        let answers = server.try_clone()?;
        forward(client, (server, answers), |server| server.shutdown(Shutdown::Both), delay, trips)
    } else {
        let server = TcpStream::connect((folder, port))?;
        server.set_nodelay(true)?;
        let answers = server.try_clone()?;
        forward(client, (server, answers), |server| server.shutdown(Shutdown::Both), delay, trips)
    }
}

fn forward<S: Read + Write + Send + 'static>(
    mut client: TcpStream,
    (mut server, mut answers): (S, S),
    close: fn(&S) -> Result<()>,
    delay: Duration,
    trips: &Trips,
) -> Result<()> {
    let answered = Arc::new(AtomicBool::new(true));
    let (mut to_client, heard) = (client.try_clone()?, Arc::clone(&answered));
    thread::spawn(move || {
        let _end = copy(&mut answers, &mut to_client, |_| heard.store(true, Ordering::SeqCst));
        to_client.shutdown(Shutdown::Both)
    });
    let trips = Arc::clone(trips);
    thread::spawn(move || {
        let mut messages = Messages::default();
        let _end = copy(&mut client, &mut server, |bytes| {
            // The rest of a long message is no trip of its own.
            let first = answered.swap(false, Ordering::SeqCst);
            let mut trips = trips.lock().unwrap_or_else(PoisonError::into_inner);
            let said = messages.read(bytes).join(" ");
            match trips.last_mut() {
                Some(trip) if !first => *trip += &said,
                _ => trips.push(said),
            }
            drop(trips);
            if first {
                thread::sleep(delay);
            }
        });
        close(&server)
    });
    Ok(())
}

/// Tells of each piece before it is sent on.
fn copy(from: &mut impl Read, to: &mut impl Write, mut tell: impl FnMut(&[u8])) -> Result<()> {
    let mut buffer = vec![0; 64 * 1024];
    loop {
        match from.read(&mut buffer)? {
            0 => return Ok(()),
            length => {
                tell(&buffer[..length]);
                to.write_all(&buffer[..length])?;
            }
        }
    }
}
