//! Tests of `threadline history` and `threadline correlation`.

use sqlx::PgPool;

use crate::support::help_desk::{capture_times, json, seed, words};
use crate::support::{Result, stdout};

#[sqlx::test(migrations = false)]
async fn history_prints_changes_of_row(pool: PgPool) -> Result {
    seed(&pool).await?;
    let ticket = json(&pool, &["history", "tickets", "id=1"])?;
    assert_eq!(words(&ticket), ["tickets:1:update", "tickets:1:update", "tickets:1:insert"]);
    assert_eq!(ticket["entries"][0]["transaction"]["actor_ref"]["id"], "sweeper");
    assert_eq!(ticket["entries"][0]["transaction"]["on_behalf_of"]["id"], "bob");
    assert_eq!(
        stdout(&pool, &["history", "tickets", "id=1"])?,
        stdout(&pool, &["timeline", "--table", "tickets", "--key", "id=1"])?
    );
    for key in ["order=7&line=1", "line=1&order=7", "line=%31&order=7"] {
        let history = json(&pool, &["history", "public.lines", key])?;
        assert_eq!(words(&history), ["lines::truncate", "lines:1,7:insert"], "{key}");
    }
    let changed = capture_times(&pool, "tickets", "id=1")?;
    let window = ["history", "tickets", "id=1", "--from", &changed[1], "--to", &changed[1]];
    let window = stdout(&pool, &window)?;
    assert!(window.contains("\n  subject: \"Broken\" -> \"Urgent\"\n"), "{window}");
    assert_eq!(window.matches("  transaction ").count(), 1, "{window}");
    let of_field = ["history", "tickets", "1", "--field", "subject", "--limit", "1"];
    let subject = stdout(&pool, &of_field)?;
    assert!(subject.contains("\n  subject: \"Broken\" -> \"Urgent\"\n"), "{subject}");
    assert_eq!(subject.matches("  transaction ").count(), 1, "{subject}");
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn correlation_prints_changes_with_one_id(pool: PgPool) -> Result {
    seed(&pool).await?;
    let case = json(&pool, &["correlation", "case-1"])?;
    assert_eq!(words(&case), ["tickets:1:update", "lines:1,7:insert", "tickets:1:update"]);
    assert_eq!(case["entries"][0]["action"]["correlation_id"], "case-1");
    let narrow = json(&pool, &["correlation", "case-1", "--actor", "job"])?;
    assert_eq!(words(&narrow), ["tickets:1:update"]);
    assert_eq!(
        stdout(&pool, &["correlation", "case-2"])?,
        "Nothing changed a record in the request case-2.\n\
         No change belongs to the request \"case-2\".\n\
         Only the request case-2 excludes everything. Without it: 7 changes.\n"
    );
    Ok(())
}
