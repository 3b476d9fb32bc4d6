//! Suggests what the text in the search field names, while somebody types: a list below the field, as the combobox pattern of ARIA
//! describes it. Without script, the field is a search field.

use std::cell::Cell;
use std::time::Duration;

use leptos::ev::KeyboardEvent;
use leptos::prelude::{document, set_timeout};
use leptos::server_fn::ServerFn;
use leptos::server_fn::codec::{GetUrl, IntoReq};
use leptos::task::spawn_local;
use leptos::web_sys::{Element, Event, HtmlElement, HtmlInputElement};

use super::announce::announce;
use super::poll::{self, Outcome};
use super::{SearchSuggestion, SuggestionsFor, dom};

const FIELD: &str = "form.find input";
const LIST: &str = "#suggestions";
const OPTIONS: &str = "#suggestions [role=option]";
const CHOSEN: &str = "#suggestions [aria-selected=true]";
/// The pause in typing after which the server is asked.
const TYPING_PAUSE: Duration = Duration::from_millis(200);
/// The shortest text, in characters, for which the server is asked.
const MIN_CHARS: usize = 2;

thread_local! {
    /// The number of the newest question. The answers to earlier ones are not shown.
    static QUESTION: Cell<u32> = const { Cell::new(0) };
}

fn next_question() -> u32 {
    QUESTION.set(QUESTION.get().wrapping_add(1));
    QUESTION.get()
}

/// Adds the list, and says in the field that there is one.
pub(super) fn start() {
    let Some(field) = dom::find::<HtmlInputElement>(FIELD) else { return };
    let Some(form) = field.parent_element() else { return };
    let Ok(list) = document().create_element("div") else { return };
    for (name, value) in
        [("id", "suggestions"), ("role", "listbox"), ("aria-label", "Suggestions"), ("hidden", "")]
    {
        let _ = list.set_attribute(name, value);
    }
    let _ = form.append_child(&list);
    for (name, value) in [
        ("role", "combobox"),
        ("aria-autocomplete", "list"),
        ("aria-expanded", "false"),
        ("aria-controls", "suggestions"),
        ("autocomplete", "off"),
    ] {
        let _ = field.set_attribute(name, value);
    }
}

/// Asks the server after a pause, if the text of the field has changed.
pub(super) fn typed(target: &Element) {
    let Some(field) = field(target) else { return };
    let text = field.value().trim().to_owned();
    let question = next_question();
    if text.chars().count() < MIN_CHARS {
        return close();
    }
    set_timeout(
        move || {
            if QUESTION.get() == question {
                spawn_local(ask(text, question));
            }
        },
        TYPING_PAUSE,
    );
}

async fn ask(q: String, question: u32) {
    let request =
        IntoReq::<GetUrl, _, _>::into_req(SuggestionsFor { q }, SuggestionsFor::PATH, "application/json");
    let found = poll::call::<Vec<SearchSuggestion>>(request).await;
    if QUESTION.get() == question {
        match found {
            Outcome::Value(found) => show(&found),
            Outcome::Unavailable | Outcome::Denied => close(),
        }
    }
}

/// Returns the field if an event was on it.
fn field(target: &Element) -> Option<HtmlInputElement> {
    dom::find::<HtmlInputElement>(FIELD).filter(|field| field.is_same_node(Some(target)))
}

fn show(found: &[SearchSuggestion]) {
    close();
    let Some(list) = dom::find::<HtmlElement>(LIST).filter(|_| !found.is_empty()) else { return };
    list.set_text_content(None);
    for (index, suggestion) in found.iter().enumerate() {
        let _ = append(&list, index, suggestion);
    }
    list.set_hidden(false);
    set_on_field("aria-expanded", Some("true"));
    let number = found.len();
    announce(format!("{number} {}", if number == 1 { "suggestion" } else { "suggestions" }));
}

fn append(list: &Element, index: usize, suggestion: &SearchSuggestion) -> Option<()> {
    let option = document().create_element("a").ok()?;
    let id = format!("suggestion-{index}");
    for (name, value) in [
        ("id", id.as_str()),
        ("role", "option"),
        ("tabindex", "-1"),
        ("aria-selected", "false"),
        ("href", suggestion.href.as_str()),
    ] {
        option.set_attribute(name, value).ok()?;
    }
    for (element, text) in [("span", &suggestion.kind), ("bdi", &suggestion.text)] {
        let part = document().create_element(element).ok()?;
        part.set_text_content(Some(text));
        option.append_child(&part).ok()?;
    }
    list.append_child(&option).ok().map(drop)
}

/// Chooses an option, follows the chosen one, or closes the list. Returns whether the key was used.
pub(super) fn pressed(event: &KeyboardEvent) -> bool {
    let is_open = dom::find::<HtmlElement>(LIST).is_some_and(|list| !list.hidden());
    let is_on_field = dom::target(event).is_some_and(|target| field(&target).is_some());
    let has_modifier = event.ctrl_key() || event.alt_key() || event.meta_key() || event.shift_key();
    if !is_open || !is_on_field || has_modifier || event.is_composing() {
        return false;
    }
    let is_used = match event.key().as_str() {
        "ArrowDown" => choose(true),
        "ArrowUp" => choose(false),
        "Enter" => dom::find::<HtmlElement>(CHOSEN).map(|option| option.click()).is_some(),
        "Escape" => {
            close();
            true
        }
        _ => false,
    };
    if is_used {
        event.prevent_default();
    }
    is_used
}

/// Chooses the next or the previous option; after the last one the first.
fn choose(forward: bool) -> bool {
    let options = dom::all(OPTIONS);
    let Some(last) = options.len().checked_sub(1) else { return false };
    let chosen = options.iter().position(|option| option.matches(CHOSEN).unwrap_or(false));
    let next = match chosen {
        Some(at) if forward => (at + 1) % options.len(),
        Some(at) => at.checked_sub(1).unwrap_or(last),
        None if forward => 0,
        None => last,
    };
    for (at, option) in options.iter().enumerate() {
        let _ = option.set_attribute("aria-selected", if at == next { "true" } else { "false" });
    }
    if let Some(option) = options.get(next) {
        set_on_field("aria-activedescendant", Some(&option.id()));
        scroll_into_list(option);
    }
    true
}

/// Scrolls the list, and not the page, so that an option is in view.
fn scroll_into_list(option: &Element) {
    let Some(list) = option.parent_element() else { return };
    let (inner, outer) = (option.get_bounding_client_rect(), list.get_bounding_client_rect());
    let above = outer.top() - inner.top();
    let below = inner.bottom() - outer.bottom();
    if above > 0.0 {
        list.set_scroll_top(list.scroll_top() - above.ceil() as i32);
    } else if below > 0.0 {
        list.set_scroll_top(list.scroll_top() + below.ceil() as i32);
    }
}

/// Keeps the focus in the field while an option is pressed, so that the list stays open until the click.
pub(super) fn pointer_pressed(event: &Event) {
    if dom::target(event).is_some_and(|target| dom::around::<Element>(&target, LIST).is_some()) {
        event.prevent_default();
    }
}

/// Closes the list when the focus leaves the field.
pub(super) fn left(target: &Element) {
    if field(target).is_some() {
        next_question();
        close();
    }
}

fn close() {
    if let Some(list) = dom::find::<HtmlElement>(LIST).filter(|list| !list.hidden()) {
        list.set_hidden(true);
        set_on_field("aria-expanded", Some("false"));
        set_on_field("aria-activedescendant", None);
        next_question();
    }
}

fn set_on_field(name: &str, value: Option<&str>) {
    if let Some(field) = dom::find::<HtmlInputElement>(FIELD) {
        let _ = match value {
            Some(value) => field.set_attribute(name, value),
            None => field.remove_attribute(name),
        };
    }
}
