//! The addresses of the timeline that no filter can make: with a condition less, with a window by its length.

use url::form_urlencoded;

use crate::PageContext;

/// The timeline with these conditions. Without any it would open on the last 24 hours, so a blank `from` asks for everything.
pub(super) fn address_of(context: &PageContext, conditions: &[(&str, String)]) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.extend_pairs(conditions);
    if conditions.is_empty() {
        query.append_pair("from", "");
    }
    context.href(&format!("/timeline?{}", query.finish()))
}
