//! `threadline incident`: one transaction whole.

use serde_json::{Value, json as value};
use sqlx::PgPool;
use uuid::Uuid;

use crate::desk::{desk, entries, json, words};
use crate::support::{Result, output, run};

fn transaction(pool: &PgPool, filters: &[&str]) -> Result<String> {
    let newest = json(pool, &[&["timeline", "--limit", "1"], filters].concat())?;
    Ok(newest["entries"][0]["transaction_id"].as_str().ok_or("no transaction")?.to_owned())
}

#[sqlx::test(migrations = false)]
async fn who_why_and_every_change_with_old_values(pool: PgPool) -> Result {
    desk(&pool).await?;
    let id = transaction(&pool, &["--request-id", "req-1"])?;
    let text = output(&pool, &["incident", &id])?;
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
async fn old_values_come_from_somewhere_or_are_unknown(pool: PgPool) -> Result {
    desk(&pool).await?;
    sqlx::raw_sql("CREATE TABLE lean (id int PRIMARY KEY, n numeric)").execute(&pool).await?;
    sqlx::raw_sql("INSERT INTO lean VALUES (1, 1.10), (2, 2.20), (3, 3.30)").execute(&pool).await?;
    let policy = ["--store-changed-from=false", "--store-deleted-row=false"];
    output(&pool, &[&["gen", "triggers", "--tables", "lean", "--apply"], &policy[..]].concat())?;
    sqlx::raw_sql("UPDATE lean SET n = 1.20 WHERE id = 1").execute(&pool).await?;
    sqlx::raw_sql("UPDATE lean SET n = n + 1 WHERE id < 3; DELETE FROM lean WHERE id <> 2")
        .execute(&pool)
        .await?;
    let id = transaction(&pool, &["--table", "lean"])?;
    let text = output(&pool, &["incident", &id])?;
    for part in [
        " delete lean id=3\n  (old values unknown)\n\n",
        " delete lean id=1\n  id: 1 -> (old value from the previous change)\n  n: 2.20 -> (old value from the previous change)\n\n",
        " update lean id=2\n  n: not kept -> 3.20 (old value unknown)\n\n",
        " update lean id=1\n  n: 1.20 -> 2.20 (old value from the previous change)\n\n",
    ] {
        assert!(text.contains(part), "{part:?} is not in\n{text}");
    }
    let plain = output(&pool, &["incident", &id, "--json"])?;
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
async fn a_long_transaction_says_that_there_is_more(pool: PgPool) -> Result {
    desk(&pool).await?;
    let id = transaction(&pool, &["--request-id", "req-1"])?;
    let text = output(&pool, &["incident", &id, "--limit", "1"])?;
    let more = format!("There are more changes: raise --limit, or page through transaction {id}.\n");
    assert!(text.ends_with(&more), "{text}");
    let document = json(&pool, &["incident", &id, "--limit", "1"])?;
    assert_eq!((entries(&document).len(), &document["truncated"]), (1, &true.into()));
    sqlx::raw_sql("DELETE FROM threadline.audit_changes").execute(&pool).await?;
    let text = output(&pool, &["incident", &id])?;
    assert!(text.ends_with("\n\nNo change of this transaction is kept.\n"), "{text}");
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn what_is_not_there_is_a_failure(pool: PgPool) -> Result {
    desk(&pool).await?;
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
        assert_eq!((failed.code, failed.out.as_str()), (Some(1), ""));
        assert!(failed.err.starts_with(&words), "{}", failed.err);
    }
    Ok(())
}
