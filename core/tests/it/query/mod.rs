//! Tests every query of the trail.

mod access_paths;
mod active_actors;
mod activity;
mod as_of;
mod as_of_now;
mod diff;
mod elixir_trails;
pub(crate) mod every_query;
mod field_counts;
mod filters;
mod late_commits;
mod limited_values;
mod lines;
mod malformed_actors;
mod occurring_values;
mod paging;
mod plans;
mod row_history;
mod scope;
mod scope_work;
mod search_path;
mod snapshot;
mod standby;
mod suggestions;
mod table_counts;
mod tables;
mod value_index;
mod value_search;

use sqlx::PgPool;
use threadline::query::{Page, TimelineEntry};
use threadline::{Action, ActorKind, ActorRef, AuditContext, AuditTrail};
use threadline_testkit::database::{Result, run};

/// Installs a trail whose rows a test may insert: triggers fill in what capture functions compute.
async fn install_for_made_up_rows(pool: &PgPool) -> Result<AuditTrail> {
    let trail = threadline_testkit::database::install(pool).await?;
    run(pool, include_str!("../fixtures/made_up.sql")).await?;
    Ok(trail)
}

/// Writes the eight transactions of a help desk with two customers, in this order:
///
/// | who | why | what |
/// |---|---|---|
/// | nobody | | accounts 7 and 8 |
/// | user:ann | ticket.opened (case-1, req-1) | ticket 1 of customer 7, its line 1:1 |
/// | user:bob | ticket.opened (case-2) | ticket 2 of customer 8 |
/// | service_account:triage | ticket.assigned (case-1) | ticket 1 |
/// | user:ann | | ticket 1 |
/// | job:sweeper for user:bob | ticket.deleted (case-2) | ticket 2 |
/// | admin:root | lines.emptied | line, by truncate |
/// | anonymous | | ticket 3 of customer 7 |
pub(crate) async fn desk(pool: &PgPool) -> Result<AuditTrail> {
    let trail = install_for_made_up_rows(pool).await?;
    run(
        pool,
        "CREATE TABLE accounts (id int PRIMARY KEY, name text);
         CREATE TABLE tickets (id int PRIMARY KEY, customer int, priority text, assignee text);
         CREATE TABLE lines (ticket int, line int, body text, customer int, PRIMARY KEY (ticket, line));",
    )
    .await?;
    trail.capture(["accounts", "tickets", "lines"]).await?;
    run(pool, "INSERT INTO accounts VALUES (7, 'seven'), (8, 'eight')").await?;
    let ann = AuditContext::new(ActorRef::new(ActorKind::User, "ann")?);
    let bob = AuditContext::new(ActorRef::new(ActorKind::User, "bob")?);
    let case = |context: &AuditContext, id| context.clone().with_correlation_id(id);
    let opened = || Some(Action::named("ticket.opened"));
    let service = AuditContext::new(ActorRef::new(ActorKind::ServiceAccount, "triage")?);
    let sweeper = case(&bob, "case-2")?.delegated_to(ActorRef::new(ActorKind::Job, "sweeper")?);
    let root = AuditContext::new(ActorRef::new(ActorKind::Admin, "root")?);
    for (context, action, statements) in [
        (
            case(&ann, "case-1")?.with_request_id("req-1")?,
            opened(),
            "INSERT INTO tickets VALUES (1, 7, 'low'); INSERT INTO lines VALUES (1, 1, 'Help', 7)",
        ),
        (case(&bob, "case-2")?, opened(), "INSERT INTO tickets VALUES (2, 8, 'low')"),
        (
            case(&service, "case-1")?,
            Some(Action::named("ticket.assigned")),
            "UPDATE tickets SET assignee = 'carl' WHERE id = 1",
        ),
        (ann, None, "UPDATE tickets SET priority = 'high' WHERE id = 1"),
        (sweeper, Some(Action::named("ticket.deleted")), "DELETE FROM tickets WHERE id = 2"),
        (root, Some(Action::named("lines.emptied")), "TRUNCATE lines"),
        (AuditContext::new(ActorRef::anonymous()), None, "INSERT INTO tickets VALUES (3, 7, 'low')"),
    ] {
        let write = threadline_testkit::database::trail(pool).write(&context);
        let write = match action {
            Some(action) => write.action(action),
            None => write,
        };
        let mut tx = write.begin().await?;
        run(&mut *tx, statements).await?;
        tx.commit().await?;
    }
    Ok(trail)
}

/// Returns table, key and operation of a change, such as `tickets:1:update`.
fn word(entry: &TimelineEntry) -> String {
    let key: Vec<&str> = entry.change.key.iter().map(|(_, value)| value.unwrap_or("NULL")).collect();
    format!("{}:{}:{}", entry.change.table, key.join(","), entry.change.operation.as_str())
}

fn words(page: &Page<TimelineEntry>) -> Vec<String> {
    page.entries.iter().map(word).collect()
}

/// All changes of the desk, newest first.
const ALL: [&str; 10] = [
    "tickets:3:insert",
    "lines::truncate",
    "tickets:2:delete",
    "tickets:1:update",
    "tickets:1:update",
    "tickets:2:insert",
    "lines:1,1:insert",
    "tickets:1:insert",
    "accounts:8:insert",
    "accounts:7:insert",
];
