//! The record then and now, the steps between its versions, and its history by field.

use crate::support::{Result, get, mounted};
use axum::Router;
use http::StatusCode;
use sqlx::{AssertSqlSafe, PgPool};
use threadline::capture::TablePolicy;
use threadline::{Action, ActorKind, ActorRef, AuditContext, AuditTrail, Predicate, Scope};
use threadline_server::Access;
use threadline_testkit::html::{part, words};

const ROW: &str = "/audit/rows/tickets/id%3D1";

/// Seeds a ticket with five versions and a masked column. Some of them have a reason.
async fn seeded(pool: &PgPool) -> Result<Router> {
    let trail = AuditTrail::new(pool.clone());
    trail.install().await?;
    sqlx::raw_sql(
        "CREATE TABLE tickets (id bigint PRIMARY KEY, subject text, priority text, status text, email text)",
    )
    .execute(pool)
    .await?;
    trail.capture([TablePolicy::new("tickets").mask(["email"])]).await?;
    for (reason, sql) in [
        (
            None,
            "INSERT INTO tickets VALUES (1, 'Printer', 'low', 'open', 'a@b.example'), (2, 'Other', 'low', 'open', '')",
        ),
        (Some("angry"), "UPDATE tickets SET priority = 'high' WHERE id = 1"),
        (None, "UPDATE tickets SET priority = 'urgent', status = 'waiting' WHERE id = 1"),
        (None, "UPDATE tickets SET status = 'solved' WHERE id = 1"),
        (None, "UPDATE tickets SET status = 'open' WHERE id = 2"),
    ] {
        let context = AuditContext::new(ActorRef::new(ActorKind::User, "ann")?);
        let trail = AuditTrail::new(pool.clone());
        let mut write = trail.write(&context);
        if let Some(reason) = reason {
            write = write.action(Action::named("ticket.priority_changed").reason(reason));
        }
        let mut tx = write.begin().await?;
        sqlx::raw_sql(sql).execute(&mut *tx).await?;
        tx.commit().await?;
    }
    Ok(mounted(pool, Access::Allow))
}

/// Returns the times of the versions of the ticket, oldest first, as an address contains them.
async fn moments(pool: &PgPool) -> Result<Vec<String>> {
    let moments = sqlx::query_scalar(
        r#"SELECT to_char(captured_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')
           FROM threadline.audit_changes WHERE table_name = 'tickets' AND table_pk = '{"id": "1"}'
           ORDER BY captured_at, id"#,
    );
    Ok(moments.fetch_all(pool).await?)
}

async fn panel_at(app: &Router, at: &str) -> Result<String> {
    let (status, body) = get(app, &format!("{ROW}?as_of={at}")).await?;
    assert_eq!(status, StatusCode::OK, "{body}");
    Ok(part(&body, " class=\"panel\"", "</section>").to_owned())
}

/// Returns the address of a link, by the text before it in its tag and the text in it.
fn link<'a>(html: &'a str, text: &str) -> Option<&'a str> {
    let before = html.split_once(&format!("\">{text}"))?.0;
    Some(before.rsplit_once("href=\"")?.1.split('"').next().unwrap_or_default())
}

/// Returns the text of a table with a blank between its cells.
fn spaced(html: &str) -> String {
    words(&html.replace('<', " <"))
}

/// Returns the address of the chosen link.
fn current(nav: &str) -> &str {
    let before = nav.split_once(" aria-current=\"true\"").unwrap_or_default().0;
    before.rsplit_once("href=\"").unwrap_or_default().1.trim_end_matches('"')
}

fn links_by_field(body: &str) -> Vec<String> {
    let nav = part(body, "aria-label=\"Versions by field\"", "</nav>");
    nav.split("<a ").skip(1).map(|link| words(part(&format!("<a {link}"), "", "</a>"))).collect()
}

#[sqlx::test(migrations = false)]
async fn as_of_shows_then_beside_now_and_folds_what_is_the_same(pool: PgPool) -> Result {
    let (app, at) = (seeded(&pool).await?, moments(&pool).await?);
    let panel = panel_at(&app, &at[0]).await?;
    let (different, rest) = panel.split_once("<details").ok_or("nothing is folded")?;
    assert!(
        spaced(different).contains("Field Then Now priority low urgent status open solved"),
        "{different}"
    );
    assert!(!different.contains("Printer"), "{different}");
    assert!(words(rest).contains("2 fields are the same") && rest.contains("Printer"), "{rest}");
    assert!(
        words(rest).contains("1 field masked or not kept whole"),
        "a masked value may have changed: {rest}"
    );

    let panel = panel_at(&app, &at[3]).await?;
    assert!(panel.contains("Nothing was changed since.") && panel.contains("solved"), "{panel}");
    assert!(!panel.contains("<details"), "{panel}");
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn as_of_a_record_that_was_deleted_since_says_so(pool: PgPool) -> Result {
    let (app, at) = (seeded(&pool).await?, moments(&pool).await?);
    sqlx::raw_sql("DELETE FROM tickets WHERE id = 1").execute(&pool).await?;
    let panel = panel_at(&app, &at[1]).await?;
    assert!(words(&panel).contains("Now: gone. It was deleted on"), "{panel}");
    assert!(panel.contains("Printer") && panel.contains(">high<") && !panel.contains("urgent"), "{panel}");
    sqlx::raw_sql("INSERT INTO tickets VALUES (1, 'Again', 'low'); TRUNCATE tickets").execute(&pool).await?;
    let panel = panel_at(&app, &at[1]).await?;
    assert!(words(&panel).contains("Now: gone. The whole table was emptied on"), "{panel}");
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn column_that_was_added_since_is_not_called_changed_from_nothing(pool: PgPool) -> Result {
    let (app, at) = (seeded(&pool).await?, moments(&pool).await?);
    sqlx::raw_sql("ALTER TABLE tickets ADD COLUMN team text; UPDATE tickets SET team = 'b' WHERE id = 1")
        .execute(&pool)
        .await?;
    let panel = panel_at(&app, &at[3]).await?;
    assert!(spaced(&panel).contains("team not recorded b"), "{panel}");
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn steps_lead_from_version_to_version(pool: PgPool) -> Result {
    let app = seeded(&pool).await?;
    sqlx::raw_sql("DELETE FROM tickets WHERE id = 1").execute(&pool).await?;
    let at = moments(&pool).await?;
    let mut panel = panel_at(&app, &at[0]).await?;
    assert!(link(&panel, "← Version before").is_none(), "{panel}");
    for value in [">high<", ">waiting<", ">solved<", "It had been deleted on"] {
        let next = link(&panel, "Version after →").ok_or(value)?.replace("&amp;", "&");
        panel = part(&get(&app, &next).await?.1, " class=\"panel\"", "</section>").to_owned();
        assert!(panel.contains(value), "{value}: {panel}");
    }
    assert!(link(&panel, "Version after →").is_none(), "{panel}");
    let mut panel = panel_at(&app, &at[3]).await?;
    for value in [">waiting<", ">high<", ">low<"] {
        let before = link(&panel, "← Version before").ok_or(value)?.replace("&amp;", "&");
        panel = part(&get(&app, &before).await?.1, " class=\"panel\"", "</section>").to_owned();
        assert!(panel.contains(value), "{value}: {panel}");
    }
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn fields_are_linked_with_the_number_of_their_versions(pool: PgPool) -> Result {
    let app = seeded(&pool).await?;
    let (_, body) = get(&app, ROW).await?;
    assert_eq!(
        links_by_field(&body),
        ["all 4 versions", "priority 2 versions", "status 2 versions"],
        "{body}"
    );
    assert!(!body.contains("no reason given"), "{body}");
    let nav = part(&body, "aria-label=\"Versions by field\"", "</nav>");
    assert_eq!(current(nav), ROW, "{nav}");

    let (status, body) = get(&app, &format!("{ROW}?field=priority")).await?;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(
        links_by_field(&body),
        ["all 4 versions", "priority 2 versions", "status 2 versions"],
        "{body}"
    );
    let nav = part(&body, "aria-label=\"Versions by field\"", "</nav>");
    assert_eq!(current(nav), format!("{ROW}?field=priority"), "{nav}");
    let list = part(&body, "class=\"entries versions\"", "<nav");
    assert_eq!(list.matches("<details data-entry").count(), 2, "{list}");
    assert_eq!(list.matches("no reason given").count(), 1, "{list}");
    assert!(list.contains("angry"), "{list}");
    assert!(body.contains("<title>tickets 1 · Printer · priority · Threadline</title>"), "{body}");
    // The window and the state at a time keep the field.
    for form in ["aria-label=\"The record at a moment\"", "aria-label=\"Only between two times\""] {
        let form = part(&body, form, "</form>");
        assert!(
            form.contains("name=\"field\" value=\"priority\"")
                || form.contains("value=\"priority\" type=\"hidden\""),
            "{form}"
        );
    }
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn history_of_a_field_is_paged_and_its_counts_are_bounded(pool: PgPool) -> Result {
    let app = seeded(&pool).await?;
    let updates = "DO $$ BEGIN FOR n IN 1..1000 LOOP UPDATE tickets SET subject = 'Printer ' || n WHERE id = 1; END LOOP; END $$";
    sqlx::raw_sql(updates).execute(&pool).await?;
    let (_, body) = get(&app, ROW).await?;
    let counts = ["all 1,000+ versions", "subject 1,000+ versions"];
    assert_eq!(links_by_field(&body), counts, "{body}");
    assert!(body.contains("Counted in the newest 1,000 versions."), "{body}");
    let (_, body) = get(&app, &format!("{ROW}?field=subject")).await?;
    let older = part(part(&body, "rel=\"next\"", ">"), "href=\"", "\"");
    assert!(older.starts_with(&format!("{ROW}?field=subject&amp;older=")), "{older}");

    let (_, body) = get(&app, &format!("{ROW}?field=priority")).await?;
    assert!(body.contains("2 versions"), "the field itself is read from the whole history: {body}");
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn unknown_field_is_answered_with_the_one_that_was_meant(pool: PgPool) -> Result {
    let app = seeded(&pool).await?;
    let (status, body) = get(&app, &format!("{ROW}?field=Priority")).await?;
    assert_eq!(status, StatusCode::OK);
    let (_, meant) = body.split_once("Did you mean").ok_or("nothing is suggested")?;
    assert_eq!(link(meant, "<bdi>priority</bdi>"), Some(format!("{ROW}?field=priority").as_str()), "{meant}");
    assert!(links_by_field(&body).contains(&"Priority 0 versions".to_owned()), "{body}");
    let (_, body) = get(&app, &format!("{ROW}?field=subject")).await?;
    assert!(words(&body).contains("No version of this record changed subject here."), "{body}");
    assert!(!body.contains("Did you mean"), "{body}");
    let hostile = format!("{ROW}?field=%3C/b%3E%3Cscript%3Ealert(1)%3C/script%3E");
    assert!(!get(&app, &hostile).await?.1.contains("<script>alert"));
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn scope_limits_the_counts_and_the_present(pool: PgPool) -> Result {
    let (_, at) = (seeded(&pool).await?, moments(&pool).await?);
    let scope = Scope::new(Predicate::tables(["tickets"]).and(Predicate::field("status", "open")));
    let app = mounted(&pool, Access::AllowWithin(scope));
    for address in [ROW.to_owned(), format!("{ROW}?field=priority"), format!("{ROW}?as_of={}", at[0])] {
        let (_, body) = get(&app, &address).await?;
        assert_eq!(links_by_field(&body), ["all 2 versions", "priority 1 version"], "{address}: {body}");
        assert!(!body.contains("urgent") && !body.contains("solved"), "{address}: {body}");
    }
    // What the scope hides may have changed the record since.
    let (_, body) = get(&app, &format!("{ROW}?as_of={}", at[0])).await?;
    assert!(body.contains("Exists, as far as you may see. Last changed on"), "{body}");
    assert!(body.contains("<th>Now, as far as you may see</th>"), "{body}");
    let (_, body) = get(&app, &format!("{ROW}?as_of={}", at[1])).await?;
    assert!(body.contains("Nothing that you may see was changed since."), "{body}");
    let sql = format!("UPDATE tickets SET status = 'hidden {}' WHERE id = 1", "x".repeat(10));
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(&pool).await?;
    let (_, body) = get(&app, ROW).await?;
    assert_eq!(links_by_field(&body), ["all 2 versions", "priority 1 version"], "{body}");
    Ok(())
}
