//! Loads the redaction that the last coverage check has found.

use super::RedactionPage;
use crate::RequestContext;

pub(super) async fn load(context: &RequestContext) -> RedactionPage {
    let source = context.services.coverage();
    RedactionPage {
        coverage: source.current(context.services.optional_timeout()).await,
        is_configured: source.is_configured(),
    }
}
