//! Warnings about changes that the trail may not have recorded.

use threadline::health::missed_changes;
use threadline::query::Filter;
use threadline::{AuditTrail, Scope};

use crate::output::print_warning;

/// Gaps in capture that are read.
const MAX_GAPS: u16 = 50;

/// Prints a warning for each gap in capture, found by the checks of the console, because of which changes that the filter selects may
/// be missing. A trail of an older version has no record of gaps, and the command goes on without.
pub(super) async fn warn_of_missed_changes(trail: &AuditTrail, filter: &Filter) {
    let gaps = trail.coverage_gaps(MAX_GAPS).await.unwrap_or_default();
    for gap in missed_changes(&gaps, &Scope::unscoped(), filter) {
        print_warning(&gap.to_string());
    }
}
