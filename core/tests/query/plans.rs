//! What the questions read: the plans of their statements, not their times.

mod ask;
mod cases;
mod listener;
mod places;
mod plan;
mod scopes;

use std::time::Duration;

use chrono::{DateTime, Utc};
use sqlx::PgPool;
use threadline::{AuditTrail, Scope};

use crate::database::{Result, run};
use crate::install_for_made_up_rows;
use cases::Case;
use listener::Listener;
use plan::Plan;

/// A partition with fewer rows may be read as a whole.
const HANDFUL: usize = 100;
/// No more is ever put in order: the changes of a hundred transactions, or those of a large one.
const SORTED: usize = 1_000;

/// A partition and its bounds.
#[derive(Debug, sqlx::FromRow)]
struct Part {
    name: String,
    lower: DateTime<Utc>,
    upper: DateTime<Utc>,
}

#[sqlx::test(migrations = false)]
async fn no_question_reads_much_more_than_it_returns(pool: PgPool) -> Result {
    install_for_made_up_rows(&pool).await?;
    run(&pool, include_str!("plans/seed.sql")).await?;
    let tables = "threadline.audit_changes, threadline.audit_transactions, threadline.audit_actions";
    run(&pool, &format!("VACUUM (ANALYZE) {tables}")).await?;
    let parts: Vec<Part> = sqlx::query_as("SELECT * FROM parts").fetch_all(&pool).await?;
    let cases = cases::all(&pool).await?;

    let listener = Listener::default();
    let _guard = tracing::subscriber::set_default(listener.clone());
    let mut bad = Vec::new();
    let mut returned = Vec::new();
    for is_prepared in [false, true] {
        // A slow machine reads what a fast one reads.
        let trail = AuditTrail::new(Listener::pool(&pool).await?).with_search_time(Duration::MAX);
        let trail = trail.with_prepared_statements(is_prepared);
        // What the library asks once, of the database as a whole.
        trail.snapshot().await?.has_changes(&Scope::unscoped()).await?;
        let mut counts = Vec::new();
        for case in &cases {
            listener.take()?;
            let answer = case.ask.run(&trail, &case.scope).await;
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
                bad.push(format!("{:?} in {:?}, {how}\n  {flaws}\n{plans}", case.ask, case.scope));
            }
        }
        returned.push(counts);
    }
    let (number, all) = (bad.len(), 2 * cases.len());
    assert!(bad.is_empty(), "{number} of {all} questions have bad plans:\n\n{}", bad.join("\n\n"));
    assert_eq!(returned[0], returned[1], "however a question is asked, its answer is the same");
    Ok(())
}

/// What is wrong with the plans of a question.
fn flaws(case: &Case, returned: usize, plans: &[Plan], parts: &[Part]) -> Result<Vec<String>> {
    let mut flaws = Vec::new();
    if plans.is_empty() && returned > 0 {
        flaws.push("no plan was told".to_owned());
    }
    let (rows, bound) = (plans.iter().map(Plan::rows).sum::<usize>(), case.per_row * returned + case.beside);
    if rows > bound {
        flaws.push(format!("{rows} rows were looked at for {returned} that are returned: more than {bound}"));
    }
    // Where a row has no change, the reason is looked for in the whole table.
    let [from, to] = if returned > 0 { case.ask.window()? } else { [None, None] };
    for step in plans.iter().flat_map(Plan::steps) {
        if step.sorted() > SORTED {
            flaws.push(format!("{} rows were put in order", step.sorted()));
        }
        let Some(table) = step.table() else { continue };
        if step.reads_whole_table() > HANDFUL {
            flaws.push(format!("all of {table} was read: {} rows", step.reads_whole_table()));
        }
        // A transaction's partition is chosen for each change in turn; those that no change asks for stay in the plan.
        let is_chosen = table.starts_with("audit_changes") || step.turns() > 0;
        let part = parts.iter().find(|part| is_chosen && part.name == table);
        let is_outside =
            |part: &Part| from.is_some_and(|from| part.upper <= from) || to.is_some_and(|to| part.lower > to);
        if part.is_some_and(is_outside) {
            flaws.push(format!("{table} lies outside of the time that is asked for"));
        }
    }
    Ok(flaws)
}
