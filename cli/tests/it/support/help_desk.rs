//! The data of a help desk, for tests of the commands that read the trail.

use serde_json::Value;
use sqlx::PgPool;
use threadline::{Action, ActorKind, ActorRef, AuditContext, AuditTrail};

use super::{Result, stdout, tickets};

/// Writes six transactions, in this order.
///
/// | who | why | what |
/// |---|---|---|
/// | nobody | | ticket 1 |
/// | user:ann | ticket.escalated (case-1, req-1) | ticket 1, and its line 1:1 |
/// | job:sweeper for user:bob | ticket.closed (case-1) | ticket 1 |
/// | user:bob | ticket.opened | ticket 2 |
/// | user:bob | ticket.deleted | ticket 2 |
/// | admin:root | lines.emptied | lines, by truncate |
pub(crate) async fn seed(pool: &PgPool) -> Result {
    tickets(pool).await?;
    sqlx::raw_sql(
        "CREATE TABLE lines (\"order\" int, line int, body text, PRIMARY KEY (\"order\", line));
         CREATE TABLE fresh (id int PRIMARY KEY);
         CREATE TABLE bare (id int PRIMARY KEY);",
    )
    .execute(pool)
    .await?;
    stdout(pool, &["gen", "triggers", "--tables", "lines,fresh", "--apply"])?;
    sqlx::raw_sql("INSERT INTO tickets VALUES (1, 'Broken', 1.50)").execute(pool).await?;
    let ann = AuditContext::new(ActorRef::new(ActorKind::User, "ann")?);
    let ann = ann.with_correlation_id("case-1")?.with_request_id("req-1")?;
    let bob = AuditContext::new(ActorRef::new(ActorKind::User, "bob")?);
    let sweeper = bob.clone().delegated_to(ActorRef::new(ActorKind::Job, "sweeper")?);
    let sweeper = sweeper.with_correlation_id("case-1")?;
    let root = AuditContext::new(ActorRef::new(ActorKind::Admin, "root")?);
    for (context, action, statements) in [
        (
            &ann,
            "ticket.escalated",
            "UPDATE tickets SET subject = 'Urgent' WHERE id = 1; INSERT INTO lines VALUES (7, 1, 'Help')",
        ),
        (&sweeper, "ticket.closed", "UPDATE tickets SET score = NULL WHERE id = 1"),
        (&bob, "ticket.opened", "INSERT INTO tickets VALUES (2, 'Noise', 0)"),
        (&bob, "ticket.deleted", "DELETE FROM tickets WHERE id = 2"),
        (&root, "lines.emptied", "TRUNCATE lines"),
    ] {
        let action = Action::named(action).reason("Because");
        let mut transaction = AuditTrail::new(pool.clone()).write(context).action(action).begin().await?;
        sqlx::raw_sql(statements).execute(&mut *transaction).await?;
        transaction.commit().await?;
    }
    Ok(())
}

/// The number of changes.
pub(crate) const CHANGE_COUNT: usize = 7;

/// Runs the command with `--json` and returns its document.
pub(crate) fn json(pool: &PgPool, arguments: &[&str]) -> Result<Value> {
    let output = stdout(pool, &[arguments, &["--json"]].concat())?;
    let document: Value = serde_json::from_str(&output)?;
    assert_eq!((&document["format_version"], output.lines().count()), (&1.into(), 1), "{output}");
    Ok(document)
}

/// Returns the entries of a document.
pub(crate) fn entries(document: &Value) -> Vec<&Value> {
    document["entries"].as_array().into_iter().flatten().collect()
}

/// Returns the table, the key and the operation of each entry in one word, such as `tickets:1:update`.
pub(crate) fn words(document: &Value) -> Vec<String> {
    let text = |value: &Value| value.as_str().unwrap_or("?").to_owned();
    let word = |entry: &&Value| {
        let key: Vec<_> = entry["table_pk"].as_object().into_iter().flatten().map(|(_, v)| text(v)).collect();
        format!("{}:{}:{}", text(&entry["table_name"]), key.join(","), text(&entry["op"]))
    };
    entries(document).iter().map(word).collect()
}

/// Returns the times at which the changes of a row were captured, oldest first.
pub(crate) fn capture_times(pool: &PgPool, table: &str, key: &str) -> Result<Vec<String>> {
    let document = json(pool, &["history", table, key])?;
    let mut times: Vec<String> = entries(&document)
        .iter()
        .filter_map(|entry| entry["captured_at"].as_str().map(str::to_owned))
        .collect();
    times.reverse();
    Ok(times)
}
