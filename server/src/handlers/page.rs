//! Serves the pages of the table of routes, and their forms.

use std::sync::Arc;

use axum::Extension;
use axum::extract::Request;
use axum::response::Response;
use threadline_app::{FormHandler, Mentions, PageContext, PageError, PageHandler, RequestContext};

use crate::labels::LabelSource;
use crate::respond::document;

/// Loads a page, asks the host for the labels of what it names, and renders it.
pub(crate) async fn page(
    Extension(page): Extension<PageHandler>,
    Extension(context): Extension<RequestContext>,
    Extension(labels): Extension<LabelSource>,
    request: Request,
) -> Result<Response, PageError> {
    let (mut parts, _) = request.into_parts();
    let page = page.load(&context, &mut parts).await?;
    let mut mentions = Mentions::default();
    context.page.operator.iter().for_each(|operator| mentions.actor(operator));
    page.mention(&mut mentions);
    let labels = Arc::new(labels.labels(parts, mentions).await);
    let columns = context.services.column_order();
    Ok(document(page.status(), PageContext { labels, columns, ..context.page }, |context| {
        page.render(context)
    }))
}

/// Does what the form of a page asks for.
pub(crate) async fn form(
    Extension(form): Extension<FormHandler>,
    Extension(context): Extension<RequestContext>,
    request: Request,
) -> Result<Response, PageError> {
    form.submit(&context, request).await
}
