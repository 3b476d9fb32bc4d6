//! The relative time range of a page whose address names none.

use threadline::query::RelativeRange;

/// The range of a page whose address names none.
pub(crate) const DEFAULT_RANGE: RelativeRange = RelativeRange::LastDay;
