//! Two programs that work in the help desk, so that there is always something new to see: `triage` is a service account,
//! `sla-sweeper` a background job. They use the same functions as the pages.

use std::time::Duration;

use sqlx::PgPool;
use threadline::{ActorKind, ActorRef, AuditContext};
use uuid::Uuid;

use crate::error::{Error, Result};
use crate::seed::stories::STORIES;
use crate::tickets::{self, PRIORITIES};

/// With this many tickets the agents tidy up instead of opening more.
const MANY: i64 = 60;

const ANSWERS: [&str; 4] = [
    "Thank you, we are looking into it.",
    "Could you tell us when it happened last?",
    "A colleague has seen the same; we keep you posted.",
    "Please try again now.",
];

/// Works until the task is aborted. An outage of the database costs a round, not the agents.
pub(crate) async fn work(pool: PgPool) {
    loop {
        tokio::time::sleep(Duration::from_millis(5_000 + random(4_001))).await;
        match act(&pool).await {
            // Somebody else was faster: nothing was left to do.
            Ok(()) | Err(Error::NothingChanged) => {}
            Err(error) => tracing::warn!(%error, "the simulated agents try again in a moment"),
        }
    }
}

pub(crate) async fn act(pool: &PgPool) -> Result<()> {
    let count: i64 = sqlx::query_scalar("SELECT count(*) FROM tickets").fetch_one(pool).await?;
    if count >= MANY {
        return sweep(pool).await;
    }
    let Some(id) = any_open_ticket(pool).await? else {
        return open(pool).await;
    };
    let (triage, sweeper) = (context("triage")?, context("sla-sweeper")?);
    match random(8) {
        0 | 1 => open(pool).await,
        2 => tickets::assign(pool, &triage, id, one_of(&["support", "admin"])).await,
        3 | 4 => tickets::reply(pool, &triage, id, "triage", one_of(&ANSWERS)).await,
        5 => tickets::change_priority(pool, &sweeper, id, one_of(&PRIORITIES)).await,
        6 => tickets::close(pool, &sweeper, id).await,
        _ => {
            // Two transactions that belong together: the console shows them under one correlation.
            tickets::assign(pool, &triage, id, "support").await?;
            tickets::reply(pool, &triage, id, "triage", "Assigned to support.").await
        }
    }
}

async fn open(pool: &PgPool) -> Result<()> {
    tickets::open(pool, &context("triage")?, &one_of(&STORIES).draft()).await.map(drop)
}

/// Deletes the oldest closed ticket, or closes the oldest when all are open.
async fn sweep(pool: &PgPool) -> Result<()> {
    let oldest = "SELECT id, status = 'closed' FROM tickets ORDER BY status = 'open', id LIMIT 1";
    let sweeper = context("sla-sweeper")?;
    match sqlx::query_as(oldest).fetch_optional(pool).await? {
        Some((id, true)) => tickets::delete(pool, &sweeper, id).await,
        Some((id, false)) => tickets::close(pool, &sweeper, id).await,
        None => Ok(()),
    }
}

async fn any_open_ticket(pool: &PgPool) -> Result<Option<i64>> {
    let select = "SELECT id FROM tickets WHERE status = 'open' ORDER BY random() LIMIT 1";
    Ok(sqlx::query_scalar(select).fetch_optional(pool).await?)
}

/// The context of work outside of any request. The kind of an actor is the host's knowledge, so it stands here.
pub(crate) fn context(name: &str) -> Result<AuditContext> {
    let kind = match name {
        "admin" => ActorKind::Admin,
        "triage" => ActorKind::ServiceAccount,
        "sla-sweeper" => ActorKind::Job,
        _ => ActorKind::User,
    };
    let run = Uuid::now_v7();
    Ok(AuditContext::new(ActorRef::new(kind, name)?).with_correlation_id(format!("{name}-{run}"))?)
}

fn one_of<T: Copy>(items: &[T]) -> T {
    items[random(items.len() as u64) as usize]
}

/// A number below `end`; without a source of randomness always the same, which is good enough for a demo.
fn random(end: u64) -> u64 {
    getrandom::u64().unwrap_or_default() % end
}
