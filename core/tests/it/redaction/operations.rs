//! Tests all combinations of operations, keys, modes and redactions.

use serde_json::{Map, Value, json};
use sqlx::PgPool;
use threadline::capture::{CaptureMode, DEFAULT_PLACEHOLDER, TablePolicy};

use crate::redaction::search::everything_stored;
use threadline_testkit::changes::{changes, empty_trail, violations};
use threadline_testkit::database::{Result, install, run};

type Row = Map<String, Value>;

#[derive(Debug, Clone, Copy)]
struct Redaction {
    exclude: bool,
    mask: bool,
    mask_null: bool,
}

const REDACTIONS: [Redaction; 6] = [
    Redaction { exclude: false, mask: false, mask_null: false },
    Redaction { exclude: true, mask: false, mask_null: false },
    Redaction { exclude: false, mask: true, mask_null: false },
    Redaction { exclude: true, mask: true, mask_null: false },
    Redaction { exclude: false, mask: true, mask_null: true },
    Redaction { exclude: true, mask: true, mask_null: true },
];

impl Redaction {
    fn policy(self, mode: CaptureMode) -> TablePolicy {
        let mut policy = TablePolicy::new("users").mode(mode);
        if self.exclude {
            policy = policy.exclude(["hidden", "tags"]);
        }
        if self.mask {
            policy = policy.mask(["secret", "document"]);
        }
        policy.mask_null = self.mask_null;
        policy
    }

    fn excludes(self, column: &str) -> bool {
        self.exclude && ["hidden", "tags"].contains(&column)
    }

    fn apply(self, row: &Row) -> Row {
        let kept = row.iter().filter(|(column, _)| !self.excludes(column));
        let shown = kept.map(|(column, value)| {
            let masked = self.mask && ["secret", "document"].contains(&column.as_str());
            let hidden = masked && (self.mask_null || !value.is_null());
            (column.clone(), if hidden { json!(DEFAULT_PLACEHOLDER) } else { value.clone() })
        });
        shown.collect()
    }

    /// Returns the expected record of an update: the row, the changed fields and their old values.
    fn update(self, before: &Row, after: &Row) -> [Value; 3] {
        let mut fields: Vec<&String> = after
            .keys()
            .filter(|column| before[*column] != after[*column] && !self.excludes(column))
            .collect();
        fields.sort_unstable();
        let old = self.apply(before);
        let old: Row = fields.iter().map(|column| ((*column).clone(), old[*column].clone())).collect();
        let (fields, old) =
            if fields.is_empty() { (Value::Null, Value::Null) } else { (json!(fields), json!(old)) };
        [json!(self.apply(after)), fields, old]
    }
}

type Key = &'static [(&'static str, i64)];

/// The kinds of keys: the name, the DDL of the key, and the key of row 1.
const KEYS: [(&str, &str, Key); 2] = [
    ("single", "id int PRIMARY KEY", &[("id", 1)]),
    ("composite", "tenant int, no int, PRIMARY KEY (no, tenant)", &[("tenant", 1), ("no", 2)]),
];

/// Returns the tested updates, as SQL and as the new values.
fn updates() -> Vec<(&'static str, Value)> {
    vec![
        ("note = 'plain 2'", json!({"note": "plain 2"})),
        ("secret = 'canary 2'", json!({"secret": "canary 2"})),
        ("secret = NULL", json!({"secret": null})),
        ("document = '{\"deep\": [\"canary\"]}'", json!({"document": {"deep": ["canary"]}})),
        ("document = '\"canary\"', note = NULL", json!({"document": "canary", "note": null})),
        ("document = NULL", json!({"document": null})),
        ("hidden = 'canary 2'", json!({"hidden": "canary 2"})),
        ("hidden = NULL, tags = '{canary,more}'", json!({"hidden": null, "tags": ["canary", "more"]})),
        (
            "hidden = 'canary 3', secret = 'canary 3', note = 'x'",
            json!({"hidden": "canary 3", "secret": "canary 3", "note": "x"}),
        ),
    ]
}

#[sqlx::test(migrations = false)]
async fn every_operation_is_redacted_by_policy(pool: PgPool) -> Result {
    let trail = install(&pool).await?;
    for mode in CaptureMode::ALL {
        for redaction in REDACTIONS {
            for (shape, ddl, key) in KEYS {
                let name = format!("{shape}, {redaction:?}, {}", mode.as_str());
                run(
                    &pool,
                    &format!(
                        "DROP TABLE IF EXISTS users; CREATE TABLE users
                         (note text, secret text, document jsonb, hidden text, tags text[], {ddl})"
                    ),
                )
                .await?;
                empty_trail(&pool).await?;
                trail.capture([redaction.policy(mode)]).await?;
                let mut row: Row =
                    key.iter().map(|(column, value)| ((*column).to_owned(), json!(value))).collect();
                let table_pk: Row = key
                    .iter()
                    .map(|(column, value)| ((*column).to_owned(), json!(value.to_string())))
                    .collect();
                for (column, value) in [
                    ("note", json!("plain")),
                    ("secret", json!("canary")),
                    ("document", json!({"a": "canary"})),
                    ("hidden", json!("canary")),
                    ("tags", json!(["canary"])),
                ] {
                    row.insert(column.to_owned(), value);
                }
                let insert = "INSERT INTO users SELECT * FROM jsonb_populate_record(NULL::users, $1)";
                sqlx::query(insert).bind(Value::Object(row.clone())).execute(&pool).await?;
                let mut expected = vec![json!(["insert", redaction.apply(&row), null, null])];
                for (set, new) in updates() {
                    run(&pool, &format!("UPDATE users SET {set}; UPDATE users SET note = note")).await?;
                    let mut after = row.clone();
                    after.extend(new.as_object().cloned().unwrap_or_default());
                    let [image, fields, old] = redaction.update(&row, &after);
                    expected.push(json!(["update", image, fields, old]));
                    row = after;
                }
                run(&pool, "DELETE FROM users").await?;
                expected.push(json!(["delete", null, null, redaction.apply(&row)]));

                let found: Vec<Value> = sqlx::query_scalar(
                    "SELECT jsonb_build_array(op, data_after, changed_fields, changed_from) FROM threadline.audit_changes
                     WHERE table_pk = $1 ORDER BY captured_at, id",
                )
                .bind(Value::Object(table_pk))
                .fetch_all(&pool)
                .await?;
                assert_eq!(found.len(), expected.len(), "{name}");
                for (found, expected) in found.iter().zip(&expected) {
                    assert_eq!(found, expected, "{name}");
                }
                assert_eq!(violations(&pool).await?, Vec::<String>::new(), "{name}");
                let leaks = everything_stored(&pool).await?.contains("canary");
                assert_eq!(leaks, !(redaction.exclude && redaction.mask), "{name}");
            }
        }
    }
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn every_row_of_one_statement_is_redacted(pool: PgPool) -> Result {
    let trail = install(&pool).await?;
    for mode in CaptureMode::ALL {
        run(&pool, "DROP TABLE IF EXISTS users; CREATE TABLE users (id int PRIMARY KEY, note text, secret text, hidden text)").await?;
        empty_trail(&pool).await?;
        trail.capture([TablePolicy::new("users").mode(mode).mask(["secret"]).exclude(["hidden"])]).await?;
        run(
            &pool,
            "INSERT INTO users SELECT n, 'a', CASE WHEN n % 2 = 0 THEN 'canary ' || n END, 'canary ' || n FROM generate_series(1, 200) AS n;
             UPDATE users SET secret = coalesce(secret || '!', 'canary') WHERE id % 3 = 0;
             INSERT INTO users VALUES (1, 'b', 'canary', 'canary'), (201, 'b', 'canary', 'canary')
             ON CONFLICT (id) DO UPDATE SET secret = excluded.secret;
             DELETE FROM users",
        )
        .await?;
        let counts: Value = sqlx::query_scalar(
            "SELECT jsonb_object_agg(op, count) FROM (
               SELECT concat_ws(' ', op, changed_fields::text, coalesce(data_after ->> 'secret', changed_from ->> 'secret', 'NULL')) AS op,
                      count(*) AS count FROM threadline.audit_changes GROUP BY 1) AS counts",
        )
        .fetch_one(&pool)
        .await?;
        assert_eq!(
            counts,
            json!({
                "insert [REDACTED]": 101, "insert NULL": 100, "update {secret} [REDACTED]": 67,
                "delete [REDACTED]": 135, "delete NULL": 66,
            }),
            "{}",
            mode.as_str()
        );
        let stored = everything_stored(&pool).await?;
        assert!(!stored.contains("canary"), "{}", mode.as_str());
    }
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn null_is_masked_only_if_policy_masks_null(pool: PgPool) -> Result {
    let trail = install(&pool).await?;
    for mode in CaptureMode::ALL {
        for (mask_null, shown) in [(false, "null"), (true, "#")] {
            run(&pool, "DROP TABLE IF EXISTS users; CREATE TABLE users (id int PRIMARY KEY, secret text, hidden text)").await?;
            empty_trail(&pool).await?;
            let mut policy = TablePolicy::new("users").mode(mode).mask(["secret"]).exclude(["hidden"]);
            policy.mask_null = mask_null;
            policy.mask_placeholder = "#".to_owned();
            trail.capture([policy]).await?;
            for write in [
                "INSERT INTO users VALUES (1)",
                "UPDATE users SET secret = 'canary'",
                "UPDATE users SET hidden = 'canary'",
                "UPDATE users SET secret = NULL",
                "DELETE FROM users",
            ] {
                run(&pool, write).await?;
            }
            assert_eq!(
                changes(&pool).await?,
                [
                    format!("insert users {{id: 1}} {{id: 1, secret: {shown}}}"),
                    format!("update users {{id: 1}} {{id: 1, secret: #}} {{secret}} was {{secret: {shown}}}"),
                    "update users {id: 1} {id: 1, secret: #}".to_owned(),
                    format!("update users {{id: 1}} {{id: 1, secret: {shown}}} {{secret}} was {{secret: #}}"),
                    format!("delete users {{id: 1}} was {{id: 1, secret: {shown}}}"),
                ],
                "{}",
                mode.as_str()
            );
        }
    }
    Ok(())
}
