//! Short texts that are stored and searched for.

/// The longest name of a column, in bytes: PostgreSQL's limit.
pub(super) const MAX_COLUMN_BYTES: usize = 63;

/// Returns the text if it has 1 to `max_bytes` bytes and no control characters.
pub(super) fn bounded(text: &str, max_bytes: usize) -> Option<String> {
    let fits = (1..=max_bytes).contains(&text.len()) && !text.contains(char::is_control);
    fits.then(|| text.to_owned())
}
