//! Fifty clients over five server connections: nobody's rows are signed by somebody else.

use sqlx::{ConnectOptions, PgPool};
use tokio::task::{JoinSet, LocalSet};

use crate::pgbouncer::client::Client;
use crate::pgbouncer::writes::WRITES;
use crate::pgbouncer::{RESET, Settings, UNNAMED};
use threadline_testkit::database::{Result, install, run, value};
use threadline_testkit::pgbouncer::PgBouncer;

const CLIENTS: i32 = 50;
const CONNECTIONS: u32 = 5;
/// Clients that take turns on each connection, and the kind of their rows.
const TURNS: i32 = 10;
const TURN: &str = "turn";

/// Each row says who wrote it, under which action, and over which server connection. That of `anonymous` rows says NULL.
const NOTES: &str = "CREATE TABLE notes (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    actor text, action text, kind text NOT NULL, client int NOT NULL, backend int NOT NULL DEFAULT pg_backend_pid())";

#[sqlx::test(migrations = false)]
async fn no_actor_is_on_the_rows_of_another(pool: PgPool) -> Result {
    mix(&pool, RESET).await
}

#[sqlx::test(migrations = false)]
async fn no_actor_is_on_the_rows_of_another_without_a_reset(pool: PgPool) -> Result {
    mix(&pool, UNNAMED).await
}

async fn mix(pool: &PgPool, settings: Settings) -> Result {
    let trail = install(pool).await?;
    run(pool, NOTES).await?;
    trail.capture(["notes"]).await?;
    let bouncer = PgBouncer::start(pool, CONNECTIONS, settings.pooler).await?;
    LocalSet::new().run_until(all_clients(&bouncer, settings)).await?;
    over_every_connection(&bouncer, settings).await?;

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

    // Each of these clients wrote over each of the connections. How many connections the crowd needed is a matter of speed.
    let pairs = format!("(SELECT DISTINCT client, backend FROM notes WHERE kind = '{TURN}') AS pairs");
    assert_eq!(count(&pairs).await?, i64::from(TURNS) * i64::from(CONNECTIONS));
    let backends = format!("(SELECT DISTINCT backend FROM notes WHERE kind = '{TURN}') AS backends");
    assert_eq!(count(&backends).await?, i64::from(CONNECTIONS));
    Ok(())
}

/// One connection after the other is the only one that nobody holds, and some clients take turns on it.
async fn over_every_connection(bouncer: &PgBouncer, settings: Settings) -> Result {
    let mut clients = Vec::new();
    for number in 0..TURNS {
        clients.push(Client::new(number, bouncer.client(settings.statements), settings.persistent)?);
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
            client.guard(TURN, &format!("{}.took_a_turn", client.actor)).await?;
        }
        run(&mut *holder, "BEGIN").await?;
    }
    Ok(())
}

/// All at once; each plays every kind of write, beginning with another one.
async fn all_clients(bouncer: &PgBouncer, settings: Settings) -> Result {
    let mut tasks = JoinSet::new();
    for number in 0..CLIENTS {
        let pool = bouncer.client(settings.statements);
        tasks.spawn_local(async move {
            let client = Client::new(number, pool, settings.persistent).map_err(|error| error.to_string())?;
            let turns = WRITES.iter().cycle().skip(number.unsigned_abs() as usize).take(WRITES.len());
            for write in turns {
                let played = client.play(write.name).await;
                played.map_err(|error| format!("client {number}, {}: {error}", write.name))?;
            }
            Ok::<_, String>(())
        });
    }
    while let Some(ended) = tasks.join_next().await {
        ended??;
    }
    Ok(())
}
