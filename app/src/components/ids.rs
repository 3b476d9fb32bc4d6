//! Ids, which are shown short and copied whole.

use leptos::prelude::*;

use super::value::isolated;
use crate::diff::accessible_line;
use crate::html::IntoHtml;

/// An id with its label, a link if there is something to link to, and a copy button. The button is plain HTML: one island
/// listens for all of them.
#[component]
pub(crate) fn Identifier(
    label: &'static str,
    value: String,
    #[prop(optional_no_strip)] href: Option<String>,
    #[prop(optional)] whole: bool,
    /// True for the id of the line around it, which the button then does not repeat.
    #[prop(optional)]
    of_line: bool,
) -> impl IntoView {
    let text = if whole { value.clone() } else { shorten(&value) };
    // The id of a line is one of ours: hexadecimal digits, which need no isolation.
    let shown = if of_line { text.into_html() } else { isolated(text).into_html() };
    let id = match href {
        // The address contains the whole id.
        Some(href) => view! { <a class="mono" href=href>{shown}</a> }.into_html(),
        None => view! { <span class="mono" title=accessible_line(&value)>{shown}</span> }.into_html(),
    };
    view! {
        <span class="id">
            {label} " " {id} " "
            <button class="copy" data-copy=if of_line { String::new() } else { value } aria-label=format!("Copy {label}")>"Copy"</button>
        </span>
    }
}

/// Shortens a long id to both of its ends: time-ordered ids begin alike and differ at the end.
fn shorten(id: &str) -> String {
    let characters = id.chars().count();
    if characters <= 20 {
        return id.to_owned();
    }
    let head: String = id.chars().take(6).collect();
    let tail: String = id.chars().skip(characters - 8).collect();
    format!("{head}…{tail}")
}

#[cfg(test)]
mod tests {
    use super::shorten;

    #[test]
    fn long_id_is_shortened_to_both_ends() {
        assert_eq!(shorten("req-1"), "req-1");
        assert_eq!(shorten("0193c2aa-0000-7000-8000-00000000008d"), "0193c2…0000008d");
        assert_eq!(shorten(&"жук".repeat(10)), "жукжук…укжукжук");
    }
}
