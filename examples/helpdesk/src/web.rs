//! The addresses of the help desk.

use axum::Router;
use axum::http::{Method, StatusCode, Uri, header};
use axum::middleware::map_response;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use sqlx::PgPool;
use threadline::{Config, InvalidParameter};

use crate::error::Error;
use crate::{audit, context, handlers, login, pages, session};

const POLICY: &str =
    "default-src 'none'; style-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

pub(crate) fn router(pool: PgPool, config: Config) -> Result<Router, InvalidParameter> {
    let console = audit::routes(audit::trail(&pool), config)?;
    let desk = Router::new()
        .route("/", get(handlers::list))
        .route("/tickets", post(handlers::open))
        .route("/tickets/new", get(handlers::draft))
        .route("/tickets/{id}", get(handlers::show))
        .route("/tickets/{id}/edit", get(handlers::edit::show).post(handlers::edit::save))
        .route("/tickets/{id}/assign", post(handlers::assign))
        .route("/tickets/{id}/reply", post(handlers::reply))
        .route("/tickets/{id}/priority", post(handlers::change_priority))
        .route("/tickets/{id}/close", post(handlers::close))
        .route("/tickets/{id}/close-all", post(handlers::close_all))
        .route("/tickets/{id}/delete", post(handlers::delete))
        .route("/login", get(login::show).post(login::log_in))
        .route("/logout", post(login::log_out))
        .route("/helpdesk.css", get(stylesheet))
        .fallback(async || Error::NotFound)
        .method_not_allowed_fallback(page_above)
        // Only the routes so far: the console joins below, sends a policy of its own and writes nothing.
        .layer(map_response(with_policy))
        .layer(context::layer())
        .with_state(pool)
        .merge(console)
        .layer(session::layer());
    Ok(desk)
}

async fn with_policy(page: Response) -> Response {
    ([(header::CONTENT_SECURITY_POLICY, POLICY), (header::X_CONTENT_TYPE_OPTIONS, "nosniff")], page)
        .into_response()
}

async fn stylesheet() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "text/css; charset=utf-8")], include_str!("helpdesk.css"))
}

/// Somebody opened the address of a form, perhaps after an error: the page that has the form is one level up.
async fn page_above(method: Method, uri: Uri) -> Response {
    match uri.path().rsplit_once('/') {
        Some((above, _)) if method == Method::GET && above != "/tickets" => {
            Redirect::to(if above.is_empty() { "/" } else { above }).into_response()
        }
        _ => {
            let page = pages::message("Not possible here", "This address takes no such request.");
            (StatusCode::METHOD_NOT_ALLOWED, page).into_response()
        }
    }
}
