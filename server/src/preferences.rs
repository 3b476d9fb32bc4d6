//! The preferences of an operator, each in a cookie, which make the first paint right.

use std::fmt::Display;
use std::str::FromStr;

use axum::extract::Request;
use http::{HeaderMap, header};
use threadline_app::{Density, Theme};
use url::Url;

use crate::csrf;

/// The lifetime of a cookie: a year, in seconds.
const MAX_AGE: u32 = 365 * 24 * 60 * 60;

/// A preference, which is kept as a word.
pub(crate) trait Preference: FromStr + Display + Default {
    /// The name of the cookie.
    const COOKIE: &'static str;
}

impl Preference for Theme {
    const COOKIE: &'static str = "threadline_theme";
}

impl Preference for Density {
    const COOKIE: &'static str = "threadline_density";
}

/// Returns the preference that the request's cookie names, or the default.
pub(crate) fn chosen<P: Preference>(headers: &HeaderMap) -> P {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .filter(|(name, _)| *name == P::COOKIE)
        .find_map(|(_, value)| value.parse().ok())
        .unwrap_or_default()
}

/// Returns whether the browser's page came over HTTPS. Behind a proxy only the browser knows.
pub(crate) fn is_https(request: &Request) -> bool {
    csrf::origin(request).is_some_and(|origin| origin.scheme() == "https")
}

/// Returns the cookie that keeps a preference for this console.
pub(crate) fn cookie<P: Preference>(chosen: &P, base: &str, secure: bool) -> String {
    let path = if base.is_empty() { "/" } else { base };
    let secure = if secure { "; Secure" } else { "" };
    format!("{}={chosen}; Path={path}; Max-Age={MAX_AGE}; HttpOnly; SameSite=Lax{secure}", P::COOKIE)
}

/// Returns the page to go back to, if it is below the mount, and the mount otherwise. The form field may have been made up by
/// anybody, so it is parsed as a browser would parse it.
pub(crate) fn return_path(back: &str, base: &str) -> String {
    let home = if base.is_empty() { "/" } else { base };
    below(back, base).unwrap_or_else(|| home.to_owned())
}

fn below(back: &str, base: &str) -> Option<String> {
    let odd = |character: char| character.is_control() || character == '\\';
    if !back.starts_with('/') || back.contains(odd) {
        return None;
    }
    let here = Url::parse("http://console.invalid").ok()?;
    let there = here.join(back).ok()?;
    let rest = there.path().strip_prefix(base)?;
    let inside = there.origin() == here.origin()
        && (rest.is_empty() || rest.starts_with('/'))
        && !rest.starts_with("//");
    inside.then(|| match there.query() {
        Some(query) => format!("{}?{query}", there.path()),
        None => there.path().to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_return_path_stays_below_the_mount() {
        for (base, back, expected) in [
            ("/audit", "/audit", "/audit"),
            (
                "/audit",
                "/audit/timeline?table=tickets&key=id%3D1",
                "/audit/timeline?table=tickets&key=id%3D1",
            ),
            ("/audit", "/audit/rows/tickets/id%3D%2F1", "/audit/rows/tickets/id%3D%2F1"),
            ("/audit", "/audit?x=//evil.example", "/audit?x=//evil.example"),
            ("/admin/audit", "/admin/audit/timeline", "/admin/audit/timeline"),
            ("", "/timeline", "/timeline"),
            ("", "/", "/"),
            ("/audit", "", "/audit"),
            ("/audit", "/", "/audit"),
            ("/audit", "/auditor", "/audit"),
            ("/audit", "/other", "/audit"),
            ("/audit", "/audit/../other", "/audit"),
            ("/audit", "/audit/%2e%2e/other", "/audit"),
            ("/audit", "//evil.example", "/audit"),
            ("/audit", "//evil.example/audit", "/audit"),
            ("/audit", "/\\evil.example/audit", "/audit"),
            ("/audit", "/audit\\..\\other", "/audit"),
            ("/audit", "/\t/evil.example/audit", "/audit"),
            ("/audit", "/audit\r\nSet-Cookie: a=b", "/audit"),
            ("/audit", "https://evil.example/audit", "/audit"),
            ("/audit", "javascript:alert(1)", "/audit"),
            ("/audit", "audit/timeline", "/audit"),
            ("", "//evil.example", "/"),
            ("", "/.//evil.example", "/"),
            ("", "/\\evil.example", "/"),
        ] {
            assert_eq!(return_path(back, base), expected, "{back:?} below {base:?}");
        }
    }

    #[test]
    fn https_is_read_from_the_origin() {
        let is_https = |origin: Option<&str>| {
            let mut request = Request::default();
            if let Some(origin) = origin {
                request.headers_mut().insert(header::ORIGIN, origin.parse().unwrap());
            }
            is_https(&request)
        };
        assert!(is_https(Some("https://audit.example")));
        assert!(!is_https(Some("http://audit.example")));
        assert!(!is_https(None));
    }

    #[test]
    fn cookie_belongs_to_the_mount() {
        let cookie = |base, secure| cookie(&Theme::Dark, base, secure);
        assert_eq!(
            cookie("/audit", false),
            "threadline_theme=dark; Path=/audit; Max-Age=31536000; HttpOnly; SameSite=Lax"
        );
        assert!(cookie("", false).contains("Path=/;"));
        assert!(cookie("/audit", true).ends_with("; Secure"));
    }
}
