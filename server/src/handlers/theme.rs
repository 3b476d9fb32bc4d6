//! Remembers the theme.

use axum::extract::{FromRequest, Request};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Form};
use http::{HeaderName, StatusCode, header};
use threadline::InvalidParameter;
use threadline_app::Theme;

use super::question::to_timeline;
use crate::guard::Visit;
use crate::respond::Reply;
use crate::theme as themes;

pub(crate) async fn theme(Extension(visit): Extension<Visit>, request: Request) -> Response {
    let secure = themes::is_https(&request);
    let fields = match Form::<Vec<(String, String)>>::from_request(request, &()).await {
        Ok(Form(fields)) => fields,
        Err(rejection) => return rejection.into_response(),
    };
    let field = |name| fields.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value.as_str());
    let Some(theme) = Theme::named(field("theme")) else {
        let error = InvalidParameter::new("theme", field("theme"), "one of system, light and dark");
        let reply = Reply::mistake("There is no such theme", &error, to_timeline(&visit));
        return reply.into_response(visit.page_context());
    };
    let answer: [(HeaderName, String); 2] = [
        (header::LOCATION, themes::way_back(field("back"), &visit.base)),
        (header::SET_COOKIE, themes::cookie(theme, &visit.base, secure)),
    ];
    (StatusCode::SEE_OTHER, answer).into_response()
}
