//! The page of a row.

use crate::support::{Result, call, comparable, get, mounted};
use axum::Router;
use http::{StatusCode, header};
use sqlx::{AssertSqlSafe, PgPool};
use threadline::{ActorKind, ActorRef, AuditContext, AuditTrail, Predicate, Scope};
use threadline_server::Access;
use threadline_testkit::html::part;

const HOSTILE: &str = "</td><script>alert(1)</script>";

/// Seeds four captured tables. Each statement is a transaction of its own, by the actor beside it.
async fn seeded(pool: &PgPool) -> Result<Router> {
    let trail = AuditTrail::new(pool.clone());
    trail.install().await?;
    sqlx::raw_sql(
        r#"CREATE TABLE tickets (id bigint PRIMARY KEY, subject text, priority text, note text);
           CREATE TABLE words (word text PRIMARY KEY, meaning text);
           CREATE TABLE uncaptured (id bigint PRIMARY KEY);
           CREATE TABLE fresh (id bigint PRIMARY KEY);
           CREATE SCHEMA billing;
           CREATE TABLE billing.lines ("order" int, line int, amount numeric, PRIMARY KEY ("order", line));"#,
    )
    .execute(pool)
    .await?;
    trail.capture(["tickets", "words", "fresh", "billing.lines"]).await?;
    for (actor, sql) in [
        ("ann", "INSERT INTO tickets VALUES (1, 'Printer', 'low'), (2, 'Doomed', 'low')"),
        ("bob", "UPDATE tickets SET priority = 'high' WHERE id = 1"),
        ("carl", "UPDATE tickets SET priority = 'urgent', note = 'called back' WHERE id = 1"),
        ("dora", "DELETE FROM tickets WHERE id = 2"),
        ("ann", "INSERT INTO billing.lines VALUES (7, 2, 10.00)"),
        ("bob", "TRUNCATE billing.lines"),
    ] {
        let context = AuditContext::new(ActorRef::new(ActorKind::User, actor)?);
        let mut tx = AuditTrail::new(pool.clone()).write(&context).begin().await?;
        sqlx::raw_sql(sql).execute(&mut *tx).await?;
        tx.commit().await?;
    }
    Ok(mounted(pool, Access::Allow))
}

/// Returns the times at which the versions of a row were captured, oldest first, as an address contains them.
async fn moments(pool: &PgPool, table: &str, key: &str) -> Result<Vec<String>> {
    let moments = sqlx::query_scalar(
        r#"SELECT to_char(captured_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')
           FROM threadline.audit_changes WHERE table_name = $1 AND table_pk = $2::jsonb ORDER BY captured_at, id"#,
    );
    Ok(moments.bind(table).bind(key).fetch_all(pool).await?)
}

fn panel(body: &str) -> &str {
    part(body, " class=\"panel\"", "</section>")
}

#[sqlx::test(migrations = false)]
async fn find_row_form_redirects_or_says_what_to_write(pool: PgPool) -> Result {
    let app = seeded(&pool).await?;
    for (query, path) in [
        ("table=tickets&record=1", "/audit/rows/tickets/id%3D1"),
        ("table=+public.tickets+&record=+1+", "/audit/rows/tickets/id%3D1"),
        ("table=tickets&record=id%3D1", "/audit/rows/tickets/id%3D1"),
        ("table=words&record=a%2Fb%26c", "/audit/rows/words/word%3Da%252Fb%2526c"),
        ("table=words&record=word%3D", "/audit/rows/words/word%3D"),
        ("table=fresh&record=4711", "/audit/rows/fresh/id%3D4711"),
        ("table=billing.lines&record=order%3D7%26line%3D2", "/audit/rows/billing.lines/line%3D2%26order%3D7"),
    ] {
        let response = call(&app, &format!("/audit/rows?{query}")).await?;
        assert_eq!(response.status(), StatusCode::SEE_OTHER, "{query}");
        assert_eq!(response.headers()[header::LOCATION], path, "{query}");
    }
    for (query, field, sentence) in [
        ("table=&record=1", "table", "Choose a table."),
        ("table=+&record=1", "table", "Choose a table."),
        ("table=a%00b&record=1", "table", "Write it as tickets or billing.invoices."),
        ("table=nowhere&record=1", "table", "There is no audited table"),
        ("table=uncaptured&record=1", "table", "There is no audited table"),
        ("table=tickets&record=+", "record", "Enter the number or id of a record."),
        ("table=tickets", "record", "Enter the number or id of a record."),
        ("table=tickets&record=nr%3D1", "record", "Records of tickets have the key id."),
        ("table=tickets&record=id%3D1%26line%3D2", "record", "Write its value alone, or id=1."),
        ("table=tickets&record=%00", "record", "Records of tickets have the key id."),
        ("table=billing.lines&record=7", "record", "such as line=1&amp;order=2."),
        ("table=billing.lines&record=order%3D7", "record", "have the key line, order."),
    ] {
        let (status, body) = get(&app, &format!("/audit/rows?{query}")).await?;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{query}");
        assert!(body.contains(sentence), "{query}: {body}");
        let input = part(&body, &format!("<input id=\"row-{field}\""), ">");
        assert!(input.contains("aria-invalid=\"true\""), "{query}: {input}");
        assert_eq!(body.matches("aria-invalid").count(), 1, "{query}");
    }
    let (_, body) = get(&app, "/audit/rows?table=nowhere&record=%3C/td%3E%3Cscript%3Ealert(1)").await?;
    assert!(body.contains("value=\"nowhere\"") && !body.contains("<script>alert"), "{body}");
    let (status, body) = get(&app, "/audit/rows").await?;
    assert_eq!(status, StatusCode::OK);
    assert!(body.contains("<option value=\"billing.lines\">") && !body.contains("aria-invalid"), "{body}");
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn row_page_lists_versions_newest_first_with_the_present_state(pool: PgPool) -> Result {
    let app = seeded(&pool).await?;
    let (status, body) = get(&app, "/audit/rows/tickets/id%3D1").await?;
    assert_eq!(status, StatusCode::OK);
    let state = part(&body, "class=\"row-state exists\"", "</p>");
    assert!(state.contains("Exists. Last changed on") && state.contains("user:carl"), "{state}");
    let list = part(&body, "class=\"entries versions\"", "<nav");
    let places = ["user:carl", "user:bob", "user:ann"].map(|actor| list.find(actor).ok_or(actor));
    assert!(places.iter().all(|place| place.is_ok()) && places.is_sorted(), "{places:?} in {list}");
    assert!(
        body.contains("3 versions") && body.contains("<title>tickets 1 · Printer · Threadline</title>"),
        "{body}"
    );
    assert!(!list.contains("Doomed"), "another row: {list}");

    let (_, body) = get(&app, "/audit/rows/tickets/id%3D2").await?;
    let state = part(&body, "class=\"row-state gone\"", "</p>");
    assert!(state.contains("Deleted on") && state.contains("user:dora"), "{state}");
    let (_, body) = get(&app, "/audit/rows/billing.lines/order%3D7%26line%3D2").await?;
    let state = part(&body, "class=\"row-state gone\"", "</p>");
    assert!(
        state.contains("Removed when the whole table was emptied, on") && state.contains("user:bob"),
        "{state}"
    );
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn version_links_to_its_correlation(pool: PgPool) -> Result {
    let app = seeded(&pool).await?;
    let context = AuditContext::new(ActorRef::new(ActorKind::User, "ann")?).with_correlation_id("a&b")?;
    let mut tx = AuditTrail::new(pool.clone()).write(&context).action("ticket.reopened").begin().await?;
    sqlx::raw_sql("UPDATE tickets SET note = NULL WHERE id = 1").execute(&mut *tx).await?;
    tx.commit().await?;
    let (_, body) = get(&app, "/audit/rows/tickets/id%3D1").await?;
    let list = part(&body, "class=\"entries versions\"", "<nav");
    assert_eq!(list.matches("href=\"/audit/timeline?correlation_id=a%26b\"").count(), 1, "{list}");
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn long_history_is_paged_within_its_window(pool: PgPool) -> Result {
    let app = seeded(&pool).await?;
    for number in 0..25 {
        let sql = format!("UPDATE tickets SET note = 'note {number}' WHERE id = 1");
        sqlx::raw_sql(AssertSqlSafe(sql)).execute(&pool).await?;
    }
    let first = "/audit/rows/tickets/id%3D1?from=2020-01-01T00%3A00%3A00Z";
    let mut address = first.to_owned();
    let mut counts = Vec::new();
    loop {
        let (_, body) = get(&app, &address).await?;
        counts.push(body.matches("<details data-entry").count());
        assert!(body.contains("Exists. Last changed on"), "{body}");
        let older = part(part(&body, "rel=\"next\"", ">"), "href=\"", "\"").replace("&amp;", "&");
        if older.is_empty() {
            break;
        }
        assert!(older.starts_with(first), "{older} forgets the window");
        address = older;
    }
    assert_eq!(counts, [20, 8]);
    let (status, body) = get(&app, "/audit/rows/tickets/id%3D1?to=2020-01-01T00:00").await?;
    assert_eq!(status, StatusCode::OK);
    assert!(body.contains("No version of this record") && body.contains("Show every version"), "{body}");
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn as_of_shows_the_row_at_a_time(pool: PgPool) -> Result {
    let app = seeded(&pool).await?;
    let changed = moments(&pool, "tickets", r#"{"id": "1"}"#).await?;
    let address = "/audit/rows/tickets/id%3D1?as_of=";
    let (status, body) = get(&app, &format!("{address}{}", changed[1])).await?;
    assert_eq!(status, StatusCode::OK);
    let then = panel(&body);
    let (different, same) = then.split_once("<details").ok_or("nothing is folded")?;
    for expected in [">high<", ">NULL<", "user:bob", "priority", "note"] {
        assert!(different.contains(expected), "{expected} is missing in {then}");
    }
    let (old, new) = (sides(different, "class=\"old\""), sides(different, "class=\"new\""));
    assert_eq!((old.as_str(), new.as_str()), ("high NULL", "urgent called back"), "then, now: {different}");
    assert!(same.contains("2 fields are the same") && same.contains("Printer"), "{same}");
    assert!(body.contains("3 versions"), "the history goes away");

    let (_, body) = get(&app, &format!("{address}2020-01-01T00:00:00")).await?;
    let then = panel(&body);
    assert!(then.contains("The record did not exist yet") && then.contains("user:ann"), "{then}");
    let first = part(then, "<p><a href=\"", "\"");
    assert!(panel(&get(&app, first).await?.1).contains("Printer"), "{first}");

    for (wrong, sentence) in [
        ("some+day", "“some day” is not a time."),
        ("2026-13-01T00:00", "is not a time."),
        ("2300-01-01T00:00", "1 January 2300, 00:00:00 UTC is in the future."),
        (HOSTILE, "is not a time."),
    ] {
        let (status, body) = get(&app, &format!("{address}{wrong}").replace(['<', '>'], "%3C")).await?;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{wrong}");
        assert!(body.contains(sentence), "{wrong}: {body}");
        assert!(part(&body, "name=\"as_of\"", ">").contains("aria-invalid=\"true\""), "{wrong}: {body}");
        assert!(body.contains("3 versions"), "{wrong}: the history goes away");
    }
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn as_of_understands_times_as_people_write_them(pool: PgPool) -> Result {
    let app = seeded(&pool).await?;
    let typed = "/audit/rows/tickets/id%3D1?to=1+Jan+2099&as_of=24+Nov+2025,+2:30+pm";
    let response = call(&app, typed).await?;
    assert_eq!(response.status(), StatusCode::SEE_OTHER);
    let expected = "/audit/rows/tickets/id%3D1?to=2099-01-01T00%3A00%3A00Z&as_of=2025-11-24T14%3A30%3A00Z";
    assert_eq!(response.headers()[header::LOCATION], expected);
    let (_, body) = get(&app, expected).await?;
    assert!(body.contains("24 November 2025, 14:30:00 UTC"), "{body}");
    assert!(part(&body, "name=\"as_of\"", ">").contains("value=\"2025-11-24 14:30\""), "{body}");
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn as_of_a_deleted_row_says_so(pool: PgPool) -> Result {
    let app = seeded(&pool).await?;
    let changed = moments(&pool, "tickets", r#"{"id": "2"}"#).await?;
    let (_, body) = get(&app, &format!("/audit/rows/tickets/id%3D2?as_of={}", changed[1])).await?;
    let then = panel(&body);
    assert!(then.contains("It had been deleted on") && then.contains("user:dora"), "{then}");
    let before = part(then, "<p><a href=\"", "\"");
    assert!(panel(&get(&app, before).await?.1).contains("Doomed"), "{before}");

    let emptied: String = sqlx::query_scalar(
        r#"SELECT to_char(captured_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')
           FROM threadline.audit_changes WHERE op = 'truncate'"#,
    )
    .fetch_one(&pool)
    .await?;
    let (_, body) =
        get(&app, &format!("/audit/rows/billing.lines/line%3D2%26order%3D7?as_of={emptied}")).await?;
    let then = panel(&body);
    assert!(
        then.contains("It was removed when the whole table was emptied, on") && then.contains("user:bob"),
        "{then}"
    );

    sqlx::raw_sql(
        "DELETE FROM threadline.audit_changes WHERE op = 'insert' AND table_pk = '{\"id\": \"1\"}'",
    )
    .execute(&pool)
    .await?;
    let (_, body) = get(&app, "/audit/rows/tickets/id%3D1?as_of=2020-01-01T00:00").await?;
    assert!(panel(&body).contains("Not known: this record’s first change was recorded on"), "{body}");
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn compare_shows_two_versions_side_by_side(pool: PgPool) -> Result {
    let app = seeded(&pool).await?;
    let changed = moments(&pool, "tickets", r#"{"id": "1"}"#).await?;
    let row = "/audit/rows/tickets/id%3D1";
    let (status, body) = get(&app, &format!("{row}?compare={}&with={}", changed[0], changed[2])).await?;
    assert_eq!(status, StatusCode::OK);
    let (different, equal) = panel(&body).split_once("<details").ok_or("nothing is folded")?;
    let (old, new) = (sides(different, "class=\"old\""), sides(different, "class=\"new\""));
    assert_eq!((old, new), ("low NULL".to_owned(), "urgent called back".to_owned()), "{different}");
    assert!(equal.contains("2 unchanged fields") && equal.contains("Printer"), "{equal}");
    assert!(!different.contains("Printer"), "{different}");

    let swap = part(&body, "<a href=\"", "\">Swap sides").rsplit('"').next().ok_or("no way to swap")?;
    let (_, body) = get(&app, &swap.replace("&amp;", "&")).await?;
    assert_eq!(sides(panel(&body), "class=\"new\""), "low NULL", "{swap}");

    let (_, body) = get(&app, &format!("{row}?compare={0}&with={0}", changed[1])).await?;
    assert!(panel(&body).contains("No field differs"), "{body}");
    let never = "2020-01-01T00:00";
    let (_, body) = get(&app, &format!("{row}?compare={never}&with={never}")).await?;
    assert!(panel(&body).contains("No record with this key is known at either"), "{body}");
    let (_, body) = get(&app, &format!("{row}?compare={never}&with={}", changed[0])).await?;
    assert!(panel(&body).contains("not known: its changes were recorded later"), "{body}");

    for (query, name, sentence) in [
        ("compare=x&with=2026-01-01T00:00".to_owned(), "compare", "“x” is not a time."),
        ("compare=2026-01-01T00:00".to_owned(), "with", "Choose a time."),
        (format!("compare={}&with=2300-01-01T00:00", changed[0]), "with", "is in the future"),
        (format!("compare=2300-01-01T00:00&with={}", changed[0]), "compare", "is in the future"),
    ] {
        let (status, body) = get(&app, &format!("{row}?{query}")).await?;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{query}");
        assert!(body.contains(sentence) && body.contains("3 versions"), "{query}: {body}");
        let select = part(&body, &format!("<select name=\"{name}\""), ">");
        assert!(select.contains("aria-invalid=\"true\""), "{query}: {select}");
    }
    Ok(())
}

/// Returns the texts of the cells of one side, joined.
fn sides(table: &str, cell: &str) -> String {
    let texts = table.split(cell).skip(1).map(|rest| {
        let html = part(rest, ">", "</td>");
        let text: Vec<&str> = html.split('<').map(|tag| tag.rsplit('>').next().unwrap_or_default()).collect();
        text.concat().trim().to_owned()
    });
    texts.collect::<Vec<_>>().join(" ")
}

#[sqlx::test(migrations = false)]
async fn row_page_accepts_any_key(pool: PgPool) -> Result {
    let app = seeded(&pool).await?;
    for word in ["a/b", "ü", "100%", "x&y=z", "", "a+b c", HOSTILE, "\u{202e}abc", ".."] {
        sqlx::query("INSERT INTO words VALUES ($1, 'a meaning')").bind(word).execute(&pool).await?;
        let query = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("table", "words")
            .append_pair(
                "record",
                &url::form_urlencoded::Serializer::new(String::new()).append_pair("word", word).finish(),
            )
            .finish();
        let response = call(&app, &format!("/audit/rows?{query}")).await?;
        let address = response.headers().get(header::LOCATION).ok_or("no way")?.to_str()?.to_owned();
        let (status, body) = get(&app, &address).await?;
        assert_eq!(status, StatusCode::OK, "{word:?} at {address}");
        assert!(body.contains("a meaning") && body.contains("1 version"), "{word:?}: {body}");
        assert!(!body.contains("<script>alert"), "{word:?}: {body}");
        let history = part(&body, "<form method=\"get\" action=\"", "\"");
        assert_eq!(history, address, "{word:?}");
    }
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn hostile_values_are_rendered_as_text(pool: PgPool) -> Result {
    let app = seeded(&pool).await?;
    sqlx::query("UPDATE tickets SET subject = $1 WHERE id = 1").bind(HOSTILE).execute(&pool).await?;
    let changed = moments(&pool, "tickets", r#"{"id": "1"}"#).await?;
    let (first, last) = (&changed[0], &changed[3]);
    for query in [String::new(), format!("as_of={last}"), format!("compare={first}&with={last}")] {
        let (_, body) = get(&app, &format!("/audit/rows/tickets/id%3D1?{query}")).await?;
        assert!(!body.contains("<script>alert") && body.contains("script"), "{query}: {body}");
        assert!(!body.contains(" style=") && !body.contains(" onclick="), "{query}");
    }
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn invalid_row_address_shows_the_form(pool: PgPool) -> Result {
    let app = seeded(&pool).await?;
    let response = call(&app, "/audit/rows/tickets/1").await?;
    assert_eq!(response.status(), StatusCode::SEE_OTHER);
    assert_eq!(response.headers()[header::LOCATION], "/audit/rows/tickets/id%3D1");
    for (path, status, sentence) in [
        ("tickets/nr%3D1", 400, "Records of tickets have the key id."),
        ("billing.lines/order%3D7", 400, "have the key line, order."),
        ("nowhere/id%3D1", 404, "There is no audited table"),
        ("tickets/%FF", 400, "Choose a table."),
        ("tickets/id%3D1?tabel=x", 400, "one of the keys"),
        ("tickets/id%3D1?operation=insert", 400, "one of the keys as_of, compare, with, from"),
        ("tickets/id%3D1?from=some+day", 400, "from is"),
        ("tickets/id%3D99", 404, "No changes of"),
        ("fresh/id%3D1", 404, "No changes of"),
    ] {
        let (given, body) = get(&app, &format!("/audit/rows/{path}")).await?;
        assert_eq!(given.as_u16(), status, "{path}");
        assert!(body.contains(sentence), "{path}: {body}");
        assert!(body.contains("/audit/timeline"), "{path} offers no way out");
    }
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn hidden_data_looks_as_if_it_did_not_exist(pool: PgPool) -> Result {
    let _ = seeded(&pool).await?;
    let of = |scope: Scope| mounted(&pool, Access::AllowWithin(scope));
    let tickets = of(Scope::tables(["tickets"]));
    let (status, hidden) = get(&tickets, "/audit/rows/words/word%3Dx").await?;
    assert_eq!(status, StatusCode::NOT_FOUND);
    let (_, missing) = get(&tickets, "/audit/rows/nowords/word%3Dx").await?;
    assert_eq!(comparable(&hidden), comparable(&missing.replace("nowords", "words")));
    assert!(!hidden.contains("billing"), "the list of tables tells: {hidden}");

    let low = of(Scope::new(Predicate::tables(["tickets"]).and(Predicate::field("priority", "low"))));
    let (status, body) = get(&low, "/audit/rows/tickets/id%3D1").await?;
    assert_eq!(status, StatusCode::OK);
    assert!(body.contains("1 version") && !body.contains("urgent") && !body.contains("carl"), "{body}");
    let changed = moments(&pool, "tickets", r#"{"id": "1"}"#).await?;
    let query = format!("as_of={0}&compare={1}&with={0}", changed[2], changed[0]);
    let (_, body) = get(&low, &format!("/audit/rows/tickets/id%3D1?{query}")).await?;
    assert!(
        !body.contains("urgent") && !body.contains("called back") && body.contains("No field differs"),
        "{body}"
    );
    let nobody = of(Scope::nothing());
    assert_eq!(get(&nobody, "/audit/rows/tickets/id%3D1").await?.0, StatusCode::NOT_FOUND);
    Ok(())
}
