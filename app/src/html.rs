//! Parts of a page that are drawn at once.

use leptos::prelude::RenderHtml;
use leptos::tachys::html::InertElement;

/// A part of a page that is HTML already. Unlike an `AnyView` it holds no tree: nothing outside of an island is hydrated, so
/// nobody needs one.
pub(crate) type Html = InertElement;

/// Makes one type of different views, as `into_any` does, in a fraction of its time: that one copies every attribute, and boxes
/// what is inside.
pub(crate) trait IntoHtml: RenderHtml {
    /// Draws the view, which escapes its texts and attributes.
    fn into_html(self) -> Html
    where
        Self: Sized,
    {
        InertElement::new(self.to_html())
    }
}

impl<View: RenderHtml> IntoHtml for View {}
