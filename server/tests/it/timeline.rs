//! The timeline: its address, its form, its conditions, its pages, and its empty pages.

use std::convert::Infallible;
use std::time::Duration;

use crate::support::{Result, call, get, mounted};
use axum::Router;
use axum::body::Body;
use http::{Request, StatusCode, header};
use sqlx::PgPool;
use sqlx::types::chrono::Utc;
use threadline::query::{FILTER_KEYS, Filter};
use threadline::{ActorKind, ActorRef, AuditContext, AuditTrail, Scope};
use threadline_server::{Access, AccessRequest, Console};
use threadline_testkit::database::trail;
use threadline_testkit::html::{part, words};
use tower::ServiceExt;
use url::form_urlencoded;

/// Each key with a value that one seeded change matches.
const EVERY_KEY: [(&str, &str); 12] = [
    ("table", "tickets"),
    ("key", "id=1"),
    ("operation", "update"),
    ("field", "subject"),
    ("value", "=Scanner"),
    ("actor", "user:42"),
    ("on_behalf_of", "-user:7,-job"),
    ("action", "ticket.renamed"),
    ("correlation_id", "c \"1\" & more"),
    ("request_id", "req-1"),
    ("from", "2020-01-01T00:00:00.000001Z"),
    ("to", "2100-01-01T00:00:00Z"),
];

async fn installed(pool: &PgPool) -> Result<AuditTrail> {
    let trail = AuditTrail::new(pool.clone());
    trail.install().await?;
    sqlx::raw_sql(
        "CREATE TABLE tickets (id bigint PRIMARY KEY, subject text);
         CREATE TABLE order_lines (\"order\" bigint, line bigint, PRIMARY KEY (\"order\", line));",
    )
    .execute(pool)
    .await?;
    trail.capture(["tickets", "order_lines"]).await?;
    Ok(trail)
}

/// Seeds a ticket, its new subject under a named action, and a line of an order.
async fn seeded(pool: &PgPool) -> Result<AuditTrail> {
    let trail = installed(pool).await?;
    sqlx::query("INSERT INTO tickets VALUES (1, 'Printer')").execute(pool).await?;
    let context = AuditContext::new(ActorRef::new(ActorKind::User, "42")?)
        .with_correlation_id("c \"1\" & more")?
        .with_request_id("req-1")?;
    let mut tx = AuditTrail::new(pool.clone()).write(&context).action("ticket.renamed").begin().await?;
    sqlx::query("UPDATE tickets SET subject = 'Scanner'").execute(&mut *tx).await?;
    tx.commit().await?;
    sqlx::query("INSERT INTO order_lines VALUES (7, 2)").execute(pool).await?;
    Ok(trail)
}

fn query_of<K: AsRef<str>, V: AsRef<str>>(pairs: impl IntoIterator<Item = (K, V)>) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
}

fn address(query: &str) -> String {
    format!("/audit/timeline?{query}")
}

/// Returns the target of a redirect, or an empty text.
async fn leads_to(app: &Router, address: &str) -> Result<String> {
    let response = call(app, address).await?;
    let location = response.headers().get(header::LOCATION).map(|location| location.to_str()).transpose()?;
    assert_eq!(response.status() == StatusCode::SEE_OTHER, location.is_some(), "{address}");
    Ok(location.unwrap_or_default().to_owned())
}

async fn page(app: &Router, query: &str) -> Result<String> {
    let (status, body) = get(app, &address(query)).await?;
    assert_eq!(status, StatusCode::OK, "{query}: {body}");
    Ok(body)
}

fn unescaped(text: &str) -> String {
    text.replace("&quot;", "\"").replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
}

/// Returns the value of an attribute in a tag.
fn attribute(tag: &str, name: &str) -> Option<String> {
    let (_, rest) = tag.split_once(&format!(" {name}=\""))?;
    Some(unescaped(rest.split('"').next()?))
}

/// Returns the addresses of links with this text or label.
fn links(body: &str, name: &str) -> Vec<String> {
    let of_name = |link: &&str| {
        link.split("</a>").next().is_some_and(|link| link.ends_with(&format!(">{name}")))
            || attribute(link.split('>').next().unwrap_or_default(), "aria-label").as_deref() == Some(name)
    };
    body.split("<a").skip(1).filter(of_name).filter_map(|link| attribute(link, "href")).collect()
}

/// Returns what the filter form sends in its present state.
fn submitted(body: &str) -> Vec<(String, String)> {
    let form = body.split("<form").find(|form| form.contains("name=\"table\"")).unwrap_or_default();
    let form = form.split("</form>").next().unwrap_or_default();
    let inputs = form.split("<input").skip(1).map(|input| input.split('>').next().unwrap_or_default());
    let inputs =
        inputs.filter_map(|tag| Some((attribute(tag, "name")?, attribute(tag, "value").unwrap_or_default())));
    let selects = form.split("<select").skip(1).map(|select| {
        let tags = select.split("<option").filter_map(|option| option.split('>').next());
        let chosen = tags.skip(1).find(|tag| tag.contains(" selected"));
        let chosen = chosen.and_then(|tag| attribute(tag, "value")).unwrap_or_default();
        (attribute(select, "name").unwrap_or_default(), chosen)
    });
    inputs.chain(selects).collect()
}

#[sqlx::test(migrations = false)]
async fn timeline_without_a_query_opens_on_the_last_24_hours(pool: PgPool) -> Result {
    seeded(&pool).await?;
    let app = mounted(&pool, Access::Allow);
    for (asked, hours) in [("/audit/timeline", 24), ("/audit/timeline?", 24), (&*address("window=7d"), 168)] {
        let opened = leads_to(&app, asked).await?;
        let (filter, _) = Filter::from_pairs(
            form_urlencoded::parse(opened.split_once('?').ok_or("no query")?.1.as_bytes())
                .collect::<Vec<_>>()
                .iter()
                .map(|(key, value)| (&**key, &**value)),
        )?;
        let from = filter.from.ok_or("no begin")?;
        assert_eq!(filter, Filter { from: Some(from), ..Filter::default() });
        let minutes = (Utc::now() - from).num_minutes() - hours * 60;
        assert!((0..10).contains(&minutes), "{asked}: {from}");
        assert_eq!(from.timestamp() % 60, 0, "not to the minute");
        assert_eq!(leads_to(&app, &opened).await?, "", "{opened} leads on");
        let (_, body) = get(&app, &opened).await?;
        assert!(body.contains("Scanner"), "{body}");
        let current =
            body.split("<a").find(|link| link.contains("aria-current=\"true\"")).ok_or("no window")?;
        let current = current.split("</a>").next().unwrap_or_default();
        assert!(current.ends_with(if hours == 24 { "24 h" } else { "7 d" }), "{current}");
    }
    let within = leads_to(&app, &address("table=tickets&window=1h")).await?;
    assert!(within.starts_with(&address("table=tickets&from=")), "{within}");
    assert_eq!(
        leads_to(&app, &address("table=tickets&from=2020-01-01T00:00&window=all")).await?,
        address("table=tickets")
    );
    let (status, body) = get(&app, &address("window=fortnight")).await?;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert!(body.contains("expected 1h, 24h, 7d, 30d or all"), "{body}");
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn blank_fields_are_removed_from_the_address(pool: PgPool) -> Result {
    seeded(&pool).await?;
    let app = mounted(&pool, Access::Allow);
    let blank = query_of(EVERY_KEY.map(|(key, _)| (key, "")));
    let cursor = "1795339267000000-0193c2aa00007000800000000000008d";
    for (asked, settled) in [
        (&*blank, "from="),
        ("table=+", "from="),
        ("action=ticket.renamed&to=&table=tickets", "table=tickets&action=ticket.renamed"),
        (&format!("from=&table=&older={cursor}"), &format!("from=&older={cursor}")),
        (&format!("actor=job&key=&newer={cursor}"), &format!("actor=job&newer={cursor}")),
    ] {
        assert_eq!(leads_to(&app, &address(asked)).await?, address(settled), "{asked}");
        assert_eq!(leads_to(&app, &address(settled)).await?, "", "{settled} leads on");
    }
    // A proxy may encode it like this.
    assert_eq!(leads_to(&app, &address("from")).await?, "");
    assert!(page(&app, "from=").await?.contains("Printer"));
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn filter_form_keeps_every_condition(pool: PgPool) -> Result {
    seeded(&pool).await?;
    let app = mounted(&pool, Access::Allow);
    assert_eq!(EVERY_KEY.map(|(key, _)| key), FILTER_KEYS.each_ref().map(|key| key.name));
    let everything = query_of(EVERY_KEY);
    let body = page(&app, &everything).await?;
    assert!(body.contains("Scanner") && body.contains(">1 change<"), "{body}");
    let sent = submitted(&body);
    // The field of a time has no seconds where the time has none.
    assert_eq!(leads_to(&app, &address(&query_of(sent.clone()))).await?, address(&everything), "{sent:?}");
    assert_eq!(leads_to(&app, &address(&everything)).await?, "");
    // Each condition is tested alone, among its blank neighbours.
    for (key, value) in EVERY_KEY.into_iter().filter(|(key, _)| *key != "key") {
        let settled = address(&query_of([(key, value)]));
        let sent = submitted(&get(&app, &settled).await?.1);
        assert_eq!(leads_to(&app, &address(&query_of(sent.clone()))).await?, settled, "{sent:?}");
    }
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn each_condition_has_a_link_that_removes_it(pool: PgPool) -> Result {
    seeded(&pool).await?;
    let app = mounted(&pool, Access::Allow);
    let body = page(&app, &query_of(EVERY_KEY)).await?;
    let without = |left_out: &[&str]| {
        address(&query_of(EVERY_KEY.into_iter().filter(|(key, _)| !left_out.contains(key))))
    };
    for (chip, left_out) in [
        // A key is ambiguous without its table.
        ("Remove the filter Table", &["table", "key"][..]),
        ("Remove the filter Record", &["key"]),
        ("Remove the filter Kind", &["operation"]),
        ("Remove the filter Field", &["field"]),
        ("Remove the filter Value", &["value"]),
        ("Remove the filter Who", &["actor"]),
        ("Remove the filter On behalf of", &["on_behalf_of"]),
        ("Remove the filter Action", &["action"]),
        ("Remove the filter Request", &["correlation_id"]),
        ("Remove the filter Request id", &["request_id"]),
        ("Remove the window", &["from", "to"]),
    ] {
        assert_eq!(links(&body, chip), [without(left_out)], "{chip}");
        assert_eq!(leads_to(&app, &without(left_out)).await?, "");
    }
    let last = page(&app, "from=2020-01-01T00%3A00%3A00Z").await?;
    assert_eq!(links(&last, "Remove the window"), [address("from=")]);
    assert!(!page(&app, "from=").await?.contains("class=\"chip\""));
    for format in ["csv", "json", "ndjson"] {
        let download = format!("/audit/exports/changes.{format}?{}", query_of(EVERY_KEY));
        assert_eq!(links(&body, &format.to_uppercase()), [download]);
    }
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn bare_key_is_completed_with_its_column(pool: PgPool) -> Result {
    seeded(&pool).await?;
    let app = mounted(&pool, Access::Allow);
    assert_eq!(leads_to(&app, &address("table=tickets&key=1")).await?, address("table=tickets&key=id%3D1"));
    assert_eq!(
        leads_to(&app, &address("table=tickets&key=+%235,041+&actor=")).await?,
        address("table=tickets&key=id%3D5041")
    );
    let body = page(&app, "table=order_lines&key=line%3D2%26order%3D7").await?;
    assert!(body.contains(">1 change<"), "{body}");
    for (query, sentence) in [
        ("key=42", "key is \"42\": expected the table beside it"),
        ("table=order_lines&key=7", "expected every key column of order_lines, as in line=…&order=…"),
        ("table=nowhere&key=7", "There is no audited table"),
        ("table=tickets&key=a%26b", "are numbers, not"),
        ("table=tickets&key=nr%3D1", "records of tickets have the key id, not nr"),
        ("table=nowhere&key=id%3D1", "There is no audited table"),
        ("table=%00&key=1", "table is \"\\0\""),
    ] {
        let (status, body) = get(&app, &address(query)).await?;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{query}");
        assert!(unescaped(&body).contains(sentence), "{query}: {body}");
    }
    // A hidden table has no key columns either.
    let limited = mounted(&pool, Access::AllowWithin(Scope::tables(["order_lines"])));
    let (hidden, missing) = (
        get(&limited, &address("table=tickets&key=1")).await?,
        get(&limited, &address("table=nowhere&key=1")).await?,
    );
    assert_eq!(hidden.0, StatusCode::BAD_REQUEST);
    for (body, table) in [(&hidden.1, "tickets"), (&missing.1, "nowhere")] {
        assert!(body.contains("There is no audited table") && body.contains(table), "{body}");
        assert!(!body.contains("Did you mean"), "{body}");
    }
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn invalid_filter_keeps_the_form_as_typed(pool: PgPool) -> Result {
    seeded(&pool).await?;
    let app = mounted(&pool, Access::Allow);
    for (key, value) in [
        ("from", "some day"),
        ("to", "2026-99-01T00:00"),
        ("actor", "nobody:1"),
        ("operation", "upsert"),
        ("field", "\u{202e}"),
        ("key", "<script>alert(1)</script>"),
    ] {
        let typed = [("action", "ticket.renamed"), (key, value)];
        let (status, body) = get(&app, &address(&query_of(typed))).await?;
        if key == "field" {
            // The name is unusual, but a column can have it.
            assert_eq!(status, StatusCode::OK);
            continue;
        }
        assert_eq!(status, StatusCode::BAD_REQUEST, "{key}");
        let sent = submitted(&body);
        for (key, value) in typed {
            assert!(sent.contains(&(key.to_owned(), value.to_owned())), "{key} is lost: {sent:?}");
        }
        assert_eq!(body.matches("aria-invalid=\"true\"").count(), 1, "{key}");
        let wrong =
            body.split(" aria-invalid").next().and_then(|text| text.rsplit('<').next()).unwrap_or_default();
        assert_eq!(attribute(&format!("{wrong} "), "name").as_deref(), Some(key));
        assert!(body.contains(&format!("aria-describedby=\"filter-{key}-mistake\"")), "{key}");
        assert!(body.contains(&format!("id=\"filter-{key}-mistake\"")), "{key}");
        assert!(!body.contains("<details data-entry") && !body.contains("<script>alert"), "{key}: {body}");
        assert!(body.contains("<option value=\"order_lines\">"), "no tables to choose from");
    }
    Ok(())
}

/// The cached list of all tables must not be shown to an operator with a scope.
#[sqlx::test(migrations = false)]
async fn filter_form_suggests_the_tables_of_the_scope(pool: PgPool) -> Result {
    seeded(&pool).await?;
    // Two operators of one console, whom the hook tells apart by a header.
    let console = Console::builder(trail(&pool))
        .authorize_fn(|request: AccessRequest| async move {
            let is_limited = request.parts.uri.query().is_some_and(|query| query.contains("limited"));
            let scope = Scope::tables(["order_lines"]);
            Ok::<_, Infallible>(if is_limited { Access::AllowWithin(scope) } else { Access::Allow })
        })
        .actor_fn(|_| async { None })
        .build()?;
    let app = Router::new().nest("/audit", console.into_router());
    for _ in 0..3 {
        let (all, some) = (page(&app, "from=").await?, page(&app, "request_id=limited").await?);
        assert!(all.contains("<option value=\"tickets\">") && all.contains("<option value=\"order_lines\">"));
        assert!(
            !some.contains("<option value=\"tickets\">") && some.contains("<option value=\"order_lines\">")
        );
    }
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn timeline_pages_connect_and_a_large_transaction_is_one_line(pool: PgPool) -> Result {
    installed(&pool).await?;
    for n in 1..=12 {
        let ticket = format!("INSERT INTO tickets VALUES ({n}, 'Ticket')");
        sqlx::raw_sql(sqlx::AssertSqlSafe(ticket)).execute(&pool).await?;
    }
    sqlx::raw_sql(
        "INSERT INTO tickets SELECT n, 'Ticket' FROM generate_series(1000, 1059) AS n;
         UPDATE tickets SET subject = 'Renamed'; INSERT INTO order_lines VALUES (1, 1)",
    )
    .execute(&pool)
    .await?;
    for n in 100..=147 {
        let ticket = format!("INSERT INTO tickets VALUES ({n}, 'Ticket')");
        sqlx::raw_sql(sqlx::AssertSqlSafe(ticket)).execute(&pool).await?;
    }
    sqlx::query("INSERT INTO tickets VALUES (200, 'The newest')").execute(&pool).await?;
    let app = mounted(&pool, Access::Allow);
    let newest = page(&app, "from=").await?;
    let lines = |body: &str| body.matches("<details data-entry").count();
    assert!(newest.contains("194 changes") && newest.contains("50 shown"), "{newest}");
    assert_eq!(lines(&newest), 50);
    let large = words(part(&newest, "class=\"entry bulk\"", "</details>"));
    assert!(large.contains("changed 72 tickets") && large.contains("created 60 tickets"), "{large}");
    assert!(
        large.contains("133 changes in this transaction.") && large.contains("created 1 order_lines"),
        "{large}"
    );
    let [older] = &links(&newest, "Older")[..] else { return Err("not one way to older changes".into()) };
    let (_, body) = get(&app, older).await?;
    assert_eq!(lines(&body), 12);
    assert!(body.contains("194 changes") && !body.contains("The newest") && !body.contains("bulk"), "{body}");
    assert!(links(&body, "Older").is_empty());
    let [newer] = &links(&body, "Newer")[..] else { return Err("not one way to newer changes".into()) };
    let (_, body) = get(&app, newer).await?;
    assert_eq!(lines(&body), 50);
    assert!(body.contains("The newest") && links(&body, "Newer").is_empty());

    let filtered = page(&app, "table=tickets&operation=insert").await?;
    let large = words(part(&filtered, "class=\"entry bulk\"", "</details>"));
    assert!(large.contains("60 changes of this transaction match the filter."), "{large}");
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn times_are_read_and_shown_in_the_zone_of_the_operator(pool: PgPool) -> Result {
    seeded(&pool).await?;
    sqlx::raw_sql("UPDATE threadline.audit_changes SET captured_at = '2026-07-14 22:30:05Z' WHERE table_name = 'order_lines'")
        .execute(&pool)
        .await?;
    let app = mounted(&pool, Access::Allow);
    let asked = async |query: &str, zone: &str| -> Result<_> {
        let request = Request::get(address(query)).header(header::COOKIE, format!("threadline_zone={zone}"));
        Ok(app.clone().oneshot(request.body(Body::empty())?).await?)
    };
    for (typed, zone, expected) in [
        ("from=24+Nov+2025+14:00", "UTC", "from=2025-11-24T14%3A00%3A00Z"),
        ("from=24+Nov+2025+14:00", "Europe/Berlin", "from=2025-11-24T13%3A00%3A00Z"),
        ("to=Jul+24,+2025+2pm", "Europe/Berlin", "to=2025-07-24T12%3A00%3A00Z"),
        ("from=2025-11-24+14:00", "America/New_York", "from=2025-11-24T19%3A00%3A00Z"),
        ("from=2025-11-24+14:00", "Nowhere", "from=2025-11-24T14%3A00%3A00Z"),
    ] {
        let response = asked(typed, zone).await?;
        assert_eq!(response.status(), StatusCode::SEE_OTHER, "{typed}");
        let location = response.headers()[header::LOCATION].to_str()?;
        assert_eq!(location, address(expected), "{typed} in {zone}");
    }
    // An address is in UTC, whatever the zone of its reader.
    let response = asked("table=order_lines&from=2026-07-14T00:00", "Europe/Berlin").await?;
    assert_eq!(response.status(), StatusCode::OK);
    let body = axum::body::to_bytes(response.into_body(), usize::MAX).await?;
    let body = String::from_utf8(body.to_vec())?;
    for expected in [
        "15 July",
        "UTC+2",
        ">00:30:05<",
        "From (Berlin time)",
        "value=\"2026-07-14 02:00\"",
        "Since 14 July, 02:00",
    ] {
        assert!(body.contains(expected), "{expected} is missing in {body}");
    }
    assert!(body.contains("datetime=\"2026-07-14T22:30:05.000000Z\""), "{body}");
    let (status, body) = get(&app, &address("from=some+day")).await?;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert!(body.contains("last tue 14:00"), "{body}");
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn lines_are_open_where_the_operator_prefers_cards(pool: PgPool) -> Result {
    seeded(&pool).await?;
    let app = mounted(&pool, Access::Allow);
    let opened = |body: &str| body.matches("<details open data-entry").count();
    assert_eq!(opened(&page(&app, "from=").await?), 0);
    let request = Request::get(address("from=")).header(header::COOKIE, "threadline_density=cards");
    let response = app.clone().oneshot(request.body(Body::empty())?).await?;
    let body = axum::body::to_bytes(response.into_body(), usize::MAX).await?;
    assert_eq!(opened(&String::from_utf8(body.to_vec())?), 3);
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn missing_old_value_is_looked_up(pool: PgPool) -> Result {
    seeded(&pool).await?;
    sqlx::query("UPDATE threadline.audit_changes SET changed_from = NULL WHERE op = 'update'")
        .execute(&pool)
        .await?;
    let body = page(&mounted(&pool, Access::Allow), "operation=update").await?;
    assert!(body.contains("Printer") && body.contains("Scanner"), "{body}");
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn empty_timeline_says_why_and_where_to_go(pool: PgPool) -> Result {
    installed(&pool).await?;
    let app = mounted(&pool, Access::Allow);
    let body = page(&app, "table=tickets&from=2020-01-01T00%3A00%3A00Z").await?;
    assert!(body.contains("Nothing has been recorded yet"), "{body}");
    sqlx::query("INSERT INTO tickets VALUES (1, 'Printer')").execute(&pool).await?;

    let body =
        page(&app, "table=tickets&actor=job&from=2020-01-01T00%3A00%3A00Z&to=2020-01-02T00%3A00%3A00Z")
            .await?;
    assert!(body.contains("Leaving out any one of the conditions finds nothing either"), "{body}");
    assert_eq!(links(&body, "All time"), [address("table=tickets&actor=job&window=all")]);
    assert_eq!(links(&body, "Show every change"), [address("from=")]);

    let body = page(&app, "table=tickets&to=2020-01-02T00%3A00%3A00Z").await?;
    assert_eq!(links(&body, "Last hour"), [address("table=tickets&window=1h")]);
    assert_eq!(links(&body, "All time"), ["preset", "way out"].map(|_| address("table=tickets&window=all")));

    let body = page(&app, "action=nothing").await?;
    assert_eq!(links(&body, "Without the filter Action"), [address("from=")]);

    let tomorrow = Utc::now() + Duration::from_secs(24 * 60 * 60);
    let body = page(&app, &query_of([("from", tomorrow.format("%Y-%m-%dT%H:%M").to_string())])).await?;
    assert!(body.contains("This time window is in the future"), "{body}");

    let body = page(&app, "from=&older=1000000-0193c2aa00007000800000000000008d").await?;
    assert!(body.contains("There is nothing beyond this point"), "{body}");
    assert_eq!(links(&body, "Go to the newest changes"), [address("from=")]);
    assert_eq!(links(&body, "Newer").len(), 1);

    let limited = mounted(&pool, Access::AllowWithin(Scope::tables(["order_lines"])));
    let body = page(&limited, "table=tickets").await?;
    assert!(
        body.contains("Nothing has been recorded yet")
            && body.contains("You see changes of order_lines only."),
        "{body}"
    );
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn activity_strip_links_to_the_parts_of_the_window(pool: PgPool) -> Result {
    AuditTrail::new(pool.clone()).install().await?;
    sqlx::raw_sql("CREATE TABLE tickets (id int PRIMARY KEY); CREATE TABLE secrets (id int PRIMARY KEY)")
        .execute(&pool)
        .await?;
    AuditTrail::new(pool.clone()).capture(["tickets", "secrets"]).await?;
    for id in 1..=60 {
        sqlx::query("INSERT INTO tickets VALUES ($1)").bind(id).execute(&pool).await?;
    }
    sqlx::raw_sql("DELETE FROM tickets WHERE id = 1; INSERT INTO secrets VALUES (1)").execute(&pool).await?;
    let from = (chrono::Utc::now() - chrono::TimeDelta::hours(5)).format("%FT%TZ");
    let strip = |body: &str| part(body, "aria-label=\"Activity\"", "</nav>").to_owned();

    let app = mounted(&pool, Access::Allow);
    let (_, body) = get(&app, &format!("/audit/timeline?from={from}")).await?;
    assert!(body.contains("<b>62 changes</b>"), "{body}");
    let shown = strip(&body);
    assert!(
        shown.contains("62 changes, 1 deleted</title>") || shown.matches("<title>").count() > 1,
        "{shown}"
    );
    let segments = shown.split("<a href=\"").skip(1).map(|link| part(link, "", "\"").replace("&amp;", "&"));
    let mut total = 0;
    for link in segments {
        let (status, body) = get(&app, &link).await?;
        assert_eq!(status, StatusCode::OK, "{link}");
        total += words(part(&body, "class=\"count\"", "</p>"))
            .split(' ')
            .next()
            .unwrap_or_default()
            .parse::<usize>()?;
    }
    assert_eq!(total, 62, "{shown}");

    let within = mounted(&pool, Access::AllowWithin(Scope::tables(["secrets"])));
    let (_, body) = get(&within, &format!("/audit/timeline?from={from}")).await?;
    assert!(strip(&body).contains(": 1 change</title>"), "{body}");
    for filter in ["&actor=user%3A42", "&operation=delete", "&table=secrets&key=id%3D1"] {
        let (_, body) = get(&app, &format!("/audit/timeline?from={from}{filter}")).await?;
        assert_eq!(strip(&body), "", "{filter}");
    }
    Ok(())
}
