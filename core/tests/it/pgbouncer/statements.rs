//! What the guide's settings avoid: each test shows one of them missing.

use sqlx::{ConnectOptions, PgConnection, PgPool, Row};

use crate::pgbouncer::RESET;
use threadline_testkit::database::{Result, run};
use threadline_testkit::pgbouncer::PgBouncer;
use threadline_testkit::wait::until;

fn code(error: &sqlx::Error) -> Option<String> {
    Some(error.as_database_error()?.code()?.into_owned())
}

/// The number, asked for with a prepared statement in a transaction.
async fn ask(pool: &PgPool, number: i32) -> sqlx::Result<i32> {
    let mut tx = pool.begin().await?;
    let answer = sqlx::query_scalar("SELECT $1::int4").bind(number).fetch_one(&mut *tx).await?;
    tx.commit().await?;
    Ok(answer)
}

#[sqlx::test(migrations = false)]
async fn with_the_guides_settings_clients_share_a_connection(pool: PgPool) -> Result {
    let bouncer = PgBouncer::start(&pool, 1, RESET.pooler).await?;
    let (one, other) = (bouncer.client(0), bouncer.client(0));
    for number in 0..3 {
        assert_eq!(ask(&one, number).await?, number);
        assert_eq!(ask(&other, -number).await?, -number);
    }
    Ok(())
}

/// `duplicate_prepared_statement`: sqlx numbers the statements of each connection, also of one that keeps none.
#[sqlx::test(migrations = false)]
async fn without_a_reset_two_clients_use_one_name(pool: PgPool) -> Result {
    let bouncer = PgBouncer::start(&pool, 1, "").await?;
    for statements in [0, 100] {
        let (one, other) = (bouncer.client(statements), bouncer.client(statements));
        let (first, second) = (ask(&one, 1).await, ask(&other, 2).await);
        let error = first.and(second).unwrap_err();
        assert_eq!(code(&error).as_deref(), Some("42P05"), "{error}");
    }
    Ok(())
}

/// `invalid_sql_statement_name`: the reset took the statement that the client has kept.
#[sqlx::test(migrations = false)]
async fn a_kept_statement_does_not_outlive_its_transaction(pool: PgPool) -> Result {
    let bouncer = PgBouncer::start(&pool, 1, RESET.pooler).await?;
    let client = bouncer.client(100);
    assert_eq!(ask(&client, 1).await?, 1);
    let error = ask(&client, 2).await.unwrap_err();
    assert_eq!(code(&error).as_deref(), Some("26000"), "{error}");
    Ok(())
}

/// The worst of it: no error at all.
#[sqlx::test(migrations = false)]
async fn without_a_reset_a_kept_statement_may_be_another_clients(pool: PgPool) -> Result {
    let bouncer = PgBouncer::start(&pool, 2, "").await?;
    let mut one = bouncer.options().connect().await?;
    let mut other = bouncer.options().connect().await?;
    let mut third = bouncer.options().connect().await?;
    let say = |text| sqlx::query_scalar::<_, String>(text);
    let (ones, others) = ("SELECT 'one'", "SELECT 'other'");
    assert_eq!(say(ones).fetch_one(&mut one).await?, "one");
    // The third client keeps the first server connection, so the other one's statement goes to the second.
    let first: i32 = simple_value(&mut third, "BEGIN; SELECT pg_backend_pid()").await?;
    assert_eq!(say(others).fetch_one(&mut other).await?, "other");
    run(&mut third, "COMMIT").await?;
    // And now the second is kept.
    let mut fourth = bouncer.options().connect().await?;
    let mut fifth = bouncer.options().connect().await?;
    let kept: [i32; 2] = [
        simple_value(&mut fourth, "BEGIN; SELECT pg_backend_pid()").await?,
        simple_value(&mut fifth, "BEGIN; SELECT pg_backend_pid()").await?,
    ];
    run(if kept[0] == first { &mut fourth } else { &mut fifth }, "COMMIT").await?;
    assert_eq!(
        say(others).fetch_one(&mut other).await?,
        "one",
        "it is safe: then the guide asks for too much"
    );
    Ok(())
}

/// sqlx prepares a statement and runs it in two messages, each of which may go to another server connection.
#[sqlx::test(migrations = false)]
async fn a_lone_statement_is_not_safe(pool: PgPool) -> Result {
    let bouncer = PgBouncer::start(&pool, 1, RESET.pooler).await?;
    let lone = |pool: PgPool| async move {
        sqlx::query_scalar::<_, i32>("SELECT $1::int4").bind(1).persistent(false).fetch_one(&pool).await
    };
    let error = lone(bouncer.client(0)).await.unwrap_err();
    assert_eq!(code(&error).as_deref(), Some("26000"), "{error}");

    let bouncer = PgBouncer::start(&pool, 1, "").await?;
    let mut one = bouncer.options().connect().await?;
    let mut other = bouncer.options().connect().await?;
    run(&mut other, "BEGIN").await?;
    let mut asked =
        Box::pin(sqlx::query_scalar::<_, String>("SELECT 'one'").persistent(false).fetch_one(&mut one));
    // The first message waits for the only connection …
    tokio::select! {
        answer = &mut asked => return Err(format!("there was a second connection: {answer:?}").into()),
        waiting = waiting(&bouncer) => waiting?,
    }
    // … is answered, and nobody looks at the answer before the other client has prepared a statement of its own.
    run(&mut other, "COMMIT").await?;
    let other_asked = sqlx::query_scalar::<_, String>("SELECT 'other'").persistent(false);
    assert_eq!(other_asked.fetch_one(&mut other).await?, "other");
    assert_eq!(asked.await?, "other", "it is safe: then the guide asks for too much");
    Ok(())
}

/// Until a client waits for a server connection.
async fn waiting(bouncer: &PgBouncer) -> Result {
    until("a client waits", async || Ok(bouncer.pools("cl_waiting").await? != "0")).await
}

/// The only value of a simple query, which is one message.
async fn simple_value(connection: &mut PgConnection, sql: &'static str) -> Result<i32> {
    Ok(sqlx::raw_sql(sql).fetch_one(connection).await?.try_get(0)?)
}
