//! Sixty mistyped inputs, each with its right answer: how it was understood, what was probably meant with a link, or the record itself.

use std::time::Duration;

use axum::Router;
use http::{StatusCode, header};
use sqlx::types::chrono::Utc;
use sqlx::{AssertSqlSafe, PgPool};
use threadline::{ActorKind, ActorRef, AuditContext, AuditTrail, Predicate, Scope};
use threadline_server::Access;
use threadline_testkit::html::{part, words};

use crate::support::{Result, call, get, mounted};

/// The right answer to an input.
enum Answer {
    /// A redirect to this address.
    Leads(&'static str),
    /// A page with this status and these words, and a link to this address, if it is not empty.
    Says(u16, &'static str, &'static str),
}
use Answer::{Leads, Says};

/// Every input is an address below the mount. `{day}` stands for the beginning of the last 24 hours.
#[rustfmt::skip]
const INPUTS: [(&str, Answer); 60] = [
    // The record, in the forms in which people write a number.
    ("/rows?table=tickets&record=%235041", Leads("/rows/tickets/id%3D5041")),
    ("/rows?table=tickets&record=5,041", Leads("/rows/tickets/id%3D5041")),
    ("/rows?table=tickets&record=05041", Leads("/rows/tickets/id%3D5041")),
    ("/rows?table=tickets&record=+5041+", Leads("/rows/tickets/id%3D5041")),
    ("/rows?table=tickets&record=id+5041", Leads("/rows/tickets/id%3D5041")),
    ("/rows?table=tickets&record=id:+5041", Leads("/rows/tickets/id%3D5041")),
    ("/rows?table=tickets&record=Ticket+%235,041", Leads("/rows/tickets/id%3D5041")),
    ("/rows?table=tickets&record=ID%3D5041", Leads("/rows/tickets/id%3D5041")),
    ("/rows?table=order_lines&record=Order%3D%237,+line%3D02", Leads("/rows/order_lines/line%3D2%26order%3D7")),
    ("/rows/tickets/%235041", Leads("/rows/tickets/id%3D5041")),
    ("/rows/tickets/ticket%205041", Leads("/rows/tickets/id%3D5041")),
    ("/rows/tickets/id%3D%25235041", Leads("/rows/tickets/id%3D5041")),
    ("/rows/things/0193C2AA00007000800000000000008D", Leads("/rows/things/id%3D0193c2aa-0000-7000-8000-00000000008d")),
    ("/timeline?table=tickets&key=%235041", Leads("/timeline?table=tickets&key=id%3D5041")),
    ("/timeline?table=tickets&key=id%3D05041", Leads("/timeline?table=tickets&key=id%3D5041")),
    ("/timeline?table=tickets&key=ID%3D5041", Leads("/timeline?table=tickets&key=id%3D5041")),
    // A key that its column cannot hold.
    ("/rows?table=tickets&record=abc", Says(400, "The ids of tickets are numbers, not \"abc\".", "")),
    ("/rows?table=tickets&record=Invoice+5041",
        Says(400, "The ids of tickets are numbers, not \"Invoice 5041\". Did you mean 5041?", "/rows/tickets/id%3D5041")),
    ("/rows/tickets/id%3Dabc", Says(400, "The ids of tickets are numbers, not \"abc\".", "")),
    ("/rows?table=tickets&record=99999999999999999999", Says(400, "The ids of tickets are numbers from -9223372036854775808", "")),
    ("/rows?table=things&record=42", Says(400, "The ids of things are UUIDs, not \"42\".", "")),
    ("/timeline?table=tickets&key=abc", Says(400, "The ids of tickets are numbers, not \"abc\".", "")),
    ("/timeline?table=tickets&key=id%3Dabc", Says(400, "The ids of tickets are numbers, not \"abc\".", "")),
    // A text is a key as it is written; another spelling is only offered.
    ("/rows/contacts/email%3DANNA@example.org",
        Says(404, "No changes of contact ANNA@example.orgDid you mean anna@example.org?", "/rows/contacts/email%3Danna%2540example.org")),
    ("/rows/tickets/id%3D999999", Says(404, "No changes of ticket 999999Either it never existed, it has not changed since", "")),
    // The table.
    ("/rows?table=Tickets&record=5041",
        Says(400, "There is no audited table \"Tickets\". Did you mean tickets (4 changes)?", "/rows?table=tickets&record=5041")),
    ("/rows?table=ticket&record=%235041",
        Says(400, "There is no audited table \"ticket\". Did you mean tickets (4 changes)?", "/rows?table=tickets&record=%235041")),
    ("/rows?table=%23+tickets&record=5041", Says(400, "Did you mean tickets (4 changes)?", "/rows?table=tickets&record=5041")),
    ("/rows?table=ticket+reply&record=1", Says(400, "Did you mean ticket_replies (1 change)?", "/rows?table=ticket_replies&record=1")),
    ("/rows?table=invoices&record=1", Says(400, "Did you mean billing.invoices", "/rows?table=billing.invoices&record=1")),
    ("/rows/ticket/id%3D5041", Says(404, "There is no audited table \"ticket\". Did you mean tickets", "/rows?table=tickets&record=id%3D5041")),
    ("/rows?table=nonsense&record=1", Says(400, "There is no audited table \"nonsense\".", "")),
    ("/timeline?table=Tickets",
        Says(200, "Nothing changed a record of Tickets.There is no audited table \"Tickets\". Did you mean tickets (4 changes)?", "/timeline?table=tickets")),
    ("/timeline?table=tikcets&from={day}", Says(200, "Did you mean tickets (4 changes)?", "/timeline?table=tickets&from={day}")),
    ("/timeline?table=Ticket&key=5041",
        Says(400, "There is no audited table \"Ticket\".Did you mean tickets", "/timeline?key=5041&table=tickets")),
    ("/timeline?table=Ticket&key=id%3D5041",
        Says(400, "There is no audited table \"Ticket\".Did you mean tickets (4 changes)?", "/timeline?key=id%3D5041&table=tickets")),
    // The field.
    ("/timeline?table=tickets&field=Priority",
        Says(200, "No recorded update of tickets changed a field called \"Priority\". Did you mean priority (2 changes)?", "/timeline?table=tickets&field=priority")),
    ("/timeline?field=prioriy", Says(200, "Did you mean priority (2 changes)?", "/timeline?field=priority")),
    ("/timeline?table=tickets&key=id%3D5041&field=assignee&from={day}",
        Says(200, "Nothing changed assignee of ticket 5041 in the last 24 hours.", "")),
    // The action.
    ("/timeline?action=priority",
        Says(200, "No recorded action is called \"priority\". Did you mean ticket.priority_changed (1 change)?", "/timeline?action=ticket.priority_changed")),
    ("/timeline?action=Ticket.Priority_Changed",
        Says(200, "Nothing changed a record under the action Ticket.Priority_Changed.", "/timeline?action=ticket.priority_changed")),
    ("/timeline?action=ticket+priority+changed", Says(200, "Did you mean ticket.priority_changed", "/timeline?action=ticket.priority_changed")),
    // The actor.
    ("/timeline?actor=support",
        Says(400, "Nobody called \"support\" was found as typed.Did you mean user:support (1 change)?", "/timeline?actor=user%3Asupport")),
    ("/timeline?actor=User:support", Says(400, "Did you mean user:support (1 change)?", "/timeline?actor=user%3Asupport")),
    ("/timeline?actor=user:+support",
        Says(200, "Nobody called \"user: support\" made a recorded change. Did you mean user:support", "/timeline?actor=user%3Asupport")),
    ("/timeline?actor=user:Support", Says(200, "Did you mean user:support (1 change)?", "/timeline?actor=user%3Asupport")),
    ("/timeline?actor=admin:support", Says(200, "Did you mean user:support (1 change)?", "/timeline?actor=user%3Asupport")),
    ("/timeline?actor=jobs", Says(400, "Did you mean job (1 change)?", "/timeline?actor=job")),
    ("/actors/User/support", Leads("/actors/user/support")),
    ("/actors/Service%20accounts/sync", Leads("/actors/service_account/sync")),
    ("/actors/Jobs", Leads("/actors/job")),
    ("/actors/robot/1", Says(400, "There is no such actor", "")),
    ("/actors/user/Support", Says(200, "No transaction of user:Support is recordedDid you mean user:support (1 change)?", "/actors/user/support")),
    // The operation.
    ("/timeline?operation=Update",
        Says(400, "There is no operation \"Update\": it is insert, update, delete or truncate.Did you mean update (3 changes)?", "/timeline?operation=update")),
    ("/timeline?operation=deleted&table=tickets", Says(400, "Did you mean delete", "/timeline?table=tickets&operation=delete")),
    // One condition excludes everything.
    ("/timeline?table=tickets&action=ticket.priority_changed&to=2020-01-01T00:00:00Z",
        Says(200, "Only the time window (until 1 Jan 2020, 00:00 UTC) excludes everything. Without it: 1 change, the newest on ",
            "/timeline?table=tickets&action=ticket.priority_changed&window=all")),
    ("/timeline?table=ticket_replies&actor=user:support", Says(200, "Without the actor user:support: 1 change.", "/timeline?table=ticket_replies")),
    ("/timeline?correlation_id=case-9&table=tickets", Says(200, "No change belongs to the request \"case-9\".", "/timeline?table=tickets")),
    ("/timeline?table=ticket_replies&operation=delete&actor=user:support",
        Says(200, "Leaving out any one of the conditions finds nothing either.", "/timeline?from=")),
    ("/timeline?operation=insert&field=priority", Says(200, "Only an update changes a field, so no insert changed priority.", "/timeline?field=priority")),
];

/// Seeds a help desk. Each statement is a transaction of its own.
async fn seeded(pool: &PgPool) -> Result<Router> {
    let trail = AuditTrail::new(pool.clone());
    trail.install().await?;
    sqlx::raw_sql(
        r#"CREATE TABLE tickets (id bigint PRIMARY KEY, subject text, priority text, assignee text);
           CREATE TABLE ticket_replies (id bigint PRIMARY KEY, ticket_id bigint, body text);
           CREATE TABLE contacts (email text PRIMARY KEY, name text);
           CREATE TABLE things (id uuid PRIMARY KEY);
           CREATE TABLE order_lines ("order" int, line int, PRIMARY KEY ("order", line));
           CREATE SCHEMA billing; CREATE TABLE billing.invoices (id bigint PRIMARY KEY);"#,
    )
    .execute(pool)
    .await?;
    let tables = ["tickets", "ticket_replies", "contacts", "things", "order_lines", "billing.invoices"];
    trail.capture(tables).await?;
    for (kind, id, action, sql) in [
        (ActorKind::System, "import", None, "INSERT INTO tickets VALUES (5041, 'Printer', 'low')"),
        (ActorKind::System, "import", None, "INSERT INTO ticket_replies VALUES (1, 5041, 'Help')"),
        (ActorKind::System, "import", None, "INSERT INTO contacts VALUES ('anna@example.org', 'Anna')"),
        (ActorKind::System, "import", None, "INSERT INTO order_lines VALUES (7, 2)"),
        (
            ActorKind::User,
            "support",
            Some("ticket.priority_changed"),
            "UPDATE tickets SET priority = 'high' WHERE id = 5041",
        ),
        (ActorKind::Job, "sla-sweeper", None, "UPDATE tickets SET priority = 'urgent' WHERE id = 5041"),
        (ActorKind::System, "import", None, "UPDATE tickets SET subject = 'Scanner' WHERE id = 5041"),
    ] {
        let context = AuditContext::new(ActorRef::new(kind, id)?);
        let write = AuditTrail::new(pool.clone()).write(&context);
        let write = match action {
            Some(action) => write.action(action),
            None => write,
        };
        let mut tx = write.begin().await?;
        sqlx::raw_sql(sql).execute(&mut *tx).await?;
        tx.commit().await?;
    }
    Ok(mounted(pool, Access::Allow))
}

fn unescaped(text: &str) -> String {
    text.replace("&quot;", "\"").replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
}

/// Returns the main part of a page.
fn main_part(body: &str) -> &str {
    part(body, "tabindex=\"-1\">", "</main>")
}

#[sqlx::test(migrations = false)]
async fn every_mistyped_input_gets_its_answer(pool: PgPool) -> Result {
    let app = seeded(&pool).await?;
    let day = (Utc::now() - Duration::from_secs(24 * 60 * 60)).format("%Y-%m-%dT%H:%M:00Z").to_string();
    let mut wrong = Vec::new();
    for (input, answer) in INPUTS {
        let address = format!("/audit{}", input.replace("{day}", &day.replace(':', "%3A")));
        match answer {
            Leads(to) => {
                let response = call(&app, &address).await?;
                let location = response.headers().get(header::LOCATION);
                let location = location.map(|location| location.to_str()).transpose()?.unwrap_or_default();
                if response.status() != StatusCode::SEE_OTHER || location != format!("/audit{to}") {
                    wrong.push(format!("{input}: {} {location}", response.status()));
                }
            }
            Says(status, sentence, link) => {
                let (given, body) = get(&app, &address).await?;
                let said = unescaped(&words(main_part(&body)));
                let link = link.replace("{day}", &day.replace(':', "%3A"));
                let href = format!("href=\"/audit{link}\"");
                let is_linked = link.is_empty() || unescaped(main_part(&body)).contains(&href);
                if given.as_u16() != status || !said.contains(sentence) || !is_linked {
                    wrong.push(format!("{input}: {given}, link {is_linked}: {said}"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), INPUTS.len(), wrong.join("\n"));
    Ok(())
}

/// An empty file would say that the record has no changes.
#[sqlx::test(migrations = false)]
async fn download_reads_the_key_like_the_timeline(pool: PgPool) -> Result {
    let app = seeded(&pool).await?;
    let file =
        async |key: &str| get(&app, &format!("/audit/exports/changes.csv?table=tickets&key={key}")).await;
    let (status, of_ticket) = file("id%3D5041").await?;
    assert!(status == StatusCode::OK && of_ticket.lines().count() > 1, "{status}: {of_ticket}");
    for key in ["id%3D%25235041", "id%3D05041"] {
        assert_eq!(file(key).await?, (StatusCode::OK, of_ticket.clone()), "{key}");
    }
    let (status, body) = file("id%3Dabc").await?;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert!(words(&body).contains("The ids of tickets are numbers, not \"abc\"."), "{body}");
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn typed_text_is_never_markup(pool: PgPool) -> Result {
    let app = seeded(&pool).await?;
    let script = "%3Cscript%3Ealert(1)%3C/script%3E";
    for address in [
        format!("/rows?table={script}&record=1"),
        format!("/rows?table=tickets&record={script}"),
        format!("/rows/contacts/email%3D{}", script.replace('%', "%25")),
        format!("/timeline?table={script}"),
        format!("/timeline?field={script}"),
        format!("/timeline?action={script}"),
        format!("/timeline?actor=user:{script}"),
        format!("/timeline?actor={script}"),
        format!("/timeline?operation={script}"),
        format!("/actors/user/{}", script.replace('/', "%2F")),
    ] {
        let (_, body) = get(&app, &format!("/audit{address}")).await?;
        assert!(!body.contains("<script>alert") && body.contains("script"), "{address}: {body}");
    }
    let (_, body) = get(&app, "/audit/timeline?action=a%E2%80%AEb").await?;
    assert!(words(&body).contains("U+202E"), "the reversed text is not marked: {body}");
    Ok(())
}

/// A preset changes the window and nothing else, next to a mistake too; the form keeps the window.
#[sqlx::test(migrations = false)]
async fn presets_work_next_to_a_mistake(pool: PgPool) -> Result {
    let app = seeded(&pool).await?;
    let (status, body) = get(&app, "/audit/timeline?window=7d&table=tickets&actor=support&key=").await?;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    let presets = unescaped(part(&body, "class=\"presets\"", "</div>"));
    for window in ["1h", "24h", "7d", "30d", "all"] {
        let href = format!("href=\"/audit/timeline?table=tickets&actor=support&window={window}\"");
        assert!(presets.contains(&href), "{presets}");
    }
    let marked = presets.split("<a").find(|link| link.contains("aria-current")).unwrap_or_default();
    assert!(marked.contains("window=7d"), "{presets}");
    let from = part(&body, "id=\"filter-from\"", ">");
    assert!(part(from, "value=\"", "\"").starts_with("20"), "the window is lost: {from}");
    assert!(part(&body, "id=\"filter-table\"", ">").contains("value=\"tickets\""), "{body}");
    let (status, body) = get(&app, "/audit/timeline?from=some+day&table=tickets").await?;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    let presets = part(&body, "class=\"presets\"", "</div>");
    assert!(
        !presets.contains("aria-current") || presets.contains("#filter-from\" aria-current"),
        "{presets}"
    );
    Ok(())
}

/// The window that is already chosen is not offered again.
#[sqlx::test(migrations = false)]
async fn empty_window_offers_the_next_one_with_a_change(pool: PgPool) -> Result {
    let app = seeded(&pool).await?;
    let move_back = |days: i32| {
        let sql = format!(
            "ALTER TABLE threadline.audit_changes DISABLE TRIGGER USER;
             UPDATE threadline.audit_changes SET captured_at = now() - interval '{days} days'"
        );
        async { sqlx::raw_sql(AssertSqlSafe(sql)).execute(&pool).await }
    };
    move_back(3).await?;
    let links = |body: &str| unescaped(part(body, "class=\"ways\">", "</p>"));
    for (window, expected) in [
        ("1h", &["window=7d\" class=\"button\">Last 7 days", "window=all\" class=\"button\">All time"][..]),
        ("24h", &["window=7d\" class=\"button\">Last 7 days", "window=all\" class=\"button\">All time"]),
    ] {
        let to = call(&app, &format!("/audit/timeline?table=tickets&window={window}")).await?;
        let location = to.headers()[header::LOCATION].to_str()?.to_owned();
        let (_, body) = get(&app, &location).await?;
        let links = links(&body);
        assert_eq!(links.matches("<a").count(), expected.len(), "{links}");
        for link in expected {
            assert!(links.contains(link), "{window}: {links}");
        }
        assert!(!links.contains(&format!("window={window}\"")), "{window}: {links}");
    }
    move_back(40).await?;
    let to = call(&app, "/audit/timeline?table=tickets&window=30d").await?;
    let location = to.headers()[header::LOCATION].to_str()?.to_owned();
    let (_, body) = get(&app, &location).await?;
    assert!(!links(&body).contains("Last 30 days") && links(&body).contains("All time"), "{body}");
    Ok(())
}

/// Nothing that a scope hides is suggested, and a hidden value is answered as an absent one.
#[sqlx::test(migrations = false)]
async fn suggestions_obey_the_scope(pool: PgPool) -> Result {
    let _ = seeded(&pool).await?;
    let replies = mounted(&pool, Access::AllowWithin(Scope::tables(["ticket_replies"])));
    let nothing = mounted(
        &pool,
        Access::AllowWithin(Scope::new(
            Predicate::tables(["tickets"]).and(Predicate::field("assignee", "x")),
        )),
    );
    for app in [&replies, &nothing] {
        for (hidden, absent) in [
            ("/rows?table=Contacts&record=1", "/rows?table=Kontacts&record=1"),
            ("/rows?table=contacts&record=1", "/rows?table=kontacts&record=1"),
            ("/timeline?table=contacts", "/timeline?table=kontacts"),
            ("/timeline?table=Contacts&key=1", "/timeline?table=Kontacts&key=1"),
            ("/timeline?action=priority", "/timeline?action=qriority"),
            ("/timeline?action=ticket.priority_changed", "/timeline?action=ticket.qriority_changed"),
            ("/timeline?actor=support", "/timeline?actor=kupport"),
            ("/timeline?actor=user:Support", "/timeline?actor=user:Kupport"),
            ("/timeline?field=Priority", "/timeline?field=Qriority"),
            ("/actors/user/Support", "/actors/user/Kupport"),
            ("/rows/ticket_replies/id%3D9", "/rows/ticket_replies/id%3D8"),
        ] {
            let (status, body) = get(app, &format!("/audit{hidden}")).await?;
            let (status_of_absent, body_of_absent) = get(app, &format!("/audit{absent}")).await?;
            let normal = |body: &str| {
                let text = words(main_part(body)).to_lowercase();
                text.replace("kontacts", "contacts")
                    .replace("qriority", "priority")
                    .replace("kupport", "support")
            };
            let digits = |text: String| text.chars().filter(|c| !c.is_ascii_digit()).collect::<String>();
            assert_eq!(status, status_of_absent, "{hidden}");
            assert_eq!(digits(normal(&body)), digits(normal(&body_of_absent)), "{hidden}");
            for secret in ["user:support", "sla-sweeper", "ticket.priority_changed", "anna@"] {
                assert!(hidden.contains(secret) || !body.contains(secret), "{hidden} tells {secret}");
            }
        }
    }
    Ok(())
}
