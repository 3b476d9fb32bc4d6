//! A console in a host's router.

use std::error::Error;

use axum::Router;
use axum::body::Body;
use http::{Request, Response, StatusCode};
use http_body_util::BodyExt;
use sqlx::PgPool;
use threadline::{ActorKind, ActorRef};
use threadline_server::{Access, Console};
use tower::ServiceExt;

pub(crate) type Result<T = ()> = std::result::Result<T, Box<dyn Error>>;

/// For an operator who may do this.
pub(crate) fn console(pool: &PgPool, access: Access) -> Console {
    Console::builder(pool.clone())
        .authorize_fn(move |_| {
            let access = access.clone();
            async move { Ok::<_, std::io::Error>(access) }
        })
        .actor_fn(|_| async { ActorRef::new(ActorKind::Admin, "operator-7").ok() })
        .build()
}

/// At `/audit`.
pub(crate) fn mounted(pool: &PgPool, access: Access) -> Router {
    Router::new().nest("/audit", console(pool, access).into_router())
}

pub(crate) async fn call(app: &Router, address: &str) -> Result<Response<Body>> {
    Ok(app.clone().oneshot(Request::builder().uri(address).body(Body::empty())?).await?)
}

pub(crate) async fn get(app: &Router, address: &str) -> Result<(StatusCode, String)> {
    let response = call(app, address).await?;
    let status = response.status();
    Ok((status, String::from_utf8(response.into_body().collect().await?.to_bytes().to_vec())?))
}
