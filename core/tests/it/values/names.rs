//! Tests schemas, tables and columns of any name.

use sqlx::PgPool;
use threadline::TableName;
use threadline::capture::{CaptureMode, TablePolicy};

use threadline_testkit::changes::{changes, empty_trail, violations};
use threadline_testkit::database::{Result, install, run, value};

/// The longest names, which are shortened to 63 bytes, the most that PostgreSQL keeps.
const LONGEST_NAMES: [&str; 2] = [
    "a_name_that_is_exactly_as_long_as_a_name_in_postgresql_may_be_x",
    "имя_таблицы_из_шестидесяти_трёх_байт",
];

const NAMES: &[&str] = &[
    "two words",
    " surrounded ",
    "UPPER",
    "quo\"te",
    "apo'strophe",
    "''",
    "\"\"",
    "back\\slash",
    "\\",
    "заявка",
    "票",
    "😀",
    "select",
    "user",
    "1",
    "a.b",
    "a,b",
    "{a}",
    "%s %I",
    "$1",
    "$$",
    "$threadline$",
    "$_threadline$",
    "semi;colon",
    "-- comment",
    "/* comment",
    "line\nbreak",
    "tab\there",
    ":name",
    "?",
    "null",
    "true",
    "public",
    "threadline",
    "audit_changes",
    // These are the placeholders in the templates of the capture functions.
    "__schema__",
    "__columns__",
    "__names__",
    "__image__",
    "__new_row__",
    "__key_of_after__",
    "__record_transaction__",
    // These are names that the capture functions use.
    "n",
    "o",
    "c",
    "t",
    "names",
    "json_names",
    "before",
    "after",
    "image",
    "fields",
    "field",
    "same",
    "diff",
    "position",
    "moment",
    "transaction",
    "columns",
    "row_key",
    "name",
    "key",
    "value",
    "changed",
    "withheld",
    "root",
    "paired",
    "shift",
    "first_row",
    "written",
    "removed",
    "id_head",
    "id_tail",
    "new_rows",
    "old_rows",
    "new",
    "old",
    "tg_op",
    "TG_OP",
    "found",
    "table_pk",
    "occurred_at",
];

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

fn all_names() -> Vec<&'static str> {
    let longest = LONGEST_NAMES.map(|name| &name[..name.floor_char_boundary(63)]);
    NAMES.iter().copied().chain(longest).collect()
}

#[sqlx::test(migrations = false)]
async fn table_of_any_name_is_captured(pool: PgPool) -> Result {
    let trail = install(&pool).await?;
    let names = all_names();
    let each = |sql: &str| names.iter().map(|name| sql.replace('#', &quoted(name))).collect::<String>();
    run(&pool, &each("CREATE TABLE # (id int PRIMARY KEY, note text, secret text);\n")).await?;
    for mode in CaptureMode::ALL {
        empty_trail(&pool).await?;
        let policy =
            |name: &&str| TablePolicy::new(TableName::new("public", *name)).mode(mode).mask(["secret"]);
        trail.capture(names.iter().map(policy)).await?;
        let writes =
            "INSERT INTO # VALUES (1, 'a', 's'); UPDATE # SET note = 'b'; DELETE FROM #; TRUNCATE #;\n";
        run(&pool, &each(writes)).await?;
        let found: Vec<String> = value(
            &pool,
            "SELECT array_agg(concat_ws(' ', op, table_schema, table_name, coalesce(data_after, changed_from) ->> 'note')
                              ORDER BY captured_at, id) FROM threadline.audit_changes",
        )
        .await?;
        let expected: Vec<String> = names
            .iter()
            .flat_map(|name| {
                [("insert", " a"), ("update", " b"), ("delete", " b"), ("truncate", "")]
                    .map(|(op, note)| format!("{op} public {name}{note}"))
            })
            .collect();
        assert_eq!(found, expected, "{}", mode.as_str());
    }
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn table_in_schema_of_any_name_is_captured(pool: PgPool) -> Result {
    let trail = install(&pool).await?;
    for mode in CaptureMode::ALL {
        for name in [
            "two words",
            "UPPER",
            "quo\"te",
            "back\\slash",
            "заявка",
            "__schema__",
            "select",
            "$threadline$",
            "a.b",
        ] {
            let schema = quoted(name);
            empty_trail(&pool).await?;
            run(&pool, &format!("CREATE SCHEMA {schema}; CREATE TABLE {schema}.t (id int PRIMARY KEY)"))
                .await?;
            trail.capture([TablePolicy::new(TableName::new(name, "t")).mode(mode)]).await?;
            run(
                &pool,
                &format!(
                    "INSERT INTO {schema}.t VALUES (1); TRUNCATE {schema}.t; DROP SCHEMA {schema} CASCADE"
                ),
            )
            .await?;
            let found: Vec<String> =
                value(&pool, "SELECT array_agg(op || ' ' || table_schema ORDER BY captured_at, id) FROM threadline.audit_changes")
                    .await?;
            assert_eq!(found, [format!("insert {name}"), format!("truncate {name}")], "{}", mode.as_str());
        }
    }
    Ok(())
}

/// Uses the names as columns of one table, all of which change.
#[sqlx::test(migrations = false)]
async fn column_of_any_name_is_captured(pool: PgPool) -> Result {
    let trail = install(&pool).await?;
    let mut names = all_names();
    names.sort_unstable();
    for mode in CaptureMode::ALL {
        run(&pool, "DROP TABLE IF EXISTS t").await?;
        empty_trail(&pool).await?;
        let columns: Vec<String> = names.iter().map(|name| format!("{} text", quoted(name))).collect();
        run(&pool, &format!("CREATE TABLE t (id int PRIMARY KEY, {})", columns.join(", "))).await?;
        trail.capture([TablePolicy::new("t").mode(mode)]).await?;
        let old = format!("INSERT INTO t VALUES (1{})", ", 'old'".repeat(names.len()));
        let new: Vec<String> = names.iter().map(|name| format!("{} = 'new'", quoted(name))).collect();
        run(&pool, &format!("{old}; UPDATE t SET {}; DELETE FROM t", new.join(", "))).await?;
        let fields: Vec<String> =
            value(&pool, "SELECT changed_fields FROM threadline.audit_changes WHERE op = 'update'").await?;
        assert_eq!(fields, names, "{}", mode.as_str());
        let kept: Vec<bool> = value(
            &pool,
            &format!(
                "SELECT array_agg((SELECT bool_and(value = CASE op WHEN 'insert' THEN 'old' ELSE 'new' END) AND count(*) = {}
                                   FROM jsonb_each_text(coalesce(data_after, changed_from) - 'id')))
                 FROM threadline.audit_changes",
                names.len()
            ),
        )
        .await?;
        assert_eq!(kept, [true; 3], "{}", mode.as_str());
        assert_eq!(violations(&pool).await?, Vec::<String>::new());
    }
    Ok(())
}

/// Uses each name as the key column of its own table.
#[sqlx::test(migrations = false)]
async fn key_column_of_any_name_is_captured(pool: PgPool) -> Result {
    let trail = install(&pool).await?;
    let names = all_names();
    let each = |sql: &str| {
        let sql = names
            .iter()
            .enumerate()
            .map(|(at, name)| sql.replace('#', &quoted(name)).replace('@', &at.to_string()));
        sql.collect::<String>()
    };
    run(&pool, &each("CREATE TABLE t_@ (# text PRIMARY KEY, other text);\n")).await?;
    for mode in CaptureMode::ALL {
        empty_trail(&pool).await?;
        let policy = |at| TablePolicy::new(TableName::new("public", format!("t_{at}"))).mode(mode);
        trail.capture((0..names.len()).map(policy)).await?;
        run(&pool, &each("INSERT INTO t_@ VALUES ('k'); UPDATE t_@ SET other = 'b'; DELETE FROM t_@;\n"))
            .await?;
        let found: Vec<String> = value(
            &pool,
            "SELECT array_agg(key || value ORDER BY captured_at, id) FROM threadline.audit_changes, jsonb_each_text(table_pk)",
        )
        .await?;
        let expected: Vec<String> =
            names.iter().flat_map(|name| [(); 3].map(|()| format!("{name}k"))).collect();
        assert_eq!(found, expected, "{}", mode.as_str());
    }
    Ok(())
}

/// Uses the names as columns of one table, which are far more than the arguments that a function call can have.
#[sqlx::test(migrations = false)]
async fn column_of_any_name_is_redacted(pool: PgPool) -> Result {
    let trail = install(&pool).await?;
    let names: Vec<&str> = all_names().into_iter().filter(|name| name.trim() == *name).collect();
    let columns: Vec<String> =
        names.iter().map(|name| format!("{} text DEFAULT 'canary'", quoted(name))).collect();
    let columns = columns.join(", ");
    run(&pool, &format!("CREATE TABLE masked (pk int, {columns}, PRIMARY KEY (pk)); CREATE TABLE excluded (LIKE masked INCLUDING ALL)"))
        .await?;
    let changes: Vec<String> =
        names.iter().map(|name| format!("{} = 'another canary'", quoted(name))).collect();
    let changes = changes.join(", ");
    for mode in CaptureMode::ALL {
        empty_trail(&pool).await?;
        let policy = |table: &'static str| TablePolicy::new(table).mode(mode);
        trail
            .capture([policy("masked").mask(names.clone()), policy("excluded").exclude(names.clone())])
            .await?;
        for table in ["masked", "excluded"] {
            run(
                &pool,
                &format!("INSERT INTO {table} VALUES (1); UPDATE {table} SET {changes}; DELETE FROM {table}"),
            )
            .await?;
        }
        let found: Vec<String> = value(
            &pool,
            "SELECT array_agg(concat_ws(' ', op, table_name, values, count, cardinality(changed_fields)) ORDER BY captured_at, id)
             FROM threadline.audit_changes, LATERAL (
               SELECT string_agg(DISTINCT value, ', ') AS values, count(*)
               FROM (SELECT * FROM jsonb_each_text(data_after - 'pk') UNION ALL SELECT * FROM jsonb_each_text(changed_from - 'pk')) AS f
             ) AS image",
        )
        .await?;
        let n = names.len();
        let expected = [
            format!("insert masked [REDACTED] {n}"),
            format!("update masked [REDACTED] {} {n}", 2 * n),
            format!("delete masked [REDACTED] {n}"),
            "insert excluded 0".to_owned(),
            "update excluded 0".to_owned(),
            "delete excluded 0".to_owned(),
        ];
        assert_eq!(found, expected, "{}", mode.as_str());
    }
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn tables_of_same_name_in_two_schemas_are_captured_separately(pool: PgPool) -> Result {
    let trail = install(&pool).await?;
    run(
        &pool,
        "CREATE SCHEMA a; CREATE SCHEMA b; CREATE TABLE t (id int PRIMARY KEY, note text);
         CREATE TABLE a.t (id int PRIMARY KEY, note text); CREATE TABLE b.t (no text PRIMARY KEY, note text);
         CREATE TABLE a_t (id int PRIMARY KEY, note text)",
    )
    .await?;
    for mode in CaptureMode::ALL {
        empty_trail(&pool).await?;
        let policy = |table: &'static str| TablePolicy::new(table).mode(mode);
        trail
            .capture([
                policy("t"),
                policy("a.t").mask(["note"]),
                policy("b.t").exclude(["note"]),
                policy("a_t"),
            ])
            .await?;
        run(
            &pool,
            "INSERT INTO t VALUES (1, 'p'); INSERT INTO a.t VALUES (1, 's'); INSERT INTO b.t VALUES ('x', 's');
             INSERT INTO a_t VALUES (1, 'q'); DELETE FROM t; DELETE FROM a.t; DELETE FROM b.t; DELETE FROM a_t",
        )
        .await?;
        assert_eq!(
            changes(&pool).await?,
            [
                "insert t {id: 1} {id: 1, note: p}",
                "insert a.t {id: 1} {id: 1, note: [REDACTED]}",
                "insert b.t {no: x} {no: x}",
                "insert a_t {id: 1} {id: 1, note: q}",
                "delete t {id: 1} was {id: 1, note: p}",
                "delete a.t {id: 1} was {id: 1, note: [REDACTED]}",
                "delete b.t {no: x} was {no: x}",
                "delete a_t {id: 1} was {id: 1, note: q}",
            ]
        );
    }
    Ok(())
}
