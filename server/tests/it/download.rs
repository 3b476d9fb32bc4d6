//! Downloads: the changes of the timeline, in order, limited, and harmless in a spreadsheet.

use crate::support::{Result, call, get, mounted};
use axum::Router;
use axum::body::Body;
use http::{Response, StatusCode, header};
use http_body_util::BodyExt;
use serde_json::Value;
use sqlx::PgPool;
use sqlx::types::chrono::{DateTime, Utc};
use threadline::query::{Filter, TimelineEntry};
use threadline::{ActorKind, ActorRef, AuditContext, AuditTrail, Scope};
use threadline_server::Access;

const EXACT: &str = "12345678901234567890.123456789012345678";
const HOSTILE: [&str; 9] = [
    "=1+1",
    "+1",
    "-1",
    "@SUM(A1)",
    "a;=1+1;b",
    "\t=1",
    "one\r\n=2",
    "\"quoted\", \\ and \u{202e}turned",
    "größe 🦀 ＝1",
];

async fn installed(pool: &PgPool) -> Result<AuditTrail> {
    let trail = AuditTrail::new(pool.clone());
    trail.install().await?;
    sqlx::raw_sql(
        "CREATE TABLE tickets (id bigint PRIMARY KEY, subject text, price numeric);
         CREATE TABLE \"=cmd|a\" (id text PRIMARY KEY);",
    )
    .execute(pool)
    .await?;
    trail.capture(["tickets", "=cmd|a"]).await?;
    Ok(trail)
}

/// Seeds inserts, updates and a delete, with and without an actor and an action.
async fn seeded(pool: &PgPool) -> Result<AuditTrail> {
    let trail = installed(pool).await?;
    sqlx::query("INSERT INTO \"=cmd|a\" VALUES ('=1')").execute(pool).await?;
    for (id, subject) in (1_i64..).zip(HOSTILE) {
        let insert = sqlx::query("INSERT INTO tickets VALUES ($1, $2, $3::text::numeric)");
        insert.bind(id).bind(subject).bind(EXACT).execute(pool).await?;
    }
    let context = AuditContext::new(ActorRef::new(ActorKind::User, "=42")?)
        .with_correlation_id("=HYPERLINK(\"http://example.org\");=1")?
        .with_request_id("req-1")?;
    let mut tx = AuditTrail::new(pool.clone()).write(&context).action("-ticket.renamed").begin().await?;
    sqlx::query("UPDATE tickets SET subject = '=' || subject WHERE id < 4").execute(&mut *tx).await?;
    tx.commit().await?;
    sqlx::query("DELETE FROM tickets WHERE id = 2").execute(pool).await?;
    Ok(trail)
}

fn header(response: &Response<Body>, name: impl header::AsHeaderName) -> &str {
    response.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

/// Returns the objects of the JSON document and of the NDJSON lines, and the CSV cells by column, for the same filter.
struct Files {
    document: Value,
    lines: Vec<Value>,
    rows: Vec<serde_json::Map<String, Value>>,
}

impl Files {
    async fn get(app: &Router, query: &str) -> Result<Self> {
        let file = async |format: &str| -> Result<String> {
            let (status, body) = get(app, &format!("/audit/exports/changes.{format}?{query}")).await?;
            assert_eq!(status, StatusCode::OK, "{query}: {body}");
            Ok(body)
        };
        let lines = file("ndjson").await?;
        assert!(lines.is_empty() || lines.ends_with('\n'), "the last line has no end");
        let text = file("csv").await?;
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        let rows = reader.deserialize().collect::<std::result::Result<Vec<_>, _>>()?;
        assert_eq!(text.matches("\r\n").count(), rows.len() + 1, "a line for each change: {text}");
        assert_eq!(text.matches(['\r', '\n']).count(), 2 * (rows.len() + 1), "{text}");
        Ok(Self {
            document: serde_json::from_str(&file("json").await?)?,
            lines: lines.lines().map(serde_json::from_str).collect::<std::result::Result<_, _>>()?,
            rows,
        })
    }
}

/// Returns what every file of these changes must contain.
fn same(files: &Files, entries: &[TimelineEntry], query: &str) -> Result {
    assert_eq!(files.document["changes"], Value::from(files.lines.clone()), "{query}");
    assert_eq!((files.lines.len(), files.rows.len()), (entries.len(), entries.len()), "{query}");
    for ((entry, object), row) in entries.iter().zip(&files.lines).zip(&files.rows) {
        let expected = serde_json::to_value(&entry.change)?;
        let fields = expected.as_object().ok_or("no object")?;
        for (name, value) in fields {
            assert_eq!(object[name], *value, "{query}: {name}");
            let cell = row[name].as_str().map_or_else(|| row[name].to_string(), str::to_owned);
            match value {
                Value::String(text) => assert_eq!(cell.trim_start_matches('\''), text, "{query}: {name}"),
                Value::Null => assert_eq!(cell, "{}", "{query}: {name}"),
                value => assert_eq!(serde_json::from_str::<Value>(&cell)?, *value, "{query}: {name}"),
            }
        }
        let transaction = &object["transaction"];
        assert_eq!(transaction["id"], entry.transaction.id.to_string());
        assert_eq!(transaction["actor_ref"], serde_json::to_value(&entry.transaction.actor)?);
        let cell = row["transaction_json"].as_str().ok_or("no text")?;
        assert_eq!(serde_json::from_str::<Value>(cell)?, *transaction);
        let action = entry.transaction.action.as_ref();
        assert_eq!(object.get("action").is_some(), action.is_some(), "{query}");
        if let Some(action) = action {
            assert_eq!(object["action"]["id"], action.id.to_string());
            assert_eq!(object["action"]["correlation_id"], serde_json::to_value(&action.correlation_id)?);
            assert_eq!(row["action_id"], action.id.to_string());
        } else {
            assert_eq!((&row["action_id"], &row["correlation_id"]), (&"".into(), &"".into()));
        }
    }
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn download_contains_old_key_partition_and_clock(pool: PgPool) -> Result {
    let trail = installed(&pool).await?;
    sqlx::raw_sql(
        "CREATE TABLE m (id int PRIMARY KEY) PARTITION BY LIST (id); CREATE TABLE m_1 PARTITION OF m FOR VALUES IN (1)",
    )
    .execute(&pool)
    .await?;
    trail.capture(["m"]).await?;
    for sql in [
        "INSERT INTO tickets VALUES (1)",
        "UPDATE tickets SET id = 100",
        "TRUNCATE m_1",
        "SELECT setval('threadline.threadline_clock',
                       threadline.threadline_microseconds(clock_timestamp() + interval '1 hour') * 2 + 1);
         INSERT INTO tickets VALUES (2)",
    ] {
        sqlx::raw_sql(sql).execute(&pool).await?;
    }
    let entries = trail.timeline(&Scope::unscoped(), &Filter::default(), 10).await?;
    let clock_at = entries[0].change.clock_at.ok_or("no clock")?;
    let clock_at = clock_at.format("%Y-%m-%dT%H:%M:%S%.6fZ").to_string();
    let Files { lines, rows, .. } = Files::get(&mounted(&pool, Access::Allow), "from=").await?;
    for (place, name, value, cell) in [
        (0, "clock_at", Some(Value::from(&*clock_at)), &*clock_at),
        (1, "partition_name", Some("public.m_1".into()), "public.m_1"),
        (2, "old_pk", Some(serde_json::json!({ "id": "1" })), r#"{"id":"1"}"#),
        (3, "old_pk", None, ""),
        (3, "partition_name", None, ""),
        (3, "clock_at", None, ""),
    ] {
        assert_eq!(lines[place].get(name), value.as_ref(), "{place} {name}");
        let found = rows[place][name].as_str().map_or_else(|| rows[place][name].to_string(), str::to_owned);
        assert_eq!(found, cell, "{place} {name}");
    }
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn download_contains_the_changes_of_the_timeline_in_its_order(pool: PgPool) -> Result {
    let trail = seeded(&pool).await?;
    let app = mounted(&pool, Access::Allow);
    let moment: String = sqlx::query_scalar(
        "SELECT to_char(min(captured_at) AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US')
         FROM threadline.audit_changes WHERE op = 'update'",
    )
    .fetch_one(&pool)
    .await?;
    for (query, count) in [
        ("", 14),
        ("table=tickets", 13),
        ("table=%3Dcmd%7Ca", 1),
        ("table=tickets&key=id%3D2", 3),
        ("operation=delete", 1),
        ("field=subject", 3),
        ("actor=user%3A%3D42", 3),
        ("actor=user&operation=update", 3),
        (r"action=\-ticket.renamed", 3),
        ("action=-%5C-ticket.renamed", 11),
        ("actor=-user%3A%3D42&table=tickets,other", 10),
        ("request_id=req-1", 3),
        ("correlation_id=%3DHYPERLINK(%22http%3A%2F%2Fexample.org%22)%3B%3D1", 3),
        (&format!("from={moment}Z"), 4),
        (&format!("to={moment}Z&operation=insert"), 10),
        ("from=&to=&table=&older=", 14),
    ] {
        let pairs = url::form_urlencoded::parse(query.as_bytes()).into_owned().collect::<Vec<_>>();
        let (filter, _) = Filter::from_pairs(pairs.iter().map(|(key, value)| (&**key, &**value)))?;
        let entries = trail.timeline(&Scope::unscoped(), &filter, 100).await?;
        assert_eq!(entries.len(), count, "{query}");
        same(&Files::get(&app, query).await?, &entries, query)?;
    }
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn csv_escapes_formulas_and_json_is_exact(pool: PgPool) -> Result {
    seeded(&pool).await?;
    let app = mounted(&pool, Access::Allow);
    let (_, text) = get(&app, "/audit/exports/changes.csv").await?;
    for separator in [b',', b';', b'\t'] {
        // A spreadsheet that expects another separator splits the same bytes into other cells.
        let mut reader = csv::ReaderBuilder::new()
            .delimiter(separator)
            .has_headers(false)
            .flexible(true)
            .quoting(separator == b',')
            .from_reader(text.as_bytes());
        let cells: Vec<csv::StringRecord> = reader.records().collect::<std::result::Result<_, _>>()?;
        assert_eq!(cells.len(), 15);
        for cell in cells.iter().flatten() {
            assert!(!cell.starts_with(['=', '+', '-', '@', '＝', '\t', '\r', '\n']), "{cell:?}");
        }
    }
    let (_, lines) = get(&app, "/audit/exports/changes.ndjson").await?;
    for text in [&text, &lines] {
        assert_eq!(text.matches(EXACT).count(), 13, "a number lost digits: {text}");
    }
    let subjects: Vec<Value> = lines
        .lines()
        .rev()
        .map(|line| serde_json::from_str::<Value>(line).map(|change| change["data_after"]["subject"].clone()))
        .collect::<std::result::Result<_, _>>()?;
    assert_eq!(subjects[1..10], HOSTILE.map(Value::from), "a text has changed");
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn every_format_contains_source_and_exact_metadata(pool: PgPool) -> Result {
    seeded(&pool).await?;
    sqlx::query("UPDATE threadline.audit_transactions SET source = 'web', meta = $1::text::jsonb WHERE action_id IS NULL")
        .bind(format!(r#"{{"price": 1.10, "big": {EXACT}}}"#))
        .execute(&pool)
        .await?;
    let app = mounted(&pool, Access::Allow);
    let metadata = format!(r#""metadata":{{"big": {EXACT}, "price": 1.10}}"#);
    for (format, metadata) in
        [("ndjson", metadata.clone()), ("json", metadata.clone()), ("csv", metadata.replace('"', "\"\""))]
    {
        let (_, file) = get(&app, &format!("/audit/exports/changes.{format}")).await?;
        assert_eq!(file.matches(&metadata).count(), 11, "{format}: {file}");
    }
    for line in Files::get(&app, "").await?.lines {
        let source = if line.get("action").is_some() { Value::Null } else { "web".into() };
        let transaction = line["transaction"].as_object().ok_or("no transaction")?;
        assert_eq!(transaction.get("source"), Some(&source), "the reference system's exports always have it");
    }
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn download_obeys_the_scope(pool: PgPool) -> Result {
    let trail = seeded(&pool).await?;
    let scope = Scope::tables(["=cmd|a"]);
    let app = mounted(&pool, Access::AllowWithin(scope.clone()));
    for (query, count) in [("", 1), ("table=tickets", 0), ("operation=update", 0)] {
        let files = Files::get(&app, query).await?;
        assert_eq!(files.rows.len(), count, "{query}");
        let pairs = query.split_once('=');
        let entries = trail.timeline(&scope, &Filter::from_pairs(pairs)?.0, 100).await?;
        same(&files, &entries, query)?;
    }
    let app = mounted(&pool, Access::Deny);
    for format in ["csv", "json", "ndjson"] {
        let response = call(&app, &format!("/audit/exports/changes.{format}")).await?;
        assert_eq!(response.status(), StatusCode::FORBIDDEN);
        assert_eq!(header(&response, header::CONTENT_DISPOSITION), "");
    }
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn download_without_changes_is_a_complete_file(pool: PgPool) -> Result {
    installed(&pool).await?;
    let app = mounted(&pool, Access::Allow);
    let (_, csv) = get(&app, "/audit/exports/changes.csv").await?;
    let columns = "id,transaction_id,table_schema,table_name,op,captured_at,table_pk,data_after,changed_fields,changed_from,\
                   transaction_json,correlation_id,action_id,action_name,old_pk,partition_name,clock_at\r\n";
    assert_eq!(csv, columns);
    assert_eq!(get(&app, "/audit/exports/changes.ndjson").await?.1, "");
    let document: Value = serde_json::from_str(&get(&app, "/audit/exports/changes.json").await?.1)?;
    assert_eq!(document["changes"], serde_json::json!([]));
    assert_eq!((&document["format_version"], &document["truncated"]), (&1.into(), &false.into()));
    let generated: DateTime<Utc> = document["generated_at"].as_str().ok_or("no time")?.parse()?;
    assert!((Utc::now() - generated).num_minutes() < 10, "{generated}");
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn download_headers_name_the_file_and_forbid_caching(pool: PgPool) -> Result {
    seeded(&pool).await?;
    let app = mounted(&pool, Access::Allow);
    for (format, media_type) in [
        ("csv", "text/csv; charset=utf-8"),
        ("json", "application/json; charset=utf-8"),
        ("ndjson", "application/x-ndjson; charset=utf-8"),
    ] {
        let response = call(&app, &format!("/audit/exports/changes.{format}")).await?;
        assert_eq!(header(&response, header::CONTENT_TYPE), media_type);
        assert_eq!(header(&response, header::CACHE_CONTROL), "no-store");
        assert_eq!(header(&response, header::X_CONTENT_TYPE_OPTIONS), "nosniff");
        assert_eq!(header(&response, "x-threadline-truncated"), "false");
        let disposition = header(&response, header::CONTENT_DISPOSITION);
        let name = disposition.split('"').nth(1).ok_or("no name")?;
        assert_eq!(disposition, format!("attachment; filename=\"{name}\"; filename*=UTF-8''{name}"));
        let pattern: String = name.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
        assert_eq!(pattern, format!("threadline-changes-0000-00-00T00-00Z.{format}"));
    }
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn invalid_download_returns_an_error_page(pool: PgPool) -> Result {
    let app = mounted(&pool, Access::Allow);
    assert_eq!(get(&app, "/audit/exports/changes.csv").await?.0, StatusCode::SERVICE_UNAVAILABLE, "no trail");
    seeded(&pool).await?;
    let place = "1795339267000000-0193c2aa00007000800000000000008d";
    for (query, message) in [
        ("from=yesterday".to_owned(), "from is \"yesterday\""),
        ("tabel=tickets".to_owned(), "one of the keys table"),
        ("table=tickets&key=nr%3D1".to_owned(), "records of tickets have the key id, not nr"),
        (format!("older={place}"), "a download starts at the newest change"),
        (format!("table=tickets&newer={place}"), "a download starts at the newest change"),
        ("older=17".to_owned(), "older is \"17\""),
    ] {
        for format in ["csv", "json", "ndjson"] {
            let address = format!("/audit/exports/changes.{format}?{query}");
            let response = call(&app, &address).await?;
            assert_eq!(response.status(), StatusCode::BAD_REQUEST, "{address}");
            assert_eq!(header(&response, header::CONTENT_DISPOSITION), "", "{address}");
            let body = get(&app, &address).await?.1.replace("&quot;", "\"");
            assert!(body.contains(message), "{address}: {body}");
        }
    }
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn download_is_truncated_at_10000_changes(pool: PgPool) -> Result {
    let trail = installed(&pool).await?;
    sqlx::query("INSERT INTO \"=cmd|a\" VALUES ('first')").execute(&pool).await?;
    sqlx::query("INSERT INTO tickets SELECT n FROM generate_series(1, 10000) AS n").execute(&pool).await?;
    let app = mounted(&pool, Access::Allow);
    for (query, truncated, part) in [("", "true", "-newest-10000"), ("table=tickets", "false", "")] {
        for format in ["csv", "json", "ndjson"] {
            let response = call(&app, &format!("/audit/exports/changes.{format}?{query}")).await?;
            assert_eq!(header(&response, "x-threadline-truncated"), truncated, "{format} {query}");
            let name = header(&response, header::CONTENT_DISPOSITION);
            assert!(name.contains(&format!("Z{part}.{format}\"")), "{name}");
        }
        let files = Files::get(&app, query).await?;
        assert_eq!(files.document["truncated"].to_string(), truncated);
        let (filter, _) = Filter::from_pairs(query.split_once('='))?;
        let entries = trail.timeline(&Scope::unscoped(), &filter, 10_000).await?;
        assert_eq!(entries.len(), 10_000);
        same(&files, &entries, query)?;
    }
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn download_aborts_when_a_query_fails_midway(pool: PgPool) -> Result {
    installed(&pool).await?;
    sqlx::query("INSERT INTO tickets SELECT n FROM generate_series(1, 2500) AS n").execute(&pool).await?;
    let app = mounted(&pool, Access::Allow);
    for format in ["csv", "json", "ndjson"] {
        let mut body = call(&app, &format!("/audit/exports/changes.{format}")).await?.into_body();
        assert!(body.frame().await.ok_or("no first piece")?.is_ok(), "{format}");
        let rename = "ALTER TABLE threadline.audit_changes RENAME TO";
        sqlx::raw_sql(sqlx::AssertSqlSafe(format!("{rename} away"))).execute(&pool).await?;
        assert!(body.frame().await.ok_or("it ended as if it were whole")?.is_err(), "{format}");
        let back = "ALTER TABLE threadline.away RENAME TO audit_changes";
        sqlx::raw_sql(back).execute(&pool).await?;
    }
    Ok(())
}

/// Starts a transaction whose changes are older than some that are committed before it.
#[sqlx::test(migrations = false)]
async fn download_aborts_when_the_trail_outgrows_the_limit(pool: PgPool) -> Result {
    installed(&pool).await?;
    let mut long = pool.begin().await?;
    sqlx::query("INSERT INTO \"=cmd|a\" VALUES ('late')").execute(&mut *long).await?;
    sqlx::query("INSERT INTO tickets SELECT n FROM generate_series(1, 10000) AS n").execute(&pool).await?;
    let response = call(&mounted(&pool, Access::Allow), "/audit/exports/changes.ndjson").await?;
    assert_eq!(header(&response, "x-threadline-truncated"), "false");
    long.commit().await?;
    assert!(response.into_body().collect().await.is_err(), "a change is missing, and nobody is told");
    Ok(())
}
