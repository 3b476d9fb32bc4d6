//! Whatever is paged goes on in both directions, under the same filter.

use serde_json::Value;
use sqlx::PgPool;

use crate::desk::{desk, entries, json};
use crate::support::{Result, output};

#[sqlx::test(migrations = false)]
async fn pages_reach_everything_once_and_lead_back(pool: PgPool) -> Result {
    desk(&pool).await?;
    for question in [
        &["timeline", "--table", "tickets"][..],
        &["history", "tickets", "id=1"],
        &["correlation", "case-1"],
        &["actor", "user"],
    ] {
        let ids = |page: &Value| -> Vec<Value> { entries(page).iter().map(|e| e["id"].clone()).collect() };
        let page = |more: &[&str]| json(&pool, &[question, &["--limit", "1"], more].concat());
        let all = ids(&json(&pool, question)?);
        let mut pages = vec![page(&[])?];
        while let Some(older) = pages[pages.len() - 1]["older"].as_str() {
            pages.push(page(&["--older", older])?);
        }
        assert!(all.len() > 2, "{question:?}");
        assert_eq!(pages.iter().flat_map(ids).collect::<Vec<_>>(), all, "{question:?}");
        for place in (1..pages.len()).rev() {
            let newer = pages[place]["newer"].as_str().ok_or("no way back")?;
            assert_eq!(ids(&page(&["--newer", newer])?), ids(&pages[place - 1]), "{question:?}");
        }
        assert_eq!(pages[0]["newer"], Value::Null);
        let text = output(&pool, &[question, &["--limit", "1"]].concat())?;
        let things = if question[0] == "actor" { "transactions" } else { "changes" };
        assert!(text.contains(&format!("\nolder {things}: --older ")), "{text}");
    }
    Ok(())
}
