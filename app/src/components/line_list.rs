//! A list of changes, one line each, with a heading for each day.

use chrono::{DateTime, NaiveDate, Utc};
use leptos::prelude::*;
use threadline::query::{TimelineEntry, TimelineLine};
use uuid::Uuid;

use super::capture_gaps::CaptureGaps;
use super::change_line::{LineOptions, change_line, large_transaction_line};
use super::time::day_label;
use crate::Zone;
use crate::html::{Html, IntoHtml};

/// The id of a list to which infinite scrolling appends.
pub(crate) const PAGED_LIST: &str = "entries";

/// The id of another list of changes that is the subject of its page.
pub(crate) const CHANGE_LIST: &str = "changes";

/// Renders the list. Infinite scrolling appends older lines to the list of a page that has an older one, which therefore has the id
/// `entries` and contains nothing else. `is_filtered` says whether a filter has conditions.
pub(crate) fn line_list(
    lines: Vec<TimelineLine>,
    mut gaps: CaptureGaps,
    is_paged: bool,
    is_filtered: bool,
    now: DateTime<Utc>,
) -> Html {
    let zone = Zone::current();
    let mut previous: (Option<NaiveDate>, Option<Uuid>) = (None, None);
    let mut entries: Vec<Html> = Vec::with_capacity(lines.len() + 1);
    for line in lines {
        let at = line.captured_at();
        entries.extend(gaps.take_after(at, now));
        let day = zone.local(at).date_naive();
        if previous.0 != Some(day) {
            entries
                .push(view! { <h2 class="day">{day_label(day, zone.local(now).date_naive())}" · "{zone.offset(at)}</h2> }.into_html());
        }
        let transaction = line.transaction().id;
        let is_same_transaction = previous == (Some(day), Some(transaction));
        previous = (Some(day), Some(transaction));
        entries.extend(match line {
            TimelineLine::Change(entry) => {
                let TimelineEntry { change, transaction, .. } = *entry;
                let options = LineOptions { is_same_transaction, ..LineOptions::default() };
                Some(change_line(change, Some(transaction), options))
            }
            TimelineLine::Transaction(large) => Some(large_transaction_line(*large, is_filtered)),
            _ => None,
        });
    }
    entries.extend(gaps.view(now));
    view! { <div id=is_paged.then_some(PAGED_LIST) class="entries">{entries}</div> }.into_html()
}
