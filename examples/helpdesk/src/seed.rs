//! What the first start puts into an empty help desk: three accounts, and tickets made by doing the work.

pub(crate) mod stories;

use password_auth::generate_hash;
use sqlx::PgPool;
use threadline::AuditContext;

use self::stories::{NO_REASON, STORIES, Step, Story};
use crate::agents::context;
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
    for story in &STORIES {
        tell(pool, story).await?;
    }
    power_cut(pool).await?;
    // The stories have been told: what nobody took by hand is assigned by the jobs that they left behind.
    jobs::work_off(pool).await
}

pub(crate) async fn account(pool: &PgPool, name: &str, role: Role) -> Result<()> {
    sqlx::query("INSERT INTO accounts (name, role, password_hash) VALUES ($1, $2, $3)")
        .bind(name)
        .bind(role)
        .bind(generate_hash(password(name)))
        .execute(pool)
        .await?;
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

/// Twelve tickets under one correlation, and one transaction that closes them all.
async fn power_cut(pool: &PgPool) -> Result<()> {
    let (customer, alarm) = ("branch-7", context("triage")?);
    let mut newest = 0;
    for till in 1..=12 {
        let draft = Draft {
            customer: customer.into(),
            subject: format!("Till {till} does not answer"),
            body: "Reported by the monitoring of the branch.".into(),
            priority: "high".into(),
        };
        newest = tickets::open(pool, &alarm, &draft).await?;
    }
    // Two transactions that belong together: the answer, and the closing of all twelve.
    let admin = context("admin")?;
    tickets::reply(pool, &admin, newest, "admin", "The whole branch had no power.").await?;
    tickets::close_all_of(pool, &admin, customer, "The power is back, and every till answers again.").await
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
