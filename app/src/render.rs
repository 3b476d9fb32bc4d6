//! Rendering a page to one string of HTML.

use std::sync::Arc;

use hydration_context::SsrSharedContext;
use leptos::prelude::*;

use crate::PageContext;
use crate::html::render_into;
use crate::shell::document;

/// Renders a whole document. Everything a page shows was loaded before, so there is nothing to wait for, and the body is one
/// string.
pub(crate) fn render<V: IntoView + 'static>(
    context: PageContext,
    title: String,
    content: impl FnOnce() -> V,
) -> String {
    let owner = Owner::new_root(Some(Arc::new(SsrSharedContext::new_islands())));
    let html = owner.with(|| {
        context.provide();
        render_into(document(title, content()), "<!DOCTYPE html>".to_owned())
    });
    owner.unset();
    html
}
