//! The differences between old and new values, ready for display.
//!
//! This is a pure model, from a field of the library to the rows that the components render. No limit is a time: what is too
//! large to compare quickly, by the limits in these modules, is shown whole.

mod cell;
mod characters;
mod fold;
mod json;
mod lines;
mod row;
mod word_diff;

pub(crate) use cell::{Cell, CellValue};
pub(crate) use characters::{Glyph, accessible_line, glyphs, line_glyphs, visible_glyph};
pub(crate) use fold::{Segment, whole};
pub(crate) use lines::{Line, LineKind};
pub(crate) use row::{DiffBody, Row, rows};
