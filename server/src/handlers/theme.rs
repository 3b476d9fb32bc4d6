//! Sets the theme.

use axum::extract::{FromRequest, Request};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Form};
use http::{HeaderName, StatusCode, header};
use serde::Deserialize;
use threadline_app::{PageError, RequestContext, Theme};

use crate::theme;

/// The form in the header.
#[derive(Debug, Deserialize)]
struct ThemeForm {
    #[serde(default)]
    theme: String,
    /// The address of the page to return to.
    #[serde(default)]
    back: String,
}

pub(crate) async fn theme(
    Extension(context): Extension<RequestContext>,
    request: Request,
) -> Result<Response, PageError> {
    let secure = theme::is_https(&request);
    let form = match Form::<ThemeForm>::from_request(request, &()).await {
        Ok(Form(form)) => form,
        Err(rejection) => return Ok(rejection.into_response()),
    };
    let chosen: Theme =
        form.theme.parse().map_err(|error| PageError::bad_request("There is no such theme", &error))?;
    let base = &context.page.base;
    let headers: [(HeaderName, String); 2] = [
        (header::LOCATION, theme::return_path(&form.back, base)),
        (header::SET_COOKIE, theme::cookie(chosen, base, secure)),
    ];
    Ok((StatusCode::SEE_OTHER, headers).into_response())
}
