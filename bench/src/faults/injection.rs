//! Each fault, again and again for a while.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, ensure};
use sqlx::{AssertSqlSafe, PgConnection};
use threadline_testkit::cluster::{Cluster, StopMode};
use tokio::task::spawn_blocking;
use tokio::time::sleep;

use super::scenario::Scenario;
use super::stage::Stage;
use crate::client::Client;

/// The time that a server or the host is down, and the time until it is stopped again.
const DOWN: Duration = Duration::from_secs(2);
const UP: Duration = Duration::from_secs(6);
/// The time for which a lock or the connections of the pool are held. It is longer than the console and the host wait.
const HELD: Duration = Duration::from_secs(4);
/// The time from one termination of all sessions to the next.
const TERMINATION_INTERVAL: Duration = Duration::from_millis(500);
/// The steps of the clock, in seconds.
const CLOCK_STEPS: [i64; 6] = [-3600, 0, 3600, 0, -5, 0];

/// Injects the fault of the scenario for about this time. At the end, it is gone.
pub(super) async fn inject(stage: &mut Stage, time: Duration) -> Result<()> {
    let start = Instant::now();
    let mut round = 0;
    while round == 0 || start.elapsed() < time {
        if round > 0 {
            sleep(pause(stage.scenario)).await;
        }
        match stage.scenario {
            Scenario::None => {}
            Scenario::Restart => restart(&stage.cluster, StopMode::Fast).await?,
            Scenario::Crash => restart(&stage.cluster, StopMode::Immediate).await?,
            Scenario::Connections => terminate_sessions(stage).await?,
            Scenario::Pool => exhaust_pool(stage).await?,
            Scenario::Lock => lock_table(stage, round).await?,
            Scenario::Replica => disturb_standby(stage, round).await?,
            Scenario::Clock => step_clock(stage, round).await?,
            Scenario::Kill => stage.restart_host(DOWN).await?,
        }
        round += 1;
    }
    if let Some(clock) = &stage.clock {
        clock.set(0)?;
    }
    Ok(())
}

/// Returns the time from the end of a fault until it is injected again.
const fn pause(scenario: Scenario) -> Duration {
    match scenario {
        Scenario::Restart | Scenario::Crash | Scenario::Kill => UP,
        Scenario::Connections => TERMINATION_INTERVAL,
        Scenario::None | Scenario::Pool | Scenario::Lock => HELD,
        // These take a while themselves.
        Scenario::Replica | Scenario::Clock => Duration::ZERO,
    }
}

/// Stops the server and starts it again.
async fn restart(cluster: &Arc<Cluster>, mode: StopMode) -> Result<()> {
    let stopped = cluster.clone();
    blocking(move || stopped.stop_server(mode)).await?;
    sleep(DOWN).await;
    let started = cluster.clone();
    blocking(move || started.start_server()).await
}

/// Runs a program on another thread, because the load shares this one.
async fn blocking(
    work: impl FnOnce() -> threadline_testkit::database::Result + Send + 'static,
) -> Result<()> {
    spawn_blocking(move || work().map_err(|error| anyhow!("{error}"))).await?
}

async fn terminate_sessions(stage: &Stage) -> Result<()> {
    let mut connection = stage.connect().await?;
    sqlx::query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'host'")
        .execute(&mut connection)
        .await?;
    Ok(())
}

async fn exhaust_pool(stage: &Stage) -> Result<()> {
    let client = Client::new(stage.port());
    let response = client.request("POST", &format!("/hold/{}", HELD.as_millis()), &[]).await;
    ensure!(
        response.is_ok_and(|response| response.status.is_success()),
        "the host does not hold its connections"
    );
    sleep(HELD / 2).await;
    Ok(())
}

/// Locks a captured table and the table of changes in turn.
async fn lock_table(stage: &Stage, round: u32) -> Result<()> {
    let table = if round.is_multiple_of(2) { "threadline.audit_changes" } else { "host_tickets" };
    let mut connection = stage.connect().await?;
    let lock = format!("BEGIN; LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE");
    sqlx::raw_sql(AssertSqlSafe(lock)).execute(&mut connection).await?;
    sleep(HELD).await;
    execute(&mut connection, "ROLLBACK").await
}

/// Lets the standby fall behind, then replay a lock that conflicts with the queries of the console; every third time restarts it.
async fn disturb_standby(stage: &Stage, round: u32) -> Result<()> {
    let (mut primary, mut standby) = (stage.connect().await?, stage.connect_to_standby().await?);
    execute(&mut standby, "SELECT pg_wal_replay_pause()").await?;
    sleep(HELD).await;
    // The standby waits for queries at most this long.
    execute(&mut standby, "ALTER SYSTEM SET max_standby_streaming_delay = '50ms'").await?;
    execute(&mut standby, "SELECT pg_reload_conf()").await?;
    execute(&mut standby, "SELECT pg_wal_replay_resume()").await?;
    for _ in 0..20 {
        execute(&mut primary, "BEGIN; LOCK TABLE threadline.audit_changes IN ACCESS EXCLUSIVE MODE; COMMIT")
            .await?;
        sleep(HELD / 40).await;
    }
    if round % 3 == 2 {
        let cluster = stage.standby.clone().context("this scenario has no standby")?;
        restart(&cluster, StopMode::Fast).await?;
    }
    wait_for_standby(stage).await
}

/// Waits until the standby has replayed what the primary has written by now.
async fn wait_for_standby(stage: &Stage) -> Result<()> {
    let (mut primary, mut standby) = (stage.connect().await?, stage.connect_to_standby().await?);
    let position = "SELECT pg_current_wal_lsn()::text";
    let position: String = sqlx::query_scalar(position).fetch_one(&mut primary).await?;
    for _ in 0..1200 {
        let has_replayed = "SELECT pg_last_wal_replay_lsn() >= $1::pg_lsn";
        if sqlx::query_scalar(has_replayed).bind(&position).fetch_one(&mut standby).await? {
            return Ok(());
        }
        sleep(Duration::from_millis(100)).await;
    }
    Err(anyhow!("the standby does not catch up"))
}

async fn step_clock(stage: &Stage, round: u32) -> Result<()> {
    let clock = stage.clock.as_ref().context("this scenario has no clock")?;
    clock.set(CLOCK_STEPS[round as usize % CLOCK_STEPS.len()])?;
    sleep(HELD).await;
    Ok(())
}

async fn execute(connection: &mut PgConnection, sql: &'static str) -> Result<()> {
    sqlx::raw_sql(sql).execute(connection).await?;
    Ok(())
}
