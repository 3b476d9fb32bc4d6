//! Tests capture of TRUNCATE, which records tables instead of rows.

use sqlx::PgPool;

use threadline_testkit::cases::{case, check_cases};
use threadline_testkit::database::Result;

#[sqlx::test(migrations = false)]
async fn truncate_is_recorded_for_each_table(pool: PgPool) -> Result {
    check_cases(
        &pool,
        "CREATE TABLE t (id int PRIMARY KEY); CREATE TABLE other (id int PRIMARY KEY);
         CREATE TABLE child (id int PRIMARY KEY REFERENCES t); CREATE TABLE grandchild (id int PRIMARY KEY REFERENCES child);
         INSERT INTO t VALUES (1); INSERT INTO child VALUES (1); INSERT INTO grandchild VALUES (1);
         CREATE SCHEMA IF NOT EXISTS store; DROP TABLE IF EXISTS store.t; CREATE TABLE store.t (id int PRIMARY KEY)",
        &["t", "other", "child", "grandchild", "store.t"],
        &[
            case("one table", "TRUNCATE other", &["truncate other"]),
            case("an empty table", "TRUNCATE other; TRUNCATE other", &["truncate other", "truncate other"]),
            case("a table of another schema", "TRUNCATE store.t", &["truncate store.t"]),
            case(
                "several tables",
                "TRUNCATE other, grandchild RESTART IDENTITY",
                &["truncate other", "truncate grandchild"],
            )
            .in_any_order(),
            case(
                "CASCADE over foreign keys",
                "TRUNCATE t CASCADE",
                &["truncate t", "truncate child", "truncate grandchild"],
            )
            .in_any_order(),
            case(
                "TRUNCATE that is rolled back",
                "BEGIN; SAVEPOINT a; TRUNCATE other; ROLLBACK TO a; INSERT INTO other VALUES (5); COMMIT",
                &["insert other {id: 5} {id: 5}"],
            ),
            case(
                "rows written before and after",
                "INSERT INTO other VALUES (5); TRUNCATE other; INSERT INTO other VALUES (6)",
                &["insert other {id: 5} {id: 5}", "truncate other", "insert other {id: 6} {id: 6}"],
            ),
        ],
    )
    .await
}
