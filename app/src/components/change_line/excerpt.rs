//! Excerpts of values, for a line.

use leptos::prelude::*;

use crate::components::value::{Text, text, word_of};
use crate::diff::{Cell, CellValue, Segment};
use crate::html::{Html, IntoHtml};

/// Characters of a value that a line shows.
const MAX_CHARACTERS: usize = 40;
/// Characters of it before the first one that differs.
const MAX_LEAD: usize = 12;

/// Renders the beginning of a value, or the part around its first difference, with its lines joined. A value that is not known or
/// does not exist is left out.
pub(super) fn excerpt(cell: &Cell) -> Option<Html> {
    let (class, content): (_, Text) = match &cell.shown {
        CellValue::Absent | CellValue::Unknown | CellValue::NotRecorded => return None,
        CellValue::Text(segments) => return Some(parts(&around_difference(segments))),
        CellValue::Shortened { start, .. } => {
            return Some(parts(&around_difference(&[Segment::Same(start.clone()), Segment::LeftOut(1)])));
        }
        other => word_of(other.clone())?,
    };
    Some(view! { <span class=class>{content}</span> }.into_html())
}

fn parts(parts: &[(String, bool)]) -> Html {
    let last = parts.len().saturating_sub(1);
    let part = |(index, (part, is_changed)): (usize, &(String, bool))| {
        // A blank before a changed word is no blank at the end of the value.
        let text = text(part.replace('\n', " "), index == last);
        if *is_changed { view! { <mark>{text}</mark> }.into_html() } else { text.into_html() }
    };
    let parts: Vec<_> = parts.iter().enumerate().map(part).collect();
    view! { <bdi>{parts}</bdi> }.into_html()
}

/// Returns parts of a text, each with whether it differs.
fn around_difference(segments: &[Segment]) -> Vec<(String, bool)> {
    let first =
        segments.iter().position(|segment| matches!(segment, Segment::Changed(_))).unwrap_or_default();
    let lead = match first.checked_sub(1).and_then(|before| segments.get(before)) {
        Some(Segment::Same(text)) => {
            let count = text.chars().count();
            let lead: String = text.chars().skip(count.saturating_sub(MAX_LEAD)).collect();
            if first == 1 && count <= MAX_LEAD { lead } else { format!("…{lead}") }
        }
        Some(_) => "…".to_owned(),
        None => String::new(),
    };
    let mut room = MAX_CHARACTERS.saturating_sub(lead.chars().count());
    let mut parts = vec![(lead, false)];
    for segment in segments.iter().skip(first) {
        let (text, is_changed) = match segment {
            Segment::Same(text) => (text, false),
            Segment::Changed(text) => (text, true),
            Segment::Folded { .. } | Segment::LeftOut(_) => {
                parts.push(("…".to_owned(), false));
                break;
            }
        };
        let shown: String = text.chars().take(room).collect();
        let is_cut = shown.len() < text.len();
        room -= shown.chars().count();
        parts.push((shown, is_changed));
        if is_cut {
            parts.push(("…".to_owned(), false));
            break;
        }
    }
    parts.retain(|(text, _)| !text.is_empty());
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(segments: &[Segment]) -> String {
        let part = |(text, is_changed)| if is_changed { format!("[{text}]") } else { text };
        around_difference(segments).into_iter().map(part).collect()
    }

    #[test]
    fn excerpt_is_the_beginning_or_the_part_that_differs() {
        let (same, changed) =
            (|text: &str| Segment::Same(text.into()), |text: &str| Segment::Changed(text.into()));
        let long = "0123456789".repeat(5);
        let folded = Segment::Folded { text: long.clone(), characters: 50 };
        for (segments, expected) in [
            (vec![], String::new()),
            (vec![same("urgent")], "urgent".to_owned()),
            (vec![same(&long)], format!("{}…", &long[..40])),
            (vec![changed("Discount"), same(" is not applied")], "[Discount] is not applied".to_owned()),
            (vec![same("Stock is "), changed("wrong")], "Stock is [wrong]".to_owned()),
            (vec![same(&long), changed("x"), same(" end")], format!("…{}[x] end", &long[38..])),
            (vec![folded.clone(), same("a"), changed("b"), folded], "…a[b]…".to_owned()),
            (vec![same("ü".repeat(41).as_str())], format!("{}…", "ü".repeat(40))),
            (vec![same("beginning"), Segment::LeftOut(9)], "beginning…".to_owned()),
        ] {
            assert_eq!(words(&segments), expected, "{segments:?}");
        }
    }
}
