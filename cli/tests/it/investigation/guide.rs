//! Compares `docs/investigating.md` with the command.

use sqlx::PgPool;
use threadline::query::{FILTER_KEYS, FilterKey};
use threadline::{Action, ActorKind, ActorRef, AuditContext, AuditTrail};

use crate::support::{Result, stdout, tickets};

const GUIDE: &str = include_str!("../../../../docs/investigating.md");

/// Returns the commands in the guide, without shell quotes.
fn guide_commands() -> Vec<Vec<String>> {
    let lines = GUIDE.lines().filter_map(|line| line.strip_prefix("$ threadline "));
    lines.map(|line| line.split(' ').map(|word| word.replace('"', "")).collect()).collect()
}

#[test]
fn guide_lists_every_filter_key() {
    let row = |key: &FilterKey| format!("| `{}` | {} | {} |\n", key.name, key.meaning, key.expected);
    let rows: String = FILTER_KEYS.iter().map(row).collect();
    let table = GUIDE.split_once("|---|---|---|\n").map(|(_, table)| table);
    assert_eq!(table, Some(rows.as_str()), "docs/investigating.md should end with these rows:\n{rows}");
}

/// Runs each command with the times and ids of the test's data.
#[sqlx::test(migrations = false)]
async fn guide_commands_find_their_results(pool: PgPool) -> Result {
    tickets(&pool).await?;
    sqlx::raw_sql("INSERT INTO tickets VALUES (4711, 'Broken')").execute(&pool).await?;
    let context = AuditContext::new(ActorRef::new(ActorKind::User, "42")?);
    let context = context.with_correlation_id("case-1")?.with_request_id("req-1")?;
    let write = AuditTrail::new(pool.clone()).write(&context).action(Action::named("ticket.escalated"));
    let mut transaction = write.begin().await?;
    sqlx::raw_sql("UPDATE tickets SET subject = 'Urgent'").execute(&mut *transaction).await?;
    let id = transaction.commit().await?.transaction_id.to_string();
    let now: String = sqlx::query_scalar(
        "SELECT to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US')",
    )
    .fetch_one(&pool)
    .await?;
    let here = |word: &String| -> String {
        match word.as_str() {
            moment if moment.starts_with("2026-11-01") => "2000-01-01T00:00".to_owned(),
            moment if moment.starts_with("2026-11-22") => now.clone(),
            moment if moment.starts_with("2026-11-30") => "2100-01-01T00:00".to_owned(),
            "0193c2aa-0000-7000-8000-00000000008d" => id.clone(),
            word => word.to_owned(),
        }
    };
    let mut seen = Vec::new();
    for command in guide_commands() {
        let mut words: Vec<String> = command.iter().map(here).collect();
        if let Some(from) = words.iter().position(|word| word == "--from") {
            "2000-01-01T00:00".clone_into(&mut words[from + 1]);
        }
        let output = stdout(&pool, &words.iter().map(String::as_str).collect::<Vec<_>>())?;
        assert!(!output.starts_with("No") && !output.contains("\"entries\":[]"), "{command:?}: {output}");
        assert!(!output.contains("is not known"), "{command:?}: {output}");
        seen.extend(command.into_iter().next());
    }
    seen.dedup();
    let commands = [
        "search",
        "history",
        "as-of",
        "compare",
        "timeline",
        "actor",
        "actors",
        "timeline",
        "correlation",
        "count",
        "timeline",
        "incident",
    ];
    assert_eq!(seen, commands);
    Ok(())
}
