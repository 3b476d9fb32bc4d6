//! Tests capture of INSERT, UPDATE, DELETE, MERGE, ON CONFLICT and COPY, of several writes in one statement, and of writes through
//! views.

use sqlx::PgPool;
use threadline::capture::{CaptureMode, TablePolicy};

use threadline_testkit::cases::{case, check_cases};
use threadline_testkit::changes::{changes, empty_trail};
use threadline_testkit::database::{Result, install, run};

const TICKETS: &str = "CREATE TABLE t (id int PRIMARY KEY, note text);
    INSERT INTO t VALUES (1, 'a'), (2, 'b');
    CREATE TABLE archive (id int PRIMARY KEY, note text)";

#[sqlx::test(migrations = false)]
async fn insert_update_and_delete_are_recorded_per_row(pool: PgPool) -> Result {
    check_cases(
        &pool,
        TICKETS,
        &["t"],
        &[
            case("INSERT", "INSERT INTO t VALUES (3, 'c')", &["insert t {id: 3} {id: 3, note: c}"]),
            case(
                "INSERT of several rows",
                "INSERT INTO t VALUES (5, 'e'), (3, NULL), (4, 'd')",
                &[
                    "insert t {id: 5} {id: 5, note: e}",
                    "insert t {id: 3} {id: 3, note: null}",
                    "insert t {id: 4} {id: 4, note: d}",
                ],
            ),
            case(
                "INSERT from the table itself",
                "INSERT INTO t SELECT id + 2, note FROM t ORDER BY id",
                &["insert t {id: 3} {id: 3, note: a}", "insert t {id: 4} {id: 4, note: b}"],
            ),
            case("INSERT of no row", "INSERT INTO t SELECT 3, 'c' WHERE false", &[]),
            case(
                "INSERT RETURNING",
                "INSERT INTO t VALUES (3, 'c') RETURNING id, note",
                &["insert t {id: 3} {id: 3, note: c}"],
            ),
            case(
                "UPDATE",
                "UPDATE t SET note = 'c' WHERE id = 1",
                &["update t {id: 1} {id: 1, note: c} {note} was {note: a}"],
            ),
            case(
                "UPDATE to NULL and from NULL",
                "UPDATE t SET note = NULL WHERE id = 1; UPDATE t SET note = 'c' WHERE id = 1",
                &[
                    "update t {id: 1} {id: 1, note: null} {note} was {note: a}",
                    "update t {id: 1} {id: 1, note: c} {note} was {note: null}",
                ],
            ),
            case(
                "UPDATE of several rows",
                "UPDATE t SET note = note || id",
                &[
                    "update t {id: 1} {id: 1, note: a1} {note} was {note: a}",
                    "update t {id: 2} {id: 2, note: b2} {note} was {note: b}",
                ],
            ),
            case("UPDATE of no row", "UPDATE t SET note = 'c' WHERE id = 9", &[]),
            case(
                "UPDATE that changes one row of two",
                "UPDATE t SET note = 'a'",
                &["update t {id: 2} {id: 2, note: a} {note} was {note: b}"],
            ),
            case(
                "UPDATE FROM",
                "UPDATE t SET note = v.note FROM (VALUES (2, 'x'), (7, 'y')) AS v (id, note) WHERE t.id = v.id",
                &["update t {id: 2} {id: 2, note: x} {note} was {note: b}"],
            ),
            case(
                "UPDATE WHERE CURRENT OF",
                "DO $$
                 DECLARE
                   every CURSOR FOR SELECT * FROM t ORDER BY id FOR UPDATE;
                   ticket t;
                 BEGIN
                   OPEN every;
                   FETCH every INTO ticket;
                   UPDATE t SET note = 'first' WHERE CURRENT OF every;
                 END $$",
                &["update t {id: 1} {id: 1, note: first} {note} was {note: a}"],
            ),
            case("DELETE", "DELETE FROM t WHERE id = 2", &["delete t {id: 2} was {id: 2, note: b}"]),
            case(
                "DELETE of several rows",
                "DELETE FROM t",
                &["delete t {id: 1} was {id: 1, note: a}", "delete t {id: 2} was {id: 2, note: b}"],
            ),
            case("DELETE of no row", "DELETE FROM t WHERE id = 9", &[]),
            case(
                "DELETE USING",
                "DELETE FROM t USING (VALUES (2)) AS v (id) WHERE t.id = v.id",
                &["delete t {id: 2} was {id: 2, note: b}"],
            ),
            case("SELECT FOR UPDATE", "SELECT * FROM t FOR UPDATE", &[]),
        ],
    )
    .await
}

#[sqlx::test(migrations = false)]
async fn merge_and_on_conflict_record_executed_branches(pool: PgPool) -> Result {
    check_cases(
        &pool,
        TICKETS,
        &["t"],
        &[
            case(
                "ON CONFLICT DO UPDATE, both branches at once",
                "INSERT INTO t VALUES (3, 'new'), (1, 'upserted'), (4, 'too')
                 ON CONFLICT (id) DO UPDATE SET note = excluded.note",
                &[
                    "insert t {id: 3} {id: 3, note: new}",
                    "insert t {id: 4} {id: 4, note: too}",
                    "update t {id: 1} {id: 1, note: upserted} {note} was {note: a}",
                ],
            )
            .in_any_order(),
            case(
                "ON CONFLICT DO UPDATE WHERE",
                "INSERT INTO t VALUES (1, 'x'), (2, 'x')
                 ON CONFLICT (id) DO UPDATE SET note = excluded.note WHERE t.note = 'b'",
                &["update t {id: 2} {id: 2, note: x} {note} was {note: b}"],
            ),
            case(
                "ON CONFLICT DO UPDATE with the same value",
                "INSERT INTO t VALUES (1, 'a') ON CONFLICT (id) DO UPDATE SET note = excluded.note",
                &[],
            ),
            case(
                "ON CONFLICT DO NOTHING",
                "INSERT INTO t VALUES (1, 'x'), (3, 'c') ON CONFLICT DO NOTHING",
                &["insert t {id: 3} {id: 3, note: c}"],
            ),
            case(
                "ON CONFLICT DO NOTHING with nothing else",
                "INSERT INTO t VALUES (1, 'x') ON CONFLICT DO NOTHING",
                &[],
            ),
            case(
                "MERGE with every branch",
                "INSERT INTO t VALUES (3, 'c');
                 MERGE INTO t USING (VALUES (1, 'merged'), (2, NULL), (3, 'kept'), (4, 'd')) AS v (id, note) ON t.id = v.id
                 WHEN MATCHED AND v.note IS NULL THEN DELETE
                 WHEN MATCHED AND v.note = 'kept' THEN DO NOTHING
                 WHEN MATCHED THEN UPDATE SET note = v.note
                 WHEN NOT MATCHED THEN INSERT VALUES (v.id, v.note)",
                &[
                    "insert t {id: 3} {id: 3, note: c}",
                    "insert t {id: 4} {id: 4, note: d}",
                    "update t {id: 1} {id: 1, note: merged} {note} was {note: a}",
                    "delete t {id: 2} was {id: 2, note: b}",
                ],
            )
            .in_any_order(),
            case(
                "MERGE that only updates",
                "MERGE INTO t USING (VALUES (1), (2)) AS v (id) ON t.id = v.id
                 WHEN MATCHED THEN UPDATE SET note = t.note || t.id",
                &[
                    "update t {id: 1} {id: 1, note: a1} {note} was {note: a}",
                    "update t {id: 2} {id: 2, note: b2} {note} was {note: b}",
                ],
            ),
        ],
    )
    .await
}

#[sqlx::test(migrations = false)]
async fn several_writes_in_one_statement_are_all_recorded(pool: PgPool) -> Result {
    check_cases(
        &pool,
        TICKETS,
        &["t", "archive"],
        &[
            case(
                "rows moved to another table",
                "WITH moved AS (DELETE FROM t WHERE id = 1 RETURNING *) INSERT INTO archive SELECT * FROM moved",
                &["delete t {id: 1} was {id: 1, note: a}", "insert archive {id: 1} {id: 1, note: a}"],
            )
            .in_any_order(),
            case(
                "the same table inserted into and updated",
                "WITH added AS (INSERT INTO t VALUES (3, 'c') RETURNING id) UPDATE t SET note = 'x' WHERE id = 1",
                &[
                    "insert t {id: 3} {id: 3, note: c}",
                    "update t {id: 1} {id: 1, note: x} {note} was {note: a}",
                ],
            )
            .in_any_order(),
            case(
                "the same table updated twice",
                "WITH first AS (UPDATE t SET note = 'x' WHERE id = 1) UPDATE t SET note = 'y' WHERE id = 2",
                &[
                    "update t {id: 1} {id: 1, note: x} {note} was {note: a}",
                    "update t {id: 2} {id: 2, note: y} {note} was {note: b}",
                ],
            )
            .in_any_order(),
            case(
                "the same table inserted into twice",
                "WITH first AS (INSERT INTO t VALUES (3, 'c')) INSERT INTO t VALUES (4, 'd')",
                &["insert t {id: 3} {id: 3, note: c}", "insert t {id: 4} {id: 4, note: d}"],
            )
            .in_any_order(),
            case(
                "all operations on one table",
                "WITH added AS (INSERT INTO t VALUES (3, 'c')), changed AS (UPDATE t SET note = 'x' WHERE id = 1)
                 DELETE FROM t WHERE id = 2",
                &[
                    "insert t {id: 3} {id: 3, note: c}",
                    "update t {id: 1} {id: 1, note: x} {note} was {note: a}",
                    "delete t {id: 2} was {id: 2, note: b}",
                ],
            )
            .in_any_order(),
            case(
                "a function that writes, called by a write",
                "CREATE FUNCTION log_note(text) RETURNS int LANGUAGE sql
                 AS $$ INSERT INTO archive VALUES (0, $1) RETURNING id $$;
                 UPDATE t SET note = 'n' || log_note(note) WHERE id = 1",
                &[
                    "insert archive {id: 0} {id: 0, note: a}",
                    "update t {id: 1} {id: 1, note: n0} {note} was {note: a}",
                ],
            ),
        ],
    )
    .await
}

#[sqlx::test(migrations = false)]
async fn foreign_key_actions_are_recorded(pool: PgPool) -> Result {
    check_cases(
        &pool,
        "CREATE TABLE client (id int PRIMARY KEY);
         CREATE TABLE bill (id int PRIMARY KEY, client int REFERENCES client ON DELETE CASCADE ON UPDATE CASCADE);
         CREATE TABLE line (id int PRIMARY KEY, bill int REFERENCES bill ON DELETE CASCADE);
         CREATE TABLE note (id int PRIMARY KEY, client int REFERENCES client ON DELETE SET NULL ON UPDATE SET NULL);
         INSERT INTO client VALUES (1), (2); INSERT INTO bill VALUES (10, 1), (11, 1), (20, 2);
         INSERT INTO line VALUES (100, 10), (110, 11); INSERT INTO note VALUES (5, 1), (6, 2)",
        &["client", "bill", "line", "note"],
        &[
            case(
                "ON DELETE CASCADE over two tables, and SET NULL",
                "DELETE FROM client WHERE id = 1",
                &[
                    "delete client {id: 1} was {id: 1}",
                    "delete bill {id: 10} was {id: 10, client: 1}",
                    "delete bill {id: 11} was {id: 11, client: 1}",
                    "delete line {id: 100} was {id: 100, bill: 10}",
                    "delete line {id: 110} was {id: 110, bill: 11}",
                    "update note {id: 5} {id: 5, client: null} {client} was {client: 1}",
                ],
            )
            .in_any_order(),
            case(
                "ON UPDATE CASCADE and SET NULL",
                "UPDATE client SET id = 7 WHERE id = 2",
                &[
                    "update client {id: 7} {id: 7} {id} was {id: 2}",
                    "update bill {id: 20} {id: 20, client: 7} {client} was {client: 2}",
                    "update note {id: 6} {id: 6, client: null} {client} was {client: 2}",
                ],
            )
            .in_any_order(),
        ],
    )
    .await
}

#[sqlx::test(migrations = false)]
async fn writes_through_views_are_recorded_for_tables(pool: PgPool) -> Result {
    check_cases(
        &pool,
        "CREATE TABLE t (id int PRIMARY KEY, note text, open bool DEFAULT true);
         INSERT INTO t VALUES (1, 'a');
         CREATE VIEW open_tickets AS SELECT id AS number, note FROM t WHERE open;
         CREATE VIEW shouting AS SELECT id, upper(note) AS note FROM t;
         CREATE FUNCTION shout() RETURNS trigger LANGUAGE plpgsql
         AS $$ BEGIN UPDATE t SET note = lower(NEW.note) WHERE id = OLD.id; RETURN NEW; END $$;
         CREATE TRIGGER instead INSTEAD OF UPDATE ON shouting FOR EACH ROW EXECUTE FUNCTION shout();
         CREATE TABLE written (id int PRIMARY KEY);
         CREATE RULE also AS ON INSERT TO written DO ALSO UPDATE t SET note = 'by rule' WHERE id = NEW.id;",
        &["t", "written"],
        &[
            case(
                "INSERT",
                "INSERT INTO open_tickets VALUES (2, 'b')",
                &["insert t {id: 2} {id: 2, note: b, open: true}"],
            ),
            case(
                "UPDATE",
                "UPDATE open_tickets SET note = 'c' WHERE number = 1",
                &["update t {id: 1} {id: 1, note: c, open: true} {note} was {note: a}"],
            ),
            case(
                "DELETE",
                "DELETE FROM open_tickets",
                &["delete t {id: 1} was {id: 1, note: a, open: true}"],
            ),
            case(
                "an INSTEAD OF trigger",
                "UPDATE shouting SET note = 'LOUD'",
                &["update t {id: 1} {id: 1, note: loud, open: true} {note} was {note: a}"],
            ),
            case(
                "a rule",
                "INSERT INTO written VALUES (1)",
                &[
                    "insert written {id: 1} {id: 1}",
                    "update t {id: 1} {id: 1, note: by rule, open: true} {note} was {note: a}",
                ],
            )
            .in_any_order(),
        ],
    )
    .await
}

#[sqlx::test(migrations = false)]
async fn copy_is_recorded_and_failed_copy_is_not(pool: PgPool) -> Result {
    let trail = install(&pool).await?;
    for mode in CaptureMode::ALL {
        run(&pool, "DROP TABLE IF EXISTS t; CREATE TABLE t (id int PRIMARY KEY, note text)").await?;
        empty_trail(&pool).await?;
        trail.capture([TablePolicy::new("t").mode(mode)]).await?;
        let mut connection = pool.acquire().await?;
        let mut copy = connection.copy_in_raw("COPY t FROM STDIN (FORMAT csv)").await?;
        copy.send(&b"2,\"two, with a comma\"\n1,\n"[..]).await?;
        assert_eq!(copy.finish().await?, 2);
        let copied =
            ["insert t {id: 2} {id: 2, note: two, with a comma}", "insert t {id: 1} {id: 1, note: null}"];
        assert_eq!(changes(&pool).await?, copied, "{}", mode.as_str());

        let mut copy = connection.copy_in_raw("COPY t FROM STDIN (FORMAT csv)").await?;
        copy.send(&b"3,c\n2,taken\n"[..]).await?;
        copy.finish().await.unwrap_err();
        assert_eq!(changes(&pool).await?, copied, "a failed COPY records nothing");
    }
    Ok(())
}
