//! Tests a realistic schema that is captured completely: the trail is compared with the writes that other triggers have logged,
//! and replaying it yields the current rows.

use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, PgPool};
use threadline::TableName;
use threadline::capture::{CaptureMode, TablePolicy};

type Result<T = ()> = std::result::Result<T, Box<dyn std::error::Error>>;

/// The capture mode of the first table. The modes alternate from table to table.
#[derive(Clone, Copy)]
enum FirstMode {
    Statement,
    Row,
}

#[sqlx::test(migrations = false)]
async fn trail_with_statement_mode_first_contains_every_write(pool: PgPool) -> Result {
    check_workload(&pool, FirstMode::Statement).await
}

#[sqlx::test(migrations = false)]
async fn trail_with_row_mode_first_contains_every_write(pool: PgPool) -> Result {
    check_workload(&pool, FirstMode::Row).await
}

/// Runs the workload, and reports all flaws at once, because one alone seldom shows its cause.
async fn check_workload(pool: &PgPool, first_mode: FirstMode) -> Result {
    for sql in [include_str!("fixtures/shop.sql"), include_str!("fixtures/shop_depot.sql")] {
        sqlx::raw_sql(sql).execute(pool).await?;
    }
    let policies = policies(pool, first_mode).await?;
    let trail = threadline_testkit::database::trail(pool);
    trail.install().await?;
    let plan = trail.capture(policies.clone()).await?;
    for (policy, planned) in policies.iter().zip(&plan.tables) {
        assert_eq!(planned.mode, policy.mode.unwrap_or(CaptureMode::Row), "{}", policy.table);
    }
    sqlx::raw_sql(include_str!("fixtures/shop_witness.sql")).execute(pool).await?;
    for policy in &policies {
        store_witness_policy(pool, policy).await?;
    }
    run_workload(pool).await?;
    sqlx::raw_sql("REFRESH MATERIALIZED VIEW witness.expected; REFRESH MATERIALIZED VIEW witness.recorded")
        .execute(pool)
        .await?;

    let mut flaws = Vec::new();
    for (title, sql) in CHECKS {
        let found: Vec<String> = sqlx::query_scalar(sql).fetch_all(pool).await?;
        flaws.extend(found.iter().take(8).map(|flaw| format!("{title}: {flaw}")));
        if found.len() > 8 {
            flaws.push(format!("{title}: {} in all", found.len()));
        }
    }
    flaws.extend(find_canaries(pool).await?);
    assert!(flaws.is_empty(), "{}", flaws.join("\n"));
    Ok(())
}

/// Returns the policy of every table of the host. Partitions belong to their root, and a table that inherits has its own policy.
async fn policies(pool: &PgPool, first_mode: FirstMode) -> Result<Vec<TablePolicy>> {
    let tables: Vec<(String, String)> = sqlx::query_as(
        "SELECT n.nspname::text, c.relname::text FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
         WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND n.nspname IN ('public', 'depot') ORDER BY 1, 2",
    )
    .fetch_all(pool)
    .await?;
    assert!(tables.len() >= 20, "{}", tables.len());
    let modes = match first_mode {
        FirstMode::Statement => [CaptureMode::Statement, CaptureMode::Row],
        FirstMode::Row => [CaptureMode::Row, CaptureMode::Statement],
    };
    let policies = tables.into_iter().zip(modes.into_iter().cycle());
    Ok(policies.map(|((schema, name), mode)| policy(&TableName::new(schema, name), mode)).collect())
}

fn policy(table: &TableName, mode: CaptureMode) -> TablePolicy {
    let mut policy = TablePolicy::new(table.clone()).mode(mode);
    match table.name() {
        // The library chooses the mode here, because only one keeps every column, or the order of update and delete.
        "asset" | "vehicle" | "message" => policy.mode = None,
        "cart_item" => policy = policy.primary_key(["product", "customer"]),
        "customer" => policy = policy.mask(["email", "phone"]).exclude(["password_hash"]),
        "daily_sales" => policy.store_unchanged = true,
        "job" => policy.store_deleted_row = false,
        "payment" => {
            policy = policy.mask(["card"]);
            policy.mask_null = true;
            policy.mask_placeholder = "it's •••".to_owned();
        }
        "product" => policy = policy.mask(["cost", "margin"]),
        "questionnaire" => policy = policy.mask((1..=60).map(|number| format!("answer_{number}"))),
        "reading" => policy = policy.always(),
        "session" => policy = policy.exclude(["data"]),
        "stock_level" => policy = policy.except_columns(["counted_at"]),
        "visit_count" => policy.store_changed_from = false,
        _ => {}
    }
    policy
}

/// Stores a policy for the witness: the one that is given to the library, not the one that the library derives from it.
async fn store_witness_policy(pool: &PgPool, policy: &TablePolicy) -> Result {
    sqlx::query(
        "INSERT INTO witness.policy
         SELECT c.oid, $3, coalesce($4, (SELECT array_agg(a.attname::text) FROM pg_index AS i
                                         JOIN pg_attribute AS a ON a.attrelid = i.indrelid AND a.attnum = ANY (i.indkey)
                                         WHERE i.indrelid = c.oid AND i.indisprimary)),
                $5, $6, $7, $8, $9, $10, $11, $12
         FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace WHERE n.nspname = $1 AND c.relname = $2",
    )
    .bind(policy.table.schema())
    .bind(policy.table.name())
    .bind(policy.mode.unwrap_or(CaptureMode::Row).as_str())
    .bind(&policy.primary_key)
    .bind(&policy.exclude)
    .bind(&policy.mask)
    .bind(&policy.mask_placeholder)
    .bind(policy.mask_null)
    .bind(&policy.except_columns)
    .bind(policy.store_changed_from)
    .bind(policy.store_deleted_row)
    .bind(policy.store_unchanged)
    .execute(pool)
    .await?;
    Ok(())
}

/// Runs each step of the workload in its session.
async fn run_workload(pool: &PgPool) -> Result {
    let mut first = pool.acquire().await?.detach();
    let mut second = pool.acquire().await?.detach();
    for file in [include_str!("fixtures/shop_work.sql"), include_str!("fixtures/shop_work_later.sql")] {
        for step in file.split("\n-- Step ").skip(1) {
            let (title, sql) = step.split_once('\n').ok_or("a step without SQL")?;
            let session = if title.starts_with("b:") { &mut second } else { &mut first };
            run_step(session, sql).await.map_err(|error| format!("step {title}: {error}"))?;
        }
    }
    Ok(())
}

/// Runs one step. A COPY has its rows on the following lines.
async fn run_step(session: &mut PgConnection, sql: &'static str) -> Result {
    if sql.starts_with("COPY ") {
        let (copy, rows) = sql.split_once('\n').ok_or("a COPY without rows")?;
        let mut copying = session.copy_in_raw(copy).await?;
        copying.send(format!("{}\n", rows.trim_end()).as_bytes()).await?;
        copying.finish().await?;
    } else {
        sqlx::raw_sql(sql).execute(session).await?;
    }
    Ok(())
}

/// The checks, each with a title and a query that returns the flaws.
const CHECKS: [(&str, &str); 11] = [
    (
        "the workload is too small",
        "SELECT count(*)::text FROM witness.log HAVING count(*) < 10000
         UNION ALL
         SELECT concat_ws(' ', 'no', op, 'of', relation) FROM witness.policy, unnest(ARRAY['insert', 'update', 'delete']) AS op
         WHERE NOT EXISTS (SELECT FROM witness.log AS l WHERE l.relation = policy.relation AND l.op = op.op)",
    ),
    (
        "a table of the host is not captured",
        "SELECT relation::text FROM witness.relation AS r
         WHERE (SELECT bit_or(t.tgtype) & 60 FROM pg_trigger AS t JOIN pg_proc AS p ON p.oid = t.tgfoid
                WHERE t.tgrelid = r.relation AND t.tgenabled IN ('O', 'A') AND p.pronamespace = 'threadline'::regnamespace)
               IS DISTINCT FROM 60",
    ),
    (
        "numbers of changes differ",
        "SELECT concat_ws(' ', schema, name, op, 'written', e.count, 'captured', r.count)
         FROM (SELECT (change).schema, (change).name, (change).op, count(*) FROM witness.expected GROUP BY 1, 2, 3) AS e
         FULL JOIN (SELECT (change).schema, (change).name, (change).op, count(*) FROM witness.recorded GROUP BY 1, 2, 3) AS r
         USING (schema, name, op) WHERE e.count IS DISTINCT FROM r.count",
    ),
    (
        "written and not captured",
        "SELECT change::text FROM witness.expected EXCEPT ALL SELECT change::text FROM witness.recorded",
    ),
    (
        "captured and not written",
        "SELECT change::text FROM witness.recorded EXCEPT ALL SELECT change::text FROM witness.expected",
    ),
    (
        "not one transaction for a change",
        "SELECT concat_ws(' ', count(t.id), c.table_name, c.op, c.id) FROM threadline.audit_changes AS c
         LEFT JOIN threadline.audit_transactions AS t ON t.id = c.transaction_id
         GROUP BY c.id, c.table_name, c.op HAVING count(t.id) <> 1 OR count(*) FILTER (WHERE t.occurred_at = c.occurred_at) <> 1",
    ),
    (
        "transactions differ",
        "SELECT concat_ws(' ', txid, 'written by', l.actor, 'recorded by', t.actor_ref)
         FROM (SELECT DISTINCT (change).txid, actor FROM witness.expected) AS l
         FULL JOIN threadline.audit_transactions AS t USING (txid)
         WHERE t.id IS NULL OR l.txid IS NULL OR l.actor IS DISTINCT FROM t.actor_ref",
    ),
    ("the trail cannot be played", "SELECT witness.play()"),
    (
        "present and not in the trail",
        "SELECT concat_ws(' ', relation, image) FROM witness.present()
         EXCEPT ALL SELECT concat_ws(' ', relation, image) FROM witness.played",
    ),
    (
        "in the trail and not present",
        "SELECT concat_ws(' ', relation, image) FROM witness.played
         EXCEPT ALL SELECT concat_ws(' ', relation, image) FROM witness.present()",
    ),
    (
        "moves between partitions are one update per statement, and two writes per row",
        "SELECT concat_ws(' ', p.relation, p.mode, count(r.id)) FROM witness.policy AS p
         JOIN pg_partitioned_table AS t ON t.partrelid = p.relation JOIN witness.relation AS w ON w.relation = p.relation
         LEFT JOIN witness.recorded AS r ON (r.change).schema = w.schema AND (r.change).name = w.name AND r.is_half
         GROUP BY p.relation, p.mode HAVING (count(r.id) > 0) <> (p.mode = 'statement')",
    ),
];

/// Returns the tables of the trail that contain a redacted value in any form, and the log of the witness if it contains none.
async fn find_canaries(pool: &PgPool) -> Result<Vec<String>> {
    const CANARY: &str = "'canary|63616e617279|4242424242|5757575757'";
    let tables: Vec<String> = sqlx::query_scalar(
        "SELECT c.oid::regclass::text FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
         WHERE n.nspname = 'threadline' AND c.relkind IN ('r', 'm') UNION ALL SELECT 'witness.log' ORDER BY 1",
    )
    .fetch_all(pool)
    .await?;
    let mut flaws = Vec::new();
    for table in tables {
        let sql = format!("SELECT count(*) FROM {table} AS t WHERE t::text ~* {CANARY}");
        let found: i64 = sqlx::query_scalar(AssertSqlSafe(sql)).fetch_one(pool).await?;
        if (found > 0) != (table == "witness.log") {
            flaws.push(format!("{found} canaries in {table}"));
        }
    }
    Ok(flaws)
}
