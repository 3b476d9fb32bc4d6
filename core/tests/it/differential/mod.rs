//! Random plans of writes to several tables, in several sessions at once, held against copies of the tables that were taken at
//! every commit: as-of of every row, comparisons, and histories. `THREADLINE_DIFFERENTIAL_PLANS=1000` runs more plans than
//! usual, `THREADLINE_DIFFERENTIAL_SEED=7` begins with another one.

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

/// A plan takes about a second without optimisation.
const PLANS: u64 = 12;

fn number(variable: &str, otherwise: u64) -> Result<u64> {
    Ok(std::env::var(variable).ok().map_or(Ok(otherwise), |number| number.parse())?)
}

#[sqlx::test(migrations = false)]
async fn every_row_at_every_commit_is_as_the_copies_of_random_plans_have_it(pool: PgPool) -> Result {
    let trail = install(&pool).await?;
    let first = number("THREADLINE_DIFFERENTIAL_SEED", 1)?;
    let plans = number("THREADLINE_DIFFERENTIAL_PLANS", PLANS)?;
    let mut failed = Vec::new();
    for seed in first..first + plans {
        let mut log = Vec::new();
        let problems = match Driver::play(&pool, &trail, seed, &mut log).await {
            Ok(problems) => problems,
            Err(error) => vec![error.to_string()],
        };
        if !problems.is_empty() {
            let told: Vec<String> = changes(&pool).await?.iter().map(|line| check::cut(line)).collect();
            let [problems, steps, told] = [&problems, &log, &told].map(|lines| lines.join("\n"));
            failed.push(format!("plan {seed}:\n{problems}\nsteps:\n{steps}\nthe trail:\n{told}"));
        }
        // A few are enough to look at.
        if failed.len() == 3 {
            break;
        }
    }
    assert!(failed.is_empty(), "{}", failed.join("\n\n"));
    Ok(())
}
