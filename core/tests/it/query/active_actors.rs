//! Tests who was active in a time range.

use sqlx::PgPool;
use threadline::query::{ActiveActors, TimeRange};
use threadline::{ActorKind, ActorRef, AuditContext, AuditTrail, Predicate, Scope};

use threadline_testkit::database::{Result, install, run};

/// Writes six changes: four by ann in two transactions, one by a job on her behalf, and one that nobody signed.
async fn seeded(pool: &PgPool) -> Result<AuditTrail> {
    let trail = install(pool).await?;
    run(pool, "CREATE TABLE tickets (id int PRIMARY KEY); CREATE TABLE secrets (id int PRIMARY KEY)").await?;
    trail.capture(["tickets", "secrets"]).await?;
    let ann = ActorRef::new(ActorKind::User, "ann")?;
    let job = AuditContext::new(ActorRef::new(ActorKind::Job, "nightly")?).with_on_behalf_of(ann.clone());
    for (context, sql) in [
        (AuditContext::new(ann.clone()), "INSERT INTO tickets VALUES (1), (2), (3)"),
        (job?, "INSERT INTO secrets VALUES (1)"),
        (AuditContext::new(ann), "INSERT INTO tickets VALUES (4)"),
    ] {
        let mut tx = trail.write(&context).begin().await?;
        run(&mut *tx, sql).await?;
        tx.commit().await?;
    }
    run(pool, "INSERT INTO secrets VALUES (2)").await?;
    Ok(trail)
}

async fn active(trail: &AuditTrail, scope: &Scope, range: TimeRange, cap: usize) -> Result<ActiveActors> {
    let active = trail.snapshot().await?.active_actors(scope, range, cap).await?;
    Ok(active.ok_or("counting took too long")?)
}

fn words(active: &ActiveActors) -> String {
    let name =
        |actor: &Option<ActorRef>| actor.as_ref().map_or_else(|| "nobody".to_owned(), ToString::to_string);
    let actors = active.actors.iter().map(|active| format!("{} {}", name(&active.actor), active.changes));
    let more = if active.truncated { ", more" } else { "" };
    actors.collect::<Vec<_>>().join(", ") + more
}

#[sqlx::test(migrations = false)]
async fn active_actors_are_counted_up_to_the_cap(pool: PgPool) -> Result {
    let trail = seeded(&pool).await?;
    let (everything, any) = (Scope::unscoped(), TimeRange::default());
    let all = active(&trail, &everything, any, 100).await?;
    assert_eq!(words(&all), "user:ann 4, nobody 1, job:nightly 1");
    assert_eq!(words(&active(&trail, &everything, any, 6).await?), words(&all), "the cap is not exceeded");
    assert_eq!(
        words(&active(&trail, &everything, any, 3).await?),
        "nobody 1, job:nightly 1, user:ann 1, more"
    );
    let newest = all.actors[1].newest;
    let range = TimeRange { from: Some(newest), ..TimeRange::default() };
    assert_eq!(words(&active(&trail, &everything, range, 100).await?), "nobody 1");
    run(&pool, "DELETE FROM threadline.audit_transactions WHERE actor_ref ->> 'type' = 'job'").await?;
    assert_eq!(words(&active(&trail, &everything, any, 100).await?), "user:ann 4, nobody 2");
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn active_actors_are_those_of_the_scope(pool: PgPool) -> Result {
    let trail = seeded(&pool).await?;
    for (scope, expected) in [
        (Scope::tables(["tickets"]), "user:ann 4"),
        (Scope::tables(["secrets"]), "nobody 1, job:nightly 1"),
        (Scope::new(Predicate::field("id", "4")), "user:ann 1"),
        (Scope::new(Predicate::actor(&ActorRef::new(ActorKind::Job, "nightly")?)), "job:nightly 1"),
        (Scope::nothing(), ""),
    ] {
        assert_eq!(words(&active(&trail, &scope, TimeRange::default(), 100).await?), expected, "{scope:?}");
    }
    Ok(())
}
