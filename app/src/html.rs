//! Parts of a page that are drawn at once.

use leptos::prelude::RenderHtml;
use leptos::tachys::html::InertElement;
use leptos::tachys::view::Position;

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
        InertElement::new(render_into(self, String::new()))
    }
}

impl<View: RenderHtml> IntoHtml for View {}

/// What leptos reckons as the length of a view leaves out the quotes of its attributes and what is escaped: the text would
/// grow, and be copied, with its last bytes.
const ROOM: usize = 8;

/// Draws a view behind what is written already.
pub(crate) fn render_into(view: impl RenderHtml, mut html: String) -> String {
    let length = view.html_len();
    html.reserve(length + length / ROOM);
    view.to_html_with_buf(&mut html, &mut Position::FirstChild, true, false, Vec::new());
    html
}
