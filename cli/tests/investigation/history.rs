//! `threadline history` and `threadline correlation`: the timeline of something.

use sqlx::PgPool;

use crate::desk::{desk, json, moments, words};
use crate::support::{Result, output};

#[sqlx::test(migrations = false)]
async fn a_row_has_a_history_by_its_key(pool: PgPool) -> Result {
    desk(&pool).await?;
    let ticket = json(&pool, &["history", "tickets", "id=1"])?;
    assert_eq!(words(&ticket), ["tickets:1:update", "tickets:1:update", "tickets:1:insert"]);
    assert_eq!(ticket["entries"][0]["transaction"]["actor_ref"]["id"], "sweeper");
    assert_eq!(ticket["entries"][0]["transaction"]["on_behalf_of"]["id"], "bob");
    assert_eq!(
        output(&pool, &["history", "tickets", "id=1"])?,
        output(&pool, &["timeline", "--table", "tickets", "--key", "id=1"])?
    );
    for key in ["order=7&line=1", "line=1&order=7", "line=%31&order=7"] {
        let history = json(&pool, &["history", "public.lines", key])?;
        assert_eq!(words(&history), ["lines::truncate", "lines:1,7:insert"], "{key}");
    }
    let changed = moments(&pool, "tickets", "id=1")?;
    let window = ["history", "tickets", "id=1", "--from", &changed[1], "--to", &changed[1]];
    let window = output(&pool, &window)?;
    assert!(window.contains("\n  subject: \"Broken\" -> \"Urgent\"\n"), "{window}");
    assert_eq!(window.matches("  transaction ").count(), 1, "{window}");
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn what_happened_under_one_id_stands_together(pool: PgPool) -> Result {
    desk(&pool).await?;
    let case = json(&pool, &["correlation", "case-1"])?;
    assert_eq!(words(&case), ["tickets:1:update", "lines:1,7:insert", "tickets:1:update"]);
    assert_eq!(case["entries"][0]["action"]["correlation_id"], "case-1");
    let narrow = json(&pool, &["correlation", "case-1", "--actor", "job"])?;
    assert_eq!(words(&narrow), ["tickets:1:update"]);
    assert_eq!(output(&pool, &["correlation", "case-2"])?, "No change matches.\n");
    Ok(())
}
