//! Tests paging in both directions.

use serde_json::Value;
use sqlx::PgPool;

use crate::support::help_desk::{entries, json, seed};
use crate::support::{Result, stdout};

#[sqlx::test(migrations = false)]
async fn pages_contain_every_entry_once_in_both_directions(pool: PgPool) -> Result {
    seed(&pool).await?;
    for arguments in [
        &["timeline", "--table", "tickets"][..],
        &["history", "tickets", "id=1"],
        &["correlation", "case-1"],
        &["actor", "user"],
    ] {
        let ids = |page: &Value| -> Vec<Value> { entries(page).iter().map(|e| e["id"].clone()).collect() };
        let page = |more: &[&str]| json(&pool, &[arguments, &["--limit", "1"], more].concat());
        let all = ids(&json(&pool, arguments)?);
        let mut pages = vec![page(&[])?];
        while let Some(older) = pages[pages.len() - 1]["older"].as_str() {
            pages.push(page(&["--older", older])?);
        }
        assert!(all.len() > 2, "{arguments:?}");
        assert_eq!(pages.iter().flat_map(ids).collect::<Vec<_>>(), all, "{arguments:?}");
        for index in (1..pages.len()).rev() {
            let newer = pages[index]["newer"].as_str().ok_or("no newer page")?;
            assert_eq!(ids(&page(&["--newer", newer])?), ids(&pages[index - 1]), "{arguments:?}");
        }
        assert_eq!(pages[0]["newer"], Value::Null);
        let text = stdout(&pool, &[arguments, &["--limit", "1"]].concat())?;
        let things = if arguments[0] == "actor" { "transactions" } else { "changes" };
        assert!(text.contains(&format!("\nolder {things}: --older ")), "{text}");
    }
    Ok(())
}
