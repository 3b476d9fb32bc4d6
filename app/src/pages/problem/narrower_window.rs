//! The same address with a smaller time window, for a query that took too long.

use chrono::{DateTime, Utc};
use threadline::query::{Filter, RelativeRange};
use url::form_urlencoded;

/// Returns the text and the address of a link to the same page within the next smaller window. There is none for a page
/// without a time window, nor for the smallest window.
pub(super) fn narrower_window(address: &str, now: DateTime<Utc>) -> Option<(String, String)> {
    let (path, query) = address.split_once('?').unwrap_or((address, ""));
    if !path.ends_with("/timeline") && !path.contains("/rows/") {
        return None;
    }
    let pairs: Vec<(String, String)> = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
    let pairs = pairs.iter().map(|(key, value)| (key.as_str(), value.as_str()));
    // The cursor is dropped, because it may lie outside of the smaller window.
    let (mut filter, _) = Filter::from_pairs(pairs).ok()?;
    let end = filter.to.unwrap_or(now);
    let length = filter.from.map(|from| end - from);
    let is_smaller = |window: &RelativeRange| length.is_none_or(|length| length > window.max_length());
    let smaller = RelativeRange::ALL.into_iter().rev().find(is_smaller)?;
    filter.from = smaller.before(end).from;
    let name = smaller.name();
    let label = match filter.to {
        None => format!("Look at the last {name}"),
        Some(_) => format!("Look at the last {name} of this window"),
    };
    let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(filter.to_pairs()).finish();
    Some((label, format!("{path}?{query}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn narrower_window_keeps_the_filter() {
        let now = "2026-11-22T12:00:30Z".parse().unwrap();
        let narrower = |address: &str| {
            narrower_window(address, now)
                .map_or_else(String::new, |(label, address)| format!("{label}: {address}"))
        };
        for (address, expected) in [
            ("/audit/timeline", "Look at the last 30 days: /audit/timeline?from=2026-10-23T12%3A00%3A00Z"),
            (
                "/audit/timeline?table=a%26b&actor=user%3A%C3%BC&older=1795339267000000-0193c2aa00007000800000000000008d",
                "Look at the last 30 days: /audit/timeline?table=a%26b&actor=user%3A%C3%BC&from=2026-10-23T12%3A00%3A00Z",
            ),
            (
                "/audit/timeline?from=2026-10-23T12:00",
                "Look at the last 7 days: /audit/timeline?from=2026-11-15T12%3A00%3A00Z",
            ),
            (
                "/audit/timeline?from=2026-11-01T00:00&to=2026-11-02T00:00",
                "Look at the last hour of this window: \
                 /audit/timeline?from=2026-11-01T23%3A00%3A00Z&to=2026-11-02T00%3A00%3A00Z",
            ),
            ("/audit/timeline?from=2026-11-22T11:30", ""),
            ("/audit/timeline?from=x", ""),
            ("/audit/transactions/0193c2aa-0000-7000-8000-00000000008d", ""),
            (
                "/audit/rows/tickets/id%3D1",
                "Look at the last 30 days: /audit/rows/tickets/id%3D1?from=2026-10-23T12%3A00%3A00Z",
            ),
        ] {
            assert_eq!(narrower(address), expected, "{address}");
        }
    }
}
