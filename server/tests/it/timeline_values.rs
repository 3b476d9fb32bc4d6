//! Several values in the filter of the timeline: lists to choose from, chips in words, titles, and people only.

use axum::Router;
use http::{StatusCode, header};
use sqlx::PgPool;
use threadline::{ActorKind, ActorRef, AuditContext, AuditTrail, Scope};
use threadline_server::{Access, Label, LabelRequest, Labels};

use crate::support::{Result, call, console, get, mounted, without_timeouts};

/// Writes changes by two people, by a job on behalf of one of them, and by nobody.
async fn seeded(pool: &PgPool) -> Result<AuditTrail> {
    let trail = AuditTrail::new(pool.clone());
    trail.install().await?;
    sqlx::raw_sql(
        "CREATE TABLE tickets (id int PRIMARY KEY, subject text, priority text);
         CREATE TABLE secrets (id int PRIMARY KEY, code text);",
    )
    .execute(pool)
    .await?;
    trail.capture(["tickets", "secrets"]).await?;
    let user = |id: &str| ActorRef::new(ActorKind::User, id);
    let maria = AuditContext::new(user("1")?);
    let sweeper =
        AuditContext::new(user("2, the \"boss\"")?).delegated_to(ActorRef::new(ActorKind::Job, "sweeper")?);
    for (context, action, sql) in [
        (&maria, "ticket.opened", "INSERT INTO tickets VALUES (1, 'one', 'low'), (2, 'two', 'low')"),
        (
            &AuditContext::new(user("2, the \"boss\"")?),
            "ticket.renamed",
            "UPDATE tickets SET subject = 'three' WHERE id = 2",
        ),
        (&sweeper, "ticket.swept", "UPDATE tickets SET priority = 'high' WHERE id = 1"),
        (&AuditContext::new(user("mallory")?), "secret.kept", "INSERT INTO secrets VALUES (1, 'x')"),
    ] {
        let mut tx = trail.write(context).action(action).begin().await?;
        sqlx::raw_sql(sql).execute(&mut *tx).await?;
        tx.commit().await?;
    }
    sqlx::raw_sql("INSERT INTO tickets VALUES (3, 'unsigned', 'low')").execute(pool).await?;
    Ok(trail)
}

async fn body(app: &Router, address: &str) -> Result<String> {
    let (status, body) = get(app, &format!("/audit{address}")).await?;
    assert_eq!(status, StatusCode::OK, "{address}: {body}");
    Ok(body)
}

async fn leads_to(app: &Router, address: &str) -> Result<String> {
    let response = call(app, &format!("/audit{address}")).await?;
    assert_eq!(response.status(), StatusCode::SEE_OTHER, "{address}");
    let location = response.headers().get(header::LOCATION).ok_or("no location")?;
    Ok(location.to_str()?.trim_start_matches("/audit").to_owned())
}

/// Returns the text of the chips, without marks.
fn chips(body: &str) -> Vec<String> {
    let chips = body
        .split("class=\"chip\"")
        .skip(1)
        .filter_map(|chip| chip.split_once("<span>")?.1.split("</span>").next());
    chips.map(|chip| chip.replace("<bdi>", "").replace("</bdi>", "").replace("<!>", "")).collect()
}

fn title(body: &str) -> &str {
    body.split_once("<title>")
        .and_then(|(_, rest)| rest.split_once("</title>"))
        .map_or("", |(title, _)| title)
}

#[sqlx::test(migrations = false)]
async fn repeated_fields_become_a_list_of_the_address(pool: PgPool) -> Result {
    seeded(&pool).await?;
    let app = mounted(&pool, Access::Allow);
    for (asked, settled) in [
        ("actor=user:1&actor=job:sweeper", "actor=user%3A1%2Cjob%3Asweeper"),
        ("actor=&actor=user:1&actor=user:1&table=tickets", "table=tickets&actor=user%3A1"),
        ("table=tickets&table=secrets&operation=-delete", "table=tickets%2Csecrets&operation=-delete"),
        ("actor=none&actor=", "actor=none"),
        ("actor=user:2%5C,+the+%22boss%22&actor=", "actor=user%3A2%5C%2C+the+%22boss%22"),
    ] {
        let settled = format!("/timeline?{settled}");
        assert_eq!(leads_to(&app, &format!("/timeline?{asked}")).await?, settled, "{asked}");
        body(&app, &settled).await?;
    }
    let (status, wrong) = get(&app, "/audit/timeline?actor=user:1&actor=robot:2&window=7d").await?;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert!(wrong.contains("robot:2") && wrong.contains("value=\"user:1,robot:2\""), "{wrong}");
    assert!(
        wrong.contains("window=1h") && wrong.contains("People only"),
        "presets stay beside a mistake: {wrong}"
    );
    let (_, wrong) = get(&app, "/audit/timeline?actor=user:1,-jobs&table=tickets").await?;
    let suggestion = "href=\"/audit/timeline?table=tickets&amp;actor=user%3A1%2C-job\"><bdi>job</bdi>";
    assert!(wrong.contains("Did you mean ") && wrong.contains(suggestion), "{wrong}");
    let (status, wrong) = get(&app, "/audit/timeline?actor=user:1&actor=-user:1").await?;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert!(wrong.contains("either accepted or excluded"), "{wrong}");
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn chips_and_titles_say_lists_in_words(pool: PgPool) -> Result {
    let trail = seeded(&pool).await?;
    let label_users = |request: LabelRequest| async move {
        let mut labels = Labels::default();
        for actor in request.actors.iter().filter(|actor| actor.id() != Some("2, the \"boss\"")) {
            labels.actor(actor, Label::new(format!("Label of {actor}")));
        }
        Ok::<_, std::io::Error>(labels)
    };
    let console = without_timeouts(trail)
        .authorize_fn(|_| async { Ok::<_, std::io::Error>(Access::Allow) })
        .actor_fn(|_| async { None })
        .labels_fn(label_users);
    let app = Router::new().nest("/audit", console.build()?.into_router());
    for (query, chip, expected_title) in [
        (
            "actor=user:1,user:2%5C,+the+%22boss%22",
            "Who: Label of user:1 or user:2, the \"boss\"",
            "Label of user:1 or user:2, the \"boss\" · Timeline",
        ),
        // The host is not asked about somebody whom the page does not show.
        ("actor=-user:1", "Who: not user:1", "not user:1 · Timeline"),
        ("actor=user,admin", "People only", "People only · Timeline"),
        ("actor=none", "Not signed", "Not signed · Timeline"),
        ("on_behalf_of=user", "On behalf of: users", "on behalf of users · Timeline"),
        (
            "action=ticket.opened,-ticket.swept",
            "Action: opened ticket, not ticket.swept",
            "opened ticket, not ticket.swept · Timeline",
        ),
        ("table=tickets,secrets", "Table: tickets or secrets", "tickets or secrets · Timeline"),
        ("operation=insert,delete", "Kind: created or deleted", "created or deleted · Timeline"),
        ("field=subject,priority", "Field: subject or priority", "subject or priority · Timeline"),
        ("table=tickets&value=three", "Value: three", "tickets · Timeline"),
        ("table=tickets&key=id%3D2&field=subject", "Field: subject", "tickets 2 · subject · Timeline"),
    ] {
        let body = body(&app, &format!("/timeline?{query}")).await?;
        assert!(chips(&body).contains(&chip.to_owned()), "{query}: {:?}", chips(&body));
        assert!(body.contains("data-entry"), "{query}: {body}");
        assert!(title(&body).starts_with(expected_title), "{query}: {}", title(&body));
    }
    let hostile = body(&app, "/timeline?request_id=%3C/title%3E%3Cscript%3Ealert(1)%3C/script%3E").await?;
    assert!(title(&hostile).starts_with("request &lt;/title&gt;&lt;script&gt;"), "{}", title(&hostile));
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn lists_show_what_occurs_with_its_number(pool: PgPool) -> Result {
    seeded(&pool).await?;
    let app = mounted(&pool, Access::Allow);
    let timeline = body(&app, "/timeline?actor=user:1").await?;
    assert!(timeline.contains("href=\"/audit/timeline/values?actor=user%3A1\""), "{timeline}");
    let lists =
        body(&app, "/timeline/values?table=tickets&field=code,-subject&actor=user:1,-job&key=id%3D1").await?;
    for part in [
        "The values in all 6 changes of this window.",
        "<input type=\"hidden\" name=\"key\" value=\"id=1\">",
        "name=\"actor\" value=\"user:1\" checked",
        "name=\"actor\" value=\"user:2\\, the &quot;boss&quot;\"",
        "All users",
        "Not signed: 1 change",
        "name=\"action\" value=\"ticket.opened\"",
        "name=\"table\" value=\"tickets\" checked",
        "name=\"table\" value=\"secrets\"",
        "name=\"field\" value=\"priority\"",
        ">left out<",
        // What is not in a list stays in the field beside it.
        "id=\"others-actor\" name=\"actor\" value=\"-job\"",
        "id=\"others-field\" name=\"field\" value=\"code,-subject\"",
        // not this: this value, with the other conditions.
        "table=tickets&amp;field=code%2C-subject&amp;key=id%3D1&amp;actor=-job%2C-user%3A1\" aria-label=\"not this: user:1\"",
    ] {
        assert!(lists.contains(part), "{part}: {lists}");
    }
    let nothing = body(&app, "/timeline/values?to=2000-01-01T00:00&actor=none").await?;
    assert!(
        nothing.contains("Nothing changed in this window") && nothing.contains("value=\"none\""),
        "{nothing}"
    );
    // A mistake stays where it is, to be corrected.
    let mistaken = body(&app, "/timeline/values?actor=robot:1,user:1").await?;
    assert!(mistaken.contains("value=\"robot:1\""), "{mistaken}");
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn lists_hold_nothing_that_the_scope_hides(pool: PgPool) -> Result {
    seeded(&pool).await?;
    let app = mounted(&pool, Access::AllowWithin(Scope::tables(["tickets"])));
    let lists = body(&app, "/timeline/values?from=").await?;
    assert!(lists.contains("all 5 changes") && lists.contains("ticket.opened"), "{lists}");
    for hidden in ["secret", "mallory", "code"] {
        assert!(!lists.contains(hidden), "{hidden}: {lists}");
    }
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn link_for_people_only_keeps_the_other_conditions(pool: PgPool) -> Result {
    seeded(&pool).await?;
    let app = mounted(&pool, Access::Allow);
    let everybody = body(&app, "/timeline?table=tickets&actor=job").await?;
    assert!(
        everybody.contains("href=\"/audit/timeline?table=tickets&amp;actor=user%2Cadmin\">People only"),
        "{everybody}"
    );
    let people = body(&app, "/timeline?table=tickets&actor=user%2Cadmin").await?;
    assert!(
        people.contains("href=\"/audit/timeline?table=tickets\" aria-current=\"true\">People only"),
        "{people}"
    );
    assert_eq!(people.matches("data-entry").count(), 3, "{people}");
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn actor_page_links_to_what_others_did_on_behalf(pool: PgPool) -> Result {
    seeded(&pool).await?;
    let app = Router::new().nest("/audit", console(&pool, Access::Allow).into_router());
    let page = body(&app, "/actors/user/2,%20the%20%22boss%22").await?;
    let (_, link) = page.split_once("on_behalf_of=").ok_or("no link")?;
    let list = link.split('"').next().unwrap_or_default().replace("&amp;", "&");
    let timeline = body(&app, &format!("/timeline?on_behalf_of={list}")).await?;
    assert!(timeline.contains("data-entry") && timeline.contains("sweeper"), "{timeline}");
    assert!(!body(&app, "/actors/job").await?.contains("on_behalf_of="));
    Ok(())
}
