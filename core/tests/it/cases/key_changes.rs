//! Tests changes of primary keys: the row is no longer found under its old key, and its history leads from one key to the other.

use sqlx::PgPool;
use threadline::capture::{CaptureMode, TablePolicy};
use threadline::query::{AsOf, Count, FieldValue, Filter};
use threadline::{AuditTrail, Scope};

use crate::cases::{as_of, history, key, now, row_after, state_at, state_now, steps};
use threadline_testkit::changes::empty_trail;
use threadline_testkit::database::{Result, install, run};
use threadline_testkit::rows::key_text;

/// Returns the number of changes that a row's key is part of.
async fn count(trail: &AuditTrail, table: &str, row: &str) -> Result<Count> {
    let filter = Filter { table: Some(table.parse()?), key: Some(key(row)), ..Filter::default() };
    Ok(trail.snapshot().await?.count(&Scope::unscoped(), &filter, 100).await?)
}

#[sqlx::test(migrations = false)]
async fn old_key_of_changed_row_returns_new_key(pool: PgPool) -> Result {
    let trail = install(&pool).await?;
    for mode in CaptureMode::ALL {
        run(&pool, "DROP TABLE IF EXISTS acct; CREATE TABLE acct (id int PRIMARY KEY, v text)").await?;
        empty_trail(&pool).await?;
        trail.capture([TablePolicy::new("acct").mode(mode)]).await?;
        run(&pool, "INSERT INTO acct VALUES (1, 'one')").await?;
        let before = now(&pool).await?;
        run(&pool, "UPDATE acct SET id = 100 WHERE id = 1").await?;
        let after = now(&pool).await?;

        assert_eq!(state_at(&trail, "acct", "id=1", before).await?, r#"existed: {id: 1, v: "one"}"#);
        assert_eq!(state_at(&trail, "acct", "id=1", after).await?, "became id=100", "{}", mode.as_str());
        assert_eq!(state_at(&trail, "acct", "id=100", before).await?, "is not known");
        assert_eq!(state_at(&trail, "acct", "id=100", after).await?, r#"existed: {id: 100, v: "one"}"#);

        assert_eq!(steps(&trail, "acct", "id=1").await?, ["update id=100 was id=1", "insert id=1"]);
        assert_eq!(steps(&trail, "acct", "id=100").await?, ["update id=100 was id=1"]);
        assert_eq!(count(&trail, "acct", "id=1").await?, Count::Exact(2));
        assert_eq!(count(&trail, "acct", "id=100").await?, Count::Exact(1));

        let compared =
            trail.snapshot().await?.compare(&Scope::unscoped(), "acct", [("id", 1)], [before, after]).await?;
        let fields: Vec<_> =
            compared.fields.iter().map(|field| (field.name.as_str(), &field.after)).collect();
        assert_eq!(fields, [("id", &FieldValue::Absent), ("v", &FieldValue::Absent)]);
    }
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn key_changed_by_on_update_cascade_returns_new_key(pool: PgPool) -> Result {
    let trail = install(&pool).await?;
    for mode in CaptureMode::ALL {
        run(
            &pool,
            "DROP TABLE IF EXISTS parts, lines, orders; CREATE TABLE orders (o int PRIMARY KEY);
             CREATE TABLE lines (o int REFERENCES orders ON UPDATE CASCADE, n int, v text, PRIMARY KEY (o, n));
             CREATE TABLE parts (o int, n int, p int, PRIMARY KEY (o, n, p),
                                 FOREIGN KEY (o, n) REFERENCES lines ON UPDATE CASCADE)",
        )
        .await?;
        empty_trail(&pool).await?;
        trail.capture(["orders", "lines", "parts"].map(|table| TablePolicy::new(table).mode(mode))).await?;
        run(&pool, "INSERT INTO orders VALUES (1); INSERT INTO lines VALUES (1, 1, 'a'), (1, 2, 'b'); INSERT INTO parts VALUES (1, 1, 7)")
            .await?;
        run(&pool, "UPDATE orders SET o = 2").await?;

        assert_eq!(
            state_now(&pool, &trail, "lines", "o=1&n=1").await?,
            "became n=1&o=2",
            "{}",
            mode.as_str()
        );
        assert_eq!(state_now(&pool, &trail, "lines", "o=1&n=2").await?, "became n=2&o=2");
        assert_eq!(state_now(&pool, &trail, "lines", "o=2&n=1").await?, r#"existed: {n: 1, o: 2, v: "a"}"#);
        assert_eq!(state_now(&pool, &trail, "parts", "o=1&n=1&p=7").await?, "became n=1&o=2&p=7");
        assert_eq!(state_now(&pool, &trail, "parts", "o=2&n=1&p=7").await?, "existed: {n: 1, o: 2, p: 7}");
    }
    Ok(())
}

/// Follows a row from its last key back to its first, and then from the first to the last.
#[sqlx::test(migrations = false)]
async fn history_of_ten_key_changes_is_followed_in_both_directions(pool: PgPool) -> Result {
    let trail = install(&pool).await?;
    for mode in CaptureMode::ALL {
        run(&pool, "DROP TABLE IF EXISTS acct; CREATE TABLE acct (id int PRIMARY KEY, v int)").await?;
        empty_trail(&pool).await?;
        trail.capture([TablePolicy::new("acct").mode(mode)]).await?;
        run(&pool, "INSERT INTO acct VALUES (0, 0)").await?;
        for id in 1..=10 {
            run(&pool, &format!("UPDATE acct SET id = {id}; UPDATE acct SET v = v + 1")).await?;
        }

        let mut row = "id=10".to_owned();
        let mut back = Vec::new();
        loop {
            let oldest = history(&trail, "acct", &row).await?.pop().ok_or("there is no history")?;
            back.push(row_after(&oldest));
            match oldest.change.old_row_key() {
                Some(old) => row = key_text(old),
                None => break,
            }
        }
        let expected: Vec<String> = (0..=10)
            .rev()
            .map(|id| format!("{{id: {id}, v: {}}}", if id == 0 { 0 } else { id - 1 }))
            .collect();
        assert_eq!(back, expected, "{}", mode.as_str());

        let (mut row, mut keys) = ("id=0".to_owned(), Vec::new());
        while let AsOf::Moved(entry) = as_of(&trail, "acct", &row, now(&pool).await?).await? {
            row = entry.change.row_key().map(key_text).ok_or("the change has no key")?;
            keys.push(row.clone());
        }
        assert_eq!(keys, (1..=10).map(|id| format!("id={id}")).collect::<Vec<_>>());
        assert_eq!(state_now(&pool, &trail, "acct", &row).await?, "existed: {id: 10, v: 10}");
    }
    Ok(())
}
