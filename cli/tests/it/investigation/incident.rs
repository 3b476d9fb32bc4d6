//! Tests of `threadline incident`.

use serde_json::{Value, json as value};
use sqlx::PgPool;
use uuid::Uuid;

use crate::support::help_desk::{entries, json, seed, words};
use crate::support::{Result, run, stdout};

/// Returns the id of the newest transaction that matches the filters.
fn transaction_id(pool: &PgPool, filters: &[&str]) -> Result<String> {
    let newest = json(pool, &[&["timeline", "--limit", "1"], filters].concat())?;
    Ok(newest["entries"][0]["transaction_id"].as_str().ok_or("no transaction")?.to_owned())
}

#[sqlx::test(migrations = false)]
async fn incident_prints_every_change_with_old_values(pool: PgPool) -> Result {
    seed(&pool).await?;
    let id = transaction_id(&pool, &["--request-id", "req-1"])?;
    let text = stdout(&pool, &["incident", &id])?;
    assert!(text.starts_with(&format!("transaction {id}\n2")), "{text}");
    for part in [
        " user:ann ticket.escalated\n  reason: \"Because\"\n  correlation id: \"case-1\"\n  request id: \"req-1\"\n\n",
        " update tickets id=1\n  subject: \"Broken\" -> \"Urgent\" (old value stored)\n\n",
        " insert lines line=1,order=7\n  body: -> \"Help\"\n  line: -> 1\n  order: -> 7\n\n",
    ] {
        assert!(text.contains(part), "{part:?} is not in\n{text}");
    }
    let document = json(&pool, &["incident", &id])?;
    assert_eq!(words(&document), ["lines:1,7:insert", "tickets:1:update"]);
    assert_eq!((&document["transaction"]["id"], &document["truncated"]), (&id.into(), &false.into()));
    assert_eq!(document["transaction"]["action"]["reason"], "Because");
    let update = &document["entries"][1];
    assert_eq!(update["old_values"], value!({ "subject": "stored" }));
    assert_eq!(
        (&update["diff"]["op"], &update["diff"]["before_values"]),
        (&"update".into(), &"sparse".into())
    );
    let fields = value!([{ "name": "subject", "after": "Urgent", "before": "Broken" }]);
    assert_eq!(update["diff"]["field_changes"], fields);
    assert_eq!(document["entries"][0]["old_values"], value!({}));
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn incident_names_source_of_old_values(pool: PgPool) -> Result {
    seed(&pool).await?;
    sqlx::raw_sql("CREATE TABLE lean (id int PRIMARY KEY, n numeric)").execute(&pool).await?;
    sqlx::raw_sql("INSERT INTO lean VALUES (1, 1.10), (2, 2.20), (3, 3.30)").execute(&pool).await?;
    let policy = ["--store-changed-from=false", "--store-deleted-row=false"];
    stdout(&pool, &[&["gen", "triggers", "--tables", "lean", "--apply"], &policy[..]].concat())?;
    sqlx::raw_sql("UPDATE lean SET n = 1.20 WHERE id = 1").execute(&pool).await?;
    sqlx::raw_sql("UPDATE lean SET n = n + 1 WHERE id < 3; DELETE FROM lean WHERE id <> 2")
        .execute(&pool)
        .await?;
    let id = transaction_id(&pool, &["--table", "lean"])?;
    let text = stdout(&pool, &["incident", &id])?;
    for part in [
        " delete lean id=3\n  (old values unknown)\n\n",
        " delete lean id=1\n  id: 1 -> (old value from the previous change)\n  n: 2.20 -> (old value from the previous change)\n\n",
        " update lean id=2\n  n: not kept -> 3.20 (old value unknown)\n\n",
        " update lean id=1\n  n: 1.20 -> 2.20 (old value from the previous change)\n\n",
    ] {
        assert!(text.contains(part), "{part:?} is not in\n{text}");
    }
    let plain = stdout(&pool, &["incident", &id, "--json"])?;
    assert!(plain.contains(r#""name":"n","after":2.20,"before":1.20}"#), "{plain}");
    let document = json(&pool, &["incident", &id])?;
    let sources = |of: &str| -> Vec<&Value> {
        let of_word = entries(&document).into_iter().zip(words(&document)).filter(|(_, word)| word == of);
        of_word.map(|(entry, _)| &entry["old_values"]).collect()
    };
    assert_eq!(sources("lean:1:update"), [&value!({ "n": "previous_change" })]);
    assert_eq!(sources("lean:2:update"), [&value!({ "n": "unknown" })]);
    assert_eq!(sources("lean:3:delete"), [&value!({})]);
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn truncated_incident_mentions_limit(pool: PgPool) -> Result {
    seed(&pool).await?;
    let id = transaction_id(&pool, &["--request-id", "req-1"])?;
    let text = stdout(&pool, &["incident", &id, "--limit", "1"])?;
    let more = format!("There are more changes: raise --limit, or page through transaction {id}.\n");
    assert!(text.ends_with(&more), "{text}");
    let document = json(&pool, &["incident", &id, "--limit", "1"])?;
    assert_eq!((entries(&document).len(), &document["truncated"]), (1, &true.into()));
    sqlx::raw_sql("DELETE FROM threadline.audit_changes").execute(&pool).await?;
    let text = stdout(&pool, &["incident", &id])?;
    assert!(text.ends_with("\n\nNo change of this transaction is kept.\n"), "{text}");
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn missing_transaction_is_an_error(pool: PgPool) -> Result {
    seed(&pool).await?;
    let nil = Uuid::nil().to_string();
    for (arguments, words) in [
        (&["incident", &nil][..], format!("threadline: transaction {nil} does not exist")),
        (&["incident", &nil, "--json"], format!("threadline: transaction {nil} does not exist")),
        (
            &["incident", "17\u{1b}"],
            r#"threadline: transaction id is "17\u{1b}": expected a UUID"#.to_owned(),
        ),
    ] {
        let failed = run(&pool, arguments)?;
        assert_eq!((failed.code, failed.stdout.as_str()), (Some(1), ""));
        assert!(failed.stderr.starts_with(&words), "{}", failed.stderr);
    }
    Ok(())
}
