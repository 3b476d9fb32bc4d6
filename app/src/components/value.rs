//! Values as text, never as markup; what is no text says what it is.

use leptos::prelude::*;
use threadline::query::FieldValue;

use super::words::counted;
use crate::diff::{Piece, Segment, Shown, Side, segments, sign, spelled};

/// The longest value that a button offers for copying, in bytes: the button holds it once more.
const COPIED_AT_MOST: usize = 10_000;

/// How many parts of one text are drawn with names for its special characters; those after them are signs only, so that a
/// text of nothing else makes no page of many megabytes.
const NAMED_AT_MOST: usize = 400;

/// A value that stands alone.
#[component]
pub(crate) fn Value(value: FieldValue) -> impl IntoView {
    side(Side::alone(value), "value", "")
}

/// One side of a field with the remarks about it. A button that copies it says which side of what.
pub(super) fn side(side: Side, which: &'static str, label: &str) -> impl IntoView + use<> {
    let notes: Vec<_> =
        side.notes.into_iter().map(|note| view! { " "<span class="kind">{note}</span> }).collect();
    view! { {shown(side.shown, which, label)} {notes} }
}

fn shown(shown: Shown, which: &str, label: &str) -> AnyView {
    let word = |class: &'static str, word: &'static str| view! { <span class=class>{word}</span> }.into_any();
    match shown {
        Shown::Null => word("kind sign", "NULL"),
        Shown::JsonNull => word("kind sign", "null (JSON)"),
        Shown::Empty => word("kind sign void", "empty text"),
        Shown::Absent => word("kind", "absent"),
        Shown::Omitted => word("kind", "not kept"),
        Shown::Unknown => word("kind unknown", "old value not recorded"),
        Shown::Bool(true) => word("kind", "true"),
        Shown::Bool(false) => word("kind", "false"),
        Shown::Number(digits) => view! { <span class="number">{digits}</span> }.into_any(),
        Shown::Masked(placeholder) => {
            view! { <span class="masked">{text(placeholder, true)}</span> }.into_any()
        }
        Shown::Text(parts) => {
            let copy = copied(&parts).map(|whole| {
                let label = format!("Copy {which} {}", spelled(label));
                view! { " "<button type="button" class="copy" data-copy=whole aria-label=label>"Copy"</button> }
            });
            view! { <bdi>{pieces(parts)}</bdi> {copy} }.into_any()
        }
    }
}

/// The whole value, where some of it is folded away and all of it is here.
fn copied(pieces: &[Piece]) -> Option<String> {
    let folded = pieces.iter().any(|piece| matches!(piece, Piece::Folded { .. }));
    let mut whole = String::new();
    for piece in pieces.iter().filter(|_| folded) {
        match piece {
            Piece::Same(text) | Piece::Changed(text) | Piece::Folded { text, .. } => whole.push_str(text),
            Piece::LeftOut(_) => return None,
        }
    }
    (folded && whole.len() <= COPIED_AT_MOST).then_some(whole)
}

/// The pieces of a value, one after the other.
pub(super) fn pieces(pieces: Vec<Piece>) -> AnyView {
    let count = pieces.len();
    let mut drawn: Vec<AnyView> = pieces
        .into_iter()
        .enumerate()
        .map(|(position, piece)| {
            let at_end = position + 1 == count;
            match piece {
                Piece::Same(same) => text(same, at_end),
                Piece::Changed(changed) => view! { <mark>{text(changed, at_end)}</mark> }.into_any(),
                Piece::Folded { text: folded, characters } => {
                    let summary = format!("… {}", counted(characters, "more character"));
                    view! { <details class="fold"><summary>{summary}</summary><span>{text(folded, at_end)}</span></details> }
                        .into_any()
                }
                Piece::LeftOut(characters) => left_out(characters),
            }
        })
        .collect();
    if count == 1 { drawn.swap_remove(0) } else { drawn.into_any() }
}

/// What a page has no room for.
pub(super) fn left_out(characters: usize) -> AnyView {
    let words = format!("… and {}, too many for a page", counted(characters, "more character"));
    view! { <span class="kind">{words}</span> }.into_any()
}

/// A text in which every character can be seen.
pub(super) fn text(text: String, at_end: bool) -> AnyView {
    let mut parts = segments(&text, at_end).peekable();
    if matches!(parts.peek(), Some(Segment::Plain(plain)) if plain.len() == text.len()) {
        drop(parts);
        return text.into_any();
    }
    let mut drawn: Vec<AnyView> = parts.by_ref().take(NAMED_AT_MOST).map(segment).collect();
    let rest: String = parts.map(Segment::spelled).collect();
    drawn.extend((!rest.is_empty()).then(|| rest.into_any()));
    drawn.into_any()
}

fn segment(segment: Segment<'_>) -> AnyView {
    match segment {
        Segment::Plain(text) => text.to_owned().into_any(),
        Segment::Special(character, name, count) => {
            view! { <span class="character" title=name>{sign(character, count)}</span> }.into_any()
        }
    }
}
