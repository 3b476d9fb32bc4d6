//! The home page, and every address that is none.

use axum::Extension;
use axum::response::{IntoResponse, Redirect, Response};

use super::question::to_timeline;
use crate::guard::Visit;
use crate::respond::Reply;

pub(crate) async fn home(Extension(visit): Extension<Visit>) -> Response {
    Redirect::to(&format!("{}/timeline", visit.base)).into_response()
}

pub(crate) async fn unknown_address(Extension(visit): Extension<Visit>) -> Response {
    let reply = Reply::not_found("The console has no page at this address.".to_owned(), to_timeline(&visit));
    reply.into_response(visit.frame())
}
