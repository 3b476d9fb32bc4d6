//! Tests which writes are refused, and that nothing of them remains.

use serde_json::{Map, json};
use sqlx::{Acquire, PgPool};
use threadline::{Action, ActorRef, AuditContext, AuditTrail, TransactionError};
use uuid::Uuid;

use crate::transaction::{actions, recorded, tickets, user};
use threadline_testkit::database::{Result, run, value};

/// Returns a pool that cannot connect. What is refused with it is refused before the database is used.
fn unreachable_pool() -> Result<PgPool> {
    Ok(PgPool::connect_lazy("postgres://nobody@127.0.0.1:1/nowhere")?)
}

#[tokio::test]
async fn invalid_input_is_refused_before_transaction() -> Result {
    let pool = unreachable_pool()?;
    let user = user("42")?;
    let nobody = AuditContext::without_actor();
    let write = |context| AuditTrail::new(pool.clone()).write(context);
    let with_nul = Map::from_iter([("a".to_owned(), json!([{ "deep\0": 1 }]))]);
    for (write, reason, text) in [
        (write(&nobody), "missing_actor", "no actor: set one in the context, or call allow_missing_actor"),
        (
            write(&nobody).action("a"),
            "missing_actor",
            "no actor in action \"a\": set one in the context, because",
        ),
        (write(&nobody).action("a").allow_missing_actor(), "missing_actor", "no actor in action \"a\""),
        (write(&nobody).under_action(Uuid::nil()).allow_missing_actor(), "missing_actor", "no actor"),
        (write(&user).action(""), "invalid_action", "action name \"\": use 1 to 200 bytes"),
        (write(&user).action("a\nb"), "invalid_action", "action name \"a\\nb\""),
        (
            write(&user).action(Action::named("a").reason("\0")),
            "invalid_action",
            "action reason of 1 bytes: use at most 10000, and no NUL character",
        ),
        (
            write(&user).metadata(with_nul),
            "invalid_metadata",
            "the transaction's metadata holds a NUL character",
        ),
    ] {
        let error = write.begin().await.unwrap_err();
        assert_eq!(error.reason(), reason, "{error}");
        assert!(error.to_string().starts_with(text), "{error}");
        assert!(TransactionError::REASONS.contains(&reason));
    }
    let trail = AuditTrail::new(pool);
    let error = trail.record_action(&nobody, "a").await.unwrap_err();
    assert_eq!(error.reason(), "missing_actor", "{error}");
    let error = trail.record_action(&user, "").await.unwrap_err();
    assert_eq!(error.reason(), "invalid_action", "{error}");
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn write_with_late_error_records_nothing(pool: PgPool) -> Result {
    tickets(&pool).await?;
    let context = user("42")?;
    let write = || AuditTrail::new(pool.clone()).write(&context);
    let metadata = Map::from_iter([("a".to_owned(), json!(1))]);
    let forge = r#"SELECT set_config('threadline.actor_ref', '{"type":"user","id":"1"}', true);
                   INSERT INTO tickets VALUES (1)"#;
    for (write, statements, reason) in [
        (write().action("a"), "SELECT", "nothing_captured"),
        (write().metadata(metadata), "SELECT", "nothing_captured"),
        (write().action("a"), forge, "actor_replaced"),
        (write().metadata(Map::from_iter([("a".to_owned(), json!(1))])), forge, "actor_replaced"),
    ] {
        let mut tx = write.begin().await?;
        run(&mut *tx, "CREATE TABLE uncaptured (id int)").await?;
        run(&mut *tx, statements).await?;
        let error = tx.commit().await.unwrap_err();
        assert_eq!(error.reason(), reason, "{error}");
    }
    let error = write().under_action(Uuid::nil()).begin().await.unwrap_err();
    assert_eq!(error.reason(), "unknown_action", "{error}");
    assert_eq!(recorded(&pool).await?.len(), 0);
    assert_eq!(actions(&pool).await?, 0);
    let left: bool =
        value(&pool, "SELECT to_regclass('uncaptured') IS NOT NULL OR EXISTS (SELECT FROM tickets)").await?;
    assert!(!left);
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn late_or_nested_transaction_cannot_be_adopted(pool: PgPool) -> Result {
    tickets(&pool).await?;
    let context = user("42")?;
    let mut late = pool.begin().await?;
    run(&mut *late, "INSERT INTO tickets VALUES (1)").await?;
    let error = AuditTrail::new(pool.clone()).write(&context).action("late").adopt(late).await.unwrap_err();
    assert!(matches!(error, TransactionError::AlreadyCaptured), "{error}");

    let trail = AuditTrail::new(pool.clone());
    for outer in [trail.write(&context), trail.write(&AuditContext::without_actor()).allow_missing_actor()] {
        let mut outer = outer.begin().await?;
        let inner = outer.begin().await?;
        let error =
            AuditTrail::new(pool.clone()).write(&context).action("nested").adopt(inner).await.unwrap_err();
        assert!(matches!(error, TransactionError::Nested), "{error}");
    }
    // A savepoint of the host's own transaction can be adopted once.
    let mut hosts_own = pool.begin().await?;
    let mut first =
        AuditTrail::new(pool.clone()).write(&context).action("first").adopt(hosts_own.begin().await?).await?;
    run(&mut *first, "INSERT INTO tickets VALUES (2)").await?;
    first.commit().await?;
    let second =
        AuditTrail::new(pool.clone()).write(&context).action("second").adopt(hosts_own.begin().await?).await;
    assert!(matches!(second, Err(TransactionError::Nested)), "{second:?}");
    drop(second);
    hosts_own.commit().await?;
    assert_eq!(recorded(&pool).await?, ["2 insert 42 first"]);
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn write_without_installed_trail_returns_not_installed(pool: PgPool) -> Result {
    let context = AuditContext::new(ActorRef::anonymous());
    let error = AuditTrail::new(pool.clone()).write(&context).begin().await.unwrap_err();
    assert!(matches!(error, TransactionError::NotInstalled { .. }), "{error}");
    let error = AuditTrail::new(pool.clone()).write(&context).adopt(pool.begin().await?).await.unwrap_err();
    assert!(matches!(error, TransactionError::NotInstalled { .. }), "{error}");
    let error = AuditTrail::new(pool).record_action(&context, "a").await.unwrap_err();
    assert!(error.to_string().contains("run AuditTrail::install"), "{error}");
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn error_of_host_is_returned_unchanged(pool: PgPool) -> Result {
    #[derive(Debug, thiserror::Error)]
    enum HostError {
        #[error(transparent)]
        Audit(#[from] TransactionError),
        #[error(transparent)]
        Database(#[from] sqlx::Error),
        #[error("the host changed its mind")]
        ChangedMind,
    }
    tickets(&pool).await?;
    let write = AuditTrail::new(pool.clone()).write(&user("42")?).action("ticket.opened");
    let run = write.run(async |tx| {
        sqlx::query("INSERT INTO tickets VALUES (1)").execute(&mut *tx).await?;
        Err::<(), _>(HostError::ChangedMind)
    });
    assert!(matches!(run.await, Err(HostError::ChangedMind)));
    assert_eq!((recorded(&pool).await?.len(), actions(&pool).await?), (0, 0));
    Ok(())
}
