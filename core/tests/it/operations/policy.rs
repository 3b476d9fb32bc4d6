//! Tests the options of a capture policy.

use sqlx::PgPool;
use threadline::AuditTrail;
use threadline::capture::{CaptureMode, TablePolicy};

use threadline_testkit::cases::{Case, case};
use threadline_testkit::changes::{changes, empty_trail, violations};
use threadline_testkit::database::{Result, install, run, value};

/// Runs the cases in both modes with a changed policy.
async fn check_cases(pool: &PgPool, policy: impl Fn(&mut TablePolicy), cases: &[Case<'_>]) -> Result {
    let trail = install(pool).await?;
    for mode in CaptureMode::ALL {
        for case in cases {
            fresh_table(pool, &trail, mode, &policy).await?;
            run(pool, case.write).await?;
            if let Some(difference) = case.difference(mode, changes(pool).await?) {
                return Err(difference.into());
            }
            assert_eq!(violations(pool).await?, Vec::<String>::new(), "{}", case.name);
        }
    }
    Ok(())
}

async fn fresh_table(
    pool: &PgPool,
    trail: &AuditTrail,
    mode: CaptureMode,
    change: impl Fn(&mut TablePolicy),
) -> Result {
    run(pool, "DROP TABLE IF EXISTS t; CREATE TABLE t (id int PRIMARY KEY, note text, seen int)").await?;
    run(pool, "INSERT INTO t VALUES (1, 'a', 0), (2, 'b', 0)").await?;
    empty_trail(pool).await?;
    let mut policy = TablePolicy::new("t").mode(mode);
    change(&mut policy);
    trail.capture([policy]).await?;
    Ok(())
}

const NO_CHANGE: &str = "UPDATE t SET note = note";

#[sqlx::test(migrations = false)]
async fn unchanged_update_is_recorded_only_if_policy_stores_it(pool: PgPool) -> Result {
    let nothing = [case("by default nothing", NO_CHANGE, &[])];
    check_cases(&pool, |_| {}, &nothing).await?;
    let recorded = [
        case(
            "on demand the row, without changed fields",
            NO_CHANGE,
            &["update t {id: 1} {id: 1, note: a, seen: 0}", "update t {id: 2} {id: 2, note: b, seen: 0}"],
        ),
        case(
            "beside rows that do change",
            "UPDATE t SET note = 'a'",
            &[
                "update t {id: 1} {id: 1, note: a, seen: 0}",
                "update t {id: 2} {id: 2, note: a, seen: 0} {note} was {note: b}",
            ],
        ),
    ];
    check_cases(&pool, |policy| policy.store_unchanged = true, &recorded).await
}

#[sqlx::test(migrations = false)]
async fn policy_omits_old_values_and_deleted_rows(pool: PgPool) -> Result {
    let without_old_values = [
        case(
            "UPDATE",
            "UPDATE t SET note = 'x' WHERE id = 1",
            &["update t {id: 1} {id: 1, note: x, seen: 0} {note}"],
        ),
        case("DELETE", "DELETE FROM t WHERE id = 1", &["delete t {id: 1} was {id: 1, note: a, seen: 0}"]),
    ];
    check_cases(&pool, |policy| policy.store_changed_from = false, &without_old_values).await?;
    let without_deleted_row = [
        case(
            "UPDATE",
            "UPDATE t SET note = 'x' WHERE id = 1",
            &["update t {id: 1} {id: 1, note: x, seen: 0} {note} was {note: a}"],
        ),
        case("DELETE", "DELETE FROM t WHERE id = 1", &["delete t {id: 1}"]),
    ];
    check_cases(&pool, |policy| policy.store_deleted_row = false, &without_deleted_row).await
}

#[sqlx::test(migrations = false)]
async fn excepted_columns_are_not_in_changed_fields(pool: PgPool) -> Result {
    let cases = [
        case("INSERT", "INSERT INTO t VALUES (3, 'c', 7)", &["insert t {id: 3} {id: 3, note: c, seen: 7}"]),
        case(
            "UPDATE with another column",
            "UPDATE t SET note = 'x', seen = 5 WHERE id = 1",
            &["update t {id: 1} {id: 1, note: x, seen: 5} {note} was {note: a}"],
        ),
        case(
            "UPDATE of the column alone",
            "UPDATE t SET seen = 5 WHERE id = 1",
            &["update t {id: 1} {id: 1, note: a, seen: 5}"],
        ),
        case("UPDATE that changes nothing", NO_CHANGE, &[]),
        case("DELETE", "DELETE FROM t WHERE id = 1", &["delete t {id: 1} was {id: 1, note: a, seen: 0}"]),
    ];
    let except = |policy: &mut TablePolicy| policy.except_columns = vec!["seen".to_owned()];
    check_cases(&pool, except, &cases).await
}

const REPLICATED: &str =
    "BEGIN; SET LOCAL session_replication_role = replica; INSERT INTO t VALUES (3, 'c', 0);
    UPDATE t SET seen = 1 WHERE id = 3; DELETE FROM t WHERE id = 3; TRUNCATE t; COMMIT";

#[sqlx::test(migrations = false)]
async fn replicated_writes_are_recorded_only_by_always_triggers(pool: PgPool) -> Result {
    check_cases(&pool, |_| {}, &[case("not by default", REPLICATED, &[])]).await?;
    let captured = [case(
        "on demand",
        REPLICATED,
        &[
            "insert t {id: 3} {id: 3, note: c, seen: 0}",
            "update t {id: 3} {id: 3, note: c, seen: 1} {seen} was {seen: 0}",
            "delete t {id: 3} was {id: 3, note: c, seen: 1}",
            "truncate t",
        ],
    )];
    check_cases(&pool, |policy| policy.always = true, &captured).await?;
    check_cases(&pool, |_| {}, &[case("the default again", REPLICATED, &[])]).await
}

#[sqlx::test(migrations = false)]
async fn second_capture_enables_disabled_triggers(pool: PgPool) -> Result {
    let trail = install(&pool).await?;
    for mode in CaptureMode::ALL {
        for (always, state) in [(true, "A"), (false, "O")] {
            let policy = |policy: &mut TablePolicy| policy.always = always;
            fresh_table(&pool, &trail, mode, policy).await?;
            run(&pool, "ALTER TABLE t DISABLE TRIGGER USER; UPDATE t SET seen = 1; TRUNCATE t").await?;
            assert_eq!(changes(&pool).await?, Vec::<String>::new());
            let mut again = TablePolicy::new("t").mode(mode);
            policy(&mut again);
            trail.capture([again]).await?;
            let states: Vec<String> = value(
                &pool,
                "SELECT array_agg(DISTINCT tgenabled::text) FROM pg_trigger WHERE tgrelid = 't'::regclass",
            )
            .await?;
            assert_eq!(states, [state]);
            run(&pool, "INSERT INTO t VALUES (3, 'c', 0)").await?;
            run(&pool, "TRUNCATE t").await?;
            assert_eq!(changes(&pool).await?.len(), 2, "{}", mode.as_str());
        }
    }
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn changed_mode_removes_triggers_of_previous_mode(pool: PgPool) -> Result {
    let trail = install(&pool).await?;
    run(&pool, "CREATE TABLE t (id int PRIMARY KEY)").await?;
    for (id, mode) in
        [CaptureMode::Statement, CaptureMode::Row, CaptureMode::Statement].into_iter().enumerate()
    {
        trail.capture([TablePolicy::new("t").mode(mode)]).await?;
        run(&pool, &format!("INSERT INTO t VALUES ({id})")).await?;
        assert_eq!(changes(&pool).await?.len(), id + 1, "{}", mode.as_str());
    }
    Ok(())
}
