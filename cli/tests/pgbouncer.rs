//! Every command works through PgBouncer in transaction mode, whatever other clients leave in its server connection.

#[path = "../../core/tests/support/database.rs"]
mod database;
#[path = "../../core/tests/support/pgbouncer.rs"]
mod pgbouncer;
#[path = "../../core/tests/support/server.rs"]
mod server;

use std::process::Command;

use database::{Result, install, run, value};
use pgbouncer::PgBouncer;
use sqlx::{ConnectOptions, PgPool};

#[sqlx::test(migrations = false)]
async fn a_pooler_in_transaction_mode_is_no_obstacle_to_any_command(pool: PgPool) -> Result {
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
        // Another client has prepared a statement under the name that sqlx gives to its first one.
        sqlx::query("SELECT 1")
            .execute(&other)
            .await
            .map_err(|error| format!("{error} before {arguments:?}"))?;
        let url = bouncer.options().to_url_lossy();
        let mut threadline = Command::new(env!("CARGO_BIN_EXE_threadline"));
        let said = threadline.env("DATABASE_URL", url.as_str()).args(arguments).output()?;
        let error = String::from_utf8(said.stderr)?;
        assert_eq!((said.status.code(), error.as_str()), (Some(0), ""), "{arguments:?}");
        let path: String = value(&other, "SHOW search_path").await?;
        assert_eq!(path, "\"$user\", public", "{arguments:?} leaves its setting to others");
    }
    assert_eq!(bouncer.pools("cl_waiting").await?, "0");
    // It is the trail that an installation without the pooler makes.
    install(&pool).await?;
    Ok(())
}
