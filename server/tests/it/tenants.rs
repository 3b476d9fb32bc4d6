//! Tests that an operator whose scope is one tenant gets the same response for the ids of another tenant as for ids that do not
//! exist: on every route, as a part of the path and in every field of the query.

use axum::Router;
use http::StatusCode;
use sqlx::PgPool;
use threadline::{Action, ActorKind, ActorRef, AuditContext, AuditTrail, Predicate, Scope};
use threadline_app::ROUTES;
use threadline_server::Access;
use uuid::Uuid;

use crate::support::{Result, checked, get, mounted};

/// The texts that no response may contain, because only the records of the other tenant contain them.
const SECRETS: [&str; 6] =
    ["Opera house", "boss-eight", "plan.eight", "case-eight", "request-eight", "because eight"];

/// The ids of one tenant's record.
#[derive(Debug, Clone)]
struct Ids {
    transaction: Uuid,
    change: String,
    key: &'static str,
    actor: &'static str,
    action: &'static str,
    correlation_id: &'static str,
    request_id: &'static str,
}

impl Ids {
    /// Returns ids of the same form that no record has.
    fn absent() -> Self {
        Self {
            transaction: Uuid::from_u128(1),
            change: "1795339267000000-0193c2aa00007000800000000000008d".to_owned(),
            key: "999",
            actor: "nobody-eight",
            action: "nothing.eight",
            correlation_id: "case-none",
            request_id: "request-none",
        }
    }

    /// Returns a text with these ids replaced by their names, and without digits, which differ by the time of the request.
    fn anonymize(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for (value, name) in [
            (self.transaction.to_string().as_str(), "TRANSACTION"),
            (&self.change, "CHANGE"),
            (self.actor, "ACTOR"),
            (self.action, "ACTION"),
            (self.correlation_id, "CORRELATION"),
            (self.request_id, "REQUEST"),
        ] {
            text = text.replace(value, name);
        }
        let nonce = text.split("nonce=\"").nth(1).and_then(|rest| rest.split('"').next());
        let text = nonce.map_or_else(|| text.clone(), |nonce| text.replace(nonce, "NONCE"));
        text.chars().filter(|letter| !letter.is_ascii_digit()).collect()
    }

    /// Returns the path of a route with these ids in the place of its parameters.
    fn fill(&self, path: &str) -> Result<String> {
        let parts: std::result::Result<Vec<_>, String> = path
            .split('/')
            .map(|part| match part {
                "{kind}" => Ok("user".to_owned()),
                "{id}" if path.starts_with("/actors/") => Ok(self.actor.to_owned()),
                "{id}" => Ok(self.transaction.to_string()),
                "{change}" => Ok(self.change.clone()),
                "{table}" => Ok("tickets".to_owned()),
                "{key}" => Ok(format!("id%3D{}", self.key)),
                _ if part.contains('{') => Err(format!("{path}: this test has no id for {part}")),
                _ => Ok(part.to_owned()),
            })
            .collect();
        Ok(format!("/audit{}", parts?.join("/").trim_end_matches('/')))
    }

    /// Returns queries with these ids in each field that takes one.
    fn queries(&self) -> [String; 14] {
        let Self { key, actor, action, correlation_id, request_id, change, .. } = self;
        [
            String::new(),
            format!("table=tickets&key=id%3D{key}"),
            format!("table=tickets&id={key}"),
            format!("actor=user:{actor}"),
            format!("action={action}"),
            format!("correlation_id={correlation_id}"),
            format!("request_id={request_id}"),
            format!("query=actor%3Duser:{actor}&since="),
            format!("older={change}&actor=user:{actor}"),
            format!("side=after&field=subject&key=id%3D{key}"),
            // Mistyped, so that suggestions are looked for.
            format!("actor={actor}"),
            format!("actor=admin:{actor}"),
            format!("table=tickets&key=%23{key}"),
            format!("table=tickets&record=%23{key}"),
        ]
    }
}

/// Writes a ticket of a tenant, and returns its ids.
async fn write(pool: &PgPool, tenant: i32, ids: Ids, subject: &str) -> Result<Ids> {
    let context = AuditContext::new(ActorRef::new(ActorKind::User, ids.actor)?)
        .with_request_id(ids.request_id)?
        .with_correlation_id(ids.correlation_id)?;
    let reason = if tenant == 8 { "because eight" } else { "because" };
    let trail = AuditTrail::new(pool.clone());
    let mut tx = trail.write(&context).action(Action::named(ids.action).reason(reason)).begin().await?;
    sqlx::query("INSERT INTO tickets VALUES ($1::int, $2, $3)")
        .bind(ids.key)
        .bind(tenant)
        .bind(subject)
        .execute(&mut *tx)
        .await?;
    let transaction = tx.commit().await?.transaction_id;
    let change: String = sqlx::query_scalar(
        "SELECT (extract(epoch FROM captured_at) * 1000000)::bigint || '-' || replace(id::text, '-', '')
         FROM threadline.audit_changes WHERE transaction_id = $1",
    )
    .bind(transaction)
    .fetch_one(pool)
    .await?;
    Ok(Ids { transaction, change, ..ids })
}

/// Returns a console for an operator of tenant 7, and the ids of a record of tenant 8.
async fn console_of_tenant(pool: &PgPool) -> Result<(Router, Ids)> {
    let trail = AuditTrail::new(pool.clone());
    trail.install().await?;
    sqlx::raw_sql("CREATE TABLE tickets (id int PRIMARY KEY, tenant_id int, subject text)")
        .execute(pool)
        .await?;
    trail.capture(["tickets"]).await?;
    let own =
        Ids { key: "700", actor: "ann", action: "plan.own", correlation_id: "case-own", ..Ids::absent() };
    write(pool, 7, Ids { request_id: "request-own", ..own }, "Printer").await?;
    let other = Ids {
        key: "800",
        actor: SECRETS[1],
        action: SECRETS[2],
        correlation_id: SECRETS[3],
        ..Ids::absent()
    };
    let other = write(pool, 8, Ids { request_id: SECRETS[4], ..other }, SECRETS[0]).await?;
    let scope = Scope::new(Predicate::tables(["tickets"]).and(Predicate::field("tenant_id", "7")));
    Ok((mounted(pool, Access::AllowWithin(scope)), other))
}

#[sqlx::test(migrations = false)]
async fn ids_of_another_tenant_look_absent_on_every_route(pool: PgPool) -> Result {
    let (app, hidden) = console_of_tenant(&pool).await?;
    let absent = Ids::absent();
    let own = get(&app, "/audit/timeline?from=").await?;
    assert!(own.0 == StatusCode::OK && own.1.contains("Printer"), "{own:?}");
    for route in ROUTES {
        for (query, query_of_absent) in hidden.queries().iter().zip(absent.queries()) {
            let address = format!("{}?{query}", hidden.fill(route.path)?);
            let (status, body) = get(&app, &address).await?;
            let of_absent = format!("{}?{query_of_absent}", absent.fill(route.path)?);
            let (status_of_absent, body_of_absent) = get(&app, &of_absent).await?;
            assert_eq!(status, status_of_absent, "{address}: {body}");
            assert_eq!(hidden.anonymize(&body), absent.anonymize(&body_of_absent), "{address}");
            for secret in SECRETS.iter().filter(|secret| !address.contains(**secret)) {
                assert!(!body.contains(secret), "{address} tells {secret}");
            }
        }
    }
    Ok(())
}

/// Sends the same requests for an operator without a scope, to show that they would find a leak.
#[sqlx::test(migrations = false)]
async fn ids_of_another_tenant_are_found_without_scope(pool: PgPool) -> Result {
    let (_, hidden) = console_of_tenant(&pool).await?;
    let app = checked(mounted(&pool, Access::Allow)).await?;
    let mut told = Vec::new();
    for route in ROUTES {
        for query in hidden.queries() {
            let body = get(&app, &format!("{}?{query}", hidden.fill(route.path)?)).await?.1;
            told.extend(
                SECRETS.iter().filter(|secret| body.contains(**secret)).map(|secret| (route.path, *secret)),
            );
        }
    }
    for path in [
        "/",
        "/timeline",
        "/transactions/{id}",
        "/rows/{table}/{key}",
        "/changes/{change}/values",
        "/actors/{kind}/{id}",
    ] {
        assert!(told.iter().any(|(told, _)| *told == path), "{path} tells nothing: {told:?}");
    }
    for secret in SECRETS {
        assert!(told.iter().any(|(_, told)| *told == secret), "nothing tells {secret}");
    }
    Ok(())
}
