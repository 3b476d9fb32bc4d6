//! A unified diff.

use leptos::prelude::*;

use super::plural::counted;
use super::value::{left_out, segments, text};
use crate::diff::{Line, LineKind};
use crate::html::{Html, IntoHtml};

/// Renders removed and added lines. Screen readers hear the kind of each line as a word.
pub(super) fn lines(lines: Vec<Line>) -> impl IntoView {
    let lines: Vec<_> = lines.into_iter().map(line).collect();
    view! { <div class="lines">{lines}</div> }
}

fn line(line: Line) -> Html {
    match line {
        Line::Shown { kind, segments: parts, unended } => {
            let unended = unended.then(|| view! { " "<span class="kind">"no line break at the end"</span> });
            let parts = view! { <bdi>{segments(parts)}</bdi> };
            let (class, word) = class_and_word(kind);
            let word = word.map(|word| view! { <span class="visually-hidden">{format!("{word}: ")}</span> });
            view! { <div class=class>{word}{parts}{unended}</div> }.into_html()
        }
        Line::Folded { kind, count, text: folded, left_out: rest } => {
            let word = match kind {
                LineKind::Same => "unchanged line",
                LineKind::Removed => "removed line",
                LineKind::Added => "added line",
            };
            let summary = format!("… {}", counted(count, word));
            let rest = (rest > 0).then(|| left_out(rest));
            view! {
                <details class="fold">
                    <summary>{summary}</summary>
                    <div class=class_and_word(kind).0><bdi>{text(folded, true)}</bdi>{rest}</div>
                </details>
            }
            .into_html()
        }
    }
}

const fn class_and_word(kind: LineKind) -> (&'static str, Option<&'static str>) {
    match kind {
        LineKind::Same => ("line", None),
        LineKind::Removed => ("line removed", Some("Removed")),
        LineKind::Added => ("line added", Some("Added")),
    }
}
