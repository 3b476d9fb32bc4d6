//! Runs a proxy between sqlx and the server, which records the messages of each round trip and can delay them.

use std::io::{Read, Result, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgSslMode};

use crate::messages::MessageParser;
use crate::server::{host, password};

/// A proxy on the loopback interface. It runs until the process ends.
#[derive(Debug)]
pub struct Proxy {
    address: SocketAddr,
    server: PgConnectOptions,
    round_trips: RoundTrips,
}

/// The messages that the client sent in each round trip.
type RoundTrips = Arc<Mutex<Vec<String>>>;

impl Proxy {
    /// Starts a proxy that adds `delay` to every round trip, by holding back the messages of the client.
    pub fn start(server: &PgConnectOptions, delay: Duration) -> Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0))?;
        let proxy = Self {
            address: listener.local_addr()?,
            server: server.clone(),
            round_trips: RoundTrips::default(),
        };
        let (server, round_trips) = (server.clone(), Arc::clone(&proxy.round_trips));
        thread::spawn(move || {
            for client in listener.incoming() {
                // If the server is unreachable, the client notices that its connection is closed.
                let _served = client.and_then(|client| serve(client, &server, delay, &round_trips));
            }
        });
        Ok(proxy)
    }

    /// Returns the options to connect through the proxy, without encryption, so that the proxy can read the messages.
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

    /// Returns the round trips since the last call, without those in which a pool checks that a connection is alive.
    pub fn round_trips(&self) -> Vec<String> {
        let mut round_trips = self.round_trips.lock().unwrap_or_else(PoisonError::into_inner);
        round_trips.drain(..).filter(|messages| messages != "Sync").collect()
    }
}

/// Connects to the server, and forwards messages between it and the client.
fn serve(
    client: TcpStream,
    server: &PgConnectOptions,
    delay: Duration,
    round_trips: &RoundTrips,
) -> Result<()> {
    // The system would otherwise delay small messages.
    client.set_nodelay(true)?;
    let (host, port) = (host(server), server.get_port());
    if host.starts_with('/') {
        let server = UnixStream::connect(Path::new(&host).join(format!(".s.PGSQL.{port}")))?;
        let answers = server.try_clone()?;
        forward(client, (server, answers), |server| server.shutdown(Shutdown::Both), delay, round_trips)
    } else {
        let server = TcpStream::connect((host, port))?;
        server.set_nodelay(true)?;
        let answers = server.try_clone()?;
        forward(client, (server, answers), |server| server.shutdown(Shutdown::Both), delay, round_trips)
    }
}

/// Starts two threads, which forward the messages of the client and the answers of the server.
fn forward<S: Read + Write + Send + 'static>(
    mut client: TcpStream,
    (mut server, mut answers): (S, S),
    close: fn(&S) -> Result<()>,
    delay: Duration,
    round_trips: &RoundTrips,
) -> Result<()> {
    let is_answered = Arc::new(AtomicBool::new(true));
    let (mut to_client, has_answer) = (client.try_clone()?, Arc::clone(&is_answered));
    thread::spawn(move || {
        let _end = copy(&mut answers, &mut to_client, |_| has_answer.store(true, Ordering::SeqCst));
        to_client.shutdown(Shutdown::Both)
    });
    let round_trips = Arc::clone(round_trips);
    thread::spawn(move || {
        let mut parser = MessageParser::default();
        let _end = copy(&mut client, &mut server, |bytes| {
            // The bytes belong to the previous round trip if the server has not answered since.
            let is_new_round_trip = is_answered.swap(false, Ordering::SeqCst);
            let mut round_trips = round_trips.lock().unwrap_or_else(PoisonError::into_inner);
            let messages = parser.parse(bytes).join(" ");
            match round_trips.last_mut() {
                Some(last) if !is_new_round_trip => *last += &messages,
                _ => round_trips.push(messages),
            }
            drop(round_trips);
            if is_new_round_trip {
                thread::sleep(delay);
            }
        });
        close(&server)
    });
    Ok(())
}

/// Copies bytes until the end of the input, and passes each piece to `before_write` before it is written.
fn copy(from: &mut impl Read, to: &mut impl Write, mut before_write: impl FnMut(&[u8])) -> Result<()> {
    let mut buffer = vec![0; 64 * 1024];
    loop {
        match from.read(&mut buffer)? {
            0 => return Ok(()),
            length => {
                before_write(&buffer[..length]);
                to.write_all(&buffer[..length])?;
            }
        }
    }
}
