//! Tests the setting `threadline.actor_ref`, which contains the actor of a write.

use sqlx::{PgConnection, PgPool};
use threadline::capture::{CaptureMode, TablePolicy};

use threadline_testkit::changes::{changes, empty_trail};
use threadline_testkit::database::{Result, install, run, value};

async fn set_actor(connection: &mut PgConnection, actor: &str) -> Result {
    sqlx::query("SELECT set_config('threadline.actor_ref', $1, true)")
        .bind(actor)
        .execute(connection)
        .await?;
    Ok(())
}

/// Returns the actors of all audit transactions in order, with `-` if there is none.
async fn actors(pool: &PgPool) -> Result<Vec<String>> {
    value(
        pool,
        "SELECT coalesce(array_agg(coalesce(actor_ref ->> 'id', '-') ORDER BY occurred_at, txid), '{}')
         FROM threadline.audit_transactions",
    )
    .await
}

const WRITES: [&str; 2] = ["INSERT INTO t VALUES (1, 'a')", "TRUNCATE t"];

#[sqlx::test(migrations = false)]
async fn malformed_actor_is_recorded_as_none_without_its_value(pool: PgPool) -> Result {
    let trail = install(&pool).await?;
    run(&pool, "CREATE TABLE t (id int PRIMARY KEY, note text)").await?;
    let canary = "canary-4711";
    let nested = |open: &str, close: &str, depth: usize| {
        format!("{}\"{canary}\"{}", open.repeat(depth), close.repeat(depth))
    };
    let malformed = [
        canary.to_owned(),
        format!(" {canary}"),
        " ".to_owned(),
        format!("\"{canary}\""),
        format!("[\"{canary}\"]"),
        format!("{{\"type\": \"{canary}\""),
        format!("{{\"type\": \"{canary}\\u0000\"}}"),
        format!("{{\"type\": \"{canary}\\ud800\"}}"),
        format!("{{\"type\": \"{canary}\", \"id\": 1e1000000}}"),
        format!("{{\"type\": \"{canary}\", \"id\": {}}}", "9".repeat(200_000)),
        format!("{{\"type\": \"{canary}\", \"id\": 1e-99999}}"),
        format!("{{\"type\": \"{canary}\"}} trailing"),
        nested("[", "]", 10_000),
        nested("{\"a\":", "}", 10_000),
        nested("[", "]", 1_000_000),
        nested("{\"a\":", "}", 1_000_000),
        "[".repeat(10_000) + canary,
        "null".to_owned(),
        "true".to_owned(),
        "42".to_owned(),
    ];
    for mode in CaptureMode::ALL {
        trail.capture([TablePolicy::new("t").mode(mode)]).await?;
        for actor in &malformed {
            for write in WRITES {
                let mut transaction = pool.begin().await?;
                set_actor(&mut transaction, actor).await?;
                let start: String = actor.chars().take(60).collect();
                run(&mut *transaction, write).await.map_err(|error| format!("{start}: {error}"))?;
                let stored: String = value(
                    &mut *transaction,
                    "SELECT concat_ws(' ', t.actor_ref, t.actor_key, t.meta, c.table_pk) FROM threadline.audit_transactions AS t
                     JOIN threadline.audit_changes AS c ON c.transaction_id = t.id",
                )
                .await?;
                // A deeply nested object is still an object, and a setting of spaces is not.
                let is_object = stored.starts_with("{\"a\":");
                assert!(
                    is_object || stored.starts_with("{\"malformed_actor_ref\": true}"),
                    "{start}: {stored}"
                );
                assert!(is_object || !stored.contains(canary), "{start}: {stored}");
                transaction.rollback().await?;
            }
        }
    }
    assert_eq!(changes(&pool).await?, Vec::<String>::new());
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn actor_of_first_write_applies_to_its_whole_transaction_only(pool: PgPool) -> Result {
    let trail = install(&pool).await?;
    let actor = |id: &str| format!("{{\"type\": \"user\", \"id\": \"{id}\"}}");
    for mode in CaptureMode::ALL {
        for write in WRITES {
            run(&pool, "DROP TABLE IF EXISTS t; CREATE TABLE t (id int PRIMARY KEY, note text)").await?;
            empty_trail(&pool).await?;
            trail.capture([TablePolicy::new("t").mode(mode)]).await?;
            let mut connection = pool.acquire().await?;

            run(&mut *connection, "BEGIN").await?;
            set_actor(&mut connection, &actor("first")).await?;
            run(&mut *connection, write).await?;
            set_actor(&mut connection, &actor("second")).await?;
            run(&mut *connection, "INSERT INTO t VALUES (2, 'b'); COMMIT").await?;
            assert_eq!(actors(&pool).await?, ["first"], "{write} ({})", mode.as_str());

            // The setting reads as an empty text now, not as NULL.
            run(&mut *connection, "INSERT INTO t VALUES (3, 'c')").await?;
            assert_eq!(actors(&pool).await?, ["first", "-"], "{write} ({})", mode.as_str());

            run(&mut *connection, "BEGIN").await?;
            set_actor(&mut connection, "").await?;
            run(&mut *connection, "TRUNCATE t; COMMIT").await?;
            assert_eq!(actors(&pool).await?, ["first", "-", "-"]);

            // If the first write is rolled back, the next one determines the actor.
            run(&mut *connection, "BEGIN; SAVEPOINT a").await?;
            set_actor(&mut connection, &actor("rolled back")).await?;
            run(&mut *connection, &format!("{write}; ROLLBACK TO a")).await?;
            set_actor(&mut connection, &actor("fourth")).await?;
            run(&mut *connection, &format!("{write}; COMMIT")).await?;
            assert_eq!(actors(&pool).await?, ["first", "-", "-", "fourth"]);
        }
    }
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn actor_is_stored_as_it_was_given(pool: PgPool) -> Result {
    let trail = install(&pool).await?;
    run(&pool, "CREATE TABLE t (id serial PRIMARY KEY, note text)").await?;
    for mode in CaptureMode::ALL {
        trail.capture([TablePolicy::new("t").mode(mode)]).await?;
        for actor in [
            r#"{"id": "4'2\"\\", "type": "user"}"#,
            r#"{"type": "anonymous"}"#,
            r#"{"id": "é😀", "type": "service_account", "more": [1, null, 12345678901234567890.10]}"#,
        ] {
            empty_trail(&pool).await?;
            let mut transaction = pool.begin().await?;
            set_actor(&mut transaction, actor).await?;
            run(&mut *transaction, "INSERT INTO t (note) VALUES ('a')").await?;
            transaction.commit().await?;
            let same = "SELECT actor_ref FROM threadline.audit_transactions";
            let found: serde_json::Value = value(&pool, same).await?;
            assert_eq!(found, serde_json::from_str::<serde_json::Value>(actor)?);
        }
    }
    Ok(())
}
