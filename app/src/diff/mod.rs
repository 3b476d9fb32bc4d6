//! What is different between an old and a new value, for the eye.
//!
//! A pure model: from a field of the library to the rows that the components draw. Nothing here is measured by a clock: what
//! is too large to compare in a moment, by the limits in these modules, is shown whole instead.

mod cell;
mod characters;
mod fold;
mod json;
mod lines;
mod row;
mod word_diff;

pub(crate) use cell::{Cell, CellValue};
pub(crate) use characters::{Glyph, accessible_text, glyphs, visible_glyph};
pub(crate) use fold::Segment;
pub(crate) use lines::{Line, LineKind};
pub(crate) use row::{DiffBody, Row, rows};
