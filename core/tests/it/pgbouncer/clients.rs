//! Tests fifty clients over five server connections: no row is recorded with the actor of another client.

use sqlx::{ConnectOptions, PgPool};
use tokio::task::{JoinSet, LocalSet};

use crate::pgbouncer::client::Client;
use crate::pgbouncer::writes::WRITES;
use crate::pgbouncer::{RESET_SETTINGS, Settings, UNNAMED_SETTINGS};
use threadline_testkit::database::{Result, install, run, value};
use threadline_testkit::pgbouncer::PgBouncer;

const CLIENTS: i32 = 50;
const CONNECTIONS: u32 = 5;
/// The number of clients that take turns on each connection.
const TURN_CLIENTS: i32 = 10;
/// The kind of the rows that those clients write.
const TURN_KIND: &str = "turn";

/// A table whose rows contain the actor, the action and the server connection of their write. The actor is NULL if there is none.
const NOTES: &str = "CREATE TABLE notes (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    actor text, action text, kind text NOT NULL, client int NOT NULL, backend int NOT NULL DEFAULT pg_backend_pid())";

#[sqlx::test(migrations = false)]
async fn pooled_writes_with_reset_have_actor_of_their_client(pool: PgPool) -> Result {
    check_actors(&pool, RESET_SETTINGS).await
}

#[sqlx::test(migrations = false)]
async fn pooled_writes_with_unnamed_statements_have_actor_of_their_client(pool: PgPool) -> Result {
    check_actors(&pool, UNNAMED_SETTINGS).await
}

/// Compares the recorded actor and action of every row with those in the row.
async fn check_actors(pool: &PgPool, settings: Settings) -> Result {
    let trail = install(pool).await?;
    run(pool, NOTES).await?;
    trail.capture(["notes"]).await?;
    let bouncer = PgBouncer::start(pool, CONNECTIONS, settings.pooler).await?;
    LocalSet::new().run_until(run_all_clients(&bouncer, settings)).await?;
    take_turns_on_every_connection(&bouncer, settings).await?;

    let count = async |what: &str| value::<i64>(pool, &format!("SELECT count(*) FROM {what}")).await;
    for write in WRITES {
        let rows = count(&format!("notes WHERE kind = '{}'", write.name)).await?;
        if let Some(each) = write.rows {
            assert_eq!(rows, each * i64::from(CLIENTS), "{}", write.name);
        }
    }
    let joined =
        "threadline.audit_changes AS c JOIN threadline.audit_transactions AS t ON t.id = c.transaction_id
                  LEFT JOIN threadline.audit_actions AS a ON a.id = t.action_id";
    assert_eq!(count("notes").await?, count(joined).await?, "every row was captured once, and nothing else");
    let wrong: Vec<String> = sqlx::query_scalar(sqlx::AssertSqlSafe(format!(
        "SELECT c.data_after::text || ' by ' || coalesce(t.actor_ref::text, 'nobody') || ' in ' || coalesce(a.name, 'no action')
         FROM {joined}
         WHERE t.actor_ref ->> 'id' IS DISTINCT FROM c.data_after ->> 'actor'
            OR a.name IS DISTINCT FROM c.data_after ->> 'action'
            OR a.id IS NOT NULL AND a.actor_ref IS DISTINCT FROM t.actor_ref"
    )))
    .fetch_all(pool)
    .await?;
    assert!(wrong.is_empty(), "{} of these:\n{}", wrong.len(), wrong[..wrong.len().min(10)].join("\n"));

    // Each of these clients wrote over each connection. The number of connections that the other clients used depends on speed.
    let pairs = format!("(SELECT DISTINCT client, backend FROM notes WHERE kind = '{TURN_KIND}') AS pairs");
    assert_eq!(count(&pairs).await?, i64::from(TURN_CLIENTS) * i64::from(CONNECTIONS));
    let backends = format!("(SELECT DISTINCT backend FROM notes WHERE kind = '{TURN_KIND}') AS backends");
    assert_eq!(count(&backends).await?, i64::from(CONNECTIONS));
    Ok(())
}

/// Holds all connections but one, for each of them in turn, and lets some clients take turns on that one.
async fn take_turns_on_every_connection(bouncer: &PgBouncer, settings: Settings) -> Result {
    let mut clients = Vec::new();
    for number in 0..TURN_CLIENTS {
        clients.push(Client::new(
            number,
            bouncer.client(settings.statements),
            settings.has_named_statements,
        )?);
    }
    let mut holders = Vec::new();
    for _ in 0..CONNECTIONS {
        let mut holder = bouncer.options().connect().await?;
        run(&mut holder, "BEGIN").await?;
        holders.push(holder);
    }
    for holder in &mut holders {
        run(&mut *holder, "COMMIT").await?;
        for client in &clients {
            client.guard(TURN_KIND, &format!("{}.took_a_turn", client.actor)).await?;
        }
        run(&mut *holder, "BEGIN").await?;
    }
    Ok(())
}

/// Runs all clients at once. Each makes every kind of write, and begins with another one than the previous client.
async fn run_all_clients(bouncer: &PgBouncer, settings: Settings) -> Result {
    let mut tasks = JoinSet::new();
    for number in 0..CLIENTS {
        let pool = bouncer.client(settings.statements);
        tasks.spawn_local(async move {
            let client = Client::new(number, pool, settings.has_named_statements)
                .map_err(|error| error.to_string())?;
            let turns = WRITES.iter().cycle().skip(number.unsigned_abs() as usize).take(WRITES.len());
            for write in turns {
                let result = client.perform(write.name).await;
                result.map_err(|error| format!("client {number}, {}: {error}", write.name))?;
            }
            Ok::<_, String>(())
        });
    }
    while let Some(ended) = tasks.join_next().await {
        ended??;
    }
    Ok(())
}
