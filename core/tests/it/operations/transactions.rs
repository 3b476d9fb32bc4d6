//! Tests that a transaction has one row in the trail, with committed changes only: savepoints, exceptions, two-phase commit.

use sqlx::{Connection, PgPool};
use threadline::capture::{CaptureMode, TablePolicy};

use threadline_testkit::cases::{case, check_cases};
use threadline_testkit::changes::{changes, empty_trail, violations};
use threadline_testkit::database::{Result, install, run, value};

const TABLES: &str =
    "CREATE TABLE t (id int PRIMARY KEY, note text); CREATE TABLE other (id int PRIMARY KEY REFERENCES t
     DEFERRABLE INITIALLY DEFERRED)";

#[sqlx::test(migrations = false)]
async fn rolled_back_savepoints_and_exceptions_leave_no_changes(pool: PgPool) -> Result {
    let two = &["insert t {id: 2} {id: 2, note: kept}"];
    let nothing: &[&str] = &[];
    check_cases(
        &pool,
        TABLES,
        &["t", "other"],
        &[
            case("rolled back as a whole", "BEGIN; INSERT INTO t VALUES (1); ROLLBACK", nothing),
            case(
                "the first write is rolled back",
                "BEGIN; SAVEPOINT a; INSERT INTO t VALUES (1); ROLLBACK TO a; INSERT INTO t VALUES (2, 'kept'); COMMIT",
                two,
            ),
            case(
                "the only write is rolled back",
                "BEGIN; SAVEPOINT a; INSERT INTO t VALUES (1); ROLLBACK TO a; COMMIT",
                nothing,
            ),
            case(
                "a later write is rolled back",
                "BEGIN; INSERT INTO t VALUES (2, 'kept'); SAVEPOINT a; INSERT INTO t VALUES (1); ROLLBACK TO a; COMMIT",
                two,
            ),
            case(
                "rolled back twice, at two depths",
                "BEGIN; SAVEPOINT a; INSERT INTO t VALUES (1); SAVEPOINT b; UPDATE t SET note = 'x'; ROLLBACK TO b;
                 ROLLBACK TO a; INSERT INTO t VALUES (1); ROLLBACK TO a; INSERT INTO t VALUES (2, 'kept'); COMMIT",
                two,
            ),
            case(
                "released, then the outer one is rolled back",
                "BEGIN; SAVEPOINT a; SAVEPOINT b; INSERT INTO t VALUES (1); RELEASE b; ROLLBACK TO a;
                 INSERT INTO t VALUES (2, 'kept'); COMMIT",
                two,
            ),
            case(
                "released",
                "BEGIN; SAVEPOINT a; INSERT INTO t VALUES (2, 'kept'); RELEASE a; INSERT INTO other VALUES (2); COMMIT",
                &["insert t {id: 2} {id: 2, note: kept}", "insert other {id: 2} {id: 2}"],
            ),
            case(
                "an exception that is caught",
                "DO $$
                 BEGIN
                   BEGIN
                     INSERT INTO t VALUES (1);
                     RAISE EXCEPTION 'no';
                   EXCEPTION WHEN raise_exception THEN
                     INSERT INTO t VALUES (2, 'kept');
                   END;
                 END $$",
                two,
            ),
            case(
                "exceptions caught in a loop",
                "DO $$
                 BEGIN
                   FOR n IN 1 .. 5 LOOP
                     BEGIN
                       INSERT INTO t VALUES (n % 2, 'kept');
                     EXCEPTION WHEN unique_violation THEN
                       UPDATE t SET note = note || n WHERE id = n % 2;
                     END;
                   END LOOP;
                 END $$",
                &[
                    "insert t {id: 1} {id: 1, note: kept}",
                    "insert t {id: 0} {id: 0, note: kept}",
                    "update t {id: 1} {id: 1, note: kept3} {note} was {note: kept}",
                    "update t {id: 0} {id: 0, note: kept4} {note} was {note: kept}",
                    "update t {id: 1} {id: 1, note: kept35} {note} was {note: kept3}",
                ],
            ),
            case(
                "serializable",
                "BEGIN ISOLATION LEVEL SERIALIZABLE; SELECT count(*) FROM t; INSERT INTO t VALUES (1); SAVEPOINT a;
                 DELETE FROM t; ROLLBACK TO a; UPDATE t SET id = 2, note = 'kept'; COMMIT",
                &[
                    "insert t {id: 1} {id: 1, note: null}",
                    "update t {id: 2} {id: 2, note: kept} {id,note} was {id: 1, note: null}",
                ],
            ),
            case(
                "repeatable read",
                "BEGIN ISOLATION LEVEL REPEATABLE READ; SAVEPOINT a; INSERT INTO t VALUES (1); ROLLBACK TO a;
                 INSERT INTO t VALUES (2, 'kept'); COMMIT",
                two,
            ),
            case(
                "a deferred constraint that is met in time",
                "BEGIN; INSERT INTO other VALUES (2); INSERT INTO t VALUES (2, 'kept'); COMMIT",
                &["insert other {id: 2} {id: 2}", "insert t {id: 2} {id: 2, note: kept}"],
            ),
        ],
    )
    .await
}

#[sqlx::test(migrations = false)]
async fn procedure_with_commit_writes_two_transactions(pool: PgPool) -> Result {
    let trail = install(&pool).await?;
    run(&pool, TABLES).await?;
    run(
        &pool,
        "CREATE PROCEDURE write_often(id int) LANGUAGE plpgsql AS $$
         BEGIN
           INSERT INTO t VALUES (id);
           COMMIT;
           INSERT INTO t VALUES (id + 1);
           ROLLBACK;
           INSERT INTO t VALUES (id + 2);
         END $$",
    )
    .await?;
    for (id, mode) in [(1, CaptureMode::Statement), (5, CaptureMode::Row)] {
        trail.capture([TablePolicy::new("t").mode(mode)]).await?;
        empty_trail(&pool).await?;
        sqlx::query("CALL write_often($1)").bind(id).execute(&pool).await?;
        let kept = [id, id + 2].map(|id| format!("insert t {{id: {id}}} {{id: {id}, note: null}}"));
        assert_eq!(changes(&pool).await?, kept);
        assert_eq!(value::<i64>(&pool, "SELECT count(*) FROM threadline.audit_transactions").await?, 2);
        assert_eq!(violations(&pool).await?, Vec::<String>::new());
    }
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn failed_deferred_constraint_rolls_back_trail(pool: PgPool) -> Result {
    let trail = install(&pool).await?;
    run(&pool, TABLES).await?;
    for mode in CaptureMode::ALL {
        trail.capture([TablePolicy::new("other").mode(mode)]).await?;
        run(&pool, "BEGIN; INSERT INTO other VALUES (2); COMMIT").await.unwrap_err();
        assert_eq!(changes(&pool).await?, Vec::<String>::new());
        assert_eq!(violations(&pool).await?, Vec::<String>::new());
    }
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn many_statements_share_one_transaction_row(pool: PgPool) -> Result {
    let trail = install(&pool).await?;
    for mode in CaptureMode::ALL {
        run(&pool, "DROP TABLE IF EXISTS t; CREATE TABLE t (id int PRIMARY KEY, note text)").await?;
        empty_trail(&pool).await?;
        trail.capture([TablePolicy::new("t").mode(mode)]).await?;
        let mut transaction = pool.begin().await?;
        for id in 0..2_000 {
            sqlx::query("INSERT INTO t VALUES ($1, 'a')").bind(id).execute(&mut *transaction).await?;
        }
        transaction.commit().await?;
        let keys: Vec<String> = value(
            &pool,
            "SELECT array_agg(table_pk ->> 'id' ORDER BY captured_at, id) FROM threadline.audit_changes",
        )
        .await?;
        assert_eq!(keys, (0..2_000).map(|id| id.to_string()).collect::<Vec<_>>());
        assert_eq!(value::<i64>(&pool, "SELECT count(*) FROM threadline.audit_transactions").await?, 1);
        assert_eq!(violations(&pool).await?, Vec::<String>::new());
    }
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn prepared_transaction_is_recorded_on_commit(pool: PgPool) -> Result {
    let allowed: String = value(&pool, "SHOW max_prepared_transactions").await?;
    assert_ne!(allowed, "0", "the server must allow prepared transactions: max_prepared_transactions = 20");
    let trail = install(&pool).await?;
    for mode in CaptureMode::ALL {
        run(&pool, "DROP TABLE IF EXISTS t; CREATE TABLE t (id int PRIMARY KEY, note text)").await?;
        empty_trail(&pool).await?;
        trail.capture([TablePolicy::new("t").mode(mode)]).await?;
        // The names of prepared transactions are shared by all databases of the cluster.
        let name = uuid::Uuid::now_v7();
        let mut connection = sqlx::PgConnection::connect_with(&pool.connect_options()).await?;
        for (id, end) in [(1, "COMMIT"), (2, "ROLLBACK")] {
            run(
                &mut connection,
                &format!(
                    "BEGIN; SELECT set_config('threadline.actor_ref', '{{\"type\":\"user\",\"id\":\"{id}\"}}', true);
                     INSERT INTO t VALUES ({id}, 'a'); PREPARE TRANSACTION '{name}'"
                ),
            )
            .await?;
            assert_eq!(changes(&pool).await?.len(), id - 1, "nothing before the end");
            run(&pool, &format!("{end} PREPARED '{name}'")).await?;
        }
        connection.close().await?;
        assert_eq!(changes(&pool).await?, ["insert t {id: 1} {id: 1, note: a}"]);
        let actors: Vec<String> =
            value(&pool, "SELECT array_agg(actor_ref ->> 'id') FROM threadline.audit_transactions").await?;
        assert_eq!(actors, ["1"]);
        assert_eq!(violations(&pool).await?, Vec::<String>::new());
    }
    Ok(())
}
