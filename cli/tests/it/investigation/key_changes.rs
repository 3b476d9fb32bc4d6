//! Tests rows whose key was changed.

use serde_json::{Value, json as value};
use sqlx::PgPool;

use crate::support::help_desk::{capture_times, json, words};
use crate::support::{Result, stdout, tickets};

/// Changes the key of a ticket from 1 to 100 to 200. Returns the times of the changes.
async fn renumber(pool: &PgPool) -> Result<Vec<String>> {
    tickets(pool).await?;
    for sql in [
        "INSERT INTO tickets VALUES (1, 'Broken')",
        "UPDATE tickets SET id = 100",
        "UPDATE tickets SET id = 200",
    ] {
        sqlx::raw_sql(sql).execute(pool).await?;
    }
    let mut changed = capture_times(pool, "tickets", "id=1")?;
    changed.extend(capture_times(pool, "tickets", "id=200")?);
    Ok(changed)
}

#[sqlx::test(migrations = false)]
async fn history_names_other_key_of_row(pool: PgPool) -> Result {
    renumber(&pool).await?;
    let first = stdout(&pool, &["history", "tickets", "id=1"])?;
    assert!(first.contains(" update tickets id=1\n  transaction "), "{first}");
    assert!(first.contains("\n  became id=100\n  id: 1 -> 100\n"), "{first}");
    let middle = stdout(&pool, &["history", "tickets", "id=100"])?;
    assert!(middle.contains("\n  became id=200\n") && middle.contains("\n  was id=1 before\n"), "{middle}");
    let last = stdout(&pool, &["history", "tickets", "id=200"])?;
    assert!(last.contains(" update tickets id=200\n") && last.contains("\n  was id=100 before\n"), "{last}");
    let timeline = stdout(&pool, &["timeline"])?;
    assert!(timeline.contains("was id=1 before") && !timeline.contains("became"), "{timeline}");
    let document = json(&pool, &["history", "tickets", "id=1"])?;
    assert_eq!(words(&document), ["tickets:100:update", "tickets:1:insert"]);
    assert_eq!(document["entries"][0]["old_pk"], value!({ "id": "1" }));
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn as_of_replaced_key_names_new_key(pool: PgPool) -> Result {
    let changed = renumber(&pool).await?;
    let last = changed.last().ok_or("no change")?;
    let text = stdout(&pool, &["as-of", "tickets", "id=1", last])?;
    let sentence = "tickets id=1 did not exist: no record had this key any more, because it became id=100.";
    assert!(text.starts_with(&format!("{last} {sentence}\n  last change {}", changed[1])), "{text}");
    let document = json(&pool, &["as-of", "tickets", "id=1", last])?;
    assert_eq!((&document["state"], &document["row"]), (&"moved".into(), &Value::Null));
    assert_eq!(document["moved_to"], value!({ "id": "100" }));
    let existed = json(&pool, &["as-of", "tickets", "id=1", &changed[0]])?;
    assert_eq!((&existed["state"], existed.get("moved_to")), (&"snapshot".into(), None));

    let compared = stdout(&pool, &["compare", "tickets", "id=1", &changed[0], last])?;
    assert!(compared.contains(sentence) && !compared.contains("Nothing differs"), "{compared}");
    assert!(compared.contains("\n  subject: \"Broken\" ->\n"), "{compared}");
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn as_of_before_key_change_is_unknown(pool: PgPool) -> Result {
    let changed = renumber(&pool).await?;
    let text = stdout(&pool, &["as-of", "tickets", "id=200", &changed[0]])?;
    assert!(text.contains("tickets id=200 is not known: no record had this key yet"), "{text}");
    Ok(())
}
