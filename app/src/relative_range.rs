//! The display of relative time ranges.

use chrono::TimeDelta;
use threadline::query::RelativeRange;

/// The range of a page whose address names none.
pub(crate) const DEFAULT_RANGE: RelativeRange = RelativeRange::LastDay;

/// Returns the name of a range, as it follows "the last".
pub(crate) const fn range_name(range: RelativeRange) -> &'static str {
    match range {
        RelativeRange::LastHour => "hour",
        RelativeRange::LastDay => "24 hours",
        RelativeRange::LastWeek => "7 days",
        _ => "30 days",
    }
}

/// Returns the greatest length that still counts as this range: an open range grows while the page is read.
pub(crate) fn max_length(range: RelativeRange) -> TimeDelta {
    range.length() + range.length() / 12
}
