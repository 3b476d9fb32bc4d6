//! Serves the pages of the table of routes, and their forms.

use axum::Extension;
use axum::extract::Request;
use axum::response::Response;
use threadline_app::{FormHandler, PageError, PageHandler, RequestContext};

use crate::respond::document;

/// Loads a page and renders it.
pub(crate) async fn page(
    Extension(page): Extension<PageHandler>,
    Extension(context): Extension<RequestContext>,
    request: Request,
) -> Result<Response, PageError> {
    let (mut parts, _) = request.into_parts();
    let page = page.load(&context, &mut parts).await?;
    Ok(document(page.status(), context.page, |context| page.render(context)))
}

/// Does what the form of a page asks for.
pub(crate) async fn form(
    Extension(form): Extension<FormHandler>,
    Extension(context): Extension<RequestContext>,
    request: Request,
) -> Result<Response, PageError> {
    form.submit(&context, request).await
}
