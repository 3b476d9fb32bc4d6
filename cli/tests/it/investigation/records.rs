//! Tests that every command prints the same properties of a transaction.

use serde_json::Value;
use sqlx::PgPool;

use crate::support::help_desk::{capture_times, json, seed};
use crate::support::{Result, stdout};

const METADATA: &str = r#"{"big": 12345678901234567890.123456789012345678, "price": 1.10}"#;

#[sqlx::test(migrations = false)]
async fn every_command_prints_source_and_exact_metadata(pool: PgPool) -> Result {
    seed(&pool).await?;
    sqlx::query("UPDATE threadline.audit_transactions SET source = $1, meta = $2::text::jsonb")
        .bind("web\u{1b}")
        .bind(METADATA)
        .execute(&pool)
        .await?;
    let newest = json(&pool, &["timeline", "--request-id", "req-1", "--limit", "1"])?;
    let id = newest["entries"][0]["transaction_id"].as_str().ok_or("no transaction")?.to_owned();
    let changed = capture_times(&pool, "tickets", "id=1")?;
    for (arguments, shows_reasons) in [
        (&["timeline"][..], false),
        (&["history", "tickets", "id=1"], false),
        (&["correlation", "case-1"], false),
        (&["actor", "user"], true),
        (&["transaction", &id], true),
        (&["incident", &id], true),
        (&["as-of", "tickets", "id=1", &changed[0]], false),
        (&["compare", "tickets", "id=1", &changed[0], &changed[1]], false),
    ] {
        let document = stdout(&pool, &[arguments, &["--json"]].concat())?;
        assert!(document.contains(r#""source":"web\u001b","#), "{arguments:?}: {document}");
        assert!(document.contains(&format!(r#""metadata":{METADATA}"#)), "{arguments:?}: {document}");
        assert!(!document.contains(r#""meta":"#), "{arguments:?}: {document}");
        let text = stdout(&pool, arguments)?;
        for part in ["  source: \"web\\u{1b}\"\n".to_owned(), format!("  metadata: {METADATA}\n")] {
            assert_eq!(text.contains(&part), shows_reasons, "{arguments:?}: {part:?} in\n{text}");
        }
    }
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn unknown_transaction_fields_are_null_or_omitted(pool: PgPool) -> Result {
    seed(&pool).await?;
    let document = json(&pool, &["history", "tickets", "id=1"])?;
    let first = document["entries"].as_array().and_then(|entries| entries.last()).ok_or("no history")?;
    let fields = first["transaction"].as_object().ok_or("no transaction")?;
    let null: Vec<_> = fields.iter().filter(|(_, value)| value.is_null()).map(|(name, _)| name).collect();
    assert_eq!(null, ["actor_ref", "source"]);
    assert!(fields.get("on_behalf_of").is_none() && first.get("action").is_none(), "{first}");
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn operation_has_same_spelling_in_every_document(pool: PgPool) -> Result {
    fn operations(json: &Value, found: &mut Vec<String>) {
        match json {
            Value::Object(fields) => {
                found.extend(fields.get("op").and_then(Value::as_str).map(str::to_owned));
                fields.values().for_each(|value| operations(value, found));
            }
            Value::Array(values) => values.iter().for_each(|value| operations(value, found)),
            _ => {}
        }
    }
    seed(&pool).await?;
    let newest = json(&pool, &["timeline", "--request-id", "req-1", "--limit", "1"])?;
    let id = newest["entries"][0]["transaction_id"].as_str().ok_or("no transaction")?.to_owned();
    let mut found = Vec::new();
    for arguments in [&["timeline"][..], &["transaction", &id], &["incident", &id]] {
        operations(&json(&pool, arguments)?, &mut found);
    }
    found.sort_unstable();
    found.dedup();
    assert_eq!(found, ["delete", "insert", "truncate", "update"]);
    Ok(())
}
