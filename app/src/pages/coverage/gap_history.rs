//! The history of gaps, so that a gap between two checks, or one that was fixed, leaves a trace.

use chrono::{DateTime, Utc};
use leptos::prelude::*;
use threadline::health::CoverageGap;

use super::view::FilteredCheck;
use crate::components::{ShortTimestamp, isolated};
use crate::html::IntoHtml;

/// A longer list is folded.
const MAX_UNFOLDED: usize = 10;

pub(super) fn gap_history(check: &FilteredCheck, now: DateTime<Utc>) -> impl IntoView + use<> {
    let unwritten = check
        .last
        .not_recorded
        .map(|reason| view! { <p class="notice">"Gaps are not recorded. "{reason}</p> });
    let heading = view! { <h2 class="section">"Past gaps"</h2> };
    let content = match check.gaps() {
        None => view! {
            {heading}
            <p class="note">"Past gaps could not be read. A warning in the log says why."</p>
        }
        .into_html(),
        Some(gaps) if gaps.is_empty() => view! {
            {heading}
            <p class="note">"No gaps so far."</p>
        }
        .into_html(),
        Some(gaps) => view! {
            <details id="coverage-past-list" class="bucket" open=gaps.len() <= MAX_UNFOLDED>
                <summary>{heading}</summary>
                {table(&gaps, now)}
            </details>
        }
        .into_html(),
    };
    view! { <section id="coverage-past" data-live="">{unwritten}{content}</section> }
}

fn table(gaps: &[&CoverageGap], now: DateTime<Utc>) -> impl IntoView + use<> {
    let rows: Vec<_> = gaps
        .iter()
        .map(|gap| {
            let end = match gap.ended_at {
                Some(at) => view! { <ShortTimestamp at=at now=now/> }.into_html(),
                None => view! { <b>"not yet"</b> }.into_html(),
            };
            view! {
                <tr>
                    <th scope="row">{isolated(gap.table.to_string())}</th>
                    <td data-label="What">{gap.meaning().to_owned()}</td>
                    <td data-label="First seen"><ShortTimestamp at=gap.first_seen now=now/></td>
                    <td data-label="Last seen"><ShortTimestamp at=gap.last_seen now=now/></td>
                    <td data-label="Fixed">{end}</td>
                </tr>
            }
        })
        .collect();
    view! {
            <table class="list">
                <thead>
                    <tr>
                        <th scope="col">"Table"</th>
                        <th scope="col">"What"</th>
                        <th scope="col">"First seen"</th>
                        <th scope="col">"Last seen"</th>
                        <th scope="col">"Fixed"</th>
                    </tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
    }
}
