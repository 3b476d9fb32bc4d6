//! The theme that the operator chose, in a cookie, so that the first paint is right.

use http::{HeaderMap, header};
use threadline_app::Theme;

/// The name of the cookie.
pub(crate) const COOKIE: &str = "threadline_theme";

/// The theme of a request; the system's where none was chosen.
pub(crate) fn chosen(headers: &HeaderMap) -> Theme {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find_map(|(name, value)| Theme::named(value).filter(|_| name == COOKIE))
        .unwrap_or_default()
}
