//! The view of the help page.

use leptos::prelude::*;
use threadline::query::{FILTER_KEYS, RelativeRange};

use crate::PageContext;
use crate::islands::SHORTCUTS;

/// Renders the tables that the filter and the keyboard follow.
pub(super) fn view(context: &PageContext) -> impl IntoView + use<> {
    let timeline = context.href("/timeline");
    let window = RelativeRange::ALL.map(RelativeRange::as_str).join(", ");
    let window = ("window", "changes of the last hour, day, week or month", format!("{window} or all"));
    let filter = FILTER_KEYS.iter().map(|key| (key.name, key.meaning, key.expected.to_owned()));
    let lists: Vec<&str> = FILTER_KEYS.iter().filter(|key| key.is_list).map(|key| key.name).collect();
    let lists = format!(
        "Several values of {} have commas between them, and a - before one leaves it out: actor=user:42,user:43 or actor=-job.",
        lists.join(", ")
    );
    let parameters: Vec<_> = filter
        .chain([window])
        .map(|(name, meaning, expected)| {
            view! {
                <tr>
                    <th scope="row"><code>{name}</code></th>
                    <td data-label="Finds">{meaning}</td>
                    <td data-label="Value">{expected}</td>
                </tr>
            }
        })
        .collect();
    let shortcuts =
        SHORTCUTS.map(|key| view! { <div><dt><kbd>{key.key}</kbd></dt><dd>{key.description}</dd></div> });
    view! {
        <h1>"Help"</h1>
        <p class="lede">"How to find changes, and how to move through them with the keyboard."</p>
        <section>
            <h2 class="section">"Filter"</h2>
            <p>
                "The address of the "<a href=timeline>"timeline"</a>" holds its filter, so a filtered timeline can be \
                 bookmarked and shared. Its form writes these parameters; a change has to match all of them. "
                {lists}
            </p>
            <table class="list">
                <thead>
                    <tr><th scope="col">"Parameter"</th><th scope="col">"Finds"</th><th scope="col">"Value"</th></tr>
                </thead>
                <tbody>{parameters}</tbody>
            </table>
        </section>
        <section>
            <h2 class="section">"Keyboard shortcuts"</h2>
            <p>"They need script, and can be switched off under Preferences, Keyboard shortcuts."</p>
            <dl class="keys">{shortcuts}</dl>
        </section>
    }
}

#[cfg(test)]
mod tests {
    use crate::page::LoadedPage;

    use super::*;
    use crate::pages::help::HelpPage;

    #[test]
    fn help_lists_every_filter_key_and_shortcut() {
        let html = Box::new(HelpPage).render(PageContext::default());
        for key in FILTER_KEYS.iter().map(|key| key.name).chain(["window"]) {
            assert!(html.contains(&format!("<code>{key}</code>")), "{key}");
        }
        for key in SHORTCUTS {
            assert!(html.contains(&format!("<kbd>{}</kbd>", key.key)), "{}", key.key);
        }
    }
}
