//! Tests random plans of writes to several tables, in several sessions at once: compares as-of of every row, comparisons and
//! histories with copies of the tables that were taken at every commit. `THREADLINE_DIFFERENTIAL_PLANS=1000` runs more plans than
//! the default, and `THREADLINE_DIFFERENTIAL_SEED=7` begins with another one.

mod check;
mod driver;
mod replay;
mod table;
mod value;
mod write;

use sqlx::PgPool;

use crate::differential::driver::Driver;
use threadline_testkit::changes::changes;
use threadline_testkit::database::{Result, install};

/// The default number of plans. A plan takes about a second without optimization.
const DEFAULT_PLANS: u64 = 12;

/// Returns the number in an environment variable, or the default.
fn number_from_env(variable: &str, default: u64) -> Result<u64> {
    Ok(std::env::var(variable).ok().map_or(Ok(default), |number| number.parse())?)
}

#[sqlx::test(migrations = false)]
async fn trail_of_random_plan_matches_copies_at_each_commit(pool: PgPool) -> Result {
    let trail = install(&pool).await?;
    let first = number_from_env("THREADLINE_DIFFERENTIAL_SEED", 1)?;
    let plans = number_from_env("THREADLINE_DIFFERENTIAL_PLANS", DEFAULT_PLANS)?;
    let (mut failed, mut total) = (Vec::new(), 0);
    for seed in first..first + plans {
        let mut log = Vec::new();
        let problems = match Driver::run_plan(&pool, &trail, seed, &mut log).await {
            Ok((problems, compared)) => {
                total += compared;
                problems
            }
            Err(error) => vec![error.to_string()],
        };
        if !problems.is_empty() {
            let recorded: Vec<String> =
                changes(&pool).await?.iter().map(|line| check::shorten(line)).collect();
            let [problems, steps, recorded] = [&problems, &log, &recorded].map(|lines| lines.join("\n"));
            failed.push(format!("plan {seed}:\n{problems}\nsteps:\n{steps}\nthe trail:\n{recorded}"));
        }
        // Three failed plans are enough to find the cause.
        if failed.len() == 3 {
            break;
        }
    }
    println!(
        "{plans} plans: {total} histories, comparisons and rows at a time were compared with the copies"
    );
    assert!(failed.is_empty(), "{}", failed.join("\n\n"));
    Ok(())
}
