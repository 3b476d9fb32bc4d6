//! Several values in one condition.

mod conversions;
#[cfg(test)]
mod tests;
mod text;

use std::fmt::Display;

use super::ActorFilter;
use crate::{ActorKind, InvalidParameter};

/// The values that a condition accepts, and those that it excludes. Written `user:42,user:43`, or `-job` for everything but jobs.
///
/// A change is selected if it has one of the [included](Self::included) values, or if there are none of them, and if it has none of the
/// [excluded](Self::excluded) ones. A change that has no value at all, such as one without a recorded actor, is never included by a
/// value, and never excluded by one.
///
/// ```
/// use threadline::query::{ActorFilter, Filter, Selection};
///
/// // One value needs no more than the value itself.
/// let one = Filter { table: Some("tickets".into()), action: Some("ticket.closed".into()), ..Filter::default() };
/// let actors: Selection<ActorFilter> = "user, -user:42".parse()?;
/// assert_eq!((actors.included().len(), actors.excluded().len()), (1, 1));
/// assert_eq!(actors.to_string(), "user,-user:42");
/// # Ok::<(), threadline::InvalidParameter>(())
/// ```
///
/// # Text
/// Values are separated by commas. White space around a value is left out, and so is a value of nothing else. A `-` at the beginning of
/// a value excludes it. A backslash before a comma, a backslash, a `-` or white space makes that character a part of the value, and
/// is an ordinary character before any other: `a\,b` is the value `a,b`, and `\-a` the value `-a`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Selection<T> {
    included: Vec<T>,
    excluded: Vec<T>,
}

impl<T> Selection<T> {
    /// The maximum number of values.
    pub const MAX_VALUES: usize = 100;

    /// Returns the accepted values; none if every value is accepted that is not excluded.
    #[must_use]
    pub fn included(&self) -> &[T] {
        &self.included
    }

    /// Returns the excluded values.
    #[must_use]
    pub fn excluded(&self) -> &[T] {
        &self.excluded
    }

    /// Returns the value, if exactly one is accepted and none is excluded.
    #[must_use]
    pub fn only(&self) -> Option<&T> {
        match (&*self.included, &*self.excluded) {
            ([only], []) => Some(only),
            _ => None,
        }
    }

    /// Returns whether a change is selected, of which `has` tells the values.
    #[must_use]
    pub fn selects(&self, mut has: impl FnMut(&T) -> bool) -> bool {
        !self.excluded.iter().any(&mut has) && (self.included.is_empty() || self.included.iter().any(has))
    }
}

impl<T: PartialEq + Display> Selection<T> {
    /// Creates the selection of these values. A value that is given twice counts once.
    ///
    /// ```
    /// use threadline::query::{Operation, Selection};
    ///
    /// let no_updates = Selection::new([], [Operation::Update])?;
    /// assert_eq!(no_updates.to_string(), "-update");
    /// # Ok::<(), threadline::InvalidParameter>(())
    /// ```
    ///
    /// # Errors
    /// [`InvalidParameter`] if there is no value, if there are more than [`MAX_VALUES`](Self::MAX_VALUES), or if a value is both included
    /// and excluded.
    pub fn new(
        included: impl IntoIterator<Item = T>,
        excluded: impl IntoIterator<Item = T>,
    ) -> Result<Self, InvalidParameter> {
        let (included, excluded) = (without_duplicates(included), without_duplicates(excluded));
        let error = |value: &str, expected: &'static str| Err(InvalidParameter::new("list", value, expected));
        if let Some(value) = excluded.iter().find(|value| included.contains(value)) {
            return error(&value.to_string(), "a value to be either accepted or excluded");
        }
        match included.len() + excluded.len() {
            0 => error("", "at least one value"),
            1..=Self::MAX_VALUES => Ok(Self { included, excluded }),
            number => error(&format!("{number} values"), "at most 100 values"),
        }
    }

    /// Reads a text, and each value with this function.
    pub(super) fn read(
        text: &str,
        read: impl Fn(&str) -> Result<T, InvalidParameter>,
    ) -> Result<Self, InvalidParameter> {
        let (mut included, mut excluded) = (Vec::new(), Vec::new());
        for (is_excluded, value) in text::items(text) {
            let values = if is_excluded { &mut excluded } else { &mut included };
            values.push(read(&value)?);
        }
        Self::new(included, excluded)
    }
}

impl Selection<ActorFilter> {
    /// The word for [`unsigned`](Self::unsigned) in a filter.
    pub const UNSIGNED: &str = "none";

    /// Returns the selection of changes without a recorded actor: those that remain when actors of every kind are excluded.
    #[must_use]
    pub fn unsigned() -> Self {
        Self { included: Vec::new(), excluded: ActorKind::ALL.map(ActorFilter::from).to_vec() }
    }

    /// Returns whether only changes without a recorded actor are selected.
    #[must_use]
    pub fn is_unsigned(&self) -> bool {
        let is_excluded = |kind: &ActorKind| self.excluded.contains(&ActorFilter::from(*kind));
        self.included.is_empty() && ActorKind::ALL.iter().all(is_excluded)
    }

    /// Returns the selection of people: users and admins.
    #[must_use]
    pub fn people() -> Self {
        Self {
            included: [ActorKind::User, ActorKind::Admin].map(ActorFilter::from).to_vec(),
            excluded: Vec::new(),
        }
    }
}

fn without_duplicates<T: PartialEq>(values: impl IntoIterator<Item = T>) -> Vec<T> {
    let mut unique = Vec::new();
    for value in values {
        if !unique.contains(&value) {
            unique.push(value);
        }
    }
    unique
}
