//! Tests the plans of all queries: how many rows each statement reads, independent of time.

mod cases;
mod listener;
mod plan;
mod positions;
mod query;
mod scopes;

use std::time::Duration;

use chrono::{DateTime, Utc};
use sqlx::PgPool;
use threadline::{AuditTrail, Scope};

use crate::query::install_for_made_up_rows;
use cases::Case;
pub(in crate::query) use listener::Listener;
pub(in crate::query) use plan::Plan;
use threadline_testkit::database::{Result, run};

/// The number of rows up to which a partition may be read as a whole.
const MAX_ROWS_READ_WHOLE: usize = 100;
/// The maximum number of rows that are sorted: the changes of a hundred transactions, or of one large one.
const MAX_ROWS_SORTED: usize = 1_000;

/// A partition and its bounds.
#[derive(Debug, sqlx::FromRow)]
struct Part {
    name: String,
    lower: DateTime<Utc>,
    upper: DateTime<Utc>,
}

#[sqlx::test(migrations = false)]
async fn query_reads_little_more_than_it_returns(pool: PgPool) -> Result {
    install_for_made_up_rows(&pool).await?;
    run(&pool, include_str!("seed.sql")).await?;
    let tables = "threadline.audit_changes, threadline.audit_transactions, threadline.audit_actions";
    run(&pool, &format!("VACUUM (ANALYZE) {tables}")).await?;
    let parts: Vec<Part> = sqlx::query_as("SELECT * FROM parts").fetch_all(&pool).await?;
    let cases = cases::all(&pool).await?;

    let listener = Listener::default();
    let _guard = tracing::subscriber::set_default(listener.clone());
    let mut bad = Vec::new();
    let mut returned = Vec::new();
    for is_prepared in [false, true] {
        // Without a limit of time, a slow machine reads the same rows as a fast one.
        let trail = AuditTrail::new(Listener::pool(&pool).await?).search_time(Duration::MAX);
        let trail = trail.prepared_statements(is_prepared);
        // The library detects the features of the schema with its first query.
        trail.snapshot().await?.has_changes(&Scope::unscoped()).await?;
        let mut counts = Vec::new();
        for case in &cases {
            listener.take()?;
            let answer = case.query.run(&trail, &case.scope).await;
            let plans = listener.take()?;
            counts.push(answer.as_ref().ok().copied());
            let flaws = match answer {
                Ok(returned) => flaws(case, returned, &plans, &parts)?,
                Err(error) => vec![error.to_string()],
            };
            if !flaws.is_empty() {
                let plans: Vec<String> = plans.iter().map(ToString::to_string).collect();
                let (flaws, plans) = (flaws.join("\n  "), plans.join("\n"));
                let how = if is_prepared { "prepared" } else { "planned each time" };
                bad.push(format!("{:?} in {:?}, {how}\n  {flaws}\n{plans}", case.query, case.scope));
            }
        }
        returned.push(counts);
    }
    let (number, all) = (bad.len(), 2 * cases.len());
    assert!(bad.is_empty(), "{number} of {all} queries have bad plans:\n\n{}", bad.join("\n\n"));
    assert_eq!(returned[0], returned[1], "prepared statements return the same");
    Ok(())
}

/// Returns the flaws of the plans of a query.
fn flaws(case: &Case, returned: usize, plans: &[Plan], parts: &[Part]) -> Result<Vec<String>> {
    let mut flaws = Vec::new();
    if plans.is_empty() && returned > 0 {
        flaws.push("no plan was reported".to_owned());
    }
    let (rows, bound) = (plans.iter().map(Plan::rows).sum::<usize>(), case.per_row * returned + case.beside);
    if rows > bound {
        flaws.push(format!("{rows} rows were read for {returned} that are returned: more than {bound}"));
    }
    // If a row has no change, the reason is searched in the whole table.
    let [from, to] = if returned > 0 { case.query.window()? } else { [None, None] };
    for step in plans.iter().flat_map(Plan::steps) {
        if step.sorted() > MAX_ROWS_SORTED {
            flaws.push(format!("{} rows were sorted", step.sorted()));
        }
        let Some(table) = step.table() else { continue };
        if step.reads_whole_table() > MAX_ROWS_READ_WHOLE {
            flaws.push(format!("all of {table} was read: {} rows", step.reads_whole_table()));
        }
        // A transaction's partition is chosen for each change in turn; the others stay in the plan and do not run.
        let is_chosen = table.starts_with("audit_changes") || step.turns() > 0;
        let part = parts.iter().find(|part| is_chosen && part.name == table);
        let is_outside =
            |part: &Part| from.is_some_and(|from| part.upper <= from) || to.is_some_and(|to| part.lower > to);
        if part.is_some_and(is_outside) {
            flaws.push(format!("{table} is outside the time range of the filter"));
        }
    }
    Ok(flaws)
}
