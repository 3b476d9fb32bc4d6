//! Whether a request that changes something comes from the console's own pages.

use axum::extract::Request;
use http::{StatusCode, header};
use threadline_app::pages::Problem;
use url::Url;

use crate::respond::Reply;

/// A browser says so itself (`Sec-Fetch-Site`), or names the origin, which has to be the host that was asked. A request that
/// says neither is refused: every browser says one of them with a form.
pub(crate) fn is_same_origin(request: &Request) -> bool {
    let text = |name| request.headers().get(name).and_then(|value| value.to_str().ok());
    // Plain HTTP has no `Sec-Fetch-Site`, except on localhost. Another site of the same domain is another site.
    if let Some(site) = text("sec-fetch-site") {
        return site == "same-origin";
    }
    // HTTP/2 names the host in the address, HTTP/1 in a header.
    let host = request.uri().authority().map(|authority| authority.as_str());
    let host = host.or_else(|| text(header::HOST.as_str()));
    match (origin(request), host) {
        (Some(origin), Some(host)) => {
            // Read as an address of the same scheme, so that a default port is the same as none.
            Url::parse(&format!("{}://{host}", origin.scheme()))
                .is_ok_and(|asked| asked.origin() == origin.origin())
        }
        _ => false,
    }
}

/// The answer to a request from elsewhere.
pub(crate) fn refuse() -> Reply {
    let problem = Problem {
        explanation: "The request did not come from a page of this console, so nothing was changed."
            .to_owned(),
        is_elsewhere: true,
        ..Problem::new("This request was refused")
    };
    Reply::Problem(StatusCode::FORBIDDEN, problem)
}

/// Whether the page that asked came over HTTPS. Behind a proxy only the browser knows.
pub(crate) fn is_https(request: &Request) -> bool {
    origin(request).is_some_and(|origin| origin.scheme() == "https")
}

/// The origin that the browser named; `null` is none.
fn origin(request: &Request) -> Option<Url> {
    let named = request.headers().get(header::ORIGIN)?.to_str().ok()?;
    Url::parse(named).ok().filter(Url::has_host)
}

#[cfg(test)]
mod tests {
    use axum::body::Body;

    use super::*;

    fn request(uri: &str, headers: &[(&str, &str)]) -> Request {
        let request = Request::builder().method("POST").uri(uri);
        headers
            .iter()
            .fold(request, |request, (name, value)| request.header(*name, *value))
            .body(Body::empty())
            .unwrap()
    }

    #[test]
    fn only_the_consoles_own_pages_may_change_something() {
        for (expected, headers) in [
            (true, &[("sec-fetch-site", "same-origin")][..]),
            (true, &[("sec-fetch-site", "same-origin"), ("origin", "http://other.example")]),
            (
                false,
                &[
                    ("sec-fetch-site", "same-site"),
                    ("origin", "http://audit.example"),
                    ("host", "audit.example"),
                ],
            ),
            (false, &[("sec-fetch-site", "cross-site")]),
            (false, &[("sec-fetch-site", "none")]),
            (true, &[("origin", "http://audit.example"), ("host", "audit.example")]),
            (true, &[("origin", "https://audit.example"), ("host", "audit.example:443")]),
            (true, &[("origin", "http://127.0.0.1:4105"), ("host", "127.0.0.1:4105")]),
            (false, &[("origin", "http://127.0.0.1:4106"), ("host", "127.0.0.1:4105")]),
            (false, &[("origin", "http://audit.example.evil.example"), ("host", "audit.example")]),
            (false, &[("origin", "http://audit.example@evil.example"), ("host", "audit.example")]),
            (false, &[("origin", "null"), ("host", "audit.example")]),
            (false, &[("origin", "file://"), ("host", "")]),
            (false, &[("origin", "http://audit.example")]),
            (false, &[("host", "audit.example")]),
            (false, &[]),
        ] {
            assert_eq!(is_same_origin(&request("/audit/theme", headers)), expected, "{headers:?}");
        }
        let http2 = request("https://audit.example/audit/theme", &[("origin", "https://audit.example")]);
        assert!(is_same_origin(&http2));
    }

    #[test]
    fn the_browser_tells_whether_its_page_came_over_https() {
        assert!(is_https(&request("/", &[("origin", "https://audit.example")])));
        assert!(!is_https(&request("/", &[("origin", "http://audit.example")])));
        assert!(!is_https(&request("/", &[])));
    }
}
