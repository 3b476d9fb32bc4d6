//! Large stored values: pages and downloads need little memory for them, and the whole value can be read.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use axum::Router;
use http::{StatusCode, header};
use http_body_util::BodyExt;
use sqlx::PgPool;
use threadline::query::{Filter, Side, ValueAddress};
use threadline::{AuditTrail, Scope};
use threadline_server::Access;
use threadline_testkit::database::value;
use threadline_testkit::html::part;

use crate::support::{Result, call, get, mounted};

const TIMELINE: &str = "/audit/timeline?from=2026-01-01T00:00";

async fn installed(pool: &PgPool) -> Result<AuditTrail> {
    let trail = AuditTrail::new(pool.clone());
    trail.install().await?;
    sqlx::raw_sql("CREATE TABLE texts (id int PRIMARY KEY, body text, data jsonb, note text)")
        .execute(pool)
        .await?;
    trail.capture(["texts"]).await?;
    Ok(trail)
}

/// Copies the newest change, so that there are 100 of it. Capturing them takes ten times as long.
async fn repeat_newest_change(pool: &PgPool) -> Result {
    sqlx::raw_sql(
        "CREATE TEMP TABLE newest AS SELECT * FROM threadline.audit_changes ORDER BY captured_at DESC, id DESC LIMIT 1;
         DO $$ BEGIN
           FOR n IN 1..99 LOOP
             UPDATE newest SET id = gen_random_uuid(), captured_at = captured_at + interval '1 microsecond';
             INSERT INTO threadline.audit_changes SELECT * FROM newest;
           END LOOP;
         END $$;
         CREATE TEMP TABLE newest_transaction AS SELECT * FROM threadline.audit_transactions
           WHERE id = (SELECT transaction_id FROM newest);
         DO $$ BEGIN
           FOR n IN 1..50 LOOP
             UPDATE newest_transaction SET id = gen_random_uuid();
             INSERT INTO threadline.audit_transactions SELECT * FROM newest_transaction;
             UPDATE newest SET id = gen_random_uuid(), captured_at = captured_at + interval '1 microsecond',
               transaction_id = (SELECT id FROM newest_transaction);
             INSERT INTO threadline.audit_changes SELECT * FROM newest;
           END LOOP;
         END $$;
         DROP TABLE newest, newest_transaction",
    )
    .execute(&mut *pool.acquire().await?)
    .await?;
    Ok(())
}

fn resident_bytes() -> u64 {
    let pages = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    pages.split(' ').nth(1).and_then(|pages| pages.parse::<u64>().ok()).unwrap_or_default() * 4_096
}

/// Returns the output of the future, and by how many bytes the memory of the process has grown at most while it ran.
async fn with_memory<T>(future: impl Future<Output = Result<T>>) -> Result<(T, u64)> {
    let (is_done, peak) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
    let before = resident_bytes();
    let sampler = std::thread::spawn({
        let (is_done, peak) = (is_done.clone(), peak.clone());
        move || {
            while !is_done.load(Ordering::Relaxed) {
                peak.fetch_max(resident_bytes(), Ordering::Relaxed);
                std::thread::sleep(Duration::from_millis(2));
            }
        }
    });
    let output = future.await;
    is_done.store(true, Ordering::Relaxed);
    sampler.join().map_err(|_| "the sampler panicked")?;
    Ok((output?, peak.load(Ordering::Relaxed).saturating_sub(before)))
}

/// Returns the addresses of the links whose path contains this.
fn links(body: &str, part: &str) -> Vec<String> {
    let links = body.split("href=\"").skip(1).filter_map(|rest| rest.split('"').next());
    links.filter(|href| href.contains(part)).map(|href| href.replace("&amp;", "&")).collect()
}

#[sqlx::test(migrations = false)]
async fn pages_stay_small_when_the_newest_100_changes_hold_10_mb_each(pool: PgPool) -> Result {
    installed(&pool).await?;
    sqlx::raw_sql(
        "INSERT INTO texts VALUES (1, repeat('x', 10000000));
         UPDATE texts SET body = repeat('y', 10000000), note = 'seen'",
    )
    .execute(&pool)
    .await?;
    repeat_newest_change(&pool).await?;
    let app = mounted(&pool, Access::Allow);
    let transaction: uuid::Uuid = value(
        &pool,
        "SELECT transaction_id FROM threadline.audit_changes GROUP BY 1 ORDER BY count(*) DESC LIMIT 1",
    )
    .await?;
    let at: String = value(
        &pool,
        "SELECT to_char(max(captured_at) AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"') FROM threadline.audit_changes",
    )
    .await?;
    for (address, has_values) in [
        ("/audit".to_owned(), true),
        (TIMELINE.to_owned(), true),
        ("/audit/rows/texts/id%3D1".to_owned(), true),
        (format!("/audit/rows/texts/id%3D1?as_of={at}&compare=2026-01-01T00:00:00Z&with={at}"), true),
        (format!("/audit/transactions/{transaction}"), true),
        ("/audit/actors/anonymous".to_owned(), false),
    ] {
        let start = std::time::Instant::now();
        let ((status, body), memory) = with_memory(get(&app, &address)).await?;
        println!("{address}: {} bytes, {memory} bytes of memory, {:?}", body.len(), start.elapsed());
        assert_eq!(status, StatusCode::OK, "{address}: {body}");
        assert!(body.len() < 2_000_000, "{address}: {} bytes", body.len());
        assert!(memory < 100_000_000, "{address}: {memory} bytes");
        assert_eq!(body.contains("… the first 8,000 of 10,000,000 bytes"), has_values, "{address}");
    }
    let (_, body) = get(&app, TIMELINE).await?;
    assert!(body.contains("The values of this change take "), "{body}");
    // The page of a change that was left out begins with it.
    let opened = links(&body, "?older=").into_iter().next_back().ok_or("no link")?;
    let (address, change) = opened.split_once('#').ok_or("no change")?;
    let (status, body) = get(&app, address).await?;
    assert_eq!(status, StatusCode::OK);
    let card = body.split("<section id=\"change-").nth(1).ok_or("no change")?;
    assert!(
        card.starts_with(change.trim_start_matches("change-"))
            && card.contains("… the first 8,000 of 10,000,000 bytes"),
        "{card}"
    );
    assert!(card.contains("seen"), "{card}");
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn incompressible_values_are_left_out_but_those_of_the_first_change(pool: PgPool) -> Result {
    installed(&pool).await?;
    sqlx::raw_sql(
        "INSERT INTO texts SELECT n, (SELECT string_agg(md5((n * 1000000 + m)::text), '') FROM generate_series(1, 100000) AS m)
         FROM generate_series(1, 3) AS n;
         INSERT INTO texts VALUES (4, 'small')",
    )
    .execute(&pool)
    .await?;
    let app = mounted(&pool, Access::Allow);
    let ((status, body), memory) = with_memory(get(&app, TIMELINE)).await?;
    assert_eq!(status, StatusCode::OK);
    assert!(memory < 100_000_000, "{memory} bytes");
    assert_eq!(body.matches("… the first 8,000 of 3,200,000 bytes").count(), 1, "{body}");
    assert_eq!(body.matches("The values of this change take ").count(), 2, "{body}");
    assert!(body.contains("small"), "{body}");
    for opened in links(&body, "?older=") {
        let (_, body) = get(&app, opened.split('#').next().unwrap_or_default()).await?;
        let card = body.split("<section id=\"change-").nth(1).ok_or("no change")?;
        assert!(card.contains("… the first 8,000 of 3,200,000 bytes"), "{card}");
    }
    Ok(())
}

/// Captures a long value of each kind, and returns the links to them.
async fn long_values(pool: &PgPool, app: &Router) -> Result<Vec<String>> {
    sqlx::raw_sql(
        "INSERT INTO texts VALUES (1, 'x' || repeat('é🦀', 1000000), jsonb_build_object('a', repeat('\"', 100000)));
         UPDATE texts SET body = 'short'",
    )
    .execute(pool)
    .await?;
    Ok(links(&get(app, TIMELINE).await?.1, "/changes/"))
}

#[sqlx::test(migrations = false)]
async fn linked_value_is_the_whole_stored_one(pool: PgPool) -> Result {
    installed(&pool).await?;
    let app = mounted(&pool, Access::Allow);
    let text = format!("x{}", "é🦀".repeat(1_000_000));
    let json = format!(r#"{{"a": "{}"}}"#, r#"\""#.repeat(100_000));
    let links = long_values(&pool, &app).await?;
    assert_eq!(links.len(), 3, "{links:?}");
    for (link, expected) in links.iter().zip([&text, &text, &json]) {
        let response = call(&app, link).await?;
        assert_eq!(response.status(), StatusCode::OK, "{link}");
        for (name, value) in [
            (header::CONTENT_TYPE, "text/plain; charset=utf-8"),
            (header::CONTENT_DISPOSITION, "inline"),
            (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
            (header::CONTENT_LENGTH, &expected.len().to_string()),
        ] {
            assert_eq!(
                response.headers().get(&name).and_then(|value| value.to_str().ok()),
                Some(value),
                "{link}"
            );
        }
        let bytes = response.into_body().collect().await?.to_bytes();
        assert!(bytes == expected.as_bytes(), "{link}: {} bytes", bytes.len());
    }
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn old_value_of_a_table_that_stores_none_is_that_of_the_previous_change(pool: PgPool) -> Result {
    let trail = AuditTrail::new(pool.clone());
    trail.install().await?;
    sqlx::raw_sql("CREATE TABLE texts (id int PRIMARY KEY, body text, data jsonb, note text)")
        .execute(&pool)
        .await?;
    let mut policy = threadline::capture::TablePolicy::new("texts");
    policy.store_changed_from = false;
    trail.capture([policy]).await?;
    let app = mounted(&pool, Access::Allow);
    let links = long_values(&pool, &app).await?;
    assert_eq!(links.len(), 3, "{links:?}");
    let (status, body) = get(&app, &links[0]).await?;
    assert!(links[0].contains("side=before"), "{links:?}");
    assert_eq!((status, body.len()), (StatusCode::OK, 6_000_001));
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn missing_and_hidden_values_are_answered_alike(pool: PgPool) -> Result {
    installed(&pool).await?;
    let app = mounted(&pool, Access::Allow);
    let link = long_values(&pool, &app).await?.pop().ok_or("no link")?;
    let change = link.split('/').nth(3).ok_or("no change")?;
    let scoped = mounted(&pool, Access::AllowWithin(Scope::tables(["other"])));
    let hidden = get(&scoped, &link).await?;
    let missing = link.replace(change, "1795339267000000-0193c2aa00007000800000000000008d");
    let missing_page = get(&scoped, &missing).await?;
    assert_eq!(hidden.0, StatusCode::NOT_FOUND);
    assert!(hidden.1.contains("does not exist"), "{}", hidden.1);
    let problem = |body: &str| part(body, "<section class=\"problem\">", "class=\"reference\"").to_owned();
    assert_eq!((hidden.0, problem(&hidden.1)), (missing_page.0, problem(&missing_page.1)));
    for (address, expected) in [
        (missing, StatusCode::NOT_FOUND),
        (link.replace("field=data", "field=nothing"), StatusCode::NOT_FOUND),
        (link.replace("side=after", "side=before"), StatusCode::NOT_FOUND),
        (link.replace("side=after", "side=left"), StatusCode::BAD_REQUEST),
        (link.replace("side=after&", ""), StatusCode::BAD_REQUEST),
        (link.replace("&field=data", ""), StatusCode::BAD_REQUEST),
        (format!("{link}&field=body"), StatusCode::BAD_REQUEST),
        (format!("{link}&more=1"), StatusCode::BAD_REQUEST),
        (link.replace(change, "17"), StatusCode::BAD_REQUEST),
        (link.replace("field=data", "field=%00"), StatusCode::BAD_REQUEST),
    ] {
        let (status, body) = get(&app, &address).await?;
        assert_eq!(status, expected, "{address}");
        assert!(body.contains("<h1>"), "{address}: {body}");
    }
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn value_that_imitates_a_shortened_one_is_shown_as_it_is(pool: PgPool) -> Result {
    installed(&pool).await?;
    sqlx::raw_sql(
        r#"INSERT INTO texts VALUES (1, '… the first 8,000 of 10,000,000 bytes',
             '{"start": "x", "bytes": 10000000, "shortened": true, "values_left_out": 10000000}')"#,
    )
    .execute(&pool)
    .await?;
    let (_, body) = get(&mounted(&pool, Access::Allow), TIMELINE).await?;
    assert!(body.contains("<bdi>… the first 8,000 of 10,000,000 bytes</bdi>"), "{body}");
    assert!(body.contains("&quot;shortened&quot;: true") || body.contains("\"shortened\": true"), "{body}");
    assert_eq!(links(&body, "/changes/"), Vec::<String>::new());
    assert!(!body.contains("The values of this change take"), "{body}");
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn download_of_large_values_needs_little_memory(pool: PgPool) -> Result {
    installed(&pool).await?;
    sqlx::raw_sql("INSERT INTO texts VALUES (1, repeat('y', 1000000))").execute(&pool).await?;
    repeat_newest_change(&pool).await?;
    let app = mounted(&pool, Access::Allow);
    for format in ["csv", "json", "ndjson"] {
        let download = async {
            let mut body = call(&app, &format!("/audit/exports/changes.{format}")).await?.into_body();
            let (mut bytes, mut values) = (0, 0);
            while let Some(frame) = body.frame().await {
                let data = frame?.into_data().map_err(|_| "no data")?;
                bytes += data.len();
                values += data.iter().filter(|byte| **byte == b'y').count();
            }
            Ok((bytes, values))
        };
        let ((bytes, values), memory) = with_memory(download).await?;
        println!("{format}: {bytes} bytes, {memory} bytes of memory");
        assert!(bytes > 100_000_000, "{format}: {bytes} bytes");
        assert!(values >= 100_000_000, "{format}: {values} characters of values");
        assert!(memory < 150_000_000, "{format}: {memory} bytes");
    }
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn parts_of_a_value_fit_together(pool: PgPool) -> Result {
    let trail = installed(&pool).await?;
    sqlx::raw_sql("INSERT INTO texts VALUES (1, repeat('é🦀', 20000), '[1, 2]')").execute(&pool).await?;
    let entries = trail.timeline(&Scope::unscoped(), &Filter::default(), 1).await?;
    let change = entries[0].change.cursor();
    let mut snapshot = trail.snapshot().await?;
    let body = ValueAddress::new(change, Side::After, "body");
    let mut found = Vec::new();
    while let Some(part) = snapshot.value_part(&Scope::unscoped(), &body, found.len() as u64, 7_001).await? {
        assert_eq!(part.total_bytes, 120_000);
        if part.bytes.is_empty() {
            break;
        }
        found.extend(part.bytes);
    }
    assert_eq!(String::from_utf8(found)?, "é🦀".repeat(20_000));
    for (side, field, expected) in [
        (Side::After, "data", Some("[1, 2]")),
        (Side::After, "note", Some("null")),
        (Side::After, "nothing", None),
        (Side::Before, "body", None),
    ] {
        let address = ValueAddress::new(change, side, field);
        let part = snapshot.value_part(&Scope::unscoped(), &address, 0, 100).await?;
        let text = part.map(|part| String::from_utf8(part.bytes)).transpose()?;
        assert_eq!(text.as_deref(), expected, "{side} {field}");
    }
    Ok(())
}
