//! Tests queries of a database whose owner put a schema of hostile operators and functions before `pg_catalog`.

use sqlx::PgPool;

use crate::query::desk;
use crate::query::every_query::run_every_query;
use threadline_testkit::database::{Result, run, value};

/// Makes a twin of each operator and function of `pg_catalog` on common types, as the role that owns the database. A twin
/// leaves a row behind, which also fails in a transaction that only reads, and then answers like the original.
const HOSTILE: &str = r#"
CREATE SCHEMA evil;
GRANT USAGE ON SCHEMA evil TO PUBLIC;
CREATE TABLE evil.executed (name text);
GRANT INSERT ON evil.executed TO PUBLIC;
CREATE AGGREGATE evil.count (pg_catalog."any") (SFUNC = pg_catalog.int8inc_any, STYPE = bigint, INITCOND = '1000');
DO $do$
DECLARE
  known CONSTANT oid[] := ARRAY['bool', 'bytea', 'char', 'float8', 'int2', 'int4', 'int8', 'interval', 'json', 'jsonb', 'name',
    'numeric', 'oid', 'regclass', 'regtype', 'text', 'timestamp', 'timestamptz', 'uuid', 'int2vector', 'oidvector', '_text',
    '_int2', '_oid', '_uuid']::regtype[]::oid[];
  made record;
  number int := 0;
  arguments text;
  parts text;
BEGIN
  FOR made IN
    SELECT o.oprname AS name, o.oprleft::regtype AS left_type, o.oprright::regtype AS right_type, o.oprresult::regtype AS result
    FROM pg_catalog.pg_operator AS o WHERE o.oprnamespace = 'pg_catalog'::regnamespace
      AND o.oprleft = ANY (known) AND o.oprright = ANY (known) AND o.oprresult = ANY (known)
  LOOP
    number := number + 1;
    EXECUTE format(
      'CREATE FUNCTION evil.operator_%1$s(%2$s, %3$s) RETURNS %4$s LANGUAGE plpgsql AS
       $f$ BEGIN INSERT INTO evil.executed VALUES (%5$L); RETURN $1 OPERATOR(pg_catalog.%5$s) $2; END $f$',
      number, made.left_type, made.right_type, made.result, made.name);
    EXECUTE format('CREATE OPERATOR evil.%s (LEFTARG = %s, RIGHTARG = %s, FUNCTION = evil.operator_%s)',
      made.name, made.left_type, made.right_type, number);
  END LOOP;
  FOR made IN
    SELECT p.proname AS name, p.proargtypes AS types, p.prorettype::regtype AS result, p.pronargs AS count
    FROM pg_catalog.pg_proc AS p WHERE p.pronamespace = 'pg_catalog'::regnamespace
      AND p.prokind = 'f' AND NOT p.proretset AND p.provariadic = 0 AND p.prorettype = ANY (known)
      AND p.proname !~ '^(RI_|pg_stat|brin|gin|gist|spg|hash|bt|int[248]|text|name|date|time|num|float|array_)'
      AND NOT EXISTS (SELECT FROM unnest(p.proargtypes) AS argument WHERE argument <> ALL (known))
      AND (p.proargnames IS NULL OR p.proargmodes IS NULL)
  LOOP
    arguments := (SELECT coalesce(string_agg(t::regtype::text, ', ' ORDER BY at), '')
                  FROM unnest(made.types) WITH ORDINALITY AS a (t, at));
    parts := (SELECT coalesce(string_agg('$' || at, ', '), '') FROM generate_series(1, made.count) AS at);
    EXECUTE format(
      'CREATE FUNCTION evil.%1$I(%2$s) RETURNS %3$s LANGUAGE plpgsql AS
       $f$ BEGIN INSERT INTO evil.executed VALUES (%1$L); RETURN pg_catalog.%1$I(%4$s); END $f$',
      made.name, arguments, made.result, parts);
  END LOOP;
END
$do$;
"#;

#[sqlx::test(migrations = false)]
async fn hostile_search_path_executes_nothing_in_any_query(pool: PgPool) -> Result {
    let trail = desk(&pool).await?;
    let owner = format!("threadline_test_{}", uuid::Uuid::now_v7().simple());
    let database: String = value(&pool, "SELECT current_database()::text").await?;
    run(
        &pool,
        &format!("CREATE ROLE {owner}; ALTER DATABASE \"{database}\" OWNER TO {owner}; SET ROLE {owner}; {HOSTILE} RESET ROLE"),
    )
    .await?;
    run(&pool, &format!("ALTER DATABASE \"{database}\" SET search_path = evil, pg_catalog, public")).await?;
    drop(trail);

    // The setting of the database applies to new sessions.
    for is_prepared in [false, true] {
        let sessions = sqlx::postgres::PgPoolOptions::new()
            .max_connections(2)
            .connect_with((*pool.connect_options()).clone())
            .await?;
        let hostile: String = value(&sessions, "SELECT pg_catalog.current_setting('search_path')").await?;
        assert!(hostile.starts_with("evil, pg_catalog"), "{hostile}");
        let twin = sqlx::query_scalar::<_, bool>("SELECT 'a'::text = 'a'::text").fetch_one(&sessions).await?;
        assert!(twin);
        assert!(
            value::<bool>(&pool, "SELECT EXISTS (SELECT FROM evil.executed)").await?,
            "the trap is not set"
        );
        run(&pool, "DELETE FROM evil.executed").await?;
        run_every_query(&threadline_testkit::database::trail(&sessions).prepared_statements(is_prepared))
            .await?;
        sessions.close().await;
    }
    let executed: Option<Vec<String>> =
        value(&pool, "SELECT pg_catalog.array_agg(DISTINCT name) FROM evil.executed").await?;
    assert_eq!(executed, None);
    run(
        &pool,
        &format!(
            "ALTER DATABASE \"{database}\" OWNER TO CURRENT_USER; DROP OWNED BY {owner}; DROP ROLE {owner}"
        ),
    )
    .await
}
