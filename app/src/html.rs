//! Parts of a page that are rendered at once.

use leptos::prelude::RenderHtml;
use leptos::tachys::html::InertElement;
use leptos::tachys::view::Position;

/// A part of a page that has been rendered to HTML. Unlike an `AnyView` it holds no tree, which is needed for hydration only.
pub(crate) type Html = InertElement;

/// Turns views of different types into one type, like `into_any` but several times faster: that copies every attribute, and
/// boxes the content.
pub(crate) trait IntoHtml: RenderHtml {
    /// Renders the view. Texts and attributes are escaped.
    fn into_html(self) -> Html
    where
        Self: Sized,
    {
        InertElement::new(render_into(self, String::new()))
    }

    /// Renders the view without the markers that it leaves for hydration, which nothing on the page does with it. A `<` in a text or an
    /// attribute is escaped, so it is never taken for one.
    fn into_compact_html(self) -> Html
    where
        Self: Sized,
    {
        InertElement::new(render_into(self, String::new()).replace(MARKER, ""))
    }
}

impl<View: RenderHtml> IntoHtml for View {}

/// The marker that separates two texts, or stands for a view that renders nothing.
const MARKER: &str = "<!>";

/// `html_len()` ignores the quotes of attributes and escaping; over-allocating by 1/8 avoids a final reallocation.
const SPARE_FRACTION: usize = 8;

/// Appends a rendered view to HTML.
pub(crate) fn render_into(view: impl RenderHtml, mut html: String) -> String {
    let length = view.html_len();
    html.reserve(length + length / SPARE_FRACTION);
    view.to_html_with_buf(&mut html, &mut Position::FirstChild, true, false, Vec::new());
    html
}
