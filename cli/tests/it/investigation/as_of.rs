//! Tests of `threadline as-of` and `threadline compare`.

use serde_json::{Value, json as value};
use sqlx::PgPool;

use crate::support::help_desk::{capture_times, json, seed};
use crate::support::{Result, run, stdout};

const LONG_AGO: &str = "2000-01-01T00:00:00.000000Z";

#[sqlx::test(migrations = false)]
async fn as_of_prints_row(pool: PgPool) -> Result {
    seed(&pool).await?;
    let changed = capture_times(&pool, "tickets", "id=1")?;
    let text = stdout(&pool, &["as-of", "tickets", "id=1", &changed[1]])?;
    let start = format!(
        "{} tickets id=1 existed.\n  last change {} user:ann ticket.escalated\n  transaction ",
        changed[1], changed[1]
    );
    assert!(text.starts_with(&start), "{text}");
    assert!(text.ends_with("\n  id: 1\n  score: 1.50\n  subject: \"Urgent\"\n"), "{text}");
    let plain = stdout(&pool, &["as-of", "tickets", "id=1", &changed[1], "--json"])?;
    assert!(plain.contains(r#""row":{"id":1,"score":1.50,"subject":"Urgent"}"#), "{plain}");
    let document: Value = json(&pool, &["as-of", "tickets", "id=1", &changed[1]])?;
    assert_eq!((&document["state"], &document["at"]), (&"snapshot".into(), &changed[1].as_str().into()));
    assert_eq!((&document["table_name"], &document["table_pk"]), (&"tickets".into(), &value!({ "id": "1" })));
    assert_eq!(document["change"]["action"]["name"], "ticket.escalated");
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn as_of_missing_row_prints_state(pool: PgPool) -> Result {
    seed(&pool).await?;
    let gone = capture_times(&pool, "tickets", "id=2")?;
    let emptied = json(&pool, &["timeline", "--operation", "truncate"])?;
    let emptied = emptied["entries"][0]["captured_at"].as_str().ok_or("no time")?;
    for (table, key, at, sentence, state) in [
        (
            "tickets",
            "id=2",
            &*gone[1],
            "tickets id=2 did not exist: it had been deleted.\n  last change ",
            "deleted",
        ),
        (
            "lines",
            "order=7&line=1",
            emptied,
            "lines line=1,order=7 did not exist: removed by TRUNCATE of the table.\n  last change ",
            "deleted",
        ),
        (
            "tickets",
            "id=2",
            LONG_AGO,
            "tickets id=2 is not known: no record had this key yet, or it was not captured yet.\n",
            "before_horizon",
        ),
    ] {
        let text = stdout(&pool, &["as-of", table, key, at])?;
        assert!(text.starts_with(&format!("{at} {sentence}")), "{text}");
        let document = json(&pool, &["as-of", table, key, at])?;
        assert_eq!((&document["state"], &document["row"]), (&state.into(), &Value::Null));
        assert_eq!(document["change"].is_null(), state == "before_horizon");
    }
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn compare_prints_differing_fields(pool: PgPool) -> Result {
    seed(&pool).await?;
    let changed = capture_times(&pool, "tickets", "id=1")?;
    let text = stdout(&pool, &["compare", "tickets", "id=1", &changed[0], &changed[2]])?;
    assert!(text.starts_with(&format!("{} tickets id=1 existed.\n  last change ", changed[0])), "{text}");
    assert!(text.contains(&format!("\n{} tickets id=1 existed.\n  last change ", changed[2])), "{text}");
    assert!(text.ends_with("\n\n  score: 1.50 -> NULL\n  subject: \"Broken\" -> \"Urgent\"\n"), "{text}");
    assert_eq!(stdout(&pool, &["compare", "tickets", "id=1", &changed[2], &changed[0]])?, text);

    let plain = stdout(&pool, &["compare", "tickets", "id=1", &changed[0], &changed[2], "--json"])?;
    assert!(plain.contains(r#"{"name":"score","before":1.50,"after":null}"#), "{plain}");
    let document = json(&pool, &["compare", "tickets", "id=1", LONG_AGO, &changed[0]])?;
    assert_eq!(
        (&document["before"]["state"], &document["before"]["at"]),
        (&"before_horizon".into(), &LONG_AGO.into())
    );
    assert_eq!(
        (&document["after"]["state"], &document["after"]["row"]["subject"]),
        (&"snapshot".into(), &"Broken".into())
    );
    let fields = value!([{ "name": "id", "after": 1 }, { "name": "score", "after": 1.50 }, { "name": "subject", "after": "Broken" }]);
    assert_eq!(document["fields"].to_string(), fields.to_string().replace("1.5}", "1.50}"));

    let same = stdout(&pool, &["compare", "tickets", "id=1", &changed[1], &changed[1]])?;
    assert!(same.ends_with("\nNothing differs.\n"), "{same}");
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn invalid_argument_error_names_argument(pool: PgPool) -> Result {
    seed(&pool).await?;
    for (arguments, words) in [
        (["a.", "id=1", LONG_AGO], r#"table is "a.": expected a table"#),
        ([" ", "id=1", LONG_AGO], r#"table is " ": expected a table"#),
        (["tickets", "abc", LONG_AGO], "the ids of tickets are numbers, not \"abc\""),
        (["lines", "1", LONG_AGO], r#"key is "1": expected every key column, as in "line=…&order=…""#),
        (["tickets", "", LONG_AGO], r#"key is "": expected the key of a record"#),
        (["tickets", "id=1", "noon\u{1b}"], r#"time is "noon\u{1b}": expected a time such as yesterday"#),
        (["tickets", "id=1", ""], r#"time is "": expected a time such as yesterday"#),
        (
            ["tickets", "id=1", "2100-01-01T00:00"],
            "2100-01-01 00:00:00 UTC is in the future: choose now or an earlier time",
        ),
        (["tickets", "nr=1", LONG_AGO], "records of tickets have the key id, not nr"),
        (["lines", "line=1", LONG_AGO], "records of lines have the key line, order, not line"),
        (
            ["bare", "id=1", LONG_AGO],
            "there is no audited table \"bare\": capture it, or choose another table",
        ),
    ] {
        let times = [LONG_AGO];
        for (command, more) in [("as-of", &[][..]), ("compare", &times)] {
            let failed = run(&pool, &[&[command], &arguments[..], more].concat())?;
            assert_eq!((failed.code, failed.stdout.as_str()), (Some(1), ""), "{command} {arguments:?}");
            assert!(failed.stderr.starts_with(&format!("threadline: {words}")), "{}", failed.stderr);
        }
    }
    let failed = run(&pool, &["compare", "tickets", "id=1", LONG_AGO, "later"])?;
    assert!(
        failed.stderr.starts_with(r#"threadline: other time is "later": expected a time such as yesterday"#),
        "{}",
        failed.stderr
    );
    Ok(())
}
