//! The search of every page: what the text names, where it redirects, and what it lists.

use axum::Router;
use http::{StatusCode, header};
use sqlx::PgPool;
use threadline::capture::TablePolicy;
use threadline::{ActorKind, ActorRef, AuditContext, AuditTrail, Scope};
use threadline_server::Access;
use threadline_testkit::html::{part, words};

use crate::support::{Result, call, get, mounted};

/// Seeds two tables with records of the same number, and a change by ann under a correlation id. Returns its transaction.
async fn seeded(pool: &PgPool) -> Result<String> {
    let trail = AuditTrail::new(pool.clone());
    trail.install().await?;
    sqlx::raw_sql(
        "CREATE TABLE tickets (id bigint PRIMARY KEY, subject text);
         CREATE TABLE invoices (id bigint PRIMARY KEY, total text);
         CREATE TABLE codes (code text PRIMARY KEY, word text);",
    )
    .execute(pool)
    .await?;
    trail.capture(["tickets", "invoices", "codes"]).await?;
    sqlx::raw_sql(
        "INSERT INTO tickets VALUES (5041, 'Printer on fire'), (7, 'Seven');
         INSERT INTO invoices VALUES (7, 'seven euros');
         INSERT INTO codes VALUES ('A-1', 'a')",
    )
    .execute(pool)
    .await?;
    let context = AuditContext::new(ActorRef::new(ActorKind::User, "ann")?).with_correlation_id("case-88")?;
    let mut tx = trail.write(&context).action("ticket.renamed").begin().await?;
    sqlx::raw_sql("UPDATE tickets SET subject = 'Scanner on fire' WHERE id = 5041").execute(&mut *tx).await?;
    Ok(tx.commit().await?.transaction_id.to_string())
}

async fn leads_to(app: &Router, text: &str) -> Result<String> {
    let query = url::form_urlencoded::Serializer::new(String::new()).append_pair("q", text).finish();
    let response = call(app, &format!("/audit/search?{query}")).await?;
    let location = response.headers().get(header::LOCATION);
    Ok(location.map(|location| location.to_str()).transpose()?.unwrap_or_default().to_owned())
}

#[sqlx::test(migrations = false)]
async fn text_that_names_one_thing_redirects_to_it(pool: PgPool) -> Result {
    let transaction = seeded(&pool).await?;
    let app = mounted(&pool, Access::Allow);
    let address = format!("/audit/transactions/{transaction}");
    for (text, expected) in [
        ("5041", "/audit/rows/tickets/id%3D5041"),
        (" #5,041 ", "/audit/rows/tickets/id%3D5041"),
        ("Tickets 7", "/audit/rows/tickets/id%3D7"),
        ("A-1", "/audit/rows/codes/code%3DA-1"),
        ("ann", "/audit/actors/user/ann"),
        ("user:ann", "/audit/actors/user/ann"),
        ("case-88", "/audit/timeline?correlation_id=case-88"),
        (&transaction, &address),
        ("table:tickets kind:changed fire", "/audit/timeline?table=tickets&operation=update&value=fire"),
        ("\"5041\"", "/audit/rows/tickets/id%3D5041"),
        ("record:5041", "/audit/rows/tickets/id%3D5041"),
        ("who:ann table:Tickets", "/audit/timeline?actor=user%3Aann&table=tickets"),
        ("who:nobody kind:deleted", "/audit/timeline?actor=nobody&operation=delete"),
        ("request:case-88 kind:changed", "/audit/timeline?correlation_id=case-88&operation=update"),
        // Nothing, two records, and something near to an actor are not certain.
        ("", ""),
        ("7", ""),
        ("an", ""),
        ("999999", ""),
    ] {
        assert_eq!(leads_to(&app, text).await?, expected, "{text:?}");
    }
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn results_are_listed_in_groups(pool: PgPool) -> Result {
    seeded(&pool).await?;
    let app = mounted(&pool, Access::Allow);
    let (status, body) = get(&app, "/audit/search?q=7").await?;
    assert_eq!(status, StatusCode::OK);
    for record in ["/audit/rows/tickets/id%3D7", "/audit/rows/invoices/id%3D7"] {
        assert!(body.contains(record), "{record} is missing in {body}");
    }
    let (_, body) = get(&app, "/audit/search?q=ven+euros").await?;
    assert!(
        words(&body).contains("No record, person, transaction or request is called ven euros."),
        "{body}"
    );
    assert_eq!(body.matches("<details data-entry").count(), 1, "{body}");
    assert!(body.contains("href=\"/audit/timeline?value=ven+euros\""), "{body}");
    assert!(part(&body, "class=\"find\"", "</form>").contains("value=\"ven euros\""), "{body}");
    let (_, body) = get(&app, "/audit/search?q=nowhere").await?;
    assert!(body.contains("No change of the last 7 days has it in a recorded value."), "{body}");
    assert!(body.contains("who:maria"), "{body}");
    let (status, body) = get(&app, "/audit/search").await?;
    assert!(status == StatusCode::OK && body.contains("ticket 5041"), "{body}");
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn record_is_found_by_a_label_that_it_had(pool: PgPool) -> Result {
    seeded(&pool).await?;
    sqlx::raw_sql(
        "UPDATE tickets SET subject = 'Scanner is back' WHERE id = 5041;
         UPDATE tickets SET subject = 'Scanner on fire again' WHERE id = 5041;
         DELETE FROM tickets WHERE id = 7;
         UPDATE codes SET word = 'scanner'",
    )
    .execute(&pool)
    .await?;
    let app = mounted(&pool, Access::Allow);
    for (text, label) in [
        ("PRINTER", "Printer on fire"),
        ("on fire", "Scanner on fire again"),
        ("is back", "Scanner is back"),
        ("sev", "Seven"),
    ] {
        let query = url::form_urlencoded::Serializer::new(String::new()).append_pair("q", text).finish();
        let (_, body) = get(&app, &format!("/audit/search?{query}")).await?;
        let records = words(part(&body, "<ul class=\"results\">", "</ul>"));
        assert!(records.contains(label) && records.contains("had this name at"), "{text}: {records}");
        assert_eq!(records.matches("had this name").count(), 1, "{text}: {records}");
    }
    // A value that is no label finds no record.
    let (_, body) = get(&app, "/audit/search?q=euros").await?;
    assert!(!body.contains("class=\"results\"") && body.contains("data-entry"), "{body}");
    let limited = mounted(&pool, Access::AllowWithin(Scope::tables(["invoices"])));
    let (_, body) = get(&limited, "/audit/search?q=scanner").await?;
    assert!(!body.contains("Scanner") && !body.contains("class=\"results\""), "{body}");
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn actor_is_found_by_a_part_of_the_id(pool: PgPool) -> Result {
    let trail = AuditTrail::new(pool.clone());
    trail.install().await?;
    sqlx::raw_sql("CREATE TABLE tickets (id bigint PRIMARY KEY, subject text)").execute(&pool).await?;
    trail.capture(["tickets"]).await?;
    let context = AuditContext::new(ActorRef::new(ActorKind::User, "support-lead")?);
    let mut tx = trail.write(&context).action("ticket.opened").begin().await?;
    sqlx::raw_sql("INSERT INTO tickets VALUES (1, 'x')").execute(&mut *tx).await?;
    tx.commit().await?;
    let app = mounted(&pool, Access::Allow);
    for text in ["port", "PORT-le"] {
        let (_, body) = get(&app, &format!("/audit/search?q={text}")).await?;
        assert!(body.contains("/audit/actors/user/support-lead"), "{text}: {body}");
    }
    let (_, body) = get(&app, "/audit/search?q=p").await?;
    assert!(!body.contains("support-lead"), "{body}");
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn suggestions_are_what_the_text_names_without_values(pool: PgPool) -> Result {
    let transaction = seeded(&pool).await?;
    let app = mounted(&pool, Access::Allow);
    let suggestions = async |text: &str| -> Result<Vec<serde_json::Value>> {
        let query = url::form_urlencoded::Serializer::new(String::new()).append_pair("q", text).finish();
        let (status, body) = get(&app, &format!("/audit/api/suggestions?{query}")).await?;
        assert_eq!(status, StatusCode::OK, "{text}: {body}");
        Ok(serde_json::from_str(&body)?)
    };
    let of =
        |kind: &str, text: &str, href: &str| serde_json::json!({ "kind": kind, "text": text, "href": href });
    assert_eq!(
        suggestions("7").await?,
        [
            of("Record", "invoices 7", "/audit/rows/invoices/id%3D7"),
            of("Record", "tickets 7 · Seven", "/audit/rows/tickets/id%3D7"),
        ]
    );
    let address = format!("/audit/transactions/{transaction}");
    assert_eq!(suggestions(&transaction).await?, [of("Transaction", "Its changes", &address)]);
    let case = "/audit/timeline?correlation_id=case-88";
    assert_eq!(suggestions(" case-88 ").await?, [of("Request", "Its changes", case)]);
    let ann = of("Person or program", "user:ann", "/audit/actors/user/ann");
    for text in ["an", "ann", "user:ann"] {
        assert_eq!(suggestions(text).await?, std::slice::from_ref(&ann), "{text}");
    }
    // The value of a column is not searched while somebody types.
    for text in ["", "fire", "Scanner on fire", "who:ann", "\0", &"x".repeat(501)] {
        assert!(suggestions(text).await?.is_empty(), "{text}");
    }
    for query in ["", "?q=1&q=2", "?query=1"] {
        let (status, _) = get(&app, &format!("/audit/api/suggestions{query}")).await?;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{query}");
    }
    let limited = mounted(&pool, Access::AllowWithin(Scope::tables(["invoices"])));
    for text in ["5041", "ann", "case-88", &transaction] {
        assert_eq!(get(&limited, &format!("/audit/api/suggestions?q={text}")).await?.1, "[]", "{text}");
    }
    let denied = mounted(&pool, Access::Deny);
    assert_eq!(get(&denied, "/audit/api/suggestions?q=7").await?.0, StatusCode::FORBIDDEN);
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn column_that_is_not_recorded_is_named(pool: PgPool) -> Result {
    seeded(&pool).await?;
    sqlx::raw_sql("CREATE TABLE accounts (id bigint PRIMARY KEY, secret text)").execute(&pool).await?;
    AuditTrail::new(pool.clone()).capture([TablePolicy::new("accounts").exclude(["secret"])]).await?;
    let (_, body) = get(&mounted(&pool, Access::Allow), "/audit/search?q=open+sesame").await?;
    assert!(words(&body).contains("secret of accounts is not recorded, so it was not searched"), "{body}");
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn search_shows_what_the_scope_shows(pool: PgPool) -> Result {
    let transaction = seeded(&pool).await?;
    let app = mounted(&pool, Access::AllowWithin(Scope::tables(["invoices"])));
    assert_eq!(leads_to(&app, "7").await?, "/audit/rows/invoices/id%3D7");
    for text in ["5041", "A-1", "ann", "case-88", &transaction, "fire"] {
        assert_eq!(leads_to(&app, text).await?, "", "{text}");
        let (_, body) = get(&app, &format!("/audit/search?q={text}")).await?;
        assert!(!body.contains("data-entry") && !body.contains("class=\"results\""), "{text}: {body}");
    }
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn bad_or_hostile_text_is_refused_or_shown_as_text(pool: PgPool) -> Result {
    seeded(&pool).await?;
    let app = mounted(&pool, Access::Allow);
    let long = "x".repeat(501);
    for (query, status, message) in [
        ("q=%00", StatusCode::BAD_REQUEST, "without a NUL character"),
        (&format!("q={long}"), StatusCode::BAD_REQUEST, "at most 500 bytes"),
        ("query=7", StatusCode::BAD_REQUEST, "expected the key q"),
        ("q=%3Cscript%3Ealert(1)%3C%2Fscript%3E%E2%80%AE", StatusCode::OK, "&lt;script&gt;"),
        ("q=%25_%5C%27%22", StatusCode::OK, "Changes with this text in a value"),
    ] {
        let (given, body) = get(&app, &format!("/audit/search?{query}")).await?;
        assert_eq!(given, status, "{query}: {body}");
        assert!(body.contains(message), "{query}: {body}");
        assert!(!body.contains("<script>alert"), "{query}");
    }
    Ok(())
}
