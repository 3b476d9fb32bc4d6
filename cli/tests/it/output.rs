//! The whole output of the commands that answer questions, as text and as JSON, compared with snapshots. The other tests check
//! what an output has to contain; these show what else is there.

use insta::assert_snapshot;
use sqlx::PgPool;
use threadline_testkit::snapshot;

use crate::support::help_desk::{json, seed};
use crate::support::{Result, run, stdout};

/// Names of snapshots, and the commands whose output they hold.
const COMMANDS: [(&str, &[&str]); 14] = [
    ("timeline", &["timeline"]),
    ("timeline_nothing_found", &["timeline", "--table", "tickets", "--actor", "user:nobody"]),
    ("search", &["search", "ticket", "1"]),
    ("history", &["history", "tickets", "id=1"]),
    ("as_of", &["as-of", "tickets", "id=1", "2026-01-01T00:00:00Z"]),
    ("as_of_future", &["as-of", "tickets", "id=1", "2100-01-01T00:00:00Z"]),
    ("actor", &["actor", "user:bob"]),
    ("actors", &["actors"]),
    ("correlation", &["correlation", "case-1"]),
    ("count", &["count", "--table", "tickets"]),
    ("health_coverage", &["health", "coverage"]),
    ("health_policy", &["policy", "show"]),
    ("invalid_time", &["timeline", "--from", "soon"]),
    ("invalid_actor", &["timeline", "--actor", "bob"]),
];

#[sqlx::test(migrations = false)]
async fn output_of_every_query_equals_its_snapshot(pool: PgPool) -> Result {
    seed(&pool).await?;
    for (name, arguments) in COMMANDS {
        let mut text = String::new();
        for arguments in [arguments.to_vec(), [arguments, &["--json"]].concat()] {
            let output = run(&pool, &arguments)?;
            text += &format!("$ threadline {}\n{}{}", arguments.join(" "), output.stdout, output.stderr);
            if output.code != Some(0) {
                text += &format!("exit status {:?}\n", output.code);
            }
        }
        snapshot::settings(&pool).bind(|| assert_snapshot!(name, text));
    }
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn output_of_a_transaction_equals_its_snapshot(pool: PgPool) -> Result {
    seed(&pool).await?;
    let document = json(&pool, &["timeline", "--action", "ticket.escalated"])?;
    let id =
        document["entries"][0]["transaction_id"].as_str().ok_or("an entry without a transaction")?.to_owned();
    for (name, command) in [("transaction", "transaction"), ("incident", "incident")] {
        let text = stdout(&pool, &[command, &id])? + &stdout(&pool, &[command, &id, "--json"])?;
        snapshot::settings(&pool).bind(|| assert_snapshot!(name, text));
    }
    Ok(())
}
