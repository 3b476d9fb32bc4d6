//! What is different between an old and a new value, for the eye.
//!
//! A pure model: from a field of the library to the rows that the components draw. Nothing here is measured by a clock: what
//! is too large to compare in a moment, by the limits in these modules, is shown whole instead.

mod characters;
mod fold;
mod json;
mod lines;
mod row;
mod side;
mod words;

pub(crate) use characters::{Segment, segments, sign, spelled};
pub(crate) use fold::Piece;
pub(crate) use lines::{Line, Sign};
pub(crate) use row::{Body, Row, rows};
pub(crate) use side::{Shown, Side};
