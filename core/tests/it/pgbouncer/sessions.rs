//! Tests what else a session keeps from one client to the next.

use sqlx::PgPool;
use threadline::{ActorKind, ActorRef, AuditContext, AuditTrail};

use crate::pgbouncer::RESET_SETTINGS;
use threadline_testkit::database::{Result, install, run, value};
use threadline_testkit::pgbouncer::PgBouncer;

/// Sets an actor for the session, which stays in the server connection and applies to the writes of others, unless they are
/// audited.
#[sqlx::test(migrations = false)]
async fn actor_of_session_without_reset_is_recorded_for_other_clients(pool: PgPool) -> Result {
    let trail = install(&pool).await?;
    run(&pool, "CREATE TABLE notes (id int PRIMARY KEY)").await?;
    trail.capture(["notes"]).await?;
    let actor = |id: &str| ActorRef::new(ActorKind::User, id).map(AuditContext::new);
    let mut signed = Vec::new();
    for (at, settings) in ["", RESET_SETTINGS.pooler].into_iter().enumerate() {
        let bouncer = PgBouncer::start(&pool, 1, settings).await?;
        let (one, other) = (bouncer.client(0), bouncer.client(0));
        run(&one, r#"SET threadline.actor_ref = '{"type": "user", "id": "one"}'"#).await?;
        run(&other, &format!("INSERT INTO notes VALUES ({at})")).await?;
        let mut tx = AuditTrail::new(other.clone()).write(&actor("other")?).begin().await?;
        run(&mut *tx, &format!("INSERT INTO notes VALUES (1{at})")).await?;
        tx.commit().await?;
        let who = "SELECT string_agg(coalesce(actor_ref ->> 'id', 'nobody'), ', ' ORDER BY occurred_at)
                   FROM threadline.audit_transactions";
        signed.push(value::<String>(&pool, who).await?);
        run(&pool, "DELETE FROM threadline.audit_changes; DELETE FROM threadline.audit_transactions").await?;
    }
    assert_eq!(signed, ["one, other", "nobody, other"]);
    Ok(())
}

/// Installs and captures, which takes two transactions, and two for each table. Neither depends on the session.
#[sqlx::test(migrations = false)]
async fn installation_and_capture_through_pooler_succeed(pool: PgPool) -> Result {
    let bouncer = PgBouncer::start(&pool, 1, RESET_SETTINGS.pooler).await?;
    let pooled = AuditTrail::new(bouncer.client(0));
    pooled.install().await?;
    install(&pool).await?;
    run(&pool, "CREATE TABLE notes (id int PRIMARY KEY)").await?;
    assert_eq!(pooled.capture_plan(["notes"]).await?.up, pooled.capture(["notes"]).await?.up);
    Ok(())
}
