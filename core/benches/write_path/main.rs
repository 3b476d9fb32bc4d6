//! How long an audited transaction takes beside the host's own. One line of JSON for each kind of write and each way to the
//! server, which `cargo xtask bench write-path` makes a report of. `DATABASE_URL` names an empty database.

#[path = "../../../testkit/src/messages.rs"]
mod messages;
#[path = "../../../testkit/src/proxy.rs"]
mod proxy;
#[path = "../../../testkit/src/server.rs"]
mod server;
mod writes;

use std::env;
use std::error::Error;
use std::time::{Duration, Instant};

use serde_json::json;
use sqlx::PgPool;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};

use crate::proxy::Proxy;
use crate::writes::Write;

type Result<T = ()> = std::result::Result<T, Box<dyn Error>>;

/// Rounds that are not counted: statements are prepared and pages are read.
const WARM_UP: usize = 20;
/// Rows of each table.
const ROWS: i32 = 10_000;

#[tokio::main]
async fn main() -> Result {
    let rounds = rounds()?;
    let url =
        env::var("DATABASE_URL").map_err(|_| "set DATABASE_URL, or run `cargo xtask bench write-path`")?;
    let server: PgConnectOptions = url.parse()?;
    writes::prepare(&PgPool::connect_with(server.clone()).await?, ROWS).await?;
    let ways = [
        Way::direct(&server),
        Way::through_proxy("loopback", &server, Duration::ZERO)?,
        Way::through_proxy("2 ms", &server, Duration::from_millis(2))?,
    ];
    let mut samples = ways.each_ref().map(|_| Write::ALL.map(|_| Sample::default()));
    for round in 0..WARM_UP + rounds {
        for (way, samples) in ways.iter().zip(&mut samples) {
            // Each is the first one in turn, because the machine is not the same all the time.
            for turn in 0..Write::ALL.len() {
                let at = (round + turn) % Write::ALL.len();
                let id = i32::try_from(round * 7 + turn)? % ROWS + 1;
                let (time, trips) = way.measure(Write::ALL[at], id).await?;
                if round >= WARM_UP {
                    samples[at].nanoseconds.push(time.as_nanos());
                    samples[at].trips = trips;
                }
            }
        }
    }
    for (way, samples) in ways.iter().zip(&samples) {
        for (write, sample) in Write::ALL.iter().zip(samples) {
            let (way, write, trips) = (way.name, write.name(), sample.trips);
            let nanoseconds = &sample.nanoseconds;
            println!(
                "{}",
                json!({ "way": way, "write": write, "round_trips": trips, "nanoseconds": nanoseconds })
            );
        }
    }
    Ok(())
}

/// What cargo adds to the arguments is not for us.
fn rounds() -> Result<usize> {
    let mut arguments = env::args().skip_while(|argument| argument != "--rounds").skip(1);
    Ok(arguments.next().map_or(Ok(1000), |rounds| rounds.parse())?)
}

#[derive(Debug, Default)]
struct Sample {
    nanoseconds: Vec<u128>,
    trips: Option<usize>,
}

/// One connection to the server.
#[derive(Debug)]
struct Way {
    name: &'static str,
    proxy: Option<Proxy>,
    pool: PgPool,
}

impl Way {
    /// As `DATABASE_URL` says.
    fn direct(server: &PgConnectOptions) -> Self {
        Self { name: "direct", proxy: None, pool: pool(server.clone()) }
    }

    fn through_proxy(name: &'static str, server: &PgConnectOptions, delay: Duration) -> Result<Self> {
        let proxy = Proxy::start(server, delay)?;
        let pool = pool(proxy.options());
        Ok(Self { name, proxy: Some(proxy), pool })
    }

    /// The time of one write, and its round trips where they can be seen.
    async fn measure(&self, write: Write, id: i32) -> Result<(Duration, Option<usize>)> {
        let begin = Instant::now();
        write.run(&self.pool, id).await?;
        let time = begin.elapsed();
        // The pool looks at a connection that comes back: that is nobody's write.
        while self.pool.num_idle() == 0 {
            tokio::time::sleep(Duration::from_micros(100)).await;
        }
        Ok((time, self.proxy.as_ref().map(|proxy| proxy.trips().len())))
    }
}

/// Without the look at a connection that is taken out, which would be one more round trip of every write.
fn pool(options: PgConnectOptions) -> PgPool {
    PgPoolOptions::new().max_connections(1).test_before_acquire(false).connect_lazy_with(options)
}
