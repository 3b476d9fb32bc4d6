//! The audited transaction: actor and action arrive with the changes, or nothing arrives.

use sqlx::{AssertSqlSafe, PgPool};
use threadline::query::{Filter, Position};
use threadline::{
    Action, ActorKind, ActorRef, AuditContext, AuditTrail, AuditedTransaction, Scope, TransactionError,
};

type Result = std::result::Result<(), Box<dyn std::error::Error>>;

async fn trail(pool: &PgPool) -> std::result::Result<AuditTrail, Box<dyn std::error::Error>> {
    let trail = AuditTrail::new(pool.clone());
    trail.install().await?;
    sqlx::raw_sql("CREATE TABLE tickets (id bigint PRIMARY KEY, priority text)").execute(pool).await?;
    trail.capture(["tickets"]).await?;
    Ok(trail)
}

#[sqlx::test(migrations = false)]
async fn actor_action_and_ids_are_linked_to_the_change(pool: PgPool) -> Result {
    let trail = trail(&pool).await?;
    let context = AuditContext::new(ActorRef::new(ActorKind::User, "42")?)
        .with_request_id("req-1")
        .with_correlation_id("case-7");
    let action = Action::named("ticket.opened").with_reason("by telephone");
    let mut tx = AuditedTransaction::begin(&pool, &context, action).await?;
    sqlx::query("INSERT INTO tickets VALUES (1, 'low')").execute(&mut *tx).await?;
    let id = tx.commit().await?;

    let detail = trail.transaction(&Scope::unscoped(), id, Position::Newest, 10).await?.ok_or("not found")?;
    assert_eq!(detail.transaction.actor.as_ref(), Some(context.actor()));
    let recorded = detail.transaction.action.ok_or("no action")?;
    assert_eq!(recorded.name, "ticket.opened");
    assert_eq!(recorded.reason.as_deref(), Some("by telephone"));
    assert_eq!(recorded.request_id.as_deref(), Some("req-1"));
    assert_eq!(recorded.correlation_id.as_deref(), Some("case-7"));
    assert_eq!(detail.changes.entries.len(), 1);
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn an_action_that_changed_nothing_is_rolled_back(pool: PgPool) -> Result {
    trail(&pool).await?;
    let context = AuditContext::new(ActorRef::anonymous());
    let mut tx = AuditedTransaction::begin(&pool, &context, Action::named("noop")).await?;
    sqlx::query("CREATE TABLE uncaptured (id int)").execute(&mut *tx).await?;
    let error = tx.commit().await.unwrap_err();
    assert!(matches!(error, TransactionError::NothingCaptured { ref action } if action == "noop"), "{error}");
    let left: i64 = sqlx::query_scalar(
        "SELECT (SELECT count(*) FROM threadline.audit_actions) + (SELECT count(*) FROM pg_class WHERE relname = 'uncaptured')",
    )
    .fetch_one(&pool)
    .await?;
    assert_eq!(left, 0);
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn dropping_rolls_back_and_leaves_no_actor_behind(pool: PgPool) -> Result {
    let trail = trail(&pool).await?;
    let context = AuditContext::new(ActorRef::new(ActorKind::Admin, "1")?);
    let single = sqlx::postgres::PgPoolOptions::new()
        .max_connections(1)
        .connect_with((*pool.connect_options()).clone())
        .await?;
    let mut tx = AuditedTransaction::begin(&single, &context, Action::named("dropped")).await?;
    sqlx::query("INSERT INTO tickets VALUES (1)").execute(&mut *tx).await?;
    drop(tx);
    sqlx::query("INSERT INTO tickets VALUES (2)").execute(&single).await?;

    let page = trail.timeline_page(&Scope::unscoped(), &Filter::default(), Position::Newest, 10).await?;
    assert_eq!(page.entries.len(), 1);
    assert_eq!(page.entries[0].transaction.actor, None);
    assert_eq!(page.entries[0].change.key["id"].as_deref(), Some("2"));
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn a_bad_action_name_is_refused_before_anything_happens(pool: PgPool) -> Result {
    let context = AuditContext::new(ActorRef::anonymous());
    for name in ["", "a\nb", &"x".repeat(201)] {
        let error = AuditedTransaction::begin(&pool, &context, Action::named(name)).await.unwrap_err();
        assert!(matches!(error, TransactionError::InvalidAction { .. }), "{error}");
    }
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn the_documented_rights_are_enough(pool: PgPool) -> Result {
    let trail = trail(&pool).await?;
    let role = format!("app_{}", uuid::Uuid::now_v7().simple());
    let readme = include_str!("../README.md");
    let grants =
        readme.split("```sql").nth(1).and_then(|rest| rest.split("```").next()).ok_or("no grants")?;
    let grants = grants.replace(" TO app;", &format!(" TO {role};"));
    sqlx::raw_sql(AssertSqlSafe(format!("CREATE ROLE {role}; GRANT ALL ON tickets TO {role}; {grants}")))
        .execute(&pool)
        .await?;
    let become_app = format!("SET ROLE {role}");
    let app = sqlx::postgres::PgPoolOptions::new()
        .max_connections(1)
        .after_connect(move |connection, _| {
            let become_app = become_app.clone();
            Box::pin(
                async move { sqlx::raw_sql(AssertSqlSafe(become_app)).execute(connection).await.map(drop) },
            )
        })
        .connect_with((*pool.connect_options()).clone())
        .await?;
    let context = AuditContext::new(ActorRef::new(ActorKind::User, "42")?);
    let mut tx = AuditedTransaction::begin(&app, &context, Action::named("ticket.opened")).await?;
    sqlx::query("INSERT INTO tickets VALUES (1, 'low')").execute(&mut *tx).await?;
    let id = tx.commit().await?;
    assert!(sqlx::query("SELECT FROM threadline.audit_changes").execute(&app).await.is_err());
    app.close().await;

    let detail = trail.transaction(&Scope::unscoped(), id, Position::Newest, 1).await?.ok_or("not found")?;
    assert_eq!(detail.transaction.action.map(|action| action.name).as_deref(), Some("ticket.opened"));
    sqlx::raw_sql(AssertSqlSafe(format!("DROP OWNED BY {role}; DROP ROLE {role}"))).execute(&pool).await?;
    Ok(())
}
