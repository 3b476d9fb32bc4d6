//! Tests that sessions which write to different rows under SERIALIZABLE do not fail because of the trail.

use std::sync::Arc;

use sqlx::PgPool;
use threadline::capture::{CaptureMode, TablePolicy};
use threadline::query::{Count, Filter};
use threadline::{Action, ActorKind, ActorRef, AuditContext, AuditTrail, Scope};
use tokio::sync::Barrier;

use threadline_testkit::changes::{empty_trail, violations};
use threadline_testkit::database::{Result, install, run};

const SESSIONS: usize = 8;
const ROUNDS: usize = 40;

/// Runs one round of a session. All sessions begin, write and commit together, and one that has failed still waits for the others.
async fn write(
    pool: &PgPool,
    session: usize,
    round: usize,
    together: &Barrier,
) -> std::result::Result<(), String> {
    let failed = |error: &dyn ToString| error.to_string();
    let transaction = pool.begin_with("BEGIN ISOLATION LEVEL SERIALIZABLE").await;
    together.wait().await;
    let adopted = async {
        let actor = ActorRef::new(ActorKind::User, session.to_string()).map_err(|error| failed(&error))?;
        let context = AuditContext::new(actor).with_correlation_id(format!("round-{round}"));
        let write = AuditTrail::new(pool.clone()).write(&context.map_err(|error| failed(&error))?);
        let transaction = transaction.map_err(|error| failed(&error))?;
        write.action(Action::named("counter.raised")).adopt(transaction).await.map_err(|error| failed(&error))
    };
    let mut adopted = adopted.await;
    together.wait().await;
    if let Ok(transaction) = &mut adopted {
        let id = session * 1_000 + round * 7;
        let update = format!("UPDATE c SET v = v + 1 WHERE id = {id}");
        let written = run(&mut **transaction, &update).await.map_err(|error| error.to_string());
        if let Err(error) = written {
            adopted = Err(error);
        }
    }
    together.wait().await;
    adopted?.commit().await.map(drop).map_err(|error| failed(&error))
}

#[sqlx::test(migrations = false)]
async fn serializable_writes_with_actions_rarely_conflict(pool: PgPool) -> Result {
    let trail = install(&pool).await?;
    let sessions = sqlx::postgres::PgPoolOptions::new()
        .max_connections(8)
        .connect_with((*pool.connect_options()).clone())
        .await?;
    for mode in CaptureMode::ALL {
        run(
            &pool,
            "DROP TABLE IF EXISTS c; CREATE TABLE c (id int PRIMARY KEY, v int);
             INSERT INTO c SELECT n, 0 FROM generate_series(0, 10000) AS n; ANALYZE c",
        )
        .await?;
        empty_trail(&pool).await?;
        trail.capture([TablePolicy::new("c").mode(mode)]).await?;
        let together = Arc::new(Barrier::new(SESSIONS));
        let tasks: Vec<_> = (0..SESSIONS)
            .map(|session| {
                let (pool, together) = (sessions.clone(), Arc::clone(&together));
                tokio::spawn(async move {
                    let mut failures = Vec::new();
                    for round in 0..ROUNDS {
                        // The rows are far apart, so the host's own statements do not conflict.
                        let written = write(&pool, session, round, &together).await;
                        failures.extend(
                            written.err().map(|error| format!("round {round}, session {session}: {error}")),
                        );
                    }
                    failures
                })
            })
            .collect();
        let mut failures = Vec::new();
        for task in tasks {
            failures.extend(task.await?);
        }
        let other: Vec<&String> =
            failures.iter().filter(|error| !error.contains("could not serialize")).collect();
        assert!(other.is_empty(), "{other:#?}");
        let transactions = SESSIONS * ROUNDS;
        assert!(
            failures.len() * 100 < transactions,
            "{} of {transactions} transactions failed ({}):\n{}",
            failures.len(),
            mode.as_str(),
            failures.join("\n")
        );
        let action = Filter { action: Some("counter.raised".into()), ..Filter::default() };
        let count = trail.snapshot().await?.count(&Scope::unscoped(), &action, 10_000).await?;
        assert_eq!(count, Count::Exact(transactions - failures.len()));
        assert_eq!(violations(&pool).await?, Vec::<String>::new());
    }
    sessions.close().await;
    Ok(())
}

/// Tests captured writes alone, because a conflict over what the trail reads or updates would occur without an action as well.
#[sqlx::test(migrations = false)]
async fn serializable_writes_without_actions_never_conflict(pool: PgPool) -> Result {
    let trail = install(&pool).await?;
    let sessions = sqlx::postgres::PgPoolOptions::new()
        .max_connections(8)
        .connect_with((*pool.connect_options()).clone())
        .await?;
    run(
        &pool,
        "CREATE TABLE c (id int PRIMARY KEY, v int); INSERT INTO c SELECT n, 0 FROM generate_series(0, 10000) AS n; ANALYZE c",
    )
    .await?;
    for mode in CaptureMode::ALL {
        trail.capture([TablePolicy::new("c").mode(mode)]).await?;
        for (round, write) in ["UPDATE c SET v = v + 1", "DELETE FROM c"].into_iter().enumerate() {
            let mut open = Vec::new();
            for session in 0..SESSIONS {
                let mut transaction = sessions.begin_with("BEGIN ISOLATION LEVEL SERIALIZABLE").await?;
                let id = session * 1_000 + round + if mode == CaptureMode::Row { 500 } else { 0 };
                run(&mut *transaction, &format!("{write} WHERE id = {id}")).await?;
                open.push(transaction);
            }
            for transaction in open {
                transaction.commit().await?;
            }
        }
    }
    sessions.close().await;
    Ok(())
}
