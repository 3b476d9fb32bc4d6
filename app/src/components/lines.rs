//! A unified diff.

use leptos::prelude::*;

use super::value::{left_out, pieces, text};
use super::words::counted;
use crate::diff::{Line, Sign};
use crate::html::{Html, IntoHtml};

/// Removed and added lines with their signs; who cannot see the signs hears them as words.
pub(super) fn lines(lines: Vec<Line>) -> impl IntoView {
    let lines: Vec<_> = lines.into_iter().map(line).collect();
    view! { <div class="lines">{lines}</div> }
}

fn line(line: Line) -> Html {
    match line {
        Line::Shown { sign, pieces: parts, unended } => {
            let unended = unended.then(|| view! { " "<span class="kind">"no line break at the end"</span> });
            let parts = view! { <bdi>{pieces(parts)}</bdi> };
            let (class, word) = class_and_word(sign);
            let word = word.map(|word| view! { <span class="visually-hidden">{format!("{word}: ")}</span> });
            view! { <div class=class>{word}{parts}{unended}</div> }.into_html()
        }
        Line::Folded { sign, count, text: folded, left_out: rest } => {
            let word = match sign {
                Sign::Same => "unchanged line",
                Sign::Removed => "removed line",
                Sign::Added => "added line",
            };
            let summary = format!("… {}", counted(count, word));
            let rest = (rest > 0).then(|| left_out(rest));
            view! {
                <details class="fold">
                    <summary>{summary}</summary>
                    <div class=class_and_word(sign).0><bdi>{text(folded, true)}</bdi>{rest}</div>
                </details>
            }
            .into_html()
        }
    }
}

const fn class_and_word(sign: Sign) -> (&'static str, Option<&'static str>) {
    match sign {
        Sign::Same => ("line", None),
        Sign::Removed => ("line removed", Some("Removed")),
        Sign::Added => ("line added", Some("Added")),
    }
}
