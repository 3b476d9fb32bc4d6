//! Loads more entries while the user scrolls: the next page is fetched, and its entries are appended to the list.

use leptos::prelude::document;
use leptos::task::spawn_local;
use leptos::wasm_bindgen::JsCast;
use leptos::wasm_bindgen::prelude::Closure;
use leptos::web_sys::js_sys::Array;
use leptos::web_sys::{
    Document, Element, HtmlAnchorElement, IntersectionObserver, IntersectionObserverEntry,
    IntersectionObserverInit,
};

use super::announce::announce;
use super::{ages, dom, fetch, scroll_position};

/// Pages that are loaded automatically. After that the user presses the link, so that the end of the page can be reached.
const MAX_AUTOMATIC_PAGES: u32 = 10;
/// The distance below the window at which the next page is loaded.
const PRELOAD_MARGIN: &str = "600px";

const ENTRY_LIST: &str = "#entries";
const OLDER_LINK: &str = ".pager a[rel=next]";

/// Observes the link to older entries, if there is one.
pub(super) fn start() {
    if dom::find::<Element>(ENTRY_LIST).is_some() {
        watch(MAX_AUTOMATIC_PAGES);
    }
}

fn watch(pages: u32) {
    let Some(link) = dom::find::<HtmlAnchorElement>(OLDER_LINK).filter(|_| pages > 0) else { return };
    let watched = link.clone();
    let seen = Closure::<dyn FnMut(Array, IntersectionObserver)>::new(
        move |changes: Array, observer: IntersectionObserver| {
            let visible = |change| IntersectionObserverEntry::from(change).is_intersecting();
            if changes.iter().any(visible) {
                observer.disconnect();
                spawn_local(extend(watched.clone(), pages));
            }
        },
    );
    let options = IntersectionObserverInit::new();
    options.set_root_margin(PRELOAD_MARGIN);
    let seen = seen.into_js_value();
    if let Ok(observer) = IntersectionObserver::new_with_options(seen.unchecked_ref(), &options) {
        observer.observe(&link);
    }
}

/// Appends the page behind the link. If that fails, the link still works.
async fn extend(link: HtmlAnchorElement, pages: u32) {
    let address = format!("{}{}", link.pathname(), link.search());
    let appended = match fetch::page(&address).await {
        Some(page) => append(&page, &address),
        None => None,
    };
    match appended {
        Some(()) => watch(pages - 1),
        None => announce("Older entries could not be loaded. The link Older leads to them."),
    }
}

/// Appends the entries of a page, and replaces the pager.
fn append(page: &Document, address: &str) -> Option<()> {
    let ours = dom::find::<Element>(ENTRY_LIST)?;
    let theirs = dom::find_in::<Element>(page, ENTRY_LIST)?;
    scroll_position::take_over();
    if let Some(first) = ours.query_selector("[data-entry]").ok()?
        && !first.has_attribute("data-address")
    {
        scroll_position::mark(&first, &scroll_position::address());
    }
    // The last day of this list may continue in the next one.
    let day = dom::all("#entries .day").last().and_then(|day| day.text_content());
    let mut is_first = true;
    while let Some(next) = theirs.first_element_child() {
        next.remove();
        if next.class_list().contains("day") && next.text_content() == day {
            continue;
        }
        if is_first && next.has_attribute("data-entry") {
            scroll_position::mark(&next, address);
            is_first = false;
        }
        document().adopt_node(&next).ok()?;
        ours.append_child(&next).ok()?;
    }
    ages::update();
    replace_pager(page);
    Some(())
}

/// Replaces the link to older entries with that of the appended page; the link to newer ones stays. The status region
/// announces what was added.
fn replace_pager(page: &Document) {
    let (older_link, summary) = (".pager > :last-child", ".pager [role=status]");
    if let (Some(ours), Some(theirs)) =
        (dom::find::<Element>(older_link), dom::find_in::<Element>(page, older_link))
        && document().adopt_node(&theirs).is_ok()
    {
        let _ = ours.replace_with_with_node_1(&theirs);
    }
    if let Some(ours) = dom::find::<Element>(summary) {
        let count = dom::all("#entries [data-entry]").len();
        ours.set_text_content(Some(&format!("{count} shown")));
    }
}
