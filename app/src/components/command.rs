//! A command to copy.

use leptos::prelude::*;

/// A command, and a button that copies it.
#[component]
pub(crate) fn CommandLine(
    /// The command, as it is run.
    #[prop(into)]
    text: String,
) -> impl IntoView {
    view! {
        <p class="command">
            <code>{text.clone()}</code>" "
            <button type="button" class="copy" data-copy=text aria-label="Copy the command">"Copy"</button>
        </p>
    }
}
