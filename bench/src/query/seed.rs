//! The trail that is read: created once, by SQL in which every value depends on its number, and kept for the next runs.

use anyhow::{Context, Result};
use futures_util::future::try_join_all;
use sqlx::{AssertSqlSafe, PgConnection};
use threadline::AuditTrail;

use crate::server::{Server, run_script};

/// Counts the changes of the SQL that fills the trail.
const VERSION: u32 = 3;
/// The number of sessions that fill the trail, as many as a small machine has processors.
const SESSIONS: usize = 2;
/// The number of changes in the large transactions of a trail of a million changes or more.
const LARGE_TRANSACTIONS_CHANGES: u64 = 31_000;
/// The average number of changes in a hundred usual transactions.
const CHANGES_PER_HUNDRED_TRANSACTIONS: u64 = 265;

/// One month of the trail: the end of the names of its partitions, their bounds, the first and the last transaction.
type Month = (String, String, String, i64, i64);

/// Returns the name of the database that holds a trail of this number of changes, and creates it where it is missing.
pub(crate) async fn find_or_create(server: &Server, changes: u64, is_fresh: bool) -> Result<String> {
    let database = format!("threadline_query_{changes}_v{VERSION}");
    if is_fresh {
        server.drop_database(&database).await?;
    }
    let mut postgres = server.connect("postgres").await?;
    let exists = sqlx::query_scalar("SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)");
    if exists.bind(&database).fetch_one(&mut postgres).await? {
        let pool = server.pool(&database);
        AuditTrail::new(pool)
            .install()
            .await
            .context("cannot upgrade the trail: `--fresh` creates it anew")?;
    } else {
        // The database gets its name when it is complete.
        let unfinished = format!("{database}_unfinished");
        server.create_database(&unfinished).await?;
        fill(server, &unfinished, changes).await.context("cannot fill the trail")?;
        run_script(&mut postgres, format!("ALTER DATABASE {unfinished} RENAME TO {database}")).await?;
        run_script(&mut postgres, "CHECKPOINT".to_owned()).await?;
    }
    Ok(database)
}

/// Fills an empty database.
pub(super) async fn fill(server: &Server, database: &str, changes: u64) -> Result<()> {
    let pool = server.pool(database);
    AuditTrail::new(pool.clone()).install().await?;
    pool.close().await;
    let mut sessions = Vec::new();
    for _ in 0..SESSIONS {
        sessions.push(server.connect(database).await?);
    }
    let large = if changes < 1_000_000 { 1000 } else { LARGE_TRANSACTIONS_CHANGES };
    // Each twenty consecutive transactions have the average number of changes.
    let transactions = (changes - large) * 100 / CHANGES_PER_HUNDRED_TRANSACTIONS / 20 * 20 + 20;
    let (first_moment, last_moment): (String, String) = sqlx::query_as(
        "SELECT (date_trunc('hour', now()) - interval '24 months')::text, date_trunc('hour', now())::text",
    )
    .fetch_one(&mut sessions[0])
    .await?;
    let sql = |template: &str| {
        template
            .replace("__rows__", &changes.to_string())
            .replace("__transactions__", &transactions.to_string())
            .replace("__first_moment__", &first_moment)
            .replace("__last_moment__", &last_moment)
    };
    for session in &mut sessions {
        run_script(session, include_str!("sql/session.sql").to_owned()).await?;
        run_script(session, sql(include_str!("sql/model.sql"))).await?;
    }

    eprintln!("storing actions");
    let half = transactions / 2;
    let halves = [(1, half), (half + 1, transactions)].map(|(first, last)| {
        sql(include_str!("sql/actions.sql"))
            .replace("__first__", &first.to_string())
            .replace("__last__", &last.to_string())
    });
    in_sessions(&mut sessions, &halves).await?;

    eprintln!("storing transactions and changes");
    let months = AssertSqlSafe(sql(include_str!("sql/months.sql")));
    let months: Vec<Month> = sqlx::query_as(months).fetch_all(&mut sessions[0]).await?;
    let mut partitions = Vec::new();
    for (month, lower, upper, first, last) in months {
        let names = [format!("audit_transactions_{month}"), format!("audit_changes_{month}")];
        // Those of the current month exist, and are empty.
        let drop = format!("DROP TABLE IF EXISTS threadline.{}, threadline.{}", names[0], names[1]);
        run_script(&mut sessions[0], drop).await?;
        partitions.push(
            sql(include_str!("sql/partition.sql"))
                .replace("__transactions_partition__", &names[0])
                .replace("__changes_partition__", &names[1])
                .replace("__lower__", &lower)
                .replace("__upper__", &upper)
                .replace("__first__", &first.to_string())
                .replace("__last__", &last.to_string()),
        );
    }
    in_sessions(&mut sessions, &partitions).await?;
    for table in ["audit_actions", "audit_transactions", "audit_changes"] {
        run_script(&mut sessions[0], format!("VACUUM (ANALYZE) threadline.{table}")).await?;
    }

    eprintln!("choosing the values of filters");
    run_script(&mut sessions[0], sql(include_str!("sql/values.sql"))).await
}

/// Runs all scripts, shared out among the sessions.
async fn in_sessions(sessions: &mut [PgConnection], scripts: &[String]) -> Result<()> {
    let count = sessions.len();
    let work = sessions.iter_mut().enumerate().map(async |(number, session)| {
        for script in scripts.iter().skip(number).step_by(count) {
            run_script(session, script.clone()).await?;
        }
        anyhow::Ok(())
    });
    try_join_all(work).await.map(drop)
}
