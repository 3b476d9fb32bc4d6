//! Fetches other pages of the console.

use leptos::prelude::window;
use leptos::wasm_bindgen::JsCast;
use leptos::web_sys::{Document, DomParser, Response, SupportedType};
use wasm_bindgen_futures::JsFuture;

/// Fetches a page, unless the address redirects or fails.
pub(super) async fn page(address: &str) -> Option<Document> {
    let response: Response = JsFuture::from(window().fetch_with_str(address)).await.ok()?.dyn_into().ok()?;
    if !response.ok() || response.redirected() {
        return None;
    }
    let text = JsFuture::from(response.text().ok()?).await.ok()?.as_string()?;
    DomParser::new().ok()?.parse_from_string(&text, SupportedType::TextHtml).ok()
}
