//! Loads the values that occur in a time window.

use threadline::query::Filter;

use super::TimelineValuesPage;
use crate::RequestContext;
use crate::pages::TimelineQuery;

/// Reads the values. The page can do without them: whoever knows a value can type it.
pub(super) async fn load(context: &RequestContext, query: &TimelineQuery) -> TimelineValuesPage {
    let typed = query.typed_for_form();
    let filter = Filter::from_readable_pairs(typed.iter().map(|(key, value)| (key.as_str(), value.as_str())));
    let values = async { context.snapshot().await?.occurring_values(&context.scope, &filter).await };
    let values = context.optional(values).await.ok().flatten();
    TimelineValuesPage { typed, filter, values }
}
