//! Tests random writes with canaries in all redacted columns: no canary is stored, every change is recorded once, and replaying the
//! trail yields the table. `THREADLINE_PROPERTY_CASES=1000` runs more plans than the default of 40.

use serde_json::Value;
use sqlx::{FromRow, PgPool};
use threadline::AuditTrail;
use threadline::capture::{CaptureMode, TablePolicy};

use crate::redaction::plan::{CANARIES, Planner, TABLE, redacted_value};
use crate::redaction::replay::{Row, replay};
use crate::redaction::search::everything_stored;
use threadline_testkit::changes::{empty_trail, violations};
use threadline_testkit::database::{Result, install, run, value};

const STEPS: usize = 16;

/// A trigger that counts the rows that PostgreSQL has changed, independently of the trail.
const WITNESS: &str = "CREATE TABLE witness (op text);
    CREATE FUNCTION bear_witness() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      INSERT INTO witness SELECT lower(TG_OP) WHERE TG_OP <> 'UPDATE' OR OLD::text <> NEW::text;
      RETURN NULL;
    END $$;";

#[derive(FromRow)]
struct Present {
    id: i32,
    code: i32,
    row: Value,
}

async fn present(pool: &PgPool) -> Result<Vec<Present>> {
    let rows = sqlx::query_as("SELECT id, code, to_jsonb(u) AS row FROM users AS u ORDER BY id");
    Ok(rows.persistent(false).fetch_all(pool).await?)
}

/// Runs one plan and returns the problems that it finds.
async fn run_plan(
    pool: &PgPool,
    trail: &AuditTrail,
    mode: CaptureMode,
    seed: u64,
    log: &mut Vec<String>,
) -> Result<Vec<String>> {
    run(pool, &format!("DROP TABLE IF EXISTS users; DELETE FROM witness; {TABLE}")).await?;
    run(
        pool,
        "CREATE TRIGGER witness AFTER INSERT OR UPDATE OR DELETE ON users FOR EACH ROW EXECUTE FUNCTION bear_witness()",
    )
    .await?;
    empty_trail(pool).await?;
    let policy =
        TablePolicy::new("users").mode(mode).mask(["secret", "document", "amount"]).exclude(["hidden"]);
    trail.capture([policy]).await?;

    let mut planner = Planner::new(seed);
    let mut redefinitions = Vec::new();
    for _ in 0..STEPS {
        let rows: Vec<(i32, i32)> = present(pool).await?.iter().map(|row| (row.id, row.code)).collect();
        let step = planner.step(&rows);
        log.push(step.sql.clone());
        run(pool, &step.sql).await?;
        if let Some(redefinition) = step.redefinition {
            redefinitions
                .push((value(pool, "SELECT count(*) FROM threadline.audit_changes").await?, redefinition));
        }
    }

    let mut problems = violations(pool).await?;
    let stored = everything_stored(pool).await?;
    problems.extend(
        CANARIES
            .iter()
            .filter(|canary| stored.contains(**canary))
            .map(|canary| format!("{canary} is stored")),
    );
    let counts = "SELECT coalesce(string_agg(op || ' ' || count, ', ' ORDER BY op), '') FROM (SELECT op, count(*) FROM";
    let witnessed: String = value(pool, &format!("{counts} witness GROUP BY op) AS counts")).await?;
    let recorded: String = value(
        pool,
        &format!("{counts} threadline.audit_changes WHERE op <> 'truncate' GROUP BY op) AS counts"),
    )
    .await?;
    if witnessed != recorded {
        problems.push(format!("really changed: {witnessed}; recorded: {recorded}"));
    }
    let redacted = |row: &Value| -> Row {
        let columns = planner.columns.iter().filter_map(|column| {
            redacted_value(column.redaction, row[&column.name].clone())
                .map(|value| (column.name.clone(), value))
        });
        columns.chain(["id", "code"].map(|name| (name.to_owned(), row[name].clone()))).collect()
    };
    let mut expected: Vec<Row> = present(pool).await?.iter().map(|present| redacted(&present.row)).collect();
    let mut replayed = replay(pool, &redefinitions).await?;
    for rows in [&mut expected, &mut replayed] {
        rows.sort_by_key(|row| row["id"].as_i64());
    }
    if expected != replayed {
        problems.push(format!("the table is\n{expected:#?}\nthe trail has\n{replayed:#?}"));
    }
    Ok(problems)
}

async fn run_plans(pool: &PgPool, mode: CaptureMode) -> Result {
    let cases =
        std::env::var("THREADLINE_PROPERTY_CASES").ok().map_or(Ok(40), |cases| cases.parse::<u64>())?;
    let trail = install(pool).await?;
    run(pool, WITNESS).await?;
    for seed in 1..=cases {
        let mut log = Vec::new();
        let problems = match run_plan(pool, &trail, mode, seed, &mut log).await {
            Ok(problems) => problems,
            Err(error) => vec![error.to_string()],
        };
        assert!(
            problems.is_empty(),
            "plan {seed} ({}):\n{}\nsteps:\n{}",
            mode.as_str(),
            problems.join("\n"),
            log.join(";\n")
        );
    }
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn random_writes_in_statement_mode_never_store_redacted_values(pool: PgPool) -> Result {
    run_plans(&pool, CaptureMode::Statement).await
}

#[sqlx::test(migrations = false)]
async fn random_writes_in_row_mode_never_store_redacted_values(pool: PgPool) -> Result {
    run_plans(&pool, CaptureMode::Row).await
}
