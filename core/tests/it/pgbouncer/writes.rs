//! The kinds of write that a host can make.

use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;

use sqlx::{AssertSqlSafe, PgConnection};
use threadline::{AuditContext, AuditTrail, TransactionError};

use crate::pgbouncer::client::Client;
use threadline_testkit::database::Result;

/// A kind of write, and the number of rows that it leaves.
pub(crate) struct Write {
    pub(crate) name: &'static str,
    /// The number of rows, or `None` if the write is cancelled at any point.
    pub(crate) rows: Option<i64>,
}

const fn write(name: &'static str, rows: i64) -> Write {
    Write { name, rows: Some(rows) }
}

pub(crate) const WRITES: [Write; 16] = [
    write("guard", 2),
    write("guard with an action", 2),
    write("dropped guard", 0),
    write("rollback", 0),
    write("panic", 0),
    write("cancelled before its end", 0),
    Write { name: "cancelled anywhere", rows: None },
    write("nothing captured", 0),
    write("adopted", 1),
    write("adopted with an action", 1),
    write("closure", 1),
    write("failed closure", 0),
    write("under an action", 2),
    write("missing actor allowed", 1),
    write("no library", 1),
    write("no library, no transaction", 1),
];

impl Client {
    /// Makes a write of a kind.
    pub(crate) async fn perform(&self, kind: &'static str) -> Result {
        let action = format!("{}.acted", self.actor);
        match kind {
            "guard" => {
                let mut tx = self.write().begin().await?;
                self.note(&mut tx, kind, Some(&self.actor), None).await?;
                self.note(&mut tx, kind, Some(&self.actor), None).await?;
                tx.commit().await?;
            }
            "guard with an action" => self.guard(kind, &action).await?,
            "dropped guard" => drop(self.unfinished(kind, &action).await?),
            "rollback" => {
                let mut tx = self.write().begin().await?;
                self.note(&mut tx, kind, Some(&self.actor), None).await?;
                tx.rollback().await?;
            }
            "panic" => {
                let client = self.clone();
                let task = tokio::task::spawn_local(async move {
                    let written = client.unfinished(kind, &action).await.map_err(|error| error.to_string());
                    // This panics without a message in the output of the tests.
                    if written.is_ok() {
                        std::panic::resume_unwind(Box::new(()));
                    }
                    written.map(drop)
                });
                match task.await {
                    Err(error) if error.is_panic() => {}
                    ended => return Err(format!("it did not panic: {ended:?}").into()),
                }
            }
            "cancelled before its end" => {
                let mut tx = self.unfinished(kind, &action).await?;
                // The statement is sent, and its answer is not awaited.
                let _stopped =
                    stop_after(1, self.note(&mut tx, kind, Some(&self.actor), Some(&action))).await;
            }
            "cancelled anywhere" => {
                let _stopped = stop_after(self.number.unsigned_abs(), self.guard(kind, &action)).await;
            }
            "nothing captured" => {
                let tx = self.write().action(&*action).begin().await?;
                let ended = tx.commit().await;
                assert!(matches!(ended, Err(TransactionError::NothingCaptured { .. })), "{ended:?}");
            }
            "adopted" => {
                let mut tx = self.write().adopt(self.pool.begin().await?).await?;
                self.note(&mut tx, kind, Some(&self.actor), None).await?;
                tx.commit().await?;
            }
            "adopted with an action" => {
                let mut tx = self.write().action(&*action).adopt(self.pool.begin().await?).await?;
                self.note(&mut tx, kind, Some(&self.actor), Some(&action)).await?;
                tx.commit().await?;
            }
            "closure" => {
                let work = async |tx: &mut PgConnection| {
                    Ok::<_, TransactionError>(self.note(tx, kind, Some(&self.actor), Some(&action)).await?)
                };
                self.write().action(&*action).run(work).await?;
            }
            "failed closure" => {
                let work = async |tx: &mut PgConnection| {
                    self.note(tx, kind, Some(&self.actor), None).await?;
                    sqlx::raw_sql("SELECT 1 / 0").execute(tx).await?;
                    Ok::<_, TransactionError>(())
                };
                assert!(self.write().run(work).await.is_err());
            }
            "under an action" => {
                let id = AuditTrail::new(self.pool.clone()).record_action(&self.context, &*action).await?;
                for _ in 0..2 {
                    let mut tx = self.write().under_action(id).begin().await?;
                    self.note(&mut tx, kind, Some(&self.actor), Some(&action)).await?;
                    tx.commit().await?;
                }
            }
            "missing actor allowed" => {
                let write = AuditTrail::new(self.pool.clone())
                    .write(&AuditContext::without_actor())
                    .allow_missing_actor();
                let mut tx = write.begin().await?;
                self.note(&mut tx, kind, None, None).await?;
                tx.commit().await?;
            }
            "no library" => {
                let mut tx = self.pool.begin().await?;
                self.note(&mut tx, kind, None, None).await?;
                tx.commit().await?;
            }
            "no library, no transaction" => {
                // A simple query is one message, which goes to one connection.
                let sql = format!("INSERT INTO notes (kind, client) VALUES ('{kind}', {})", self.number);
                sqlx::raw_sql(AssertSqlSafe(sql)).execute(&self.pool).await?;
            }
            _ => return Err(format!("there is no write called {kind}").into()),
        }
        Ok(())
    }
}

/// Polls a future up to this number of times, and drops it if it is not ready by then.
async fn stop_after<T>(polls: u32, future: impl Future<Output = T>) -> Option<T> {
    let mut future = pin!(future);
    let mut left = polls;
    poll_fn(|context| {
        if left == 0 {
            return Poll::Ready(None);
        }
        left -= 1;
        let poll = future.as_mut().poll(context).map(Some);
        // The future is dropped at once, not when it could be polled again.
        if left == 0 && poll.is_pending() { Poll::Ready(None) } else { poll }
    })
    .await
}
