//! The headers that the console and the layer of the audit context read.
//!
//! The first line of an input is the method and the address of a request, each of the others is a header.

use std::convert::Infallible;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use futures_util::FutureExt as _;
use http::{HeaderMap, HeaderName, HeaderValue, header};
use threadline::{AuditContext, AuditContextLayer, ContextOverrides};
use tower::{Layer as _, ServiceExt as _, service_fn};
use url::Url;

use crate::{Theme, csrf, mount, preferences, properties};

pub(crate) fn check(data: &[u8]) {
    let Some(request) = request(data) else { return };
    check_origin(&request);
    check_theme(request.headers());
    check_return_path(request.headers());
    check_redirect(&request);
    check_context(&request);
}

/// Reads a request. A header that the HTTP server would refuse is left out.
fn request(data: &[u8]) -> Option<Request> {
    let mut lines = data.split(|byte| *byte == b'\n');
    let mut words = lines.next()?.splitn(2, |byte| *byte == b' ');
    let (method, uri) = (words.next()?, words.next()?);
    let mut request = Request::builder().method(method).uri(uri).body(Body::empty()).ok()?;
    for line in lines {
        let mut parts = line.splitn(2, |byte| *byte == b':');
        let name = parts.next().and_then(|name| HeaderName::from_bytes(name).ok());
        let value = parts.next().and_then(|value| HeaderValue::from_bytes(value.trim_ascii()).ok());
        if let (Some(name), Some(value)) = (name, value) {
            request.headers_mut().append(name, value);
        }
    }
    Some(request)
}

/// Checks the rules against cross-site requests, as the module `csrf` documents them.
fn check_origin(request: &Request) {
    let headers = request.headers();
    let is_safe = request.method().is_safe();
    let has_site = headers.contains_key(csrf::SEC_FETCH_SITE);
    let has_origin = headers.contains_key(header::ORIGIN);
    // A URL may contain tabs, which do not count.
    let without_tabs =
        |origin: &HeaderValue| origin.as_bytes().iter().copied().filter(|byte| *byte != b'\t').collect();
    let origin: Vec<u8> = headers.get(header::ORIGIN).map(without_tabs).unwrap_or_default();
    let is_https = origin.to_ascii_lowercase().starts_with(b"https:");
    assert!(is_https || !preferences::is_https(request), "{request:?}");
    let is_same_origin = if has_site {
        Some(headers.get_all(csrf::SEC_FETCH_SITE).iter().all(|site| site == "same-origin"))
    } else if has_origin {
        is_from_host(request)
    } else {
        Some(false)
    };
    let Some(is_same_origin) = is_same_origin else {
        // No expected decision is known, but both functions must make the same one.
        let is_allowed_call = csrf::is_allowed_call(request);
        assert_eq!(csrf::is_allowed(request), is_safe || is_allowed_call, "{request:?}");
        return;
    };
    assert_eq!(csrf::is_allowed(request), is_safe || is_same_origin, "{request:?}");
    let is_call_allowed = if has_site || has_origin { is_same_origin } else { is_safe };
    assert_eq!(csrf::is_allowed_call(request), is_call_allowed, "{request:?}");
}

/// Returns whether the header `Origin` names the host that was asked. Returns `None` if one of them is not as browsers write it.
fn is_from_host(request: &Request) -> Option<bool> {
    let mut origins = request.headers().get_all(header::ORIGIN).iter();
    let (Some(origin), None) = (origins.next(), origins.next()) else { return None };
    let (scheme, origin) = origin.to_str().ok()?.split_once("://")?;
    let default_port = match scheme {
        "http" => 80,
        "https" => 443,
        _ => return None,
    };
    let asked = match request.uri().authority() {
        Some(authority) => authority.as_str(),
        None => request.headers().get(header::HOST)?.to_str().ok()?,
    };
    Some(host_and_port(origin, default_port)? == host_and_port(&asked.to_ascii_lowercase(), default_port)?)
}

fn host_and_port(authority: &str, default_port: u16) -> Option<(&str, u16)> {
    let (host, port) = match authority.split_once(':') {
        None => (authority, default_port),
        Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => (host, port.parse().ok()?),
        Some(_) => return None,
    };
    // Other names, such as 127.1 or xn--a, have more than one spelling.
    let is_label = |label: &str| {
        label.starts_with(|c: char| c.is_ascii_lowercase())
            && label.ends_with(|c: char| c.is_ascii_lowercase())
            && label.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
            && !label.contains("--")
    };
    host.split('.').all(is_label).then_some((host, port))
}

/// Checks that the cookie which is set is found again, in front of any others.
fn check_theme(headers: &HeaderMap) {
    let chosen: Theme = preferences::chosen(headers);
    let others = headers.get(header::COOKIE).map_or(&b""[..], HeaderValue::as_bytes);
    for set in Theme::ALL {
        let cookie = preferences::cookie(&set, "/audit", false);
        let pair = cookie.split_once(';').map_or("", |(pair, _)| pair);
        let both = [pair.as_bytes(), b"; ", others].concat();
        let mut headers = HeaderMap::new();
        headers.insert(header::COOKIE, HeaderValue::from_str(pair).unwrap_or_else(|_| panic!("{pair}")));
        assert_eq!(preferences::chosen::<Theme>(&headers), set);
        if let Ok(value) = HeaderValue::from_bytes(&both)
            && value.to_str().is_ok()
        {
            headers.insert(header::COOKIE, value);
            assert_eq!(preferences::chosen::<Theme>(&headers), set, "{headers:?}, alone {chosen:?}");
        }
    }
}

/// Checks that the page to go back to is below the mount, whatever the form says.
fn check_return_path(headers: &HeaderMap) {
    let back = headers.get(header::REFERER).map(|value| String::from_utf8_lossy(value.as_bytes()));
    let Some(back) = back else { return };
    for base in ["", "/audit", "/admin/audit"] {
        let path = preferences::return_path(&back, base);
        check_local(&path);
        let resolved = Url::parse("https://console.example/x/y").and_then(|here| here.join(&path));
        let resolved = resolved.unwrap_or_else(|_| panic!("{path} cannot be followed"));
        let below = resolved.path().strip_prefix(base);
        assert!(below.is_some_and(|rest| rest.is_empty() || rest.starts_with('/')), "{path} of {back:?}");
        assert_eq!(preferences::return_path(&path, base), path, "{back:?}");
    }
}

/// Checks that a path is on this host, as a browser follows it.
fn check_local(path: &str) {
    assert!(path.starts_with('/'), "{path:?}");
    assert!(!path.contains(char::is_control), "{path:?}");
    let here = Url::parse("https://console.example/x/y");
    let there = here.as_ref().ok().and_then(|here| here.join(path).ok());
    let is_same = there.is_some_and(|there| here.is_ok_and(|here| there.origin() == here.origin()));
    assert!(is_same, "{path:?} leaves the host");
}

/// Checks that the redirect of a mount stays on this host.
fn check_redirect(request: &Request) {
    let redirect = || mount::redirect_trailing_slash::<()>();
    let base = mount::base(request);
    assert!(request.uri().path().starts_with(&base) && !base.ends_with('/'), "{base:?}");
    let router = Router::new().route("/", redirect()).route("/{*path}", redirect());
    let mut call = Request::new(Body::empty());
    *call.uri_mut() = request.uri().clone();
    let response = router.oneshot(call).now_or_never();
    let response = response.unwrap_or_else(|| panic!("the redirect waits")).unwrap_or_default();
    if let Some(location) = response.headers().get(header::LOCATION) {
        check_local(&String::from_utf8_lossy(location.as_bytes()));
    }
}

/// Checks that the ids of the audit context are those of the headers, or else those of the host.
fn check_context(request: &Request) {
    let mut call = Request::new(Body::empty());
    *call.headers_mut() = request.headers().clone();
    let layer = AuditContextLayer::new(|_| async { None }).overrides_fn(|_| ContextOverrides {
        request_id: Some("generated".to_owned()),
        ..ContextOverrides::default()
    });
    let service = service_fn(|request: Request| async move {
        let mut response = Response::new(Body::empty());
        response.extensions_mut().extend(request.extensions().clone());
        Ok::<_, Infallible>(response)
    });
    let response = layer.layer(service).oneshot(call).now_or_never();
    let Some(Ok(response)) = response else { panic!("the layer waits") };
    let Some(context) = response.extensions().get::<AuditContext>() else { panic!("there is no context") };
    let sent = |name| {
        let id = request.headers().get(name)?.to_str().ok()?;
        let is_valid = !id.trim().is_empty() && id.len() <= AuditContext::MAX_ID_BYTES && !id.contains('\t');
        is_valid.then_some(id)
    };
    assert_eq!(context.request_id(), Some(sent("x-request-id").unwrap_or("generated")));
    assert_eq!(context.correlation_id(), sent("x-correlation-id"));
    context.request_id().into_iter().chain(context.correlation_id()).for_each(properties::check_id);
}
