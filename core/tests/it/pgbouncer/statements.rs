//! Tests the guide's settings, and the failures without one of them.

use sqlx::{ConnectOptions, PgConnection, PgPool, Row};

use crate::pgbouncer::RESET_SETTINGS;
use threadline_testkit::database::{Result, run};
use threadline_testkit::pgbouncer::PgBouncer;
use threadline_testkit::wait::wait_until;

/// Returns the SQLSTATE of an error.
fn code(error: &sqlx::Error) -> Option<String> {
    Some(error.as_database_error()?.code()?.into_owned())
}

/// Selects a number with a prepared statement in a transaction.
async fn select_number(pool: &PgPool, number: i32) -> sqlx::Result<i32> {
    let mut tx = pool.begin().await?;
    let answer = sqlx::query_scalar("SELECT $1::int4").bind(number).fetch_one(&mut *tx).await?;
    tx.commit().await?;
    Ok(answer)
}

#[sqlx::test(migrations = false)]
async fn clients_with_guide_settings_share_a_connection(pool: PgPool) -> Result {
    let bouncer = PgBouncer::start(&pool, 1, RESET_SETTINGS.pooler).await?;
    let (one, other) = (bouncer.client(0), bouncer.client(0));
    for number in 0..3 {
        assert_eq!(select_number(&one, number).await?, number);
        assert_eq!(select_number(&other, -number).await?, -number);
    }
    Ok(())
}

/// Expects `duplicate_prepared_statement`, because sqlx numbers the statements of each connection, also of one that keeps none.
#[sqlx::test(migrations = false)]
async fn statements_of_two_clients_without_reset_conflict(pool: PgPool) -> Result {
    let bouncer = PgBouncer::start(&pool, 1, "").await?;
    for statements in [0, 100] {
        let (one, other) = (bouncer.client(statements), bouncer.client(statements));
        let (first, second) = (select_number(&one, 1).await, select_number(&other, 2).await);
        let error = first.and(second).unwrap_err();
        assert_eq!(code(&error).as_deref(), Some("42P05"), "{error}");
    }
    Ok(())
}

/// Expects `invalid_sql_statement_name`, because the reset removed the statement that the client has kept.
#[sqlx::test(migrations = false)]
async fn kept_statement_after_reset_is_unknown(pool: PgPool) -> Result {
    let bouncer = PgBouncer::start(&pool, 1, RESET_SETTINGS.pooler).await?;
    let client = bouncer.client(100);
    assert_eq!(select_number(&client, 1).await?, 1);
    let error = select_number(&client, 2).await.unwrap_err();
    assert_eq!(code(&error).as_deref(), Some("26000"), "{error}");
    Ok(())
}

/// Shows the worst failure, which causes no error.
#[sqlx::test(migrations = false)]
async fn kept_statement_without_reset_may_run_that_of_another_client(pool: PgPool) -> Result {
    let bouncer = PgBouncer::start(&pool, 2, "").await?;
    let mut one = bouncer.options().connect().await?;
    let mut other = bouncer.options().connect().await?;
    let mut third = bouncer.options().connect().await?;
    let select_text = |text| sqlx::query_scalar::<_, String>(text);
    let (ones, others) = ("SELECT 'one'", "SELECT 'other'");
    assert_eq!(select_text(ones).fetch_one(&mut one).await?, "one");
    // The third client keeps the first server connection, so the other one's statement goes to the second.
    let first: i32 = simple_value(&mut third, "BEGIN; SELECT pg_backend_pid()").await?;
    assert_eq!(select_text(others).fetch_one(&mut other).await?, "other");
    run(&mut third, "COMMIT").await?;
    // Next, a transaction keeps the second server connection, and only the first one is free.
    let mut fourth = bouncer.options().connect().await?;
    let mut fifth = bouncer.options().connect().await?;
    let kept: [i32; 2] = [
        simple_value(&mut fourth, "BEGIN; SELECT pg_backend_pid()").await?,
        simple_value(&mut fifth, "BEGIN; SELECT pg_backend_pid()").await?,
    ];
    run(if kept[0] == first { &mut fourth } else { &mut fifth }, "COMMIT").await?;
    assert_eq!(
        select_text(others).fetch_one(&mut other).await?,
        "one",
        "it is safe: then the guide asks for too much"
    );
    Ok(())
}

/// Runs a statement that sqlx prepares and executes in two messages, each of which may go to another server connection.
#[sqlx::test(migrations = false)]
async fn statement_outside_transaction_fails_or_runs_another_statement(pool: PgPool) -> Result {
    let bouncer = PgBouncer::start(&pool, 1, RESET_SETTINGS.pooler).await?;
    let select_one = |pool: PgPool| async move {
        sqlx::query_scalar::<_, i32>("SELECT $1::int4").bind(1).persistent(false).fetch_one(&pool).await
    };
    let error = select_one(bouncer.client(0)).await.unwrap_err();
    assert_eq!(code(&error).as_deref(), Some("26000"), "{error}");

    let bouncer = PgBouncer::start(&pool, 1, "").await?;
    let mut one = bouncer.options().connect().await?;
    let mut other = bouncer.options().connect().await?;
    run(&mut other, "BEGIN").await?;
    let mut pending_query =
        Box::pin(sqlx::query_scalar::<_, String>("SELECT 'one'").persistent(false).fetch_one(&mut one));
    // The first message waits for the only connection.
    tokio::select! {
        answer = &mut pending_query => return Err(format!("there was a second connection: {answer:?}").into()),
        result = wait_for_queued_client(&bouncer) => result?,
    }
    // The message is answered now, but the answer is not read before the other client has prepared its own statement.
    run(&mut other, "COMMIT").await?;
    let other_query = sqlx::query_scalar::<_, String>("SELECT 'other'").persistent(false);
    assert_eq!(other_query.fetch_one(&mut other).await?, "other");
    assert_eq!(pending_query.await?, "other", "it is safe: then the guide asks for too much");
    Ok(())
}

/// Waits until a client is queued for a server connection.
async fn wait_for_queued_client(bouncer: &PgBouncer) -> Result {
    wait_until("a client waits", async || Ok(bouncer.show_pools("cl_waiting").await? != "0")).await
}

/// Returns the only value of a simple query, which is one message.
async fn simple_value(connection: &mut PgConnection, sql: &'static str) -> Result<i32> {
    Ok(sqlx::raw_sql(sql).fetch_one(connection).await?.try_get(0)?)
}
