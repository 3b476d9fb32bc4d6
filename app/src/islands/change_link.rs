//! Links to changes and to lists that stay the same, and a change as a text for a ticket.

use leptos::prelude::{document, window};
use leptos::wasm_bindgen::{JsCast, JsValue};
use leptos::web_sys::js_sys::{Date, Object, Reflect};
use leptos::web_sys::{
    Element, Event, HtmlAnchorElement, HtmlDetailsElement, HtmlElement, HtmlInputElement, MouseEvent,
    ScrollLogicalPosition,
};

use super::{copy, dom, entries};

/// The link to a change, in its opened line.
const CHANGE_LINK: &str = ".ids a[href^='#change-']";
const LIST_LINK: &str = "a[data-copy-link]";
const TEXT_BUTTON: &str = "[data-copy-text]";

/// Opens the line that the address names, and says that links copy.
pub(super) fn start() {
    for link in dom::all(LIST_LINK) {
        link.set_text_content(Some("Copy link"));
    }
    open_target();
}

/// Opens the line that the address names, and scrolls to it. The stylesheet highlights it.
pub(super) fn open_target() {
    let hash = window().location().hash().unwrap_or_default();
    let opened = hash.strip_prefix('#').and_then(|id| document().get_element_by_id(id));
    let Some(line) = opened.and_then(|opened| dom::around::<HtmlDetailsElement>(&opened, entries::ENTRY))
    else {
        return;
    };
    line.set_open(true);
    add_buttons(&line);
    entries::show(&line, ScrollLogicalPosition::Start);
}

/// Copies if the click was on a link or a button of a change, or on the link of a list. A click with a modifier key opens the link.
pub(super) fn clicked(event: &Event, target: &Element) {
    if let Some(summary) = dom::around::<Element>(target, "summary")
        && let Some(line) =
            summary.parent_element().filter(|line| line.matches(entries::ENTRY).unwrap_or(false))
    {
        add_buttons(&line);
    }
    let Some(button) =
        dom::around::<HtmlElement>(target, &format!("{CHANGE_LINK}, {LIST_LINK}, {TEXT_BUTTON}"))
    else {
        return;
    };
    let mouse = event.dyn_ref::<MouseEvent>();
    if mouse.is_some_and(|mouse| mouse.ctrl_key() || mouse.meta_key() || mouse.shift_key()) {
        return;
    }
    let entry = dom::around::<Element>(&button, entries::ENTRY);
    let value = match entry {
        Some(entry) if button.matches(TEXT_BUTTON).unwrap_or(false) => text_of(&entry),
        Some(entry) => address_of(&entry),
        None => button.dyn_ref::<HtmlAnchorElement>().map(HtmlAnchorElement::href),
    };
    if let Some(value) = value {
        event.prevent_default();
        copy::copy(value, Some(button));
    }
}

/// Copies the address of the entry that contains the focus; without one, that of the list or of the page.
pub(super) fn copy_link() -> bool {
    let address = match entries::current() {
        Some(entry) => address_of(&entry),
        None => dom::find::<HtmlAnchorElement>(LIST_LINK)
            .map(|link| link.href())
            .or_else(|| window().location().href().ok()),
    };
    address.map(|address| copy::copy(address, None)).is_some()
}

/// Copies the text of the entry that contains the focus.
pub(super) fn copy_text() -> bool {
    let text = entries::current().and_then(|entry| text_of(&entry));
    text.map(|text| copy::copy(text, None)).is_some()
}

/// Adds the button that copies a change as text to a line that is opened. A list has many lines, so its HTML has none.
pub(super) fn add_buttons(line: &Element) {
    let Some(link) = dom::find_under::<Element>(line, CHANGE_LINK) else { return };
    if dom::find_under::<Element>(line, TEXT_BUTTON).is_some() {
        return;
    }
    link.set_text_content(Some("Copy link"));
    if let Ok(button) = document().create_element("button") {
        let _ = button.set_attribute("type", "button");
        let _ = button.set_attribute("class", "copy");
        let _ = button.set_attribute("data-copy-text", "");
        button.set_text_content(Some("Copy as text"));
        if let Some(parent) = link.parent_element() {
            let _ = parent.append_child(&button);
        }
    }
}

/// Returns the address of the page of the transaction that begins with this change, or the address of the transaction for the line of
/// a large one. It stays the same while changes are added.
fn address_of(entry: &Element) -> Option<String> {
    let location = window().location();
    let (origin, base) = (location.origin().ok()?, dom::root()?.get_attribute("data-base")?);
    let transaction = entry.get_attribute("data-copy-id")?;
    let page = format!("{origin}{base}/transactions/{transaction}");
    let opened = dom::find_under::<Element>(entry, ":scope > [id]")?.id();
    let Some(change) = opened.strip_prefix("change-") else { return Some(page) };
    let older = match dom::find_under::<Element>(entry, "summary time[datetime]") {
        Some(time) => format!("?older={}", cursor_above(&time.get_attribute("datetime")?, change)?),
        // The page of the transaction itself.
        None => location.search().unwrap_or_default(),
    };
    Some(format!("{page}{older}#{opened}"))
}

/// Returns the cursor above a change: a page of older changes than it begins with the change.
fn cursor_above(captured_at: &str, change: &str) -> Option<String> {
    let (seconds, fraction) = captured_at.strip_suffix('Z')?.split_once('.')?;
    let seconds = Date::parse(&format!("{seconds}Z"));
    if seconds.is_nan() || fraction.len() != 6 {
        return None;
    }
    let micros = (seconds as i64).checked_mul(1_000)?.checked_add(fraction.parse().ok()?)?;
    let id = u128::from_str_radix(&change.replace('-', ""), 16).ok()?.checked_add(1)?;
    Some(format!("{micros}-{id:032x}"))
}

/// Returns a change in five lines: what, who, when, why, and the link.
fn text_of(entry: &Element) -> Option<String> {
    let summary = dom::find_under::<Element>(entry, "summary")?;
    let who = who(entry).or_else(|| words_of(&dom::find::<Element>("main h1")?));
    let time =
        dom::find_under::<Element>(&summary, "time[datetime]").or_else(|| dom::find("main time[datetime]"));
    let when = time.and_then(|time| time.get_attribute("datetime")).map(|exact| in_both_zones(&exact));
    let why = dom::find_under::<Element>(entry, ".reason").or_else(|| dom::find("main > .reason"));
    let why = why.and_then(|reason| words_of(&reason));
    Some(format!(
        "What: {}\nWho: {}\nWhen: {}\nWhy: {}\nLink: {}",
        what(&summary)?,
        who.unwrap_or_default(),
        when.unwrap_or_default(),
        why.as_deref().unwrap_or("no reason given"),
        address_of(entry)?,
    ))
}

/// Returns the summary without its time, actor and reason.
fn what(summary: &Element) -> Option<String> {
    let copy: Element = summary.clone_node_with_deep(true).ok()?.dyn_into().ok()?;
    for part in ["time", ".who", ".visually-hidden", ".why"] {
        while let Some(found) = dom::find_under::<Element>(&copy, part) {
            found.remove();
        }
    }
    // The arrow between the values comes from the stylesheet.
    while let Some(new) = dom::find_under::<Element>(&copy, "del + ins:not([data-arrow])") {
        let text = new.text_content().unwrap_or_default();
        new.set_text_content(Some(&format!("→ {text}")));
        let _ = new.set_attribute("data-arrow", "");
    }
    while let Some(field) = dom::find_under::<Element>(&copy, ".field:not([data-colon])") {
        let text = field.text_content().unwrap_or_default();
        field.set_text_content(Some(&format!("{text}:")));
        let _ = field.set_attribute("data-colon", "");
    }
    let what = words_of(&copy)?;
    // The page of a record does not repeat its name in each line.
    let record = dom::around::<Element>(summary, ".versions").and_then(|_| dom::find::<Element>("main h1"));
    Some(match record.and_then(|record| words_of(&record)) {
        Some(record) => format!("{record}: {what}"),
        None => what,
    })
}

/// Returns the actor and the action of an opened line: all of its first line except for the time, which is a text by itself.
fn who(entry: &Element) -> Option<String> {
    let about = dom::find_under::<Element>(entry, ".about")?;
    let parts = about.children();
    let texts: Vec<String> = (0..parts.length())
        .filter_map(|at| {
            let part = parts.item(at)?;
            let text = words_of(&part)?;
            let title = part.get_attribute("title").filter(|title| *title != text);
            Some(title.map_or_else(|| text.clone(), |title| format!("{text} ({title})")))
        })
        .collect();
    (!texts.is_empty()).then(|| texts.join(" "))
}

/// Returns a time in the zone of the page, or in that of the browser if the page shows UTC, and in UTC.
fn in_both_zones(exact: &str) -> String {
    let date = Date::new(&JsValue::from_str(exact));
    if date.get_time().is_nan() {
        return exact.to_owned();
    }
    let style = Object::new();
    for part in ["dateStyle", "timeStyle"] {
        let _ = Reflect::set(&style, &part.into(), &"long".into());
    }
    let zone = dom::find::<HtmlInputElement>(".preferences [name=zone]").map(|field| field.default_value());
    if let Some(zone) = zone.filter(|zone| zone != "UTC") {
        let _ = Reflect::set(&style, &"timeZone".into(), &zone.into());
    }
    format!("{} ({exact})", String::from(date.to_locale_string("en-GB", &style)))
}

/// Returns the text of an element with one blank between words.
fn words_of(element: &Element) -> Option<String> {
    Some(dom::words(element)).filter(|words| !words.is_empty())
}
