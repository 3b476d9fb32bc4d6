//! Values as text, never as markup; what is no text says what it is.

use std::borrow::Cow;

use leptos::either::Either;
use leptos::prelude::*;
use threadline::query::FieldValue;

use super::plural::counted;
use crate::diff::{Cell, CellValue, Glyph, Segment, accessible_text, glyphs, visible_glyph};
use crate::html::{Html, IntoHtml};

/// The longest value that a button offers for copying, in bytes: the button holds it once more.
const COPIED_AT_MOST: usize = 10_000;

/// How many parts of one text are drawn with names for its special characters; those after them are signs only, so that a
/// text of nothing else makes no page of many megabytes.
const NAMED_AT_MOST: usize = 400;

/// A text as it is, or its parts.
pub(super) type Text = Either<Cow<'static, str>, Html>;

/// A value that stands alone.
#[component]
pub(crate) fn Value(value: FieldValue) -> impl IntoView {
    side(Cell::alone(value), "value", "")
}

/// One side of a field with the remarks about it. A button that copies it says which side of what.
pub(super) fn side(side: Cell, which: &'static str, label: &str) -> impl IntoView + use<> {
    let notes: Vec<_> =
        side.notes.into_iter().map(|note| view! { " "<span class="kind">{note}</span> }).collect();
    view! { {shown(side.shown, which, label)} {notes} }
}

fn shown(shown: CellValue, which: &str, label: &str) -> impl IntoView + use<> {
    let word = |class: &'static str, word: &'static str| (class, Either::Left(Cow::Borrowed(word)));
    let (class, content): (_, Text) = match shown {
        CellValue::Null => word("kind sign", "NULL"),
        CellValue::JsonNull => word("kind sign", "null (JSON)"),
        CellValue::Empty => word("kind sign void", "empty text"),
        CellValue::Absent => word("kind", "absent"),
        CellValue::Omitted => word("kind", "not kept"),
        CellValue::Unknown => word("kind unknown", "old value not recorded"),
        CellValue::Bool(true) => word("kind", "true"),
        CellValue::Bool(false) => word("kind", "false"),
        CellValue::Number(digits) => ("number", Either::Left(Cow::Owned(digits))),
        CellValue::TooLarge(words) => ("kind", Either::Left(Cow::Owned(words))),
        CellValue::Masked(placeholder) => ("masked", text(placeholder, true)),
        CellValue::Text(parts) => {
            let copy = copied(&parts).map(|whole| {
                let label = format!("Copy {which} {}", accessible_text(label));
                view! { " "<button type="button" class="copy" data-copy=whole aria-label=label>"Copy"</button> }
            });
            return Either::Left(view! { <bdi>{pieces(parts)}</bdi> {copy} });
        }
    };
    Either::Right(view! { <span class=class>{content}</span> })
}

/// The whole value, where some of it is folded away and all of it is here.
fn copied(pieces: &[Segment]) -> Option<String> {
    let folded = pieces.iter().any(|piece| matches!(piece, Segment::Folded { .. }));
    let mut whole = String::new();
    for piece in pieces.iter().filter(|_| folded) {
        match piece {
            Segment::Same(text) | Segment::Changed(text) | Segment::Folded { text, .. } => {
                whole.push_str(text);
            }
            Segment::LeftOut(_) => return None,
        }
    }
    (folded && whole.len() <= COPIED_AT_MOST).then_some(whole)
}

/// The pieces of a value, one after the other.
pub(super) fn pieces(mut pieces: Vec<Segment>) -> Text {
    if let [Segment::Same(same)] = pieces.as_mut_slice() {
        return text(std::mem::take(same), true);
    }
    let count = pieces.len();
    let drawn: Vec<_> =
        pieces.into_iter().enumerate().map(|(place, part)| piece(part, place + 1 == count)).collect();
    Either::Right(drawn.into_html())
}

fn piece(piece: Segment, at_end: bool) -> Html {
    match piece {
        Segment::Same(same) => text(same, at_end).into_html(),
        Segment::Changed(changed) => view! { <mark>{text(changed, at_end)}</mark> }.into_html(),
        Segment::Folded { text: folded, characters } => {
            let summary = format!("… {}", counted(characters, "more character"));
            view! { <details class="fold"><summary>{summary}</summary><span>{text(folded, at_end)}</span></details> }
                .into_html()
        }
        Segment::LeftOut(characters) => left_out(characters),
    }
}

/// What a page has no room for.
pub(super) fn left_out(characters: usize) -> Html {
    let words = format!("… and {}, too many for a page", counted(characters, "more character"));
    view! { <span class="kind">{words}</span> }.into_html()
}

/// A text in which every character can be seen, and which changes the direction of nothing around it.
pub(crate) fn isolated(content: String) -> impl IntoView {
    view! { <bdi>{text(content, true)}</bdi> }
}

/// A text in which every character can be seen.
pub(super) fn text(text: String, at_end: bool) -> Text {
    let mut parts = glyphs(&text, at_end).peekable();
    if matches!(parts.peek(), Some(Glyph::Plain(plain)) if plain.len() == text.len()) {
        drop(parts);
        return Either::Left(Cow::Owned(text));
    }
    let mut drawn: Vec<Html> = parts.by_ref().take(NAMED_AT_MOST).map(segment).collect();
    let rest: String = parts.map(Glyph::accessible_text).collect();
    drawn.extend((!rest.is_empty()).then(|| rest.into_html()));
    Either::Right(drawn.into_html())
}

fn segment(segment: Glyph<'_>) -> Html {
    match segment {
        Glyph::Plain(text) => text.into_html(),
        Glyph::Special(character, name, count) => {
            view! { <span class="character" title=name>{visible_glyph(character, count)}</span> }.into_html()
        }
    }
}
