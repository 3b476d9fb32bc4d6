//! Values, which are text and never markup. A value that is not a text says what it is.

use std::borrow::Cow;

use leptos::either::Either;
use leptos::prelude::*;
use threadline::query::FieldValue;

use super::plural::counted;
use super::shortened::{WholeValue, rest};
use crate::diff::{
    Cell, CellValue, Glyph, Segment, accessible_line, glyphs, line_glyphs, visible_glyph, whole,
};
use crate::html::{Html, IntoHtml};

/// The longest value with a copy button, in bytes: the button contains the value once more.
const MAX_COPIED_BYTES: usize = 10_000;

/// Special characters of one text that get an element with their name. The others become text alone, so that a text of
/// nothing else does not make a page of many megabytes.
const MAX_NAMED_CHARACTERS: usize = 400;

/// A text as it is, or its rendered parts.
pub(crate) type Text = Either<Cow<'static, str>, Html>;

/// A value that is not compared.
#[component]
pub(crate) fn Value(
    value: FieldValue,
    /// The name of the field.
    field: String,
    /// The link to the whole value, if it may be shortened.
    #[prop(optional)]
    whole: Option<WholeValue>,
) -> impl IntoView {
    side(Cell::alone(value), "value of", &field, whole)
}

/// Renders a cell with its notes. The copy button names the side and the field.
pub(super) fn side(
    side: Cell,
    which: &'static str,
    label: &str,
    whole: Option<WholeValue>,
) -> impl IntoView + use<> {
    let notes: Vec<_> =
        side.notes.into_iter().map(|note| view! { " "<span class="kind">{note}</span> }).collect();
    view! { {shown(side.shown, which, label, whole)} {notes} }
}

fn shown(
    shown: CellValue,
    which: &str,
    label: &str,
    whole_value: Option<WholeValue>,
) -> impl IntoView + use<> {
    match shown {
        CellValue::Shortened { start, bytes } => {
            let rest = rest(start.len(), bytes, whole_value, label);
            let start = segments(whole(start)).into_html();
            view! { <bdi>{start}</bdi> " "{rest} }.into_html()
        }
        CellValue::Text(parts) => {
            let copy = copied(&parts).map(|whole| {
                let label = format!("Copy {which} {}", accessible_line(label));
                view! { " "<button type="button" class="copy" data-copy=whole aria-label=label>"Copy"</button> }
            });
            view! { <bdi>{segments(parts)}</bdi> {copy} }.into_html()
        }
        word => {
            word_of(word).map(|(class, content)| view! { <span class=class>{content}</span> }).into_html()
        }
    }
}

/// Returns the class and the text of a value that is no text: a number, or a word that says what it is.
pub(super) fn word_of(value: CellValue) -> Option<(&'static str, Text)> {
    let word = |class: &'static str, word: &'static str| (class, Either::Left(Cow::Borrowed(word)));
    Some(match value {
        CellValue::Null => word("kind sign", "NULL"),
        CellValue::JsonNull => word("kind sign", "null (JSON)"),
        CellValue::Empty => word("kind sign void", "empty text"),
        CellValue::Absent => word("kind", "not there"),
        CellValue::NotRecorded => word("kind", "not recorded"),
        CellValue::Omitted => word("kind", "not kept"),
        CellValue::Unknown => word("kind unknown", "old value not recorded"),
        CellValue::Bool(true) => word("kind", "true"),
        CellValue::Bool(false) => word("kind", "false"),
        CellValue::Number(digits) => ("number", Either::Left(Cow::Owned(digits))),
        CellValue::TooLarge(words) => ("kind", Either::Left(Cow::Owned(words))),
        CellValue::Masked(placeholder) => ("masked", text(placeholder, true)),
        CellValue::Shortened { .. } | CellValue::Text(_) => return None,
    })
}

/// Returns the whole value, if a part of it is folded and nothing is left out.
fn copied(segments: &[Segment]) -> Option<String> {
    let folded = segments.iter().any(|segment| matches!(segment, Segment::Folded { .. }));
    let mut whole = String::new();
    for segment in segments.iter().filter(|_| folded) {
        match segment {
            Segment::Same(text) | Segment::Changed(text) | Segment::Folded { text, .. } => {
                whole.push_str(text);
            }
            Segment::LeftOut(_) => return None,
        }
    }
    (folded && whole.len() <= MAX_COPIED_BYTES).then_some(whole)
}

/// Renders the segments of a value.
pub(super) fn segments(mut segments: Vec<Segment>) -> Text {
    if let [Segment::Same(same)] = segments.as_mut_slice() {
        return text(std::mem::take(same), true);
    }
    let count = segments.len();
    let rendered: Vec<_> =
        segments.into_iter().enumerate().map(|(index, part)| segment(part, index + 1 == count)).collect();
    Either::Right(rendered.into_html())
}

fn segment(segment: Segment, at_end: bool) -> Html {
    match segment {
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

/// Renders the number of characters that are left out.
pub(super) fn left_out(characters: usize) -> Html {
    let words = format!("… {}, not shown here", counted(characters, "more character"));
    view! { <span class="kind">{words}</span> }.into_html()
}

/// Renders a name in which every character is visible, isolated from the text direction around it.
pub(crate) fn isolated(name: String) -> impl IntoView {
    view! { <bdi>{one_line(name)}</bdi> }
}

/// Renders a text on one line, such as a name or a sentence with names, in which every character is visible.
pub(crate) fn one_line(text: String) -> Text {
    match rendered(&text, line_glyphs(&text)) {
        None => Either::Left(Cow::Owned(text)),
        Some(html) => Either::Right(html),
    }
}

/// Renders a text in which every character is visible, except its line breaks.
pub(crate) fn text(text: String, at_end: bool) -> Text {
    match rendered(&text, glyphs(&text, at_end)) {
        None => Either::Left(Cow::Owned(text)),
        Some(html) => Either::Right(html),
    }
}

/// Renders the parts of a text, unless it is plain.
fn rendered<'a>(text: &str, parts: impl Iterator<Item = Glyph<'a>>) -> Option<Html> {
    let mut parts = parts.peekable();
    if matches!(parts.peek(), Some(Glyph::Plain(plain)) if plain.len() == text.len()) {
        return None;
    }
    let mut rendered: Vec<Html> = parts.by_ref().take(MAX_NAMED_CHARACTERS).map(glyph).collect();
    let rest: String = parts.map(Glyph::accessible_text).collect();
    rendered.extend((!rest.is_empty()).then(|| rest.into_html()));
    Some(rendered.into_html())
}

fn glyph(glyph: Glyph<'_>) -> Html {
    match glyph {
        Glyph::Plain(text) => text.into_html(),
        Glyph::Special(character, name, count) => {
            view! { <span class="character" title=name>{visible_glyph(character, count)}</span> }.into_html()
        }
    }
}
