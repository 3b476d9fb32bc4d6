//! Tests that every command works through PgBouncer in transaction mode.

use std::process::Command;

use sqlx::{ConnectOptions, PgPool};
use threadline_testkit::database::{Result, install, run, value};
use threadline_testkit::pgbouncer::PgBouncer;

#[sqlx::test(migrations = false)]
async fn every_command_works_through_pooler_in_transaction_mode(pool: PgPool) -> Result {
    run(&pool, "CREATE TABLE notes (id int PRIMARY KEY, body text); CREATE TABLE lines (id int PRIMARY KEY)")
        .await?;
    let bouncer = PgBouncer::start(&pool, 1, "").await?;
    let other = bouncer.client(100);
    let past = "2020-01-01T00:00";
    for arguments in [
        &["install"][..],
        &["install"],
        &["gen", "triggers", "--tables", "notes,lines", "--apply"],
        &["gen", "triggers", "--tables", "notes,lines", "--apply", "--capture", "row"],
        &["gen", "triggers", "--tables", "notes", "--dry-run"],
        &["timeline"],
        &["count"],
        &["history", "notes", "id=1"],
        &["as-of", "notes", "id=1", past],
        &["compare", "notes", "id=1", past, past],
        &["health", "coverage"],
        &["policy", "show"],
    ] {
        // Another client has prepared a statement with the name that sqlx gives to its first one.
        sqlx::query("SELECT 1")
            .execute(&other)
            .await
            .map_err(|error| format!("{error} before {arguments:?}"))?;
        let url = bouncer.options().to_url_lossy();
        let mut threadline = Command::new(env!("CARGO_BIN_EXE_threadline"));
        let output = threadline.env("DATABASE_URL", url.as_str()).args(arguments).output()?;
        let error = String::from_utf8(output.stderr)?;
        assert_eq!((output.status.code(), error.as_str()), (Some(0), ""), "{arguments:?}");
        let path: String = value(&other, "SHOW search_path").await?;
        assert_eq!(path, "\"$user\", public", "{arguments:?} leaks its setting");
    }
    assert_eq!(bouncer.show_pools("cl_waiting").await?, "0");
    // Installing without the pooler accepts the trail.
    install(&pool).await?;
    Ok(())
}
