//! The audit context that the layer adds to a request.

use std::net::SocketAddr;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::ConnectInfo;
use axum::http::{Request, StatusCode, header};
use axum::routing::get;
use sqlx::PgPool;
use threadline::AuditContext;
use tower::ServiceExt;

use super::{Browser, desk};
use crate::context;

#[sqlx::test(migrations = false)]
async fn the_ids_of_a_request_reach_the_trail(pool: PgPool) {
    let desk = desk(&pool).await;
    let customer = Browser::logged_in(&desk, "customer").await;
    let long = "x".repeat(257);

    for (sent, kept) in [("req-42", true), (long.as_str(), false)] {
        let request = Request::post("/tickets")
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header("x-request-id", sent)
            .header("x-correlation-id", sent)
            .body(Body::from("subject=Printer&body=Jam&priority=low"))
            .unwrap();
        assert_eq!(customer.send(request).await.status, StatusCode::SEE_OTHER);
        let (request_id, correlation_id): (String, String) = sqlx::query_as(
            "SELECT request_id, correlation_id FROM threadline.audit_actions ORDER BY inserted_at DESC LIMIT 1",
        )
        .fetch_one(&pool)
        .await
        .unwrap();
        assert_eq!(request_id == sent, kept);
        assert_eq!(correlation_id, request_id);
        assert!(kept || request_id.len() == 36, "a UUID instead: {request_id}");
    }
}

#[tokio::test]
async fn the_client_is_the_other_end_of_the_connection() {
    async fn client(context: AuditContext) -> String {
        format!("{:?}", context.client_addr())
    }
    let app = Router::new().route("/", get(client)).layer(context::layer());
    let mut request = Request::get("/").header("x-forwarded-for", "192.0.2.1").body(Body::empty()).unwrap();
    request.extensions_mut().insert(ConnectInfo(SocketAddr::from(([198, 51, 100, 7], 4711))));
    let answer = app.oneshot(request).await.unwrap().into_body();
    assert_eq!(to_bytes(answer, 1000).await.unwrap(), "Some(198.51.100.7)");
}
