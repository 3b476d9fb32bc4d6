//! What an audited transaction costs in round trips, counted on the wire.

use std::time::Duration;

use sqlx::postgres::PgPoolOptions;
use sqlx::{PgConnection, PgPool};
use threadline::{ActorKind, ActorRef, AuditContext, AuditTrail, AuditedWrite, TransactionError};

use threadline_testkit::database::{Result, install, run, value};
use threadline_testkit::proxy::Proxy;

/// Over the round trips of the host's own transaction.
const WITH_ACTOR: usize = 1;
/// The action with its link is one more.
const WITH_ACTION: usize = 2;

/// One connection through a proxy that counts.
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

    /// The round trips of a write once its statements are prepared.
    async fn trips(&self, write: impl AsyncFn() -> Result) -> Result<Vec<String>> {
        for _ in 0..2 {
            write().await?;
        }
        let changes = self.changes().await?;
        self.proxy.trips();
        write().await?;
        let trips = self.proxy.trips();
        assert_eq!(self.changes().await?, changes + 1);
        Ok(trips)
    }

    /// Writes under this context, through the connection that is counted.
    fn write(&self, context: &AuditContext) -> AuditedWrite {
        AuditTrail::new(self.pool.clone()).write(context)
    }

    async fn changes(&self) -> Result<i64> {
        value(&self.direct, "SELECT count(*) FROM threadline.audit_changes").await
    }

    /// The host's own transaction: it begins, writes, commits.
    async fn host(&self) -> Result<Vec<String>> {
        let trips = self.trips(async || {
            let mut tx = self.pool.begin().await?;
            update(&mut tx).await?;
            Ok(tx.commit().await?)
        });
        let trips = trips.await?;
        assert_eq!(trips.len(), 3, "{trips:#?}");
        Ok(trips)
    }

    /// So many more than the host's own, at most.
    async fn allow(&self, more: usize, write: impl AsyncFn() -> Result) -> Result {
        let (host, trips) = (self.host().await?, self.trips(write).await?);
        let limit = host.len() + more;
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
async fn an_actor_costs_one_round_trip(pool: PgPool) -> Result {
    let counted = Counted::new(&pool).await?;
    let write = counted.write(&context()?);
    counted.allow(WITH_ACTOR, async || guard(write.clone()).await).await?;
    let nobody = counted.write(&AuditContext::without_actor()).allow_missing_actor();
    counted.allow(WITH_ACTOR, async || guard(nobody.clone()).await).await
}

#[sqlx::test(migrations = false)]
async fn an_action_with_its_link_costs_one_more(pool: PgPool) -> Result {
    let counted = Counted::new(&pool).await?;
    let write = counted.write(&context()?);
    let recorded = write.clone().action("ticket.hit");
    counted.allow(WITH_ACTION, async || guard(recorded.clone()).await).await?;
    let id = AuditTrail::new(pool.clone()).record_action(&context()?, "tickets.hit").await?;
    let linked = write.clone().under_action(id);
    counted.allow(WITH_ACTION, async || guard(linked.clone()).await).await?;
    let explained = recorded.metadata(serde_json::Map::from_iter([("batch".to_owned(), 7.into())]));
    counted.allow(WITH_ACTION, async || guard(explained.clone()).await).await
}

#[sqlx::test(migrations = false)]
async fn every_form_costs_the_same(pool: PgPool) -> Result {
    let counted = Counted::new(&pool).await?;
    let write = counted.write(&context()?);
    let recorded = write.clone().action("ticket.hit");
    for (write, allowed) in [(write, WITH_ACTOR), (recorded, WITH_ACTION)] {
        let adopted = async || {
            let mut tx = write.clone().adopt(counted.pool.begin().await?).await?;
            update(&mut tx).await?;
            tx.commit().await?;
            Ok(())
        };
        counted.allow(allowed, adopted).await?;
        let closure = async || {
            let work = async |tx: &mut PgConnection| Ok::<_, TransactionError>(update(tx).await?);
            write.clone().run(work).await?;
            Ok(())
        };
        counted.allow(allowed, closure).await?;
    }
    Ok(())
}
