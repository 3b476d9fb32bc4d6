//! The writes that are compared, each of which changes one row in a transaction of its own.

use anyhow::Result;
use sqlx::{AssertSqlSafe, PgConnection, PgPool};
use threadline::{Action, ActorKind, ActorRef, AuditContext, AuditTrail};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Write {
    /// The host's own transaction on a table that is not captured.
    Uncaptured,
    /// The host's own transaction, captured without an actor.
    Host,
    /// Audited, with an actor.
    Actor,
    /// Audited, with an actor and an action.
    Action,
    /// Audited by SQL of the application: the setting, and the action declared before the write.
    ByHand,
}

impl Write {
    pub(super) const ALL: [Self; 5] = [Self::Uncaptured, Self::Host, Self::Actor, Self::Action, Self::ByHand];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Uncaptured => "uncaptured",
            Self::Host => "host",
            Self::Actor => "actor",
            Self::Action => "action",
            Self::ByHand => "by hand",
        }
    }

    pub(super) async fn run(self, pool: &PgPool, id: i32) -> Result<()> {
        let context = AuditContext::new(ActorRef::new(ActorKind::User, "mira")?);
        match self {
            Self::Uncaptured | Self::Host => {
                let mut tx = pool.begin().await?;
                let table = if self == Self::Host { "tickets" } else { "uncaptured_tickets" };
                update(&mut tx, table, id).await?;
                tx.commit().await?;
            }
            Self::Actor => {
                let mut tx = AuditTrail::new(pool.clone()).write(&context).begin().await?;
                update(&mut tx, "tickets", id).await?;
                tx.commit().await?;
            }
            Self::Action => {
                let action = Action::named("ticket.hit").reason("The customer called.");
                let mut tx = AuditTrail::new(pool.clone()).write(&context).action(action).begin().await?;
                update(&mut tx, "tickets", id).await?;
                tx.commit().await?;
            }
            Self::ByHand => {
                let actor = r#"{"type": "user", "id": "mira"}"#;
                let mut tx = pool.begin().await?;
                let set = sqlx::query("SELECT set_config('threadline.actor_ref', $1, true)");
                set.bind(actor).execute(&mut *tx).await?;
                sqlx::query(DECLARE).bind(actor).execute(&mut *tx).await?;
                update(&mut tx, "tickets", id).await?;
                tx.commit().await?;
            }
        }
        Ok(())
    }
}

const DECLARE: &str = "SELECT threadline.threadline_declare(jsonb_build_object(
    'name', 'ticket.hit', 'actor_ref', $1::jsonb, 'status', 'ok', 'reason', 'The customer called.'), NULL)";

async fn update(connection: &mut PgConnection, table: &str, id: i32) -> Result<(), sqlx::Error> {
    let sql = format!("UPDATE {table} SET hits = hits + 1, priority = 'urgent' WHERE id = $1");
    sqlx::query(AssertSqlSafe(sql)).bind(id).execute(connection).await?;
    Ok(())
}

/// Creates two tables of the same rows, of which one is captured.
pub(super) async fn prepare(pool: &PgPool, rows: i32) -> Result<()> {
    let trail = AuditTrail::new(pool.clone());
    trail.install().await?;
    for table in ["tickets", "uncaptured_tickets"] {
        let sql = format!(
            "CREATE TABLE {table} (id int PRIMARY KEY, subject text NOT NULL, priority text NOT NULL, hits int NOT NULL);
             INSERT INTO {table} SELECT n, 'Ticket ' || n, 'normal', 0 FROM generate_series(1, {rows}) AS n;
             ANALYZE {table}"
        );
        sqlx::raw_sql(AssertSqlSafe(sql)).execute(pool).await?;
    }
    trail.capture(["tickets"]).await?;
    Ok(())
}
