//! Tests capture of tables with triggers of the host.

use sqlx::PgPool;
use threadline::capture::{CaptureMode, TablePolicy};

use threadline_testkit::cases::{case, check_cases};
use threadline_testkit::changes::changes;
use threadline_testkit::database::{Result, install, run};

#[sqlx::test(migrations = false)]
async fn result_of_before_triggers_is_recorded(pool: PgPool) -> Result {
    check_cases(
        &pool,
        "CREATE TABLE t (id int PRIMARY KEY, note text, at int DEFAULT 0); INSERT INTO t VALUES (1, 'a'), (2, 'b'), (3, 'c');
         CREATE FUNCTION decide() RETURNS trigger LANGUAGE plpgsql AS $$
         BEGIN
           IF TG_OP = 'DELETE' THEN
             RETURN CASE WHEN OLD.id <> 2 THEN OLD END;
           ELSIF NEW.note = 'skip' THEN
             RETURN NULL;
           END IF;
           NEW.at := NEW.at + 1;
           NEW.note := lower(NEW.note);
           RETURN NEW;
         END $$;
         CREATE TRIGGER decide BEFORE INSERT OR UPDATE OR DELETE ON t FOR EACH ROW EXECUTE FUNCTION decide()",
        &["t"],
        &[
            case(
                "changed on the way in",
                "INSERT INTO t VALUES (4, 'LOUD')",
                &["insert t {id: 4} {at: 1, id: 4, note: loud}"],
            ),
            case(
                "changed beyond what the statement says",
                "UPDATE t SET note = 'X' WHERE id = 1",
                &["update t {id: 1} {at: 1, id: 1, note: x} {at,note} was {at: 0, note: a}"],
            ),
            case(
                "an update that only the trigger makes a change",
                "UPDATE t SET note = note WHERE id = 1",
                &["update t {id: 1} {at: 1, id: 1, note: a} {at} was {at: 0}"],
            ),
            case(
                "rows skipped in the middle of a statement",
                "UPDATE t SET note = CASE id WHEN 2 THEN 'skip' ELSE 'x' END",
                &[
                    "update t {id: 1} {at: 1, id: 1, note: x} {at,note} was {at: 0, note: a}",
                    "update t {id: 3} {at: 1, id: 3, note: x} {at,note} was {at: 0, note: c}",
                ],
            ),
            case("the only row skipped", "INSERT INTO t VALUES (4, 'skip')", &[]),
            case(
                "a row that was not deleted",
                "DELETE FROM t",
                &["delete t {id: 1} was {at: 0, id: 1, note: a}", "delete t {id: 3} was {at: 0, id: 3, note: c}"],
            ),
        ],
    )
    .await
}

/// A table with an AFTER trigger of the host, which runs before or after the capture trigger depending on its name.
const WRITES_AGAIN: &str = "CREATE TABLE t (id int PRIMARY KEY, note text); INSERT INTO t VALUES (1, 'a');
    CREATE FUNCTION again() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      IF pg_trigger_depth() = 1 THEN
        UPDATE t SET note = note || '!' WHERE id = NEW.id;
        INSERT INTO t VALUES (NEW.id + 10, 'copy') ON CONFLICT DO NOTHING;
      END IF;
      RETURN NULL;
    END $$;";

#[sqlx::test(migrations = false)]
async fn writes_of_after_trigger_to_same_table_are_recorded(pool: PgPool) -> Result {
    let inserted = &[
        "insert t {id: 2} {id: 2, note: b}",
        "update t {id: 2} {id: 2, note: b!} {note} was {note: b}",
        "insert t {id: 12} {id: 12, note: copy}",
    ];
    let updated = &[
        "update t {id: 1} {id: 1, note: x} {note} was {note: a}",
        "update t {id: 1} {id: 1, note: x!} {note} was {note: x}",
        "insert t {id: 11} {id: 11, note: copy}",
    ];
    let (insert, update) = ("INSERT INTO t VALUES (2, 'b')", "UPDATE t SET note = 'x'");
    let trail = install(&pool).await?;
    for trigger in ["a", "zz"] {
        let setup = format!(
            "{WRITES_AGAIN} CREATE TRIGGER {trigger} AFTER INSERT OR UPDATE ON t FOR EACH ROW EXECUTE FUNCTION again()"
        );
        let cases =
            [case("INSERT", insert, inserted).in_any_order(), case("UPDATE", update, updated).in_any_order()];
        check_cases(&pool, &setup, &["t"], &cases).await?;
        for mode in CaptureMode::ALL {
            let plan = trail.capture_plan([TablePolicy::new("t").mode(mode)]).await?;
            let warned =
                plan.tables[0].warnings.iter().any(|warning| warning.contains(&format!("({trigger})")));
            let in_order = mode == CaptureMode::Row && trigger == "zz";
            assert_eq!(warned, !in_order, "{trigger}, {}: {:?}", mode.as_str(), plan.tables[0].warnings);
        }
    }
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn row_mode_keeps_order_with_later_trigger(pool: PgPool) -> Result {
    let trail = install(&pool).await?;
    run(&pool, WRITES_AGAIN).await?;
    run(&pool, "CREATE TRIGGER zz AFTER INSERT ON t FOR EACH ROW EXECUTE FUNCTION again()").await?;
    trail.capture([TablePolicy::new("t").mode(CaptureMode::Row)]).await?;
    run(&pool, "INSERT INTO t VALUES (2, 'b')").await?;
    assert_eq!(
        changes(&pool).await?,
        [
            "insert t {id: 2} {id: 2, note: b}",
            "update t {id: 2} {id: 2, note: b!} {note} was {note: b}",
            "insert t {id: 12} {id: 12, note: copy}",
        ]
    );
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn writes_of_constraint_triggers_at_commit_are_recorded(pool: PgPool) -> Result {
    check_cases(
        &pool,
        "CREATE TABLE t (id int PRIMARY KEY, note text); CREATE TABLE total (id int PRIMARY KEY, tickets int);
         INSERT INTO total VALUES (1, 0);
         CREATE FUNCTION count_tickets() RETURNS trigger LANGUAGE plpgsql AS $$
         BEGIN
           UPDATE total SET tickets = (SELECT count(*) FROM t);
           RETURN NULL;
         END $$;
         CREATE CONSTRAINT TRIGGER counts AFTER INSERT ON t DEFERRABLE INITIALLY DEFERRED
         FOR EACH ROW EXECUTE FUNCTION count_tickets()",
        &["t", "total"],
        &[
            case(
                "both rows are counted at the end",
                "BEGIN; INSERT INTO t VALUES (1, 'a'); INSERT INTO t VALUES (2, 'b'); COMMIT",
                &[
                    "insert t {id: 1} {id: 1, note: a}",
                    "insert t {id: 2} {id: 2, note: b}",
                    "update total {id: 1} {id: 1, tickets: 2} {tickets} was {tickets: 0}",
                ],
            ),
            case(
                "only the constraint trigger's write is captured in its own savepoint",
                "BEGIN; INSERT INTO t VALUES (1, 'a'); SAVEPOINT a; SET CONSTRAINTS ALL IMMEDIATE; ROLLBACK TO a; COMMIT",
                &[
                    "insert t {id: 1} {id: 1, note: a}",
                    "update total {id: 1} {id: 1, tickets: 1} {tickets} was {tickets: 0}",
                ],
            ),
        ],
    )
    .await
}
