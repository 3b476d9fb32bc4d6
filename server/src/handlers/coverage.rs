//! The coverage dashboard.

use axum::extract::{FromRequest, RawQuery, Request};
use axum::response::{IntoResponse, Redirect, Response};
use axum::{Extension, Form};
use threadline::InvalidParameter;
use threadline_app::Coverage;
use threadline_app::pages::{CoveragePage, coverage_page};
use url::form_urlencoded;

use super::part::PATIENCE;
use super::question::pairs;
use crate::guard::Visit;
use crate::respond::Reply;

pub(crate) async fn coverage(Extension(visit): Extension<Visit>, RawQuery(query): RawQuery) -> Response {
    let known = visit.state.monitor.known(PATIENCE).await;
    let reply = match chosen(&pairs(query.as_deref()), &known) {
        Ok(schema) => {
            let page = CoveragePage { coverage: known, schema };
            Reply::page(|context| coverage_page(context, page))
        }
        Err(error) => {
            let way_out = ("Show all schemas", format!("{}/coverage", visit.base));
            Reply::bad_request(&error, way_out)
        }
    };
    reply.into_response(visit.page_context())
}

/// The schema of the address. Before the first answer nobody knows which there are.
fn chosen(given: &[(String, String)], known: &Coverage) -> Result<Option<String>, InvalidParameter> {
    let mut schema = None;
    for (key, value) in given {
        if key != "schema" {
            return Err(InvalidParameter::new(key, value, "schema alone"));
        }
        if !value.trim().is_empty() {
            schema = Some(value.trim().to_owned());
        }
    }
    let schemas = known.last.as_ref().map(|last| &last.health.coverage.schemas);
    match (schema, schemas) {
        (Some(schema), Some(schemas)) if !schemas.contains(&schema) => {
            Err(InvalidParameter::new("schema", &schema, format!("one of {}", schemas.join(", "))))
        }
        (schema, _) => Ok(schema),
    }
}

/// Checks at once, and shows what was found.
pub(crate) async fn check_now(Extension(visit): Extension<Visit>, request: Request) -> Response {
    let fields = match Form::<Vec<(String, String)>>::from_request(request, &()).await {
        Ok(Form(fields)) => fields,
        Err(rejection) => return rejection.into_response(),
    };
    visit.state.monitor.check_now().await;
    let schema = fields.iter().find(|(key, value)| key == "schema" && !value.is_empty());
    let query = schema.map(|pair| {
        format!("?{}", form_urlencoded::Serializer::new(String::new()).extend_pairs([pair]).finish())
    });
    Redirect::to(&format!("{}/coverage{}", visit.base, query.unwrap_or_default())).into_response()
}
