//! Protection against cross-site request forgery (CSRF).
//!
//! A page of another site can make a browser send a request with the operator's cookies. The route guard checks every request,
//! so no handler has to. The rules, in this order:
//!
//! 1. A request with a safe method (`GET`, `HEAD`, `OPTIONS`, `TRACE`) is allowed, because it changes nothing.
//! 2. A request with the header `Sec-Fetch-Site` is allowed if its value is `same-origin`, and rejected with every other
//!    value, including `same-site` and `none`: another application of the same domain is another site. If the header is repeated,
//!    every value has to be `same-origin`.
//! 3. A request with the header `Origin` is allowed if that origin is the host which was asked, and rejected otherwise. A
//!    default port is the same as none. Browsers that send no `Sec-Fetch-Site` (old ones, and all of them over plain HTTP)
//!    send `Origin` with every form.
//! 4. A request with neither header is rejected. The console has no API that a program would call with an unsafe method, so,
//!    unlike in general-purpose middleware, nothing but a browser has to be allowed here.
//!
//! A server function is called by scripts of the console's own pages only. Rules 2 and 3 apply to its safe methods as well, so
//! that a page of another site can neither call it nor learn from its time what the trail holds; rule 1 then allows what has
//! neither header.
//!
//! A rejected request is answered with 403 and a page that says so; no handler has run.
//!
//! # Behind a proxy
//!
//! Rule 3 compares the origin with the `Host` header (or the authority of an HTTP/2 request). A proxy in front of a console
//! that is used over plain HTTP must pass on `Host` as the browser sent it, or every form is rejected. The scheme is not
//! compared, so a proxy may end TLS.
//!
//! The rules follow the `csrf` module of tower-http and Go's `CrossOriginProtection`, except for rule 4.

use axum::extract::Request;
use http::header;
use url::Url;

/// The header in which a browser names the relation between the page that asks and the console.
pub(crate) const SEC_FETCH_SITE: &str = "sec-fetch-site";

/// Returns whether the rules of this module allow the request.
pub(crate) fn is_allowed(request: &Request) -> bool {
    request.method().is_safe() || is_same_origin(request)
}

/// Returns whether the rules of this module allow the call of a server function.
pub(crate) fn is_allowed_call(request: &Request) -> bool {
    let names_site =
        request.headers().contains_key(SEC_FETCH_SITE) || request.headers().contains_key(header::ORIGIN);
    if names_site { is_same_origin(request) } else { request.method().is_safe() }
}

fn is_same_origin(request: &Request) -> bool {
    let text = |name| request.headers().get(name).and_then(|value| value.to_str().ok());
    let mut sites = request.headers().get_all(SEC_FETCH_SITE).iter().peekable();
    if sites.peek().is_some() {
        return sites.all(|site| site == "same-origin");
    }
    // HTTP/2 names the host in the URI, HTTP/1 in a header.
    let host = request.uri().authority().map(|authority| authority.as_str());
    let host = host.or_else(|| text(header::HOST.as_str()));
    match (origin(request), host) {
        (Some(origin), Some(host)) => {
            // The host is parsed with the scheme of the origin, so that a default port is the same as none.
            Url::parse(&format!("{}://{host}", origin.scheme()))
                .is_ok_and(|asked| asked.origin() == origin.origin())
        }
        _ => false,
    }
}

/// Returns the origin that the browser named. The value `null` is no origin.
pub(crate) fn origin(request: &Request) -> Option<Url> {
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
    fn unsafe_method_is_allowed_from_the_same_origin_only() {
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
            (false, &[("sec-fetch-site", "same-origin"), ("sec-fetch-site", "cross-site")]),
            (
                false,
                &[
                    ("sec-fetch-site", "\u{ff}"),
                    ("origin", "http://audit.example"),
                    ("host", "audit.example"),
                ],
            ),
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
            assert_eq!(is_same_origin(&request("/audit/preferences", headers)), expected, "{headers:?}");
        }
        let http2 =
            request("https://audit.example/audit/preferences", &[("origin", "https://audit.example")]);
        assert!(is_same_origin(&http2));
    }

    #[test]
    fn server_function_is_allowed_from_the_same_origin_or_an_unknown_one() {
        for (method, expected, headers) in [
            ("GET", true, &[("sec-fetch-site", "same-origin")][..]),
            ("GET", true, &[]),
            ("HEAD", true, &[]),
            ("GET", false, &[("sec-fetch-site", "cross-site")]),
            ("GET", false, &[("sec-fetch-site", "same-site")]),
            ("GET", false, &[("sec-fetch-site", "none")]),
            ("GET", false, &[("origin", "https://evil.example"), ("host", "audit.example")]),
            ("GET", true, &[("origin", "https://audit.example"), ("host", "audit.example")]),
            ("POST", false, &[]),
        ] {
            let mut request = request("/audit/api/coverage", headers);
            *request.method_mut() = method.parse().unwrap();
            assert_eq!(is_allowed_call(&request), expected, "{method} {headers:?}");
        }
    }

    #[test]
    fn safe_method_is_allowed_from_everywhere() {
        for (method, expected) in [
            ("GET", true),
            ("HEAD", true),
            ("OPTIONS", true),
            ("POST", false),
            ("PUT", false),
            ("DELETE", false),
        ] {
            let mut request = request("/audit/preferences", &[("sec-fetch-site", "cross-site")]);
            *request.method_mut() = method.parse().unwrap();
            assert_eq!(is_allowed(&request), expected, "{method}");
        }
    }
}
