//! Work that a request leaves behind: the queue, and how the audit context travels with a job.
//!
//! The queue is `graphile_worker`. A job is a row in a schema of its own, so it is added in the transaction that asks for it:
//! both are committed, or neither. Whatever fails is tried again, so a job must be harmless when it runs twice.

use std::error::Error as StdError;
use std::time::Duration;

use graphile_worker::errors::GraphileWorkerError;
use graphile_worker::sql::add_job::single::add_job;
use graphile_worker::{
    IntoTaskHandlerResult, JobSpec, Schema, TaskHandler, WorkerContext, WorkerOptions, WorkerUtils,
};
use serde::{Deserialize, Serialize};
use sqlx::{PgConnection, PgPool};
use threadline::{ActorKind, ActorRef, AuditContext};
use tokio::time::sleep;

use crate::error::{Error, Result};
use crate::tickets;

/// Tries within the first half an hour. A job that has used them up stays in `graphile_worker.jobs`, with its last error.
const ATTEMPTS: i16 = 8;
/// The delay before the worker tries again to reach the database.
const PAUSE: Duration = Duration::from_secs(3);

/// Finds somebody for a new ticket.
#[derive(Debug, Deserialize, Serialize)]
pub(crate) struct AssignTicket {
    pub(crate) ticket: i64,
    /// The audit context of the request, as keys of the same JSON object. A job without a valid context fails.
    #[serde(flatten)]
    pub(crate) asked: AuditContext,
}

impl TaskHandler for AssignTicket {
    const IDENTIFIER: &'static str = "assign-ticket";

    async fn run(self, worker: WorkerContext) -> impl IntoTaskHandlerResult {
        let assigned = async {
            let (pool, context) = (worker.pg_pool(), context_of::<Self>(self.asked, &worker)?);
            match tickets::find(pool, self.ticket).await? {
                Some(ticket) if ticket.waits() => {
                    tickets::assign_to_least_busy(pool, &context, ticket.id).await
                }
                // Somebody was faster: a colleague, or this job, when only the news of its success got lost.
                _ => Ok(()),
            }
        };
        match assigned.await {
            // Somebody was faster by a moment.
            Ok(()) | Err(Error::NothingChanged) => Ok(()),
            Err(error) => Err(error.to_string()),
        }
    }
}

/// The job acts under its own name, on behalf of whoever asked for it, and keeps the correlation.
fn context_of<J: TaskHandler>(asked: AuditContext, worker: &WorkerContext) -> Result<AuditContext> {
    let job = ActorRef::new(ActorKind::Job, J::IDENTIFIER)?;
    Ok(asked.delegated_to(job).with_job_id(worker.job().id().to_string())?)
}

/// Adds the job in the transaction of this connection.
pub(crate) async fn add<J: TaskHandler>(connection: &mut PgConnection, job: &J) -> Result<()> {
    let arguments = serde_json::to_value(job).map_err(GraphileWorkerError::from)?;
    let spec = JobSpec { max_attempts: Some(ATTEMPTS), ..JobSpec::default() };
    add_job(connection, Schema::default(), J::IDENTIFIER, arguments, spec, false).await?;
    Ok(())
}

/// Makes the queue's tables, in the schema `graphile_worker`.
pub(crate) async fn install(pool: &PgPool) -> Result<(), Box<dyn StdError>> {
    Ok(WorkerUtils::new(pool, Schema::default()).migrate().await?)
}

/// Works until `stop`, then finishes the job at hand. An outage of the database costs a pause, not the worker.
pub(crate) async fn work<S>(pool: PgPool, stop: S)
where
    S: Future<Output = ()> + Clone + Send + 'static,
{
    loop {
        match work_until(&pool, stop.clone()).await {
            Ok(()) => return,
            Err(error) => tracing::warn!(%error, "the worker of the queue tries again in a moment"),
        }
        tokio::select! {
            () = stop.clone() => return,
            () = sleep(PAUSE) => {}
        }
    }
}

async fn work_until(
    pool: &PgPool,
    stop: impl Future<Output = ()> + Send + 'static,
) -> Result<(), Box<dyn StdError + Send + Sync>> {
    let worker = options(pool).shutdown_signal(stop).init().await?;
    Ok(worker.run().await?)
}

/// Does what is to be done now.
pub(crate) async fn work_off(pool: &PgPool) -> Result<(), Box<dyn StdError>> {
    Ok(options(pool).init().await?.run_once().await?)
}

fn options(pool: &PgPool) -> WorkerOptions {
    WorkerOptions::default()
        .pg_pool(pool.clone())
        .define_job::<AssignTicket>()
        // One job after the other: two tickets at a time would both go to whoever has the fewest.
        .concurrency(1)
        // PostgreSQL notifies the worker of new jobs. Asking as well finds those to be tried again.
        .poll_interval(Duration::from_secs(5))
        // Jobs of a worker that died are taken over.
        .heartbeat_interval(Duration::from_secs(30))
        // The help desk stops by itself, and waits for the job at hand.
        .listen_os_shutdown_signals(false)
        .shutdown_grace_period(Duration::from_secs(2))
}
