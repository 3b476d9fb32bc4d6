//! Tests that stored text can neither control the terminal nor forge a line.

use serde_json::{Value, json};
use sqlx::PgPool;

use crate::support::help_desk::capture_times;
use crate::support::{Result, stdout};

const HOSTILE: &str =
    "\u{1b}[2J\u{9b}31m\" -> \"x\n2026-01-01T00:00:00.000000Z user:1 forged\r\u{202e}\u{2066}\u{200b}";
const SHOWN: &str = r#""\u{1b}[2J\u{9b}31m\" -> \"x\u{a}2026-01-01T00:00:00.000000Z user:1 forged\u{d}\u{202e}\u{2066}\u{200b}""#;

#[sqlx::test(migrations = false)]
async fn hostile_text_is_escaped(pool: PgPool) -> Result {
    stdout(&pool, &["install"])?;
    let table = "CREATE TABLE \"a\nb\" (\"k\u{202e}\" text PRIMARY KEY, \"x: 1\n  y\" text)";
    sqlx::raw_sql(table).execute(&pool).await?;
    stdout(&pool, &["gen", "triggers", "--tables", "a\nb", "--apply"])?;
    // Only SQL can set such an actor.
    let actor = json!({ "type": "user", "id": HOSTILE });
    let action = json!({
        "name": "act\u{202e}", "status": "ok", "actor_ref": actor, "reason": HOSTILE, "correlation_id": "case \u{202e}1",
    });
    let mut id = String::new();
    for statement in ["INSERT INTO \"a\nb\" VALUES ($1, 'old')", "UPDATE \"a\nb\" SET \"x: 1\n  y\" = $1"] {
        let mut transaction = pool.begin().await?;
        let declaration = "SELECT set_config('threadline.actor_ref', $1::text, true),
                                  threadline.threadline_declare($2::jsonb, jsonb_build_object('m', $3::text))";
        let declaration = sqlx::query(declaration).bind(actor.to_string()).bind(&action).bind(HOSTILE);
        declaration.execute(&mut *transaction).await?;
        sqlx::query(statement).bind(HOSTILE).execute(&mut *transaction).await?;
        id = sqlx::query_scalar("SELECT threadline.threadline_transaction_id()::text")
            .fetch_one(&mut *transaction)
            .await?;
        transaction.commit().await?;
    }
    let value: String = HOSTILE.bytes().map(|byte| format!("%{byte:02X}")).collect();
    let (table, key) = ("a\nb", format!("k\u{202e}={value}"));
    let changed = capture_times(&pool, table, &key)?;
    let actor = format!("user:{HOSTILE}");
    for (arguments, lines) in [
        (&["timeline"][..], 9),
        (&["history", table, &key], 9),
        (&["correlation", "case \u{202e}1"], 9),
        (&["actor", &actor], 12),
        (&["transaction", &id], 9),
        (&["incident", &id], 9),
        (&["as-of", table, &key, &changed[1]], 5),
        (&["compare", table, &key, &changed[0], &changed[1]], 8),
    ] {
        let text = stdout(&pool, arguments)?;
        let hidden = |c: char| (c.is_control() && c != '\n') || "\u{202e}\u{2066}\u{200b}".contains(c);
        assert!(!text.contains(hidden), "{text:?}");
        assert!(text.contains(&format!(" user:{SHOWN} \"act\\u{{202e}}\"")), "{text}");
        assert!(arguments[0] == "actor" || text.contains(" \"a\\u{a}b\" \"k\\u{202e}\"="), "{text}");
        assert_eq!(text.lines().count(), lines, "{text}");
        let json = stdout(&pool, &[arguments, &["--json"]].concat())?;
        assert!(json.ends_with("}\n") && !json.trim_end().contains(|c| hidden(c) || c == '\n'), "{json:?}");
        assert!(serde_json::from_str::<Value>(&json)?.to_string().contains("forged"), "{json}");
    }
    Ok(())
}
