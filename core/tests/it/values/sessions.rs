//! Tests that the settings of the writing session do not change what is recorded.

use sqlx::PgPool;
use threadline::capture::{CaptureMode, TablePolicy};

use threadline_testkit::changes::empty_trail;
use threadline_testkit::database::{Result, install, run, value};

const TABLE: &str = "CREATE TABLE v (id int PRIMARY KEY, at timestamptz, local timestamp, day date, clock timetz, span interval,
      raw bytea, half real, double double precision, place point, period tstzrange, moments timestamptz[], spans interval[],
      price money, class regclass, procedure regprocedure, kind regtype, shape xml, words tsvector, body json);
    CREATE TABLE \"Odd name\" ();";

const ROW: &str = "INSERT INTO v SELECT 1, '2024-10-27 00:30:00.123456+00', '2024-10-27 00:30:00', '2024-10-27', '12:00:00+03',
      make_interval(years => 1, months => -2, days => 3, secs => -4.5), decode('00ff5c27', 'hex'), 0.1, 0.1::float8 + 0.2,
      point(0.1, 1e-300), tstzrange('2024-01-01 00:00+00', NULL), ARRAY['2024-01-01 00:00+00'::timestamptz],
      ARRAY[make_interval(days => -1, hours => 5)], 1234.5::numeric::money, 'public.\"Odd name\"'::regclass,
      'pg_catalog.abs(int)'::regprocedure, 'pg_catalog.timestamptz'::regtype, '<a/>'::xml, 'a:1'::tsvector,
      '{\"b\": 1}'::json;
    UPDATE v SET half = half * 3, span = span * 2, at = at + make_interval(hours => 1);
    DELETE FROM v";

#[sqlx::test(migrations = false)]
async fn same_write_records_same_bytes_with_every_setting(pool: PgPool) -> Result {
    let trail = install(&pool).await?;
    run(&pool, TABLE).await?;
    for mode in CaptureMode::ALL {
        empty_trail(&pool).await?;
        trail.capture([TablePolicy::new("v").mode(mode)]).await?;
        let settings = [
            "SET TimeZone = 'UTC'",
            "SET TimeZone = 'America/St_Johns'",
            "SET TimeZone = '<+0545>-05:45'",
            "SET DateStyle = 'SQL, DMY'",
            "SET DateStyle = 'Postgres, MDY'",
            "SET DateStyle = 'German'",
            "SET IntervalStyle = 'iso_8601'",
            "SET IntervalStyle = 'sql_standard'",
            "SET IntervalStyle = 'postgres_verbose'",
            "SET bytea_output = 'escape'",
            "SET extra_float_digits = -15",
            "SET extra_float_digits = 0",
            "SET extra_float_digits = 3",
            "SET search_path = pg_catalog",
            "SET search_path = public, pg_catalog",
            "SET search_path = ''",
            "SET quote_all_identifiers = on",
            "SET standard_conforming_strings = off",
            "SET backslash_quote = off",
            "SET transform_null_equals = on",
            "SET xmlbinary = hex",
            "SET xmloption = document",
            "SET client_encoding = latin1",
            "SET lc_messages = 'C'; SET lc_time = 'C'; SET lc_numeric = 'C'; SET lc_monetary = 'C'",
            "SET enable_hashjoin = off; SET enable_mergejoin = off; SET enable_nestloop = off",
            "SET plan_cache_mode = force_generic_plan",
            "SET plan_cache_mode = force_custom_plan",
            "SET row_security = off",
            "SET array_nulls = off",
            "SET default_transaction_isolation = 'serializable'",
            "SET plpgsql.extra_errors = 'all'; SET plpgsql.variable_conflict = 'error'",
            "SET jit = on; SET jit_above_cost = 0",
        ];
        for setting in settings {
            let mut transaction = pool.begin().await?;
            run(&mut *transaction, &setting.replace("SET ", "SET LOCAL ")).await?;
            let row =
                ROW.replace("INSERT INTO v", "INSERT INTO public.v").replace("UPDATE v", "UPDATE public.v");
            run(&mut *transaction, &row.replace("FROM v", "FROM public.v"))
                .await
                .map_err(|error| format!("{setting}: {error}"))?;
            transaction.commit().await?;
        }
        for (op, image) in [
            ("insert", "data_after"),
            ("update", "data_after"),
            ("update", "changed_from"),
            ("delete", "changed_from"),
        ] {
            let texts: Vec<String> = value(
                &pool,
                &format!(
                    "SELECT array_agg(image || ' x ' || times) FROM (
                       SELECT {image}::text AS image, count(*) AS times FROM threadline.audit_changes WHERE op = '{op}' GROUP BY 1
                     ) AS texts"
                ),
            )
            .await?;
            assert_eq!(texts.len(), 1, "{op} {image} ({}):\n{}", mode.as_str(), texts.join("\n"));
            assert!(texts[0].ends_with(&format!(" x {}", settings.len())), "{}", texts[0]);
        }
    }
    Ok(())
}
