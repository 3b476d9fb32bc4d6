//! The home page: its summary, its quick links, and its missing parts.

use crate::support::{Result, checked, get, mounted, with_statement_timeout, without_timeouts};
use axum::Router;
use http::StatusCode;
use sqlx::PgPool;
use threadline::{Action, ActorKind, ActorRef, AuditContext, AuditTrail, Scope, StorageSchema};
use threadline_server::Access;
use threadline_testkit::database::trail;

const HOSTILE: &str = "</td><script>alert(1)</script>";

async fn installed(pool: &PgPool) -> Result<AuditTrail> {
    let trail = AuditTrail::new(pool.clone());
    trail.install().await?;
    sqlx::raw_sql("CREATE TABLE tickets (id bigint PRIMARY KEY, subject text); CREATE TABLE secrets (id bigint PRIMARY KEY);")
        .execute(pool)
        .await?;
    Ok(trail)
}

async fn rename(pool: &PgPool, subject: &str) -> Result {
    let context = AuditContext::new(ActorRef::new(ActorKind::User, HOSTILE)?);
    let action = Action::named("ticket.renamed").reason(HOSTILE);
    let mut tx = AuditTrail::new(pool.clone()).write(&context).action(action).begin().await?;
    sqlx::query(
        "INSERT INTO tickets VALUES (1, $1) ON CONFLICT (id) DO UPDATE SET subject = excluded.subject",
    )
    .bind(subject)
    .execute(&mut *tx)
    .await?;
    tx.commit().await?;
    Ok(())
}

fn title(body: &str) -> &str {
    body.split("<h1>").nth(1).and_then(|rest| rest.split("</h1>").next()).unwrap_or_default()
}

#[sqlx::test(migrations = false)]
async fn home_page_without_captured_tables_shows_the_first_command(pool: PgPool) -> Result {
    installed(&pool).await?;
    let (status, body) = get(&checked(mounted(&pool, Access::Allow)).await?, "/audit").await?;
    assert_eq!((status, title(&body)), (StatusCode::OK, "Nothing is captured yet"));
    assert!(body.contains("<code>threadline gen triggers --tables users,billing.invoices</code>"), "{body}");
    assert!(body.contains("No change is recorded yet"), "{body}");
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn commands_name_a_custom_storage_schema(pool: PgPool) -> Result {
    let schema = StorageSchema::new("records")?;
    let trail = trail(&pool).storage_schema(schema);
    trail.install().await?;
    let console = without_timeouts(trail)
        .authorize_fn(|_| async { Ok::<_, std::io::Error>(Access::Allow) })
        .actor_fn(|_| async { None })
        .build()?;
    let (_, body) = get(&Router::new().nest("/audit", console.into_router()), "/audit").await?;
    assert!(body.contains("--tables users,billing.invoices --storage-schema records</code>"), "{body}");
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn home_page_without_problems_shows_check_and_latest_activity(pool: PgPool) -> Result {
    let trail = installed(&pool).await?;
    trail.capture(["tickets", "secrets"]).await?;
    rename(&pool, "one").await?;
    sqlx::query("INSERT INTO secrets VALUES (1), (2)").execute(&pool).await?;
    let (status, body) = get(&checked(mounted(&pool, Access::Allow)).await?, "/audit").await?;
    assert_eq!((status, title(&body)), (StatusCode::OK, "Nothing needs attention"));
    assert!(body.contains("2 tables are captured, each as it was set up."), "{body}");
    for expected in [
        "action=\"/audit/rows\"",
        "<option value=\"secrets\">",
        "<option value=\"tickets\">",
        "name=\"correlation_id\"",
        "ticket.renamed",
        "no action named",
        "href=\"/audit/actors/user/%3C%2Ftd%3E%3Cscript%3Ealert%281%29%3C%2Fscript%3E\"",
    ] {
        assert!(body.contains(expected), "{expected} is missing in {body}");
    }
    let latest = body.split("Latest activity").nth(1).ok_or("no latest activity")?;
    let items: Vec<&str> = latest.split("<details data-entry").skip(1).collect();
    assert_eq!(items.len(), 3, "{latest}");
    assert!(items[0].contains("secrets") && items[1].contains("secrets"), "the newest first: {latest}");
    assert!(items[2].contains("tickets"), "{latest}");
    assert!(!body.contains("<script>alert"), "{body}");
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn home_page_lists_coverage_problems(pool: PgPool) -> Result {
    let trail = installed(&pool).await?;
    sqlx::raw_sql("CREATE TABLE one (id int PRIMARY KEY); CREATE TABLE two (id int PRIMARY KEY); CREATE TABLE three (id int PRIMARY KEY)")
        .execute(&pool)
        .await?;
    // Each console has checks of its own.
    let home = async || -> Result<String> {
        Ok(get(&checked(mounted(&pool, Access::Allow)).await?, "/audit").await?.1)
    };
    trail.capture(["tickets", "secrets", "one", "two", "three"]).await?;
    assert_eq!(title(&home().await?), "Nothing needs attention");

    sqlx::raw_sql("ALTER TABLE tickets ADD assignee text").execute(&pool).await?;
    let body = home().await?;
    assert_eq!(title(&body), "One thing needs attention");
    assert!(body.contains("1 warning") && body.contains("About tickets."), "{body}");
    assert!(body.contains("href=\"/audit/coverage\""), "{body}");

    sqlx::raw_sql("ALTER TABLE secrets DISABLE TRIGGER ALL").execute(&pool).await?;
    let body = home().await?;
    assert_eq!(title(&body), "2 things need attention");
    assert!(
        body.contains("1 table needs capture") && body.contains("secrets: changes there may be"),
        "{body}"
    );

    for table in ["one", "two", "three"] {
        let disable = format!("ALTER TABLE {table} DISABLE TRIGGER ALL");
        sqlx::raw_sql(sqlx::AssertSqlSafe(disable)).execute(&pool).await?;
    }
    let body = home().await?;
    assert!(
        body.contains("4 tables need capture") && body.contains("one, secrets, three and 1 other table"),
        "{body}"
    );
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn home_page_lists_redaction_drift_if_policy_is_granted(pool: PgPool) -> Result {
    installed(&pool).await?.capture(["tickets", "secrets"]).await?;
    for (may, expected) in [(true, "One thing needs attention"), (false, "Nothing needs attention")] {
        let config = threadline::Config::from_toml("[capture.tables.tickets]\nmask = [\"subject\"]")?;
        let console = without_timeouts(trail(&pool))
            .config(config)
            .authorize_fn(move |request: threadline_server::AccessRequest| async move {
                let is_policy = request.action == threadline_server::ConsoleAction::ViewPolicy;
                Ok::<_, std::io::Error>(if is_policy && !may { Access::Deny } else { Access::Allow })
            })
            .actor_fn(|_| async { None })
            .build()?;
        let app = checked(Router::new().nest("/audit", console.into_router())).await?;
        let (_, body) = get(&app, "/audit").await?;
        assert_eq!(title(&body), expected);
        assert_eq!(body.contains("The redaction of 1 table has drifted"), may, "{body}");
    }
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn home_page_within_a_scope_reveals_nothing_else(pool: PgPool) -> Result {
    let trail = installed(&pool).await?;
    let within =
        |tables: &[&'static str]| mounted(&pool, Access::AllowWithin(Scope::tables(tables.iter().copied())));
    trail.capture(["tickets", "secrets"]).await?;
    rename(&pool, "one").await?;
    sqlx::raw_sql("INSERT INTO secrets VALUES (1); ALTER TABLE secrets ADD word text").execute(&pool).await?;
    let (_, body) = get(&within(&["tickets"]), "/audit").await?;
    assert_eq!(title(&body), "Audit trail of the application");
    assert!(body.contains("ticket.renamed") && body.contains("You see changes of tickets only."), "{body}");
    assert!(!body.contains("secrets") && !body.contains("threadline gen"), "{body}");
    let (_, body) = get(&within(&["nowhere"]), "/audit").await?;
    assert!(body.contains("You see changes of nowhere only. There is none yet."), "{body}");
    assert!(!body.contains("tickets") && !body.contains("secrets"), "{body}");
    Ok(())
}

/// Slows one part of the page down with a lock on a table that only this part reads.
#[sqlx::test(migrations = false)]
async fn home_page_leaves_out_a_part_that_times_out(pool: PgPool) -> Result {
    let trail = installed(&pool).await?;
    trail.capture(["tickets", "secrets"]).await?;
    rename(&pool, "one").await?;
    for (locked, heading, shown, missing) in [
        (
            "pg_catalog.pg_description",
            "Not everything could be checked",
            "ticket.renamed",
            "Whether every table is captured is not known",
        ),
        (
            "threadline.audit_actions",
            "One thing needs attention",
            "The newest changes could not be read",
            "The newest changes could not be read.",
        ),
    ] {
        let app = with_statement_timeout(&pool);
        let mut lock = pool.begin().await?;
        let statement = format!("LOCK TABLE {locked} IN ACCESS EXCLUSIVE MODE");
        sqlx::raw_sql(sqlx::AssertSqlSafe(statement)).execute(&mut *lock).await?;
        // On a busy machine other parts may time out as well, but not again and again.
        let mut tries = 0;
        let (status, body) = loop {
            let (status, body) = get(&app, "/audit").await?;
            tries += 1;
            if body.contains(shown) || tries == 30 {
                break (status, body);
            }
        };
        lock.rollback().await?;
        assert_eq!((status, title(&body)), (StatusCode::OK, heading), "{locked}");
        assert!(body.contains(shown) && body.contains(missing), "{locked}: {body}");
        assert!(body.contains("Start from what you know"), "{body}");
    }
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn home_page_without_a_trail_shows_the_install_command(pool: PgPool) -> Result {
    let (status, body) = get(&mounted(&pool, Access::Allow), "/audit").await?;
    assert_eq!((status, title(&body)), (StatusCode::SERVICE_UNAVAILABLE, "There is no audit trail yet"));
    assert!(body.contains("<code>threadline install</code>"), "{body}");
    Ok(())
}
