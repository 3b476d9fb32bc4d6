//! How long a full check of coverage and redaction takes. One line of JSON, which `cargo xtask bench health` makes a report of.
//! `DATABASE_URL` names an empty database.

use std::env;
use std::error::Error;
use std::time::Instant;

use serde_json::json;
use sqlx::postgres::PgPoolOptions;
use sqlx::{AssertSqlSafe, PgPool};
use threadline::capture::TablePolicy;
use threadline::health::Schemas;
use threadline::{AuditTrail, Config, TableName};

type Result<T = ()> = std::result::Result<T, Box<dyn Error>>;

/// Checks that are not counted: pages of the catalogue are read.
const WARM_UP: usize = 3;
/// Tables that are captured at once.
const BATCH: usize = 100;

#[tokio::main]
async fn main() -> Result {
    let (tables, samples) = (number("--tables")?, number("--samples")?);
    let url = env::var("DATABASE_URL").map_err(|_| "set DATABASE_URL, or run `cargo xtask bench health`")?;
    let pool = PgPoolOptions::new().max_connections(1).test_before_acquire(false).connect(&url).await?;
    let trail = AuditTrail::new(pool.clone()).prepared_statements(true);
    trail.install().await?;
    let mut file = String::new();
    for first in (0..tables).step_by(BATCH) {
        let names: Vec<String> = (first..tables.min(first + BATCH)).map(|n| format!("t{n}")).collect();
        capture(&pool, &trail, &names).await?;
        for name in names {
            file += &format!("[capture.tables.{name}]\nexclude = [\"c7\"]\nmask = [\"c8\"]\n");
        }
    }
    sqlx::raw_sql("VACUUM ANALYZE").execute(&pool).await?;
    let config = Config::from_toml(&file)?;
    let mut nanoseconds = Vec::with_capacity(samples);
    for sample in 0..WARM_UP + samples {
        let begun = Instant::now();
        let health = trail.health(&config, &Schemas::All).await?;
        let time = begun.elapsed();
        let covered = health.coverage.covered().count();
        if covered != tables || health.redaction.len() != tables {
            return Err(format!("{covered} of {tables} tables are covered").into());
        }
        if sample >= WARM_UP {
            nanoseconds.push(time.as_nanos());
        }
    }
    println!("{}", json!({ "part": "check", "nanoseconds": nanoseconds }));
    Ok(())
}

/// Twelve columns each, one left out and one masked.
async fn capture(pool: &PgPool, trail: &AuditTrail, names: &[String]) -> Result {
    let columns: Vec<String> = (1..12).map(|n| format!("c{n} text")).collect();
    let columns = columns.join(", ");
    let create: String =
        names.iter().map(|name| format!("CREATE TABLE {name} (id bigint PRIMARY KEY, {columns});")).collect();
    sqlx::raw_sql(AssertSqlSafe(create)).execute(pool).await?;
    let policy = |name: &String| {
        let mut policy = TablePolicy::new(TableName::new("public", name));
        (policy.exclude, policy.mask) = (vec!["c7".to_owned()], vec!["c8".to_owned()]);
        policy
    };
    trail.capture(names.iter().map(policy)).await?;
    Ok(())
}

/// What cargo adds to the arguments is not for us.
fn number(name: &str) -> Result<usize> {
    let mut arguments = env::args().skip_while(|argument| argument != name).skip(1);
    Ok(arguments.next().ok_or_else(|| format!("{name} is missing"))?.parse()?)
}
