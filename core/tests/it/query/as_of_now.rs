//! Tests a row as it is now, and the session of a transaction without an actor.

use sqlx::PgPool;
use threadline::query::{AsOf, Filter, Position};
use threadline::{AuditTrail, Scope};

use crate::query::desk;
use threadline_testkit::database::{Result, run};

/// Returns the state of an account in one word.
async fn account(trail: &AuditTrail, scope: &Scope, id: i32) -> Result<&'static str> {
    Ok(match trail.snapshot().await?.as_of_now(scope, "accounts", [("id", id)]).await? {
        AsOf::Present(_) => "exists",
        AsOf::Uncertain { .. } => "uncertain",
        AsOf::Deleted(_) => "deleted",
        AsOf::Moved(_) => "moved",
        AsOf::BeforeHorizon => "unknown",
    })
}

/// Changes have increasing times even if the clock is set back, so the newest may be ahead of the clock.
#[sqlx::test(migrations = false)]
async fn as_of_now_includes_changes_ahead_of_clock(pool: PgPool) -> Result {
    let trail = desk(&pool).await?;
    let all = Scope::unscoped();
    assert_eq!(account(&trail, &all, 7).await?, "exists");
    let set_back = "SELECT setval('threadline.threadline_clock',
                      threadline.threadline_microseconds(clock_timestamp() + interval '1 hour') * 2 + 1)";
    run(&pool, set_back).await?;
    for (sql, id, expected) in [
        ("UPDATE accounts SET name = 'SEVEN' WHERE id = 7", 7, "exists"),
        ("UPDATE accounts SET id = 70 WHERE id = 7", 7, "moved"),
        ("DELETE FROM accounts WHERE id = 8", 8, "deleted"),
        ("TRUNCATE accounts", 70, "deleted"),
        ("INSERT INTO accounts VALUES (70, 'again')", 70, "exists"),
        ("ALTER TABLE accounts RENAME TO clients", 70, "uncertain"),
    ] {
        run(&pool, sql).await?;
        assert_eq!(account(&trail, &all, id).await?, expected, "{sql}");
    }
    assert_eq!(account(&trail, &all, 9).await?, "unknown");
    assert!(account(&trail, &Scope::tables(["tickets"]), 8).await.is_err(), "a hidden table is not captured");
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn key_change_takes_away_old_key_only(pool: PgPool) -> Result {
    let trail = desk(&pool).await?;
    run(&pool, "UPDATE accounts SET id = 70 WHERE id = 7").await?;
    let (scope, any) = (Scope::unscoped(), Filter::default());
    let key = |id: &str| [("id".to_owned(), id.to_owned())].into();
    for (id, expected) in [("7", [true, false]), ("70", [false, false])] {
        let history = trail
            .snapshot()
            .await?
            .row_history(&scope, "accounts", [("id", id)], &any, Position::Newest, 5)
            .await?;
        let taken: Vec<_> = history.entries.iter().map(|entry| entry.change.takes_away(&key(id))).collect();
        assert_eq!(taken, expected[..taken.len()], "{id}");
    }
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn session_is_recorded_only_without_actor(pool: PgPool) -> Result {
    let trail = desk(&pool).await?;
    run(&pool, "BEGIN; SET LOCAL application_name = 'nightly'; DELETE FROM accounts; COMMIT").await?;
    let role: String = threadline_testkit::database::value(&pool, "SELECT session_user::text").await?;
    let entries = trail.timeline(&Scope::unscoped(), &Filter::default(), 50).await?;
    let session = entries[0].transaction.session().ok_or("no session")?;
    assert_eq!((session.role.as_str(), session.client_address.as_deref()), (role.as_str(), None));
    assert_eq!(session.to_string(), format!("role {role}, nightly"));
    for entry in entries {
        assert_eq!(entry.transaction.session().is_some(), entry.transaction.actor.is_none(), "{entry:?}");
    }
    Ok(())
}
