//! The suggestions below the search field: a server function.

use std::sync::Arc;

use axum::Extension;
use axum::extract::{Query, Request};
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use leptos::prelude::provide_context;
use threadline_app::islands::SuggestionsContext;
use threadline_app::{Mentions, PageContext, RequestContext, Suggestions};

use super::server_function;
use crate::labels::LabelSource;

/// The argument of the server function, exactly once.
#[derive(serde::Deserialize)]
struct Arguments {
    q: String,
}

/// Answers 400 if the text is missing or repeated, and 503 if the trail does not answer.
pub(crate) async fn suggestions(
    Extension(context): Extension<RequestContext>,
    Extension(labels): Extension<LabelSource>,
    request: Request,
) -> Response {
    let Ok(Query(Arguments { q })) = Query::try_from_uri(request.uri()) else {
        return (StatusCode::BAD_REQUEST, "q: give it once").into_response();
    };
    // The failure is in the log.
    let Ok(found) = Suggestions::load(&context, &q).await else {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    };
    let mut mentions = Mentions::default();
    found.mention(&mut mentions);
    let (parts, body) = request.into_parts();
    let labels = Arc::new(labels.labels(parts.clone(), mentions).await);
    let list = found.list(&PageContext { labels, ..context.page.clone() });
    let provided = SuggestionsContext(list);
    let request = Request::from_parts(parts, body);
    server_function::answer(&context, move || provide_context(provided.clone()), request).await
}
