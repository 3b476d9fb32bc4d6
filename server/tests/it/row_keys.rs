//! Rows whose key has changed: the page of each key links to the other.

use crate::support::{Result, get, mounted};
use axum::Router;
use http::StatusCode;
use sqlx::PgPool;
use threadline::{ActorKind, ActorRef, AuditContext, AuditTrail, Scope};
use threadline_server::Access;
use threadline_testkit::html::{part, words};

/// Seeds an account that has had three keys, with a line whose key follows its account.
async fn seeded(pool: &PgPool) -> Result<Router> {
    let trail = AuditTrail::new(pool.clone());
    trail.install().await?;
    sqlx::raw_sql(
        r#"CREATE TABLE accounts (id int PRIMARY KEY, name text);
           CREATE TABLE lines (account int REFERENCES accounts ON UPDATE CASCADE, line int, PRIMARY KEY (account, line));"#,
    )
    .execute(pool)
    .await?;
    trail.capture(["accounts", "lines"]).await?;
    for (actor, sql) in [
        ("ann", "INSERT INTO accounts VALUES (1, 'one'); INSERT INTO lines VALUES (1, 1)"),
        ("bob", "UPDATE accounts SET id = 100 WHERE id = 1"),
        ("carl", "UPDATE accounts SET id = 200 WHERE id = 100"),
    ] {
        write(pool, actor, sql).await?;
    }
    Ok(mounted(pool, Access::Allow))
}

async fn write(pool: &PgPool, actor: &str, sql: &'static str) -> Result {
    let context = AuditContext::new(ActorRef::new(ActorKind::User, actor)?);
    let mut tx = AuditTrail::new(pool.clone()).write(&context).begin().await?;
    sqlx::raw_sql(sql).execute(&mut *tx).await?;
    tx.commit().await?;
    Ok(())
}

/// Returns the time of an actor's last write, as an address contains it.
async fn moment(pool: &PgPool, actor: &str) -> Result<String> {
    let moment = sqlx::query_scalar(
        r#"SELECT to_char(max(c.captured_at) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')
           FROM threadline.audit_changes AS c JOIN threadline.audit_transactions AS t ON t.id = c.transaction_id
           WHERE t.actor_ref ->> 'id' = $1"#,
    );
    Ok(moment.bind(actor).fetch_one(pool).await?)
}

fn state(body: &str) -> &str {
    part(body, "class=\"row-state ", "</p>")
}

fn versions(body: &str) -> &str {
    part(body, "class=\"entries versions\"", "<nav")
}

fn panel(body: &str) -> &str {
    part(body, " class=\"panel\"", "</section>")
}

#[sqlx::test(migrations = false)]
async fn page_of_an_old_key_links_to_the_new_key(pool: PgPool) -> Result {
    let app = seeded(&pool).await?;
    let (status, body) = get(&app, "/audit/rows/accounts/id%3D1").await?;
    assert_eq!(status, StatusCode::OK);
    let state = state(&body);
    assert!(words(state).starts_with("No record has this key any more: it became id 100 on "), "{state}");
    for expected in ["gone\"", "user:bob", "href=\"/audit/rows/accounts/id%3D100\"", "/audit/transactions/"] {
        assert!(state.contains(expected), "{expected} is missing in {state}");
    }
    assert!(!body.contains("Exists."), "{body}");
    let list = words(versions(&body));
    assert!(list.contains("changed its key to 100"), "{list}");
    assert!(body.contains("2 versions"), "{body}");

    let (_, body) = get(&app, "/audit/rows/lines/account%3D1%26line%3D1").await?;
    assert!(words(self::state(&body)).contains("it became account 100, line 1 on "), "{body}");
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn history_links_through_every_key(pool: PgPool) -> Result {
    let app = seeded(&pool).await?;
    let mut address = "/audit/rows/accounts/id%3D200".to_owned();
    let mut seen = Vec::new();
    loop {
        let (_, body) = get(&app, &address).await?;
        seen.push(words(part(&body, "<h1", " · ")));
        let before = part(versions(&body), ">Was <a href=\"", "</a> before.");
        let Some((href, key)) = before.split_once('"').filter(|_| !before.is_empty()) else { break };
        seen.push(words(key));
        href.clone_into(&mut address);
    }
    assert_eq!(seen, ["accounts 200", "id 100", "accounts 100", "id 1", "accounts 1"]);
    let (_, body) = get(&app, "/audit/rows/accounts/id%3D200").await?;
    assert!(state(&body).contains("Exists."), "{body}");
    let (_, body) = get(&app, "/audit/timeline?table=accounts").await?;
    assert!(words(&body).contains("Was id 1 before.") && !words(&body).contains("Became"), "{body}");
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn as_of_names_the_key_of_that_time(pool: PgPool) -> Result {
    let app = seeded(&pool).await?;
    let (first, last) = (moment(&pool, "ann").await?, moment(&pool, "carl").await?);
    let (_, body) = get(&app, &format!("/audit/rows/accounts/id%3D1?as_of={last}")).await?;
    let then = panel(&body);
    assert!(words(then).contains("No record had this key any more, because it became id 100 on "), "{then}");
    assert!(then.contains("user:bob"), "{then}");
    let href = part(then, "<p class=\"buttons\"><a href=\"", "\"");
    assert!(href.starts_with("/audit/rows/accounts/id%3D100?as_of="), "{then}");
    assert!(words(panel(&get(&app, href).await?.1)).contains("because it became id 200"), "{href}");
    let before = part(then.split_once("</a><a").ok_or("one button")?.1, "href=\"", "\"");
    assert!(panel(&get(&app, before).await?.1).contains(">one<"), "{before}");

    let (_, body) = get(&app, &format!("/audit/rows/accounts/id%3D200?as_of={first}")).await?;
    let then = panel(&body);
    let expected = "No record had this key yet, as far as is recorded. The record was id 100 until ";
    assert!(words(then).contains(expected), "{then}");
    let href = part(then, "<p class=\"buttons\"><a href=\"", "\"");
    assert!(words(panel(&get(&app, href).await?.1)).contains("The record was id 1 until "), "{href}");
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn compare_across_a_key_change_differs(pool: PgPool) -> Result {
    let app = seeded(&pool).await?;
    let (first, last) = (moment(&pool, "ann").await?, moment(&pool, "carl").await?);
    let row = "/audit/rows/accounts/id%3D1";
    let (_, body) = get(&app, &format!("{row}?compare={first}&with={last}")).await?;
    let panel_words = words(panel(&body));
    assert!(panel_words.contains("no record had this key any more, because it became id 100 on "), "{body}");
    assert!(!panel_words.contains("No field differs"), "{panel_words}");
    let (_, body) = get(&app, &format!("{row}?compare={last}&with={last}")).await?;
    let panel_words = words(panel(&body));
    assert!(panel_words.contains("No record with this key is known at either of the two times"), "{body}");
    assert!(panel_words.contains("because it became id 100"), "{panel_words}");
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn reused_key_shows_the_present_row(pool: PgPool) -> Result {
    let app = seeded(&pool).await?;
    write(&pool, "dora", "INSERT INTO accounts VALUES (1, 'another')").await?;
    let (_, body) = get(&app, "/audit/rows/accounts/id%3D1").await?;
    assert!(state(&body).contains("Exists.") && state(&body).contains("user:dora"), "{body}");
    assert!(words(versions(&body)).contains("Became id 100."), "{body}");
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn links_between_keys_obey_the_scope(pool: PgPool) -> Result {
    let _ = seeded(&pool).await?;
    let lines = mounted(&pool, Access::AllowWithin(Scope::tables(["lines"])));
    for key in ["1", "100", "200"] {
        let (status, body) = get(&lines, &format!("/audit/rows/accounts/id%3D{key}")).await?;
        assert_eq!(status, StatusCode::NOT_FOUND, "{key}");
        assert!(!words(&body).contains("became"), "{body}");
        let (status, _) = get(&lines, &format!("/audit/rows/lines/account%3D{key}%26line%3D1")).await?;
        assert_eq!(status, StatusCode::OK, "{key}");
    }
    Ok(())
}
