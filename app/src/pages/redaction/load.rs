//! Loads the redaction that the last coverage check has found.

use super::RedactionPage;
use crate::RequestContext;
use crate::request::OPTIONAL_TIMEOUT;

pub(super) async fn load(context: &RequestContext) -> RedactionPage {
    let source = context.services.coverage();
    RedactionPage { coverage: source.current(OPTIONAL_TIMEOUT).await, is_configured: source.is_configured() }
}
