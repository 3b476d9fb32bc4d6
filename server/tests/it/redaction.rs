//! The redaction page, compared with the configuration.

use axum::Router;
use http::StatusCode;
use sqlx::PgPool;
use threadline::{AuditTrail, Config};
use threadline_server::Access;
use threadline_testkit::database::trail;

use crate::support::{Result, checked, get, mounted, without_timeouts};

const CANARY: &str = "canary-4111-1111";

const FILE: &str = r#"
    [capture.tables.people]
    exclude = ["password_hash"]
    mask = ["email"]

    [capture.tables.cards]
    mask = ["number"]
    mask_placeholder = "(hidden)"

    [capture.tables.odd]
    exclude = ["word"]
"#;

async fn seeded(pool: &PgPool) -> Result<Config> {
    let trail = AuditTrail::new(pool.clone());
    trail.install().await?;
    sqlx::raw_sql(
        "CREATE TABLE people (id int PRIMARY KEY, password_hash text, email text);
         CREATE TABLE cards (id int PRIMARY KEY, number text); CREATE TABLE odd (id int PRIMARY KEY, word text)",
    )
    .execute(pool)
    .await?;
    let config = Config::from_toml(FILE)?;
    trail.capture(config.policies().cloned()).await?;
    let values = format!(
        "INSERT INTO people VALUES (1, '{CANARY}', '{CANARY}'); INSERT INTO cards VALUES (1, '{CANARY}'); INSERT INTO odd VALUES (1, '{CANARY}')"
    );
    sqlx::raw_sql(sqlx::AssertSqlSafe(values)).execute(pool).await?;
    Ok(config)
}

async fn configured(pool: &PgPool, config: Config) -> Result<Router> {
    let console = without_timeouts(trail(pool))
        .config(config)
        .authorize_fn(|_| async { Ok::<_, std::io::Error>(Access::Allow) })
        .actor_fn(|_| async { None })
        .build()?;
    checked(Router::new().nest("/audit", console.into_router())).await
}

fn section<'a>(body: &'a str, title: &str) -> &'a str {
    let rest = body.split(&format!("<h2 class=\"section\">{title}")).nth(1).unwrap_or_default();
    rest.split("</section>").next().unwrap_or_default()
}

#[sqlx::test(migrations = false)]
async fn redaction_as_configured_matches(pool: PgPool) -> Result {
    let config = seeded(&pool).await?;
    let (status, body) = get(&configured(&pool, config).await?, "/audit/policy/redaction").await?;
    assert_eq!(status, StatusCode::OK);
    assert!(body.contains("<h1>Redaction is as configured</h1>"), "{body}");
    let matching = section(&body, "As configured");
    for expected in ["people", "password_hash", "email", "cards", "(hidden)", "odd"] {
        assert!(matching.contains(expected), "{expected}: {matching}");
    }
    assert!(!body.contains(CANARY), "{body}");
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn redaction_page_shows_state_and_differences_without_values(pool: PgPool) -> Result {
    seeded(&pool).await?;
    let function: String = sqlx::query_scalar(
        "SELECT pg_get_functiondef(oid) FROM pg_proc WHERE proname LIKE 'threadline_capture%odd%'",
    )
    .fetch_one(&pool)
    .await?;
    let altered = function.replacen("BEGIN", "BEGIN /* nothing to see here */", 1);
    sqlx::raw_sql(sqlx::AssertSqlSafe(altered)).execute(&pool).await?;
    let other = Config::from_toml(&FILE.replace("[\"email\"]", "[]").replace("(hidden)", "[secret]"))?;
    let (_, body) = get(&configured(&pool, other).await?, "/audit/policy/redaction").await?;
    assert!(body.contains("<h1>The redaction of 2 tables has drifted</h1>"), "{body}");
    let drifted = section(&body, "Different from threadline.toml");
    assert!(drifted.contains("Masked by the deployed function only: email"), "{drifted}");
    assert!(drifted.contains("The placeholders differ.") && drifted.contains("[secret]"), "{drifted}");
    assert!(drifted.contains("<code>threadline gen triggers --tables people --apply</code>"), "{drifted}");
    let unread = section(&body, "Could not be read");
    assert!(
        unread.contains("odd") && unread.contains("The function was altered after it was generated."),
        "{unread}"
    );
    assert!(section(&body, "As configured").contains("None."), "{body}");
    assert!(!body.contains(CANARY), "{body}");
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn redaction_page_without_a_configuration_shows_what_is_deployed(pool: PgPool) -> Result {
    seeded(&pool).await?;
    let (_, body) = get(&checked(mounted(&pool, Access::Allow)).await?, "/audit/policy/redaction").await?;
    assert!(
        body.contains("<h1>What is redacted</h1>") && body.contains("was given no configuration"),
        "{body}"
    );
    let deployed = section(&body, "Deployed");
    assert!(deployed.contains("people") && deployed.contains("(hidden)"), "{deployed}");
    assert!(!body.contains("Different from threadline.toml") && !body.contains("gen triggers"), "{body}");
    let gaps: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM threadline.threadline_coverage_gaps WHERE code = 'drift_detected'",
    )
    .fetch_one(&pool)
    .await?;
    assert_eq!((gaps, body.contains(CANARY)), (0, false));
    assert_eq!(
        get(&mounted(&pool, Access::Allow), "/audit/policy/redaction?x=1").await?.0,
        StatusCode::BAD_REQUEST
    );
    Ok(())
}
