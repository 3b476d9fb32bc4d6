//! The clients of the pooler.

use sqlx::{PgConnection, PgPool};
use threadline::{ActorKind, ActorRef, AuditContext, AuditTrail, AuditedTransaction, AuditedWrite};

use threadline_testkit::database::Result;

/// A client with its own connection to the pooler.
#[derive(Clone)]
pub(crate) struct Client {
    pub(crate) number: i32,
    pub(crate) actor: String,
    pub(crate) context: AuditContext,
    pub(crate) pool: PgPool,
    has_named_statements: bool,
}

impl Client {
    pub(crate) fn new(number: i32, pool: PgPool, has_named_statements: bool) -> Result<Self> {
        let actor = format!("client-{number}");
        let context = AuditContext::new(ActorRef::new(ActorKind::User, actor.clone())?);
        Ok(Self { number, actor, context, pool, has_named_statements })
    }

    pub(crate) fn write(&self) -> AuditedWrite {
        AuditTrail::new(self.pool.clone()).write(&self.context)
    }

    /// Writes two rows in an audited transaction with an action.
    pub(crate) async fn guard(&self, kind: &str, action: &str) -> Result {
        let mut tx = self.write().action(action).begin().await?;
        self.note(&mut tx, kind, Some(&self.actor), Some(action)).await?;
        self.note(&mut tx, kind, Some(&self.actor), Some(action)).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Writes one row, and returns the transaction without a commit.
    pub(crate) async fn unfinished(&self, kind: &str, action: &str) -> Result<AuditedTransaction<'static>> {
        let mut tx = self.write().action(action).begin().await?;
        self.note(&mut tx, kind, Some(&self.actor), Some(action)).await?;
        Ok(tx)
    }

    /// Inserts a row which contains the client, its actor and its action.
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
            .persistent(self.has_named_statements)
            .execute(connection)
            .await?;
        Ok(())
    }
}
