//! Tests the number of round trips of an audited transaction, counted on the wire.

use std::time::Duration;

use sqlx::postgres::PgPoolOptions;
use sqlx::{PgConnection, PgPool};
use threadline::{ActorKind, ActorRef, AuditContext, AuditTrail, AuditedWrite, TransactionError};

use threadline_testkit::database::{Result, install, run, value};
use threadline_testkit::proxy::Proxy;

/// The maximum number of round trips that an actor adds to the host's own transaction.
const MAX_ACTOR_TRIPS: usize = 1;
/// The maximum number that an actor and an action with its link add.
const MAX_ACTION_TRIPS: usize = 2;

/// A connection through a proxy that counts round trips.
struct Counted {
    proxy: Proxy,
    pool: PgPool,
    direct: PgPool,
}

impl Counted {
    async fn new(pool: &PgPool) -> Result<Self> {
        let trail = install(pool).await?;
        run(pool, "CREATE TABLE tickets (id int PRIMARY KEY, hits int NOT NULL)").await?;
        run(pool, "INSERT INTO tickets VALUES (1, 0)").await?;
        trail.capture(["tickets"]).await?;
        let proxy = Proxy::start(&pool.connect_options(), Duration::ZERO)?;
        let direct = pool.clone();
        let pool = PgPoolOptions::new().max_connections(1).connect_lazy_with(proxy.options());
        Ok(Self { proxy, pool, direct })
    }

    /// Returns the round trips of a write once its statements are prepared.
    async fn trips(&self, write: impl AsyncFn() -> Result) -> Result<Vec<String>> {
        for _ in 0..2 {
            write().await?;
        }
        let changes = self.changes().await?;
        self.proxy.round_trips();
        write().await?;
        let trips = self.proxy.round_trips();
        assert_eq!(self.changes().await?, changes + 1);
        Ok(trips)
    }

    /// Returns a write with this context through the counted connection.
    fn write(&self, context: &AuditContext) -> AuditedWrite {
        AuditTrail::new(self.pool.clone()).write(context)
    }

    async fn changes(&self) -> Result<i64> {
        value(&self.direct, "SELECT count(*) FROM threadline.audit_changes").await
    }

    /// Returns the round trips of the host's own transaction: begin, write and commit.
    async fn host_trips(&self) -> Result<Vec<String>> {
        let trips = self.trips(async || {
            let mut tx = self.pool.begin().await?;
            update(&mut tx).await?;
            Ok(tx.commit().await?)
        });
        let trips = trips.await?;
        assert_eq!(trips.len(), 3, "{trips:#?}");
        Ok(trips)
    }

    /// Checks that a write adds at most this number of round trips to the host's own transaction.
    async fn check_added_trips(&self, max: usize, write: impl AsyncFn() -> Result) -> Result {
        let (host, trips) = (self.host_trips().await?, self.trips(write).await?);
        let limit = host.len() + max;
        assert!(trips.len() <= limit, "{} round trips, {limit} allowed: {trips:#?}", trips.len());
        Ok(())
    }
}

async fn update(connection: &mut PgConnection) -> std::result::Result<(), sqlx::Error> {
    sqlx::query("UPDATE tickets SET hits = hits + $2 WHERE id = $1")
        .bind(1)
        .bind(1)
        .execute(connection)
        .await?;
    Ok(())
}

fn context() -> Result<AuditContext> {
    Ok(AuditContext::new(ActorRef::new(ActorKind::User, "mira")?).with_request_id("request-1")?)
}

async fn guard(write: AuditedWrite) -> Result {
    let mut tx = write.begin().await?;
    update(&mut tx).await?;
    tx.commit().await?;
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn actor_adds_one_round_trip(pool: PgPool) -> Result {
    let counted = Counted::new(&pool).await?;
    let write = counted.write(&context()?);
    counted.check_added_trips(MAX_ACTOR_TRIPS, async || guard(write.clone()).await).await?;
    let nobody = counted.write(&AuditContext::without_actor()).allow_missing_actor();
    counted.check_added_trips(MAX_ACTOR_TRIPS, async || guard(nobody.clone()).await).await
}

#[sqlx::test(migrations = false)]
async fn action_with_link_adds_two_round_trips(pool: PgPool) -> Result {
    let counted = Counted::new(&pool).await?;
    let write = counted.write(&context()?);
    let recorded = write.clone().action("ticket.hit");
    counted.check_added_trips(MAX_ACTION_TRIPS, async || guard(recorded.clone()).await).await?;
    let id = AuditTrail::new(pool.clone()).record_action(&context()?, "tickets.hit").await?;
    let linked = write.clone().under_action(id);
    counted.check_added_trips(MAX_ACTION_TRIPS, async || guard(linked.clone()).await).await?;
    let explained = recorded.metadata(serde_json::Map::from_iter([("batch".to_owned(), 7.into())]));
    counted.check_added_trips(MAX_ACTION_TRIPS, async || guard(explained.clone()).await).await
}

#[sqlx::test(migrations = false)]
async fn every_form_adds_same_round_trips(pool: PgPool) -> Result {
    let counted = Counted::new(&pool).await?;
    let write = counted.write(&context()?);
    let recorded = write.clone().action("ticket.hit");
    for (write, allowed) in [(write, MAX_ACTOR_TRIPS), (recorded, MAX_ACTION_TRIPS)] {
        let adopted = async || {
            let mut tx = write.clone().adopt(counted.pool.begin().await?).await?;
            update(&mut tx).await?;
            tx.commit().await?;
            Ok(())
        };
        counted.check_added_trips(allowed, adopted).await?;
        let closure = async || {
            let work = async |tx: &mut PgConnection| Ok::<_, TransactionError>(update(tx).await?);
            write.clone().run(work).await?;
            Ok(())
        };
        counted.check_added_trips(allowed, closure).await?;
    }
    Ok(())
}
