//! How long the trail takes to answer. `install` brings the trail of `DATABASE_URL` up to date; `measure` asks the trail that
//! `cargo xtask bench query` made and prints one line of JSON for each case.

mod call;
mod cases;
mod filters;
mod measure;
mod samples;

use std::env;
use std::error::Error;
use std::time::Duration;

use sqlx::PgPool;
use sqlx::postgres::PgPoolOptions;
use threadline::AuditTrail;

use crate::measure::Measure;
use crate::samples::Samples;

type Result<T = ()> = std::result::Result<T, Box<dyn Error>>;

#[tokio::main]
async fn main() -> Result {
    let url = env::var("DATABASE_URL").map_err(|_| "set DATABASE_URL, or run `cargo xtask bench query`")?;
    // Without the look at a connection that is taken out, which would be one more round trip of every call.
    let pool: PgPool =
        PgPoolOptions::new().max_connections(1).test_before_acquire(false).connect(&url).await?;
    let asked = |word: &str| env::args().any(|argument| argument == word);
    let trail = AuditTrail::new(pool.clone()).prepared_statements(asked("--prepared"));
    if asked("install") {
        trail.install().await?;
        return Ok(());
    }
    let samples = Samples::read(&pool).await?;
    let only = option("--only").unwrap_or_default();
    let measure = Measure {
        trail: &trail,
        pool: &pool,
        samples: option("--samples").map_or(Ok(100), |text| text.parse())?,
        patience: Duration::from_secs(option("--seconds").map_or(Ok(2), |text| text.parse())?),
    };
    for case in cases::all(&samples)?.iter().filter(|case| case.name().contains(&only)) {
        println!("{}", measure.case(case).await?);
    }
    Ok(())
}

/// What cargo adds to the arguments is not for us.
fn option(name: &str) -> Option<String> {
    env::args().skip_while(|argument| argument != name).nth(1)
}
