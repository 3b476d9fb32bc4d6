//! The fuzz targets. Each of them checks what a parser of outside input promises, for any bytes.
//!
//! `cargo xtask fuzz` builds and runs them. The properties of the library's parsers are those of its own tests. Private modules of
//! other crates are compiled here from their files.

// `preferences` belongs to the server crate, and imports these from the app crate.
extern crate self as threadline_app;

#[path = "../../server/src/csrf.rs"]
mod csrf;
#[path = "../../app/src/density.rs"]
mod density;
mod elixir;
mod headers;
#[path = "../../cli/src/args/lock_timeout.rs"]
mod lock_timeout;
#[path = "../../server/src/mount.rs"]
mod mount;
#[path = "../../server/src/preferences.rs"]
mod preferences;
#[path = "../../core/tests/it/parsers/properties.rs"]
mod properties;
#[path = "../../app/src/theme.rs"]
mod theme;
mod time;
#[path = "../../app/src/pages/row/times.rs"]
mod times;

pub use density::Density;
pub use theme::Theme;

/// Checks the JSON of actors and audit contexts.
pub fn actor(data: &[u8]) {
    check_text(data, properties::check_actor);
}

/// Checks a `threadline.toml`.
pub fn configuration(data: &[u8]) {
    check_text(data, properties::check_configuration);
}

/// Checks cursors, marks, ids, row keys and table names.
pub fn cursor(data: &[u8]) {
    check_text(data, properties::check_cursor);
}

/// Checks the body of a capture function of the Elixir library.
pub fn elixir(data: &[u8]) {
    check_text(data, elixir::check);
}

/// Checks the query of an address, and the fields of a form, as a filter.
pub fn filter(data: &[u8]) {
    check_text(data, properties::check_filter);
}

/// Checks the headers of a request.
pub fn headers(data: &[u8]) {
    headers::check(data);
}

/// Checks times, ranges of time and durations.
pub fn time(data: &[u8]) {
    check_text(data, time::check);
}

fn check_text(data: &[u8], check: impl Fn(&str)) {
    if let Ok(text) = std::str::from_utf8(data) {
        check(text);
    }
}
