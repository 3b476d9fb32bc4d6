//! A smaller question, for one that took too long.

use chrono::{DateTime, DurationRound, TimeDelta, Utc};
use threadline::query::Filter;
use url::form_urlencoded;

/// What a window can be narrowed to, the widest first.
const WINDOWS: [(&str, TimeDelta); 4] = [
    ("30 days", TimeDelta::days(30)),
    ("7 days", TimeDelta::days(7)),
    ("24 hours", TimeDelta::hours(24)),
    ("hour", TimeDelta::hours(1)),
];

/// The same question within the next smaller window: what the link says, and its address. None for an address without a
/// window, and where it is as small as can be.
pub(super) fn narrower(address: &str, now: DateTime<Utc>) -> Option<(String, String)> {
    let (path, query) = address.split_once('?').unwrap_or((address, ""));
    if !path.ends_with("/timeline") && !path.contains("/rows/") {
        return None;
    }
    let pairs: Vec<(String, String)> = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
    let pairs = pairs.iter().map(|(key, value)| (key.as_str(), value.as_str()));
    // Without its position: that place may lie outside of the smaller window.
    let (mut filter, _) = Filter::from_pairs(pairs).ok()?;
    let end = filter.to.unwrap_or(now);
    let length = filter.from.map(|from| end - from);
    // A window that ends now grows while somebody reads: it has to become clearly smaller.
    let (name, smaller) = WINDOWS
        .into_iter()
        .find(|(_, window)| length.is_none_or(|length| length > *window + *window / 12))?;
    let begin = end.checked_sub_signed(smaller)?;
    filter.from = Some(begin.duration_trunc(TimeDelta::minutes(1)).unwrap_or(begin));
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
    fn the_filter_stays_and_the_window_shrinks() {
        let now = "2026-11-22T12:00:30Z".parse().unwrap();
        let narrower = |address: &str| {
            narrower(address, now).map_or_else(String::new, |(label, address)| format!("{label}: {address}"))
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
