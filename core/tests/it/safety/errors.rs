//! Tests that a write which fails because of the trail reveals no redacted value: neither in the message, nor in detail, hint or
//! context.

use sqlx::{AssertSqlSafe, PgPool};
use threadline::capture::{CaptureMode, TablePolicy};

use threadline_testkit::changes::empty_trail;
use threadline_testkit::database::{Result, install, run};

const CANARIES: [&str; 3] = ["canary-masked", "canary-excluded", "canary-json"];

const WRITES: [&str; 4] = [
    "INSERT INTO users VALUES (2, 'b', 'canary-masked', 'canary-excluded', '{\"a\": \"canary-json\"}')",
    "UPDATE users SET note = 'x', masked = 'canary-masked 2', excluded = 'canary-excluded 2'",
    "UPDATE users SET id = 7, document = '[\"canary-json\"]'",
    "DELETE FROM users",
];

/// The statements after which the trail fails.
const FAILURES: [&str; 6] = [
    "ALTER TABLE threadline.audit_changes ADD CONSTRAINT no_users CHECK (table_name <> 'users') NOT VALID",
    "ALTER TABLE threadline.audit_changes ALTER changed_fields TYPE int[] USING NULL",
    "ALTER TABLE threadline.audit_changes ADD COLUMN needed int NOT NULL",
    "ALTER TABLE threadline.audit_transactions ADD CONSTRAINT no_transaction CHECK (txid < 0) NOT VALID",
    "DROP TABLE threadline.audit_transactions",
    "DROP TABLE threadline.audit_changes",
];

#[sqlx::test(migrations = false)]
async fn error_contains_no_redacted_value(pool: PgPool) -> Result {
    let trail = install(&pool).await?;
    for mode in CaptureMode::ALL {
        for document in ["jsonb", "json"] {
            run(
                &pool,
                &format!(
                    "DROP TABLE IF EXISTS users;
                     CREATE TABLE users (id int PRIMARY KEY, note text, masked text, excluded text, document {document});
                     INSERT INTO users VALUES (1, 'a', 'canary-masked', 'canary-excluded', '{{\"a\": \"canary-json\"}}')"
                ),
            )
            .await?;
            empty_trail(&pool).await?;
            trail
                .capture([TablePolicy::new("users")
                    .mode(mode)
                    .mask(["masked", "document"])
                    .exclude(["excluded"])])
                .await?;
            for failure in FAILURES {
                for write in WRITES {
                    let mut transaction = pool.begin().await?;
                    run(&mut *transaction, failure).await?;
                    let result = sqlx::query(write).execute(&mut *transaction).await;
                    transaction.rollback().await?;
                    let Err(error) = result else {
                        // An INSERT or a DELETE has no changed fields that could be of the wrong type.
                        assert!(failure.contains("changed_fields"), "{failure}: {write} passed");
                        continue;
                    };
                    let whole = format!("{error:?}");
                    assert!(whole.contains("threadline"), "{failure}: {whole}");
                    for canary in CANARIES {
                        assert!(!whole.contains(canary), "{failure} ({}): {whole}", mode.as_str());
                    }
                }
            }
        }
    }
    Ok(())
}

/// Writes json that jsonb refuses, because PostgreSQL quotes the text that it refuses.
#[sqlx::test(migrations = false)]
async fn redacted_json_that_jsonb_refuses_is_not_quoted(pool: PgPool) -> Result {
    let trail = install(&pool).await?;
    for mode in CaptureMode::ALL {
        for given in [
            r#"{"a": "canary-json \ud800"}"#,
            r#"["canary-json", 1e1000000]"#,
            r#"{"canary-json": "\u0000"}"#,
        ] {
            run(&pool, "DROP TABLE IF EXISTS users; CREATE TABLE users (id int PRIMARY KEY, masked json, excluded json)").await?;
            trail
                .capture([TablePolicy::new("users").mode(mode).mask(["masked"]).exclude(["excluded"])])
                .await?;
            for columns in ["(id, masked)", "(id, excluded)"] {
                let write = format!("INSERT INTO users {columns} SELECT count(*), '{given}' FROM users");
                let result = sqlx::query(AssertSqlSafe(write)).execute(&pool).await;
                let whole = format!("{:?}", result.err());
                assert!(!whole.contains("canary-json"), "{given} {columns} ({}): {whole}", mode.as_str());
            }
        }
    }
    Ok(())
}
