//! The timeline.

use axum::Extension;
use axum::extract::{OriginalUri, RawQuery};
use axum::response::Response;
use threadline_app::pages::{TimelinePage, timeline_page};

use super::question::{answered, pairs, read_filter, to_timeline};
use crate::guard::Visit;
use crate::respond::Reply;

/// Changes on one page.
const PAGE: usize = 50;

pub(crate) async fn timeline(
    Extension(visit): Extension<Visit>,
    OriginalUri(uri): OriginalUri,
    RawQuery(query): RawQuery,
) -> Response {
    let (filter, position) = match read_filter(&pairs(query.as_deref())) {
        Ok(read) => read,
        Err(error) => return Reply::bad_request(&error, to_timeline(&visit)).into_response(visit.frame()),
    };
    let trail = &visit.shared.settings.trail;
    let questions = async {
        let page = trail.timeline_page(&visit.scope, &filter, position, PAGE).await?;
        let tables = trail.captured_tables(&visit.scope).await?;
        let has_changes = !page.entries.is_empty() || trail.has_changes(&visit.scope).await?;
        Ok((page, tables, has_changes))
    };
    let reply = match answered(&visit, questions).await {
        Err(error) => Reply::unanswered(error.as_ref(), uri.to_string(), to_timeline(&visit)),
        Ok((page, tables, has_changes)) => {
            let timeline = TimelinePage { filter, page, tables, has_changes };
            Reply::page(|frame| timeline_page(frame, timeline))
        }
    };
    reply.into_response(visit.frame())
}
