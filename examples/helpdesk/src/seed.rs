//! Fills an empty help desk at the first start: three accounts, and tickets with their history.

pub(crate) mod stories;

use password_auth::generate_hash;
use sqlx::PgPool;
use threadline::AuditContext;

use self::stories::{NO_REASON, STORIES, Step, Story};
use crate::agents::context;
use crate::audit;
use crate::error::{Error, Result};
use crate::jobs;
use crate::session::Role;
use crate::tickets::{self, Draft, Edit};

pub(crate) const ACCOUNTS: [(&str, Role); 3] =
    [("admin", Role::Admin), ("support", Role::Support), ("customer", Role::Customer)];

pub(crate) fn password(name: &str) -> String {
    format!("{name}-demo")
}

pub(crate) async fn when_empty(pool: &PgPool) -> std::result::Result<(), Box<dyn std::error::Error>> {
    let seeded = sqlx::query_scalar("SELECT EXISTS (SELECT FROM accounts)").fetch_one(pool).await?;
    if seeded {
        return Ok(());
    }
    tracing::info!("the database is empty: making accounts and tickets");
    for (name, role) in ACCOUNTS {
        account(pool, name, role).await?;
    }
    let till = power_cut(pool).await?;
    for story in &STORIES {
        tell(pool, story).await?;
    }
    power_back(pool, till).await?;
    // The stories have been told: what nobody took by hand is assigned by the jobs that they left behind.
    jobs::work_off(pool).await
}

/// The password hash is excluded from the audit trail.
pub(crate) async fn account(pool: &PgPool, name: &str, role: Role) -> Result<()> {
    let mut tx = audit::trail(pool).write(&context("admin")?).action("account.created").begin().await?;
    sqlx::query("INSERT INTO accounts (name, role, password_hash) VALUES ($1, $2, $3)")
        .bind(name)
        .bind(role)
        .bind(generate_hash(password(name)))
        .execute(&mut *tx)
        .await?;
    tx.commit().await?;
    Ok(())
}

/// A customer with an account opens the ticket; mail from all others comes in through the triage.
async fn tell(pool: &PgPool, story: &Story) -> Result<()> {
    let opener = if story.customer == "customer" { "customer" } else { "triage" };
    let id = tickets::open(pool, &context(opener)?, &story.draft()).await?;
    for &(who, step) in story.then {
        let context = context(who)?;
        match step {
            Step::Assign(assignee) => tickets::assign(pool, &context, id, assignee).await?,
            Step::Say(body) => tickets::reply(pool, &context, id, who, body).await?,
            Step::Priority(priority) => tickets::change_priority(pool, &context, id, priority).await?,
            Step::Reword(from, to, reason) => {
                edit(pool, &context, id, reason, |edit| {
                    edit.subject = edit.subject.replace(from, to);
                    edit.body = edit.body.replace(from, to);
                })
                .await?;
            }
            Step::Note(tags, minutes) => {
                edit(pool, &context, id, NO_REASON, |edit| {
                    (edit.tags, edit.sla_minutes) = (tags.into(), minutes.into());
                })
                .await?;
            }
            Step::Close => tickets::close(pool, &context, id).await?,
            Step::Delete => tickets::delete(pool, &context, id).await?,
        }
    }
    Ok(())
}

/// Opens the form to edit the ticket, changes something in it and sends it.
async fn edit(
    pool: &PgPool,
    context: &AuditContext,
    id: i64,
    reason: &str,
    change: impl FnOnce(&mut Edit),
) -> Result<()> {
    let ticket = tickets::find(pool, id).await?.ok_or(Error::NotFound)?;
    let mut edit = Edit { reason: reason.into(), ..Edit::of(&ticket) };
    change(&mut edit);
    tickets::edit(pool, context, id, &edit).await
}

const BRANCH: &str = "branch-7";

/// Twelve tickets under one correlation. Answers the number of the last.
async fn power_cut(pool: &PgPool) -> Result<i64> {
    let triage = context("triage")?;
    let mut last = 0;
    for till in 1..=12 {
        let draft = Draft {
            customer: BRANCH.into(),
            subject: format!("Till {till} does not answer"),
            body: "Reported by the monitoring of the branch.".into(),
            priority: "high".into(),
        };
        last = tickets::open(pool, &triage, &draft).await?;
    }
    Ok(last)
}

/// Two transactions that belong together: an answer, and the closing of all twelve.
async fn power_back(pool: &PgPool, till: i64) -> Result<()> {
    let admin = context("admin")?;
    tickets::reply(pool, &admin, till, "admin", "The whole branch had no power.").await?;
    tickets::close_all_of(pool, &admin, BRANCH, "The power is back, and every till answers again.").await
}

impl Story {
    pub(crate) fn draft(&self) -> Draft {
        Draft {
            customer: self.customer.into(),
            subject: self.subject.into(),
            body: self.body.into(),
            priority: self.priority.into(),
        }
    }
}
