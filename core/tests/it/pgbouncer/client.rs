//! One client of the pooler.

use sqlx::{PgConnection, PgPool};
use threadline::{ActorKind, ActorRef, AuditContext, AuditTrail, AuditedTransaction, AuditedWrite};

use threadline_testkit::database::Result;

/// One client with a connection of its own to the pooler.
#[derive(Clone)]
pub(crate) struct Client {
    pub(crate) number: i32,
    pub(crate) actor: String,
    pub(crate) context: AuditContext,
    pub(crate) pool: PgPool,
    persistent: bool,
}

impl Client {
    pub(crate) fn new(number: i32, pool: PgPool, persistent: bool) -> Result<Self> {
        let actor = format!("client-{number}");
        let context = AuditContext::new(ActorRef::new(ActorKind::User, actor.clone())?);
        Ok(Self { number, actor, context, pool, persistent })
    }

    pub(crate) fn write(&self) -> AuditedWrite {
        AuditTrail::new(self.pool.clone()).write(&self.context)
    }

    pub(crate) async fn guard(&self, kind: &str, action: &str) -> Result {
        let mut tx = self.write().action(action).begin().await?;
        self.note(&mut tx, kind, Some(&self.actor), Some(action)).await?;
        self.note(&mut tx, kind, Some(&self.actor), Some(action)).await?;
        tx.commit().await?;
        Ok(())
    }

    /// One row is written, and nothing is committed.
    pub(crate) async fn unfinished(&self, kind: &str, action: &str) -> Result<AuditedTransaction<'static>> {
        let mut tx = self.write().action(action).begin().await?;
        self.note(&mut tx, kind, Some(&self.actor), Some(action)).await?;
        Ok(tx)
    }

    pub(crate) async fn note(
        &self,
        connection: &mut PgConnection,
        kind: &str,
        actor: Option<&str>,
        action: Option<&str>,
    ) -> std::result::Result<(), sqlx::Error> {
        sqlx::query("INSERT INTO notes (kind, client, actor, action) VALUES ($1, $2, $3, $4)")
            .bind(kind)
            .bind(self.number)
            .bind(actor)
            .bind(action)
            .persistent(self.persistent)
            .execute(connection)
            .await?;
        Ok(())
    }
}
