//! What is redacted, against what the configuration says.

use axum::Extension;
use axum::extract::RawQuery;
use axum::response::Response;
use threadline::InvalidParameter;
use threadline_app::pages::{RedactionPage, redaction_page};

use super::part::PATIENCE;
use super::question::pairs;
use crate::guard::Visit;
use crate::respond::Reply;

pub(crate) async fn redaction(Extension(visit): Extension<Visit>, RawQuery(query): RawQuery) -> Response {
    if let Some((key, value)) = pairs(query.as_deref()).into_iter().next() {
        let error = InvalidParameter::new(&key, &value, "an address without a query");
        let way_out = ("Show redaction", format!("{}/policy/redaction", visit.base));
        return Reply::bad_request(&error, way_out).into_response(visit.page_context());
    }
    let monitor = &visit.state.monitor;
    let page =
        RedactionPage { coverage: monitor.known(PATIENCE).await, is_configured: monitor.is_configured() };
    Reply::page(|context| redaction_page(context, page)).into_response(visit.page_context())
}
