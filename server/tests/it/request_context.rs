//! The context of a request, from the headers and hooks of a host to its handlers.

use std::error::Error;
use std::net::IpAddr;

use axum::body::Body;
use axum::routing::get;
use axum::{Extension, Router};
use http::{Request, StatusCode};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use threadline::{ActorKind, ActorRef, AuditContext, AuditContextLayer, ContextOverrides};
use tower::ServiceExt;

type Result<T = ()> = std::result::Result<T, Box<dyn Error>>;

/// Returns everything that a handler receives, including the client address.
async fn show(context: AuditContext) -> String {
    let mut shown = context.to_json();
    if let Some(addr) = context.client_addr() {
        shown["client_addr"] = json!(addr.to_string());
    }
    shown.to_string()
}

fn host(layer: AuditContextLayer) -> Router {
    Router::new().route("/", get(show)).layer(layer)
}

fn layer() -> AuditContextLayer {
    AuditContextLayer::new(|parts| async move {
        let account = parts.extensions.get::<u64>()?;
        ActorRef::new(ActorKind::User, account.to_string()).ok()
    })
}

async fn ask(host: &Router, headers: &[(&str, &[u8])]) -> Result<(StatusCode, String)> {
    let mut request = Request::get("/");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let response = host.clone().oneshot(request.body(Body::empty())?).await?;
    let status = response.status();
    Ok((status, String::from_utf8(response.into_body().collect().await?.to_bytes().to_vec())?))
}

async fn context(host: &Router, headers: &[(&str, &[u8])]) -> Result<Value> {
    let (status, body) = ask(host, headers).await?;
    assert_eq!(status, StatusCode::OK, "{body}");
    Ok(serde_json::from_str(&body)?)
}

#[tokio::test]
async fn context_is_filled_from_headers_and_hooks() -> Result {
    let host = host(layer().client_addr_fn(|_| Some(IpAddr::from([192, 0, 2, 7])))).layer(Extension(42_u64));
    let sent = context(&host, &[("x-request-id", b"req-1"), ("x-correlation-id", b"case 7")]).await?;
    let expected = json!({
        "actor_ref": { "type": "user", "id": "42" }, "request_id": "req-1", "correlation_id": "case 7",
        "client_addr": "192.0.2.7",
    });
    assert_eq!(sent, expected);
    Ok(())
}

#[tokio::test]
async fn request_without_headers_passes() -> Result {
    assert_eq!(context(&host(layer()), &[]).await?, json!({ "actor_ref": null }));
    Ok(())
}

#[tokio::test]
async fn invalid_ids_count_as_absent() -> Result {
    let plain = host(layer());
    let filled = host(layer().overrides_fn(|_| ContextOverrides {
        request_id: Some("made here".to_owned()),
        correlation_id: Some("also here".to_owned()),
    }));
    let (long, longest) = ("x".repeat(257), "x".repeat(256));
    let absent = [&b""[..], b" ", b"a\tb", "gr\u{f6}\u{df}e".as_bytes(), b"\xff", long.as_bytes()];
    for value in absent {
        for name in ["x-request-id", "x-correlation-id"] {
            let shown = context(&plain, &[(name, value)]).await?;
            assert_eq!(shown, json!({ "actor_ref": null }), "{name}: {value:?}");
            let shown = context(&filled, &[(name, value)]).await?;
            let made_here =
                json!({ "actor_ref": null, "request_id": "made here", "correlation_id": "also here" });
            assert_eq!(shown, made_here, "{name}: {value:?}");
        }
    }
    let kept = context(&filled, &[("x-request-id", longest.as_bytes())]).await?;
    assert_eq!(kept, json!({ "actor_ref": null, "request_id": longest, "correlation_id": "also here" }));
    Ok(())
}

#[tokio::test]
async fn invalid_override_leaves_the_id_absent() -> Result {
    let host = host(layer().overrides_fn(|_| ContextOverrides {
        request_id: Some("two\nlines".to_owned()),
        ..ContextOverrides::default()
    }));
    assert_eq!(context(&host, &[]).await?, json!({ "actor_ref": null }));
    Ok(())
}

#[tokio::test]
async fn handler_without_the_layer_returns_500_that_names_it() -> Result {
    let host = Router::new().route("/", get(show));
    let (status, body) = ask(&host, &[("x-request-id", b"req-1")]).await?;
    assert_eq!(status, StatusCode::INTERNAL_SERVER_ERROR);
    assert!(body.contains("no AuditContextLayer fills it: add one with Router::layer"), "{body}");

    let optional =
        Router::new().route("/", get(async |context: Option<AuditContext>| context.is_none().to_string()));
    assert_eq!(ask(&optional, &[]).await?.1, "true");
    Ok(())
}
