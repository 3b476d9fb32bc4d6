//! A job runs once, and the audit trail links it to its request.

use std::time::Duration;

use axum::http::StatusCode;
use futures_util::FutureExt;
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, ConnectOptions, Executor, PgPool};
use threadline::query::{Filter, Position, TransactionRecord};
use threadline::{ActorKind, ActorRef, AuditContext, AuditTrail, Scope, TransactionError};
use tokio::sync::oneshot;
use tokio::time::{sleep, timeout};

use super::{Browser, desk};
use crate::error::Error;
use crate::jobs::{self, AssignTicket};
use crate::seed;
use crate::tickets;

/// Far longer than a busy machine takes.
const PATIENCE: Duration = Duration::from_secs(120);

/// Newest first.
async fn transactions(pool: &PgPool) -> Vec<TransactionRecord> {
    let trail = AuditTrail::new(pool.clone());
    let filter = Filter::default();
    let page = trail.timeline_page(&Scope::unscoped(), &filter, Position::Newest, 100).await.unwrap();
    page.entries.into_iter().map(|entry| entry.transaction).collect()
}

async fn assignee(pool: &PgPool, ticket: &str) -> Option<String> {
    let id: i64 = ticket.rsplit('/').next().unwrap().parse().unwrap();
    tickets::find(pool, id).await.unwrap().unwrap().assignee
}

/// Jobs that are still there: to be done, or failed with this error.
async fn jobs_left(pool: &PgPool) -> Vec<Option<String>> {
    sqlx::query_scalar("SELECT last_error FROM graphile_worker.jobs ORDER BY id")
        .fetch_all(pool)
        .await
        .unwrap()
}

fn customer() -> AuditContext {
    AuditContext::new(ActorRef::new(ActorKind::User, "customer").unwrap())
}

/// Adds a job with these arguments, as another program might.
async fn add_raw(pool: &PgPool, arguments: &Value) {
    let add = sqlx::query("SELECT graphile_worker.add_job('assign-ticket', $1::json)");
    add.bind(arguments).execute(pool).await.unwrap();
}

#[sqlx::test(migrations = false)]
async fn the_job_acts_under_its_own_name_for_whoever_opened_the_ticket(pool: PgPool) {
    let desk = desk(&pool).await;
    let ticket = Browser::logged_in(&desk, "customer").await.opens_a_ticket().await;
    assert_eq!(assignee(&pool, &ticket).await, None);
    assert_eq!(jobs_left(&pool).await, [None]);

    jobs::work_off(&pool).await.unwrap();
    assert_eq!(assignee(&pool, &ticket).await.as_deref(), Some("admin"));
    assert_eq!(jobs_left(&pool).await, []);

    let [assigned, opened] = <[_; 2]>::try_from(transactions(&pool).await).unwrap();
    let customer = ActorRef::new(ActorKind::User, "customer").unwrap();
    let job = ActorRef::new(ActorKind::Job, "assign-ticket").unwrap();
    assert_eq!((opened.actor, opened.on_behalf_of), (Some(customer.clone()), None));
    assert_eq!((assigned.actor, assigned.on_behalf_of), (Some(job), Some(customer)));
    let (opened, assigned) = (opened.action.unwrap(), assigned.action.unwrap());
    assert_eq!((opened.name.as_str(), assigned.name.as_str()), ("ticket.opened", "ticket.assigned"));
    assert!(opened.correlation_id.is_some());
    assert_eq!(assigned.correlation_id, opened.correlation_id);
    assert_eq!(assigned.request_id, opened.request_id);
    assert_eq!((opened.job_id, assigned.job_id.as_deref()), (None, Some("1")));
    assert_eq!(assigned.reason.as_deref(), Some("Had the fewest open tickets."));
}

#[sqlx::test(migrations = false)]
async fn tickets_go_round_and_what_a_person_decided_stays(pool: PgPool) {
    let desk = desk(&pool).await;
    let support = Browser::logged_in(&desk, "support").await;
    let mut opened = Vec::new();
    for _ in 0..5 {
        opened.push(support.opens_a_ticket().await);
    }
    assert_eq!(
        support.post(&format!("{}/assign", opened[0]), "assignee=admin").await.status,
        StatusCode::SEE_OTHER
    );
    assert_eq!(support.post(&format!("{}/close", opened[1]), "").await.status, StatusCode::SEE_OTHER);

    jobs::work_off(&pool).await.unwrap();
    let mut assignees = Vec::new();
    for ticket in &opened {
        assignees.push(assignee(&pool, ticket).await);
    }
    assert_eq!(
        assignees.iter().map(Option::as_deref).collect::<Vec<_>>(),
        [Some("admin"), None, Some("support"), Some("admin"), Some("support")]
    );
    assert_eq!(jobs_left(&pool).await, []);
}

#[sqlx::test(migrations = false)]
async fn a_ticket_that_is_rolled_back_leaves_no_job(pool: PgPool) {
    let _ = desk(&pool).await;
    let failed: Result<_, TransactionError> = AuditTrail::new(pool.clone())
        .write(&customer())
        .action("ticket.opened")
        .run(async |tx| {
            sqlx::query("INSERT INTO tickets (customer, subject, body) VALUES ('a', 'b', 'c')")
                .execute(&mut *tx)
                .await?;
            jobs::add(tx, &AssignTicket { ticket: 1, asked: customer() }).await.unwrap();
            sqlx::query("SELECT 1 / 0").execute(&mut *tx).await?;
            Ok(())
        })
        .await;
    assert!(matches!(failed, Err(TransactionError::Database(_))), "{failed:?}");
    assert_eq!(jobs_left(&pool).await, []);

    // Without the queue there is no ticket either.
    pool.execute("DROP SCHEMA graphile_worker CASCADE").await.unwrap();
    let draft = tickets::Draft {
        customer: "a".into(),
        subject: "b".into(),
        body: "c".into(),
        priority: "low".into(),
    };
    let refused = tickets::open(&pool, &customer(), &draft).await;
    assert!(matches!(refused, Err(Error::Queue(_))), "{refused:?}");
    let tickets: i64 = sqlx::query_scalar("SELECT count(*) FROM tickets").fetch_one(&pool).await.unwrap();
    assert_eq!((tickets, transactions(&pool).await.len()), (0, 0));
}

#[sqlx::test(migrations = false)]
async fn arguments_that_are_wrong_fail_the_job_and_write_nothing(pool: PgPool) {
    let desk = desk(&pool).await;
    let ticket = Browser::logged_in(&desk, "customer").await.opens_a_ticket().await;
    pool.execute("DELETE FROM graphile_worker._private_jobs").await.unwrap();

    let user = json!({ "type": "user", "id": "customer" });
    let wrong = [
        (json!({ "ticket": 1 }), "actor_ref is missing"),
        (
            json!({ "ticket": 1, "actor_ref": { "type": "robot", "id": "1" } }),
            "actor_ref is unknown actor type",
        ),
        (
            json!({ "ticket": 1, "actor_ref": { "type": "user" } }),
            "actor_ref is an actor of type user needs an id",
        ),
        (json!({ "ticket": 1, "actor_ref": user, "correlation_id": "a\nb" }), "correlation_id is"),
        (json!({ "ticket": "one", "actor_ref": user }), "expected i64"),
        (json!({ "actor_ref": user }), "missing field `ticket`"),
    ];
    for (arguments, _) in &wrong {
        add_raw(&pool, arguments).await;
    }
    jobs::work_off(&pool).await.unwrap();

    let errors = jobs_left(&pool).await;
    assert_eq!(errors.len(), wrong.len());
    for ((arguments, expected), error) in wrong.iter().zip(errors) {
        let error = error.unwrap();
        assert!(error.contains(expected) && !error.contains('\n'), "{arguments}: {error}");
    }
    assert_eq!(assignee(&pool, &ticket).await, None);
    assert_eq!(transactions(&pool).await.len(), 1, "only the opening");
}

#[sqlx::test(migrations = false)]
async fn a_job_that_runs_twice_assigns_once(pool: PgPool) {
    let desk = desk(&pool).await;
    let ticket = Browser::logged_in(&desk, "customer").await.opens_a_ticket().await;
    let arguments: Value = sqlx::query_scalar("SELECT payload FROM graphile_worker._private_jobs")
        .fetch_one(&pool)
        .await
        .unwrap();
    jobs::work_off(&pool).await.unwrap();
    let first = assignee(&pool, &ticket).await;

    add_raw(&pool, &arguments).await;
    jobs::work_off(&pool).await.unwrap();
    assert_eq!(jobs_left(&pool).await, [], "the second run is a success as well");
    assert_eq!(assignee(&pool, &ticket).await, first);

    // Nor when both have seen the ticket waiting.
    let late = tickets::assign_to_least_busy(&pool, &customer(), 1).await;
    assert!(matches!(late, Err(Error::NothingChanged)), "{late:?}");
    assert_eq!(transactions(&pool).await.len(), 2);
}

#[sqlx::test(migrations = false)]
async fn a_job_that_failed_is_tried_again(pool: PgPool) {
    let desk = desk(&pool).await;
    let ticket = Browser::logged_in(&desk, "customer").await.opens_a_ticket().await;
    pool.execute("ALTER TABLE accounts RENAME TO moved").await.unwrap();
    jobs::work_off(&pool).await.unwrap();
    let failed = jobs_left(&pool).await;
    assert!(failed[0].as_deref().unwrap().contains("accounts"), "{failed:?}");

    pool.execute("ALTER TABLE moved RENAME TO accounts").await.unwrap();
    // By the queue's own times: a slow machine asks when the time has come.
    let later: bool = sqlx::query_scalar(
        "SELECT run_at > created_at + interval '2 seconds' FROM graphile_worker._private_jobs",
    )
    .fetch_one(&pool)
    .await
    .unwrap();
    assert!(later, "not at once");
    pool.execute("UPDATE graphile_worker._private_jobs SET run_at = now()").await.unwrap();
    jobs::work_off(&pool).await.unwrap();
    assert_eq!(assignee(&pool, &ticket).await.as_deref(), Some("admin"));
    assert_eq!(jobs_left(&pool).await, []);
}

#[sqlx::test(migrations = false)]
async fn the_worker_outlives_an_outage_and_stops_when_asked(pool: PgPool) {
    let desk = desk(&pool).await;
    let customer = Browser::logged_in(&desk, "customer").await;
    let (stop, stopped) = oneshot::channel::<()>();
    let stopped = async { drop(stopped.await) }.shared();

    outage(&pool, true).await;
    let worker = tokio::spawn(jobs::work(pool.clone(), stopped));
    sleep(Duration::from_millis(500)).await;
    assert!(!worker.is_finished());
    outage(&pool, false).await;
    assigned(&pool, &customer.opens_a_ticket().await).await;

    // In the middle of its work all connections break.
    outage(&pool, true).await;
    outage(&pool, false).await;
    assigned(&pool, &customer.opens_a_ticket().await).await;

    stop.send(()).unwrap();
    timeout(PATIENCE, worker).await.expect("the worker stops").unwrap();
}

/// Waits until the worker has found somebody.
async fn assigned(pool: &PgPool, ticket: &str) {
    let found = async {
        while assignee(pool, ticket).await.is_none() {
            sleep(Duration::from_millis(100)).await;
        }
    };
    timeout(PATIENCE, found).await.unwrap_or_else(|_| panic!("nobody for {ticket}"));
}

/// Cuts all connections to the test's database and lets nobody in, or lets everybody in again.
async fn outage(pool: &PgPool, begins: bool) {
    let options = pool.connect_options();
    let database = options.get_database().unwrap().to_owned();
    let mut server = options.as_ref().clone().database("postgres").connect().await.unwrap();
    let allow = format!("ALTER DATABASE \"{database}\" ALLOW_CONNECTIONS {}", !begins);
    server.execute(AssertSqlSafe(allow)).await.unwrap();
    if begins {
        let cut = sqlx::query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1");
        cut.bind(&database).execute(&mut server).await.unwrap();
    }
}

#[sqlx::test(migrations = false)]
async fn the_first_start_leaves_no_open_ticket_without_somebody(pool: PgPool) {
    crate::prepare(&pool, &crate::config().unwrap()).await.unwrap();
    seed::when_empty(&pool).await.unwrap();
    let (forgotten, by_hand, by_job): (i64, i64, i64) = sqlx::query_as(
        "SELECT (SELECT count(*) FROM tickets WHERE status = 'open' AND assignee IS NULL),
                count(*) FILTER (WHERE job_id IS NULL), count(*) FILTER (WHERE job_id IS NOT NULL)
         FROM threadline.audit_actions WHERE name = 'ticket.assigned'",
    )
    .fetch_one(&pool)
    .await
    .unwrap();
    assert_eq!(forgotten, 0);
    assert!(by_hand > by_job && by_job > 0, "{by_hand} by hand, {by_job} by the job");
    assert_eq!(jobs_left(&pool).await, []);
}
