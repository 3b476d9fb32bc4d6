//! The preferences of the operator, and the dialogs of the page's tools.

use leptos::prelude::*;

use crate::islands::{PageTools, SHORTCUTS};
use crate::{Density, PageContext, Theme};

/// The forms for the preferences, which need no script, and the button that opens the keyboard shortcuts.
#[component]
pub(crate) fn Preferences(context: PageContext) -> impl IntoView {
    let themes = Theme::ALL.map(|theme| {
        let name = match theme {
            Theme::System => "System",
            Theme::Light => "Light",
            Theme::Dark => "Dark",
        };
        (theme.as_str(), name, theme == context.theme)
    });
    let densities = Density::ALL.map(|density| {
        let name = match density {
            Density::Lines => "Lines",
            Density::Cards => "Cards",
        };
        (density.as_str(), name, density == context.density)
    });
    view! {
        <details class="preferences" data-drawer="">
            <summary>
                <svg viewBox="0 0 16 16" width="16" height="16" aria-hidden="true"><path d="M1 4h6m5 0h3M1 12h3m5 0h6M9.5 1.5v5M6.5 9.5v5"/></svg>
                <span>"Preferences"</span>
            </summary>
            <div class="drawer">
                {choice(&context, "theme", "Theme", themes)}
                {choice(&context, "density", "Changes", densities)}
                {zone_form(&context)}
                <button type="button" class="needs-script" data-help="">"Keyboard shortcuts"</button>
            </div>
        </details>
    }
}

/// Renders the form of the time zone. Script fills in the zone of the browser.
fn zone_form(context: &PageContext) -> impl IntoView + use<> {
    view! {
        <form class="zone" method="post" action=context.href("/preferences")>
            <input type="hidden" name="back" value=context.address.clone()/>
            <label>
                "Time zone"
                <input name="zone" required="" value=context.zone.to_string() autocomplete="off" spellcheck="false"/>
            </label>
            <div class="buttons">
                <button>"Save"</button>
                <button type="button" class="needs-script" data-own-zone="">"Use mine"</button>
            </div>
        </form>
    }
}

/// Renders the form of one preference: each choice with its word and its name.
fn choice<const N: usize>(
    context: &PageContext,
    name: &'static str,
    legend: &'static str,
    choices: [(&'static str, &'static str, bool); N],
) -> impl IntoView + use<N> {
    let choices = choices.map(|(word, label, is_chosen)| {
        let pressed = if is_chosen { "true" } else { "false" };
        view! { <button name=name value=word aria-pressed=pressed>{label}</button> }
    });
    view! {
        <form class=name method="post" action=context.href("/preferences")>
            <input type="hidden" name="back" value=context.address.clone()/>
            <fieldset>
                <legend>{legend}</legend>
                <div class="segments">{choices.into_iter().collect_view()}</div>
            </fieldset>
        </form>
    }
}

/// The dialogs, which only script opens.
#[component]
pub(crate) fn Tools() -> impl IntoView {
    let keys =
        SHORTCUTS.map(|key| view! { <div><dt><kbd>{key.key}</kbd></dt><dd>{key.description}</dd></div> });
    view! {
        <dialog id="keys" aria-labelledby="keys-title">
            <h2 id="keys-title">"Keyboard shortcuts"</h2>
            <dl class="keys">{keys}</dl>
            <label class="switch"><input type="checkbox" id="keys-switch" checked/> "Use single-letter shortcuts"</label>
            <form method="dialog"><button class="primary" autofocus>"Close"</button></form>
        </dialog>
        <dialog id="copy-by-hand" aria-labelledby="copy-title">
            <h2 id="copy-title">"Press Ctrl and C to copy"</h2>
            <p class="note">"The browser lets a page copy by itself only over HTTPS. The value is selected."</p>
            <textarea class="mono" rows="5" readonly aria-label="Value, selected for copying"></textarea>
            <form method="dialog"><button>"Close"</button></form>
        </dialog>
        <PageTools/>
    }
}
