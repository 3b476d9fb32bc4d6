//! Tests the guard, the closure and the adopted transaction.

use serde_json::{Value, json};
use sqlx::types::Json;
use sqlx::{Acquire, PgPool};
use threadline::query::Position;
use threadline::{
    Action, ActionStatus, ActorKind, ActorRef, AuditContext, AuditTrail, Scope, StorageSchema,
    TransactionError,
};

use crate::transaction::{recorded, single_connection_pool, tickets, user};
use threadline_testkit::database::{Result, run, value};

#[sqlx::test(migrations = false)]
async fn context_action_and_metadata_are_recorded(pool: PgPool) -> Result {
    let trail = tickets(&pool).await?;
    let subject = ActorRef::new(ActorKind::User, "42")?;
    let context = AuditContext::new(ActorRef::new(ActorKind::Admin, "größe 🦀")?)
        .with_on_behalf_of(subject.clone())?
        .with_request_id("req-1")?
        .with_correlation_id("case-7")?
        .with_job_id("17")?;
    let action = Action::named("ticket.opened")
        .status(ActionStatus::Error)
        .verb("open")
        .category("support")
        .reason("by telephone,\n\"twice\" \\u0000")
        .comment("");
    let metadata = json!({ "form": "short \\u0000", "steps": [1, 2.5, null] });
    let Value::Object(metadata) = metadata else { return Err("no object".into()) };
    let mut tx = AuditTrail::new(pool.clone())
        .write(&context)
        .action(action)
        .metadata(metadata.clone())
        .begin()
        .await?;
    run(&mut *tx, "INSERT INTO tickets VALUES (1, 'low')").await?;
    let written = tx.commit().await?;

    let id = written.transaction_id;
    let detail = trail.transaction(&Scope::unscoped(), id, Position::Newest, 10).await?.ok_or("not found")?;
    assert_eq!(detail.transaction.actor.as_ref(), context.actor());
    assert_eq!(detail.transaction.on_behalf_of, Some(subject));
    let action = detail.transaction.action.ok_or("no action")?;
    assert_eq!(Some(action.id), written.action_id);
    assert_eq!((action.name.as_str(), action.status.as_str()), ("ticket.opened", "error"));
    let texts = [action.verb, action.category, action.reason, action.comment];
    let expected = ["open", "support", "by telephone,\n\"twice\" \\u0000", ""];
    assert_eq!(texts, expected.map(|text| Some(text.to_owned())));
    let ids = [action.request_id, action.correlation_id, action.job_id];
    assert_eq!(ids, ["req-1", "case-7", "17"].map(|id| Some(id.to_owned())));
    let stored: Json<Value> = value(&pool, "SELECT meta FROM threadline.audit_transactions").await?;
    assert_eq!(stored.0, Value::Object(metadata));

    // A search for the actor also finds what it did on behalf of others.
    for (table, expected) in [("audit_transactions", 1_i64), ("audit_actions", 1)] {
        let same = format!(
            r#"SELECT count(*) FROM threadline.{table} WHERE actor_ref @> '{{"type":"admin","id":"größe 🦀"}}'"#
        );
        assert_eq!(value::<i64>(&pool, &same).await?, expected, "{table}");
    }
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn guard_closure_and_adopted_transaction_record_the_same(pool: PgPool) -> Result {
    tickets(&pool).await?;
    let context = user("42")?;
    let write = || AuditTrail::new(pool.clone()).write(&context).action("ticket.opened");

    let mut guard = write().begin().await?;
    run(&mut *guard, "INSERT INTO tickets VALUES (1)").await?;
    let guard = guard.commit().await?;

    let closure = write()
        .run(async |tx| {
            let insert = sqlx::query("INSERT INTO tickets VALUES (2)");
            Ok::<_, TransactionError>(insert.execute(&mut *tx).await?.rows_affected())
        })
        .await?;
    assert_eq!(closure.value, 1);

    let mut hosts_own = pool.begin().await?;
    run(&mut *hosts_own, "CREATE TABLE uncaptured (id int)").await?;
    let mut adopted = write().adopt(hosts_own).await?;
    run(&mut *adopted, "INSERT INTO tickets VALUES (3)").await?;
    let adopted = adopted.commit().await?;

    assert_eq!(
        recorded(&pool).await?,
        ["1 insert 42 ticket.opened", "2 insert 42 ticket.opened", "3 insert 42 ticket.opened"]
    );
    let ids = [guard.transaction_id, closure.transaction_id, adopted.transaction_id];
    let stored: Vec<uuid::Uuid> =
        value(&pool, "SELECT array_agg(id ORDER BY occurred_at) FROM threadline.audit_transactions").await?;
    assert_eq!(ids.as_slice(), stored);
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn write_without_action_records_actor_only(pool: PgPool) -> Result {
    tickets(&pool).await?;
    let capture_only = AuditTrail::new(pool.clone()).write(&user("42")?);
    let mut tx = capture_only.clone().begin().await?;
    run(&mut *tx, "INSERT INTO tickets VALUES (1)").await?;
    let written = tx.commit().await?;
    let stored: uuid::Uuid = value(&pool, "SELECT id FROM threadline.audit_transactions").await?;
    assert_eq!((written.transaction_id, written.action_id), (stored, None));

    // A transaction without captured changes is no error here, because it has no action that would be lost.
    let mut tx = capture_only.begin().await?;
    run(&mut *tx, "UPDATE tickets SET priority = 'low' WHERE false").await?;
    tx.commit().await?;
    assert_eq!(recorded(&pool).await?, ["1 insert 42"]);
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn missing_actor_is_not_replaced_by_actor_of_session(pool: PgPool) -> Result {
    tickets(&pool).await?;
    let single = single_connection_pool(&pool).await?;
    run(&single, r#"SELECT set_config('threadline.actor_ref', '{"type":"user","id":"left over"}', false)"#)
        .await?;
    let nobody = AuditTrail::new(single.clone()).write(&AuditContext::without_actor()).allow_missing_actor();
    let mut tx = nobody.begin().await?;
    run(&mut *tx, "INSERT INTO tickets VALUES (1)").await?;
    tx.commit().await?;
    assert_eq!(recorded(&pool).await?, ["1 insert -"]);
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn write_with_savepoints_keeps_actor(pool: PgPool) -> Result {
    tickets(&pool).await?;
    let mut tx = AuditTrail::new(pool.clone()).write(&user("42")?).action("ticket.opened").begin().await?;
    let mut rolled_back = tx.begin().await?;
    run(&mut *rolled_back, "INSERT INTO tickets VALUES (1)").await?;
    rolled_back.rollback().await?;
    let mut kept = tx.begin().await?;
    run(&mut *kept, "INSERT INTO tickets VALUES (2)").await?;
    kept.commit().await?;
    tx.commit().await?;
    assert_eq!(recorded(&pool).await?, ["2 insert 42 ticket.opened"]);
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn write_with_custom_storage_schema_is_recorded_there(pool: PgPool) -> Result {
    let schema = StorageSchema::new("audit")?;
    let trail = AuditTrail::new(pool.clone()).storage_schema(schema.clone());
    trail.install().await?;
    run(&pool, "CREATE TABLE tickets (id bigint PRIMARY KEY)").await?;
    trail.capture(["tickets"]).await?;
    let write = trail.write(&user("42")?).action("ticket.opened");
    let mut tx = write.adopt(pool.begin().await?).await?;
    run(&mut *tx, "INSERT INTO tickets VALUES (1)").await?;
    let id = tx.commit().await?.transaction_id;
    let detail = trail.transaction(&Scope::unscoped(), id, Position::Newest, 10).await?.ok_or("not found")?;
    assert_eq!(detail.transaction.action.map(|action| action.name).as_deref(), Some("ticket.opened"));
    Ok(())
}

/// Compiles each form with the bounds that axum requires of a handler's future.
#[test]
fn every_form_can_be_used_in_axum_handler() {
    fn handler<F: Future + Send + 'static>(_: impl FnOnce(PgPool, AuditContext) -> F) {}

    handler(|pool, context| async move {
        let mut tx = AuditTrail::new(pool.clone()).write(&context).begin().await?;
        sqlx::query("SELECT").execute(&mut *tx).await?;
        tx.commit().await
    });
    handler(|pool, context| async move {
        let mut tx = AuditTrail::new(pool.clone()).write(&context).adopt(pool.begin().await?).await?;
        sqlx::query("SELECT").execute(&mut *tx).await?;
        tx.commit().await
    });
    handler(|pool, context| async move {
        let name = String::from("borrowed");
        let run = AuditTrail::new(pool.clone()).write(&context).run(async |tx| {
            sqlx::query("SELECT $1").bind(&name).execute(&mut *tx).await?;
            Ok::<_, TransactionError>(())
        });
        run.await
    });
}
