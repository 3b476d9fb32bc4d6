//! Sets the preferences of an operator.

use std::str::FromStr;

use axum::extract::{FromRequest, Request};
use axum::response::{AppendHeaders, IntoResponse, Response};
use axum::{Extension, Form};
use http::{StatusCode, header};
use serde::Deserialize;
use threadline::InvalidParameter;
use threadline_app::{Density, PageError, RequestContext, Theme, Zone};

use crate::preferences::{self, Preference};

// Here and not beside the others, because the fuzz targets compile those without the time zones.
impl Preference for Zone {
    const COOKIE: &'static str = "threadline_zone";
}

/// The forms in the header. Each sends one preference.
#[derive(Debug, Deserialize)]
struct PreferencesForm {
    theme: Option<String>,
    density: Option<String>,
    zone: Option<String>,
    /// The address of the page to return to.
    #[serde(default)]
    back: String,
}

pub(crate) async fn preferences(
    Extension(context): Extension<RequestContext>,
    request: Request,
) -> Result<Response, PageError> {
    let secure = preferences::is_https(&request);
    let form = match Form::<PreferencesForm>::from_request(request, &()).await {
        Ok(Form(form)) => form,
        Err(rejection) => return Ok(rejection.into_response()),
    };
    if form.theme.is_none() && form.density.is_none() && form.zone.is_none() {
        let missing = InvalidParameter::new("theme", "", "a value for theme, density or zone");
        return Err(PageError::bad_request("The form names no preference", &missing));
    }
    let base = &context.page.base;
    let cookies = [
        cookie::<Theme>(form.theme, base, secure)?,
        cookie::<Density>(form.density, base, secure)?,
        cookie::<Zone>(form.zone, base, secure)?,
    ];
    let cookies = cookies.into_iter().flatten().map(|cookie| (header::SET_COOKIE, cookie));
    let location = [(header::LOCATION, preferences::return_path(&form.back, base))];
    Ok((StatusCode::SEE_OTHER, location, AppendHeaders(cookies)).into_response())
}

/// Returns the cookie of a preference that the form sends.
fn cookie<P>(word: Option<String>, base: &str, secure: bool) -> Result<Option<String>, PageError>
where
    P: Preference + FromStr<Err = InvalidParameter>,
{
    let Some(word) = word else { return Ok(None) };
    let chosen: P =
        word.parse().map_err(|error| PageError::bad_request("There is no such preference", &error))?;
    Ok(Some(preferences::cookie(&chosen, base, secure)))
}
