//! A command to copy.

use leptos::prelude::*;

use super::value::text as visible_text;

/// A command, and a button that copies it exactly. In the shown command every character of a name is visible.
#[component]
pub(crate) fn CommandLine(
    /// The command, as it is run.
    #[prop(into)]
    text: String,
) -> impl IntoView {
    view! {
        <p class="command">
            <code>{visible_text(text.clone(), true)}</code>" "
            <button type="button" class="copy" data-copy=text aria-label="Copy the command">"Copy"</button>
        </p>
    }
}
