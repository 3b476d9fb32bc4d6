//! Tests transactions that end before their commit: nothing remains, and the connection is clean for its next user.

use std::future::poll_fn;
use std::panic::AssertUnwindSafe;
use std::pin::pin;
use std::task::Poll;

use sqlx::PgPool;
use threadline::query::{Filter, Position};
use threadline::{AuditTrail, Scope, TransactionError};

use crate::transaction::{actions, recorded, single_connection_pool, tickets, user};
use threadline_testkit::database::{Result, run, value};
use threadline_testkit::wait::wait_until;

/// Checks that the next user of the pool's only connection writes in its own transaction and without an actor.
async fn assert_clean(single: &PgPool, pool: &PgPool, id: i64) -> Result {
    run(single, &format!("INSERT INTO tickets VALUES ({id})")).await?;
    let seen: i64 = value(pool, &format!("SELECT count(*) FROM tickets WHERE id = {id}")).await?;
    assert_eq!(seen, 1, "row {id} was written into a transaction that somebody else left open");
    let line = recorded(pool).await?.into_iter().find(|line| line.starts_with(&format!("{id} ")));
    assert_eq!(line, Some(format!("{id} insert -")));
    Ok(())
}

/// Polls a future at most this number of times, and drops it if it is not ready by then.
async fn poll_at_most<F: Future>(future: F, mut polls: usize) -> Option<F::Output> {
    let mut future = pin!(future);
    poll_fn(move |context| {
        polls -= 1;
        match future.as_mut().poll(context) {
            Poll::Ready(output) => Poll::Ready(Some(output)),
            Poll::Pending if polls == 0 => Poll::Ready(None),
            Poll::Pending => Poll::Pending,
        }
    })
    .await
}

#[sqlx::test(migrations = false)]
async fn dropped_guard_rolls_back(pool: PgPool) -> Result {
    tickets(&pool).await?;
    let single = single_connection_pool(&pool).await?;
    let write = AuditTrail::new(single.clone()).write(&user("42")?).action("dropped");
    let mut tx = write.clone().begin().await?;
    run(&mut *tx, "INSERT INTO tickets VALUES (1)").await?;
    drop(tx);
    assert_clean(&single, &pool, 101).await?;
    let mut tx = write.clone().begin().await?;
    run(&mut *tx, "INSERT INTO tickets VALUES (1)").await?;
    tx.rollback().await?;
    assert_clean(&single, &pool, 102).await?;
    let mut tx = write.begin().await?;
    run(&mut *tx, "INSERT INTO tickets VALUES (1); INSERT INTO nowhere VALUES (1)").await.unwrap_err();
    tx.commit().await.unwrap_err();
    assert_clean(&single, &pool, 103).await?;
    assert_eq!(actions(&pool).await?, 0);
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn panic_in_closure_rolls_back(pool: PgPool) -> Result {
    tickets(&pool).await?;
    let single = single_connection_pool(&pool).await?;
    let write = AuditTrail::new(single.clone()).write(&user("42")?).action("panicked");
    let task = tokio::spawn({
        async move {
            write
                .run(async |tx| {
                    let insert = sqlx::query("INSERT INTO tickets VALUES (1)").execute(&mut *tx).await?;
                    assert_eq!(insert.rows_affected(), 2, "what the host did not expect");
                    Ok::<_, TransactionError>(())
                })
                .await
        }
    });
    assert!(task.await.unwrap_err().is_panic());
    assert_clean(&single, &pool, 101).await?;
    assert_eq!(actions(&pool).await?, 0);
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn refused_commit_records_nothing(pool: PgPool) -> Result {
    tickets(&pool).await?;
    run(&pool, "ALTER TABLE tickets ADD UNIQUE (priority) DEFERRABLE INITIALLY DEFERRED").await?;
    let single = single_connection_pool(&pool).await?;
    let mut tx = AuditTrail::new(single.clone()).write(&user("42")?).action("refused").begin().await?;
    run(&mut *tx, "INSERT INTO tickets VALUES (1, 'low'), (2, 'low')").await?;
    let error = tx.commit().await.unwrap_err();
    assert!(matches!(error, TransactionError::Database(_)), "{error}");
    assert_clean(&single, &pool, 101).await?;
    assert_eq!(actions(&pool).await?, 0);
    Ok(())
}

/// Ends the session while it commits. Its client cannot know the outcome, because the same error may come after a commit.
#[sqlx::test(migrations = false)]
async fn session_ended_during_commit_returns_commit_unknown(pool: PgPool) -> Result {
    tickets(&pool).await?;
    run(
        &pool,
        "CREATE FUNCTION wait() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(600); RETURN NULL; END';
         CREATE CONSTRAINT TRIGGER wait AFTER INSERT ON tickets DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION wait()",
    )
    .await?;
    let single = single_connection_pool(&pool).await?;
    let mut tx = AuditTrail::new(single.clone()).write(&user("42")?).action("ended").begin().await?;
    run(&mut *tx, "INSERT INTO tickets VALUES (1)").await?;
    let (committed, ended) = tokio::join!(
        tx.commit(),
        wait_until("the session commits", async || {
            let end = "SELECT count(pg_terminate_backend(pid)) > 0 FROM pg_stat_activity
                       WHERE datname = current_database() AND wait_event = 'PgSleep' AND query = 'COMMIT'";
            value(&pool, end).await
        })
    );
    ended?;
    let error = committed.unwrap_err();
    assert_eq!(error.reason(), "commit_unknown", "{error}");
    let TransactionError::CommitUnknown { transaction_id, .. } = &error else { return Err(error.into()) };
    assert!(error.to_string().contains(&transaction_id.to_string()), "{error}");
    run(&pool, "DROP TRIGGER wait ON tickets").await?;
    assert_clean(&single, &pool, 101).await?;
    assert_eq!(actions(&pool).await?, 0);
    Ok(())
}

/// Cancels an audited write at every point where it waits. Either all of it is recorded or nothing, and the connection is clean.
#[sqlx::test(migrations = false)]
async fn cancelled_write_is_recorded_completely_or_not_at_all(pool: PgPool) -> Result {
    tickets(&pool).await?;
    let single = single_connection_pool(&pool).await?;
    let context = user("42")?;
    let mut committed = Vec::new();
    let mut finished = false;
    for polls in 1..200 {
        let id = i64::try_from(polls)?;
        let write = async {
            let mut tx =
                AuditTrail::new(single.clone()).write(&context).action("ticket.opened").begin().await?;
            sqlx::query("INSERT INTO tickets VALUES ($1)").bind(id).execute(&mut *tx).await?;
            tx.commit().await
        };
        finished = poll_at_most(AssertUnwindSafe(write), polls).await.transpose()?.is_some();
        assert_clean(&single, &pool, 1000 + id).await?;
        if value(&pool, &format!("SELECT EXISTS (SELECT FROM tickets WHERE id = {id})")).await? {
            committed.push(format!("{id} insert 42 ticket.opened"));
        }
        if finished {
            break;
        }
    }
    assert!(finished);
    let by_context: Vec<String> =
        recorded(&pool).await?.into_iter().filter(|line| line.contains(" 42")).collect();
    assert_eq!(by_context, committed);
    assert_eq!(actions(&pool).await?, i64::try_from(committed.len())?);
    Ok(())
}

/// Checks that a cancelled request does not leave the host's next write in a read-only transaction.
#[sqlx::test(migrations = false)]
async fn cancelled_read_leaves_no_transaction_open(pool: PgPool) -> Result {
    tickets(&pool).await?;
    let single = single_connection_pool(&pool).await?;
    let trail = AuditTrail::new(single.clone());
    let mut finished = false;
    for polls in 1..200 {
        let (scope, filter) = (Scope::unscoped(), Filter::default());
        let page = trail.timeline_page(&scope, &filter, Position::Newest, 10);
        finished = poll_at_most(page, polls).await.transpose()?.is_some();
        assert_clean(&single, &pool, i64::try_from(polls)?).await?;
        if finished {
            break;
        }
    }
    assert!(finished);
    Ok(())
}

/// A read that was given up while all connections were in use must not stand in the queue before the host's next write.
#[sqlx::test(migrations = false)]
async fn read_that_was_given_up_takes_no_connection(pool: PgPool) -> Result {
    tickets(&pool).await?;
    let single = single_connection_pool(&pool).await?;
    let mut own = single.acquire().await?;
    let pid: i32 = value(&mut *own, "SELECT pg_backend_pid()").await?;
    let trail = AuditTrail::new(single.clone());
    let read = tokio::time::timeout(std::time::Duration::from_millis(50), trail.snapshot());
    assert!(read.await.is_err());
    drop(own);
    // The queue is fair: whoever still waited would be served before this.
    let next = single.acquire().await?;
    let last = format!("SELECT query FROM pg_stat_activity WHERE pid = {pid}");
    assert_eq!(value::<String>(&pool, &last).await?, "SELECT pg_backend_pid()");
    drop(next);
    Ok(())
}
