//! The view of the lists of values.

use leptos::prelude::*;
use threadline::query::{ActorFilter, Count, Selection};

use super::TimelineValuesPage;
use crate::PageContext;
use crate::components::{counted, grouped, isolated};
use crate::diff::accessible_line;
use crate::html::{Html, IntoHtml};
use crate::names::plural;

/// The number of records for which a noun is in the plural.
const SEVERAL: usize = 2;

/// The keys that have a list.
const LISTED_KEYS: [&str; 4] = ["actor", "action", "table", "field"];

/// A value to choose.
struct Choice {
    /// The value as it is written in the filter.
    value: String,
    name: String,
    /// The number of its changes, if it was counted.
    count: Option<usize>,
}

/// Renders the lists as one form, which leads back to the timeline.
pub(super) fn view(page: &TimelineValuesPage, context: &PageContext) -> impl IntoView + use<> {
    let is_kept = |key: &str| !LISTED_KEYS.contains(&key) && !matches!(key, "older" | "newer" | "window");
    let hidden: Vec<_> = page
        .typed
        .iter()
        .filter(|(key, value)| is_kept(key) && !value.trim().is_empty())
        .map(|(key, value)| view! { <input type="hidden" name=key.clone() value=value.clone()/> })
        .collect();
    let back = context.timeline_with(&typed_without(page, ""));
    let lists: Vec<_> = LISTED_KEYS.into_iter().map(|key| list(page, context, key)).collect();
    view! {
        <h1>"Choose from lists"</h1>
        <p class="lede">{how_counted(page)}</p>
        <form class="choices" method="get" action=context.href("/timeline") aria-label="Changes">
            {hidden}
            {lists}
            <div class="buttons"><a class="button" href=back>"Back"</a> <button class="primary">"Show changes"</button></div>
        </form>
    }
}

/// Says in which changes the values were counted.
fn how_counted(page: &TimelineValuesPage) -> String {
    match page.values.as_ref().map(|values| values.counted) {
        Some(Count::Truncated(count)) => {
            format!("The values in the newest {} changes of this window.", grouped(count))
        }
        Some(Count::Exact(0)) => {
            "Nothing changed in this window, so there is nothing to choose from.".to_owned()
        }
        Some(Count::Exact(1)) => "The values in the one change of this window.".to_owned(),
        Some(Count::Exact(count)) => format!("The values in all {} changes of this window.", grouped(count)),
        None => "Counting the values took too long. Type them below, or choose a shorter window.".to_owned(),
    }
}

/// Values that a list has without a field to narrow it.
const MAX_UNNARROWED: usize = 10;

/// Renders the list of a key, and a field for values that are not in it.
fn list(page: &TimelineValuesPage, context: &PageContext, key: &'static str) -> impl IntoView + use<> {
    let choices = choices(page, context, key);
    let typed = page.typed.iter().find(|(name, _)| name == key).map_or("", |(_, value)| value.trim());
    // Of a list that cannot be read, nothing is chosen: it stays in the field.
    let is_unsigned = key == "actor" && page.filter.actor.as_ref().is_some_and(Selection::is_unsigned);
    let chosen = typed.parse::<Selection<String>>().ok().filter(|_| !is_unsigned);
    let others = match &chosen {
        None => typed.to_owned(),
        Some(chosen) => {
            let is_other = |value: &&String| !choices.iter().any(|choice| choice.value == **value);
            let others = chosen.included().iter().filter(is_other).cloned();
            let others = Selection::new(others, chosen.excluded().iter().cloned());
            others.map_or_else(|_| String::new(), |others| others.to_string())
        }
    };
    let heading = heading(key);
    let items: Vec<_> = choices
        .into_iter()
        .map(|Choice { value, name, count }| {
            let text = Selection::<String>::from(value.as_str()).to_string();
            let is_chosen = chosen.as_ref().is_some_and(|chosen| chosen.included().contains(&value));
            let is_left_out = chosen.as_ref().is_some_and(|chosen| chosen.excluded().contains(&value));
            let exclusion = if is_left_out {
                view! { <span class="note">"left out"</span> }.into_html()
            } else {
                let href = context.timeline_with(&with(page, key, excluding(chosen.as_ref(), value)));
                let label = format!("not this: {}", accessible_line(&name));
                view! { <a href=href aria-label=label>"not this"</a> }.into_html()
            };
            let count = count.map(|count| view! { " "<span class="number">{grouped(count)}</span> });
            view! {
                <li>
                    <label><input type="checkbox" name=key value=text checked=is_chosen/>" "{isolated(name)}{count}</label>
                    {exclusion}
                </li>
            }
        })
        .collect();
    let narrow = (items.len() > MAX_UNNARROWED).then(|| {
        let label = format!("Narrow the list {heading}");
        view! { <input type="search" class="needs-script" data-narrow="" aria-label=label placeholder="Narrow this list" autocomplete="off"/> }
    });
    let items = (!items.is_empty()).then(|| view! { <ul>{items}</ul> });
    let links = (key == "actor").then(|| actor_links(page, context));
    let id = format!("others-{key}");
    view! {
        <details open="">
            <summary>{heading}</summary>
            {links}
            {narrow}
            {items}
            <div class="field">
                <label for=id.clone()>"Others, with commas between them"</label>
                <input type="text" id=id name=key value=others autocomplete="off" autocapitalize="none" spellcheck="false"/>
            </div>
        </details>
    }
}

const fn heading(key: &str) -> &'static str {
    match key.as_bytes() {
        b"actor" => "Who",
        b"action" => "Action",
        b"table" => "Table",
        _ => "Field",
    }
}

/// Returns the values of a key, with their names.
fn choices(page: &TimelineValuesPage, context: &PageContext, key: &str) -> Vec<Choice> {
    let Some(values) = &page.values else { return Vec::new() };
    let names = context.names();
    let choice = |value: String, name, count: usize| Choice { value, name, count: Some(count) };
    match key {
        "actor" => {
            let mut kinds: Vec<_> = Vec::new();
            for (actor, _) in &values.actors {
                if actor.id().is_some() && !kinds.contains(&actor.kind()) {
                    kinds.push(actor.kind());
                }
            }
            let kinds = kinds.into_iter().map(|kind| Choice {
                value: kind.to_string(),
                name: format!("All {}", plural(kind).to_lowercase()),
                count: None,
            });
            let actors = values.actors.iter().map(|(actor, count)| {
                choice(ActorFilter::from(actor).to_string(), names.actor(actor).text, *count)
            });
            kinds.chain(actors).collect()
        }
        "action" => {
            let actions = values.actions.iter();
            actions.map(|(action, count)| choice(action.clone(), names.action(action), *count)).collect()
        }
        "table" => {
            let noun = |table| names.noun(table, SEVERAL).into_owned();
            values
                .tables
                .iter()
                .map(|(table, count)| choice(table.to_string(), noun(table), *count))
                .collect()
        }
        _ => {
            values.fields.iter().map(|(field, count)| choice(field.clone(), field.clone(), *count)).collect()
        }
    }
}

/// Renders links to the changes of people, and to those that nobody signed.
fn actor_links(page: &TimelineValuesPage, context: &PageContext) -> Html {
    let href = |actors: String| context.timeline_with(&with(page, "actor", Some(actors)));
    let people = href(Selection::people().to_string());
    let unsigned = page.values.as_ref().map(|values| values.unsigned).filter(|unsigned| *unsigned > 0);
    let unsigned = unsigned.map(|unsigned| {
        let href = href(Selection::UNSIGNED.to_owned());
        let words = format!("Not signed: {}", counted(unsigned, "change"));
        view! { " "<a class="button" href=href>{words}</a> }
    });
    view! { <p class="steps"><a class="button" href=people>"People only"</a>{unsigned}</p> }.into_html()
}

/// Returns the list without a value.
fn excluding(chosen: Option<&Selection<String>>, value: String) -> Option<String> {
    let (included, excluded) =
        chosen.map_or((&[][..], &[][..]), |chosen| (chosen.included(), chosen.excluded()));
    let others = included.iter().filter(|other| **other != value).cloned();
    let excluded = excluded.iter().cloned().chain([value.clone()]);
    Selection::new(others, excluded).ok().map(|list| list.to_string())
}

/// Returns the conditions with another list of a key.
fn with(page: &TimelineValuesPage, key: &'static str, list: Option<String>) -> Vec<(String, String)> {
    let mut pairs = typed_without(page, key);
    pairs.extend(list.map(|list| (key.to_owned(), list)));
    pairs
}

/// Returns the conditions without a key.
fn typed_without(page: &TimelineValuesPage, key: &str) -> Vec<(String, String)> {
    let is_other = |name: &str| name != key && !matches!(name, "older" | "newer");
    let others = page.typed.iter().filter(|(name, value)| is_other(name) && !value.trim().is_empty());
    others.cloned().collect()
}
