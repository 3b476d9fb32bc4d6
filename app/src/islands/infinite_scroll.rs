//! More entries as one scrolls: the next page is fetched, and what it lists is put under what is there.

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
use super::{dom, fetch, scroll_position};

/// How many pages come by themselves; after that the link waits to be pressed, and the end of the page can be reached.
const AUTOMATIC: u32 = 10;
/// How far below the window a page is asked for.
const AHEAD: &str = "600px";

const ENTRIES: &str = "#entries";
const LINK: &str = ".pager a[rel=next]";

/// Watches the link to older entries, where there is one.
pub(super) fn start() {
    if dom::find::<Element>(ENTRIES).is_some() {
        watch(AUTOMATIC);
    }
}

fn watch(pages: u32) {
    let Some(link) = dom::find::<HtmlAnchorElement>(LINK).filter(|_| pages > 0) else { return };
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
    options.set_root_margin(AHEAD);
    let seen = seen.into_js_value();
    if let Ok(observer) = IntersectionObserver::new_with_options(seen.unchecked_ref(), &options) {
        observer.observe(&link);
    }
}

/// Puts the page that the link leads to under this one. Without it the link stays what it is.
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

/// Takes over the entries and the way on.
fn append(page: &Document, address: &str) -> Option<()> {
    let ours = dom::find::<Element>(ENTRIES)?;
    let theirs = dom::find_in::<Element>(page, ENTRIES)?;
    scroll_position::take_over();
    if let Some(first) = ours.query_selector("[data-entry]").ok()?
        && !first.has_attribute("data-address")
    {
        scroll_position::mark(&first, &scroll_position::address());
    }
    // The day that our list ends with may go on in theirs.
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
    replace_pager(page);
    Some(())
}

/// The way to older entries is that of the last page; the way to newer ones stays that of the first. What was added is said in
/// the words of its own page, in the place that is read out when it changes.
fn replace_pager(page: &Document) {
    let (way_on, summary) = (".pager > :last-child", ".pager [role=status]");
    if let (Some(ours), Some(theirs)) = (dom::find::<Element>(way_on), dom::find_in::<Element>(page, way_on))
        && document().adopt_node(&theirs).is_ok()
    {
        let _ = ours.replace_with_with_node_1(&theirs);
    }
    if let (Some(ours), Some(theirs)) =
        (dom::find::<Element>(summary), dom::find_in::<Element>(page, summary))
    {
        let count = dom::all("#entries [data-entry]").len();
        let added = theirs.text_content().unwrap_or_default();
        ours.set_text_content(Some(&format!("Added {added}; {count} transactions in all")));
    }
}
