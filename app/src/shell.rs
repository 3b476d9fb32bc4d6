//! The document around every page.

use leptos::prelude::*;

use crate::components::{Preferences, Tools, isolated};
use crate::diff::accessible_line;
use crate::islands::CoveragePill;
use crate::{PageContext, ROUTES, Theme};

/// Renders the head, the header and the navigation around a page.
pub(crate) fn document(title: String, page: impl IntoView + 'static) -> impl IntoView {
    let context = PageContext::current();
    let asset = |name: &str| context.href(&format!("/assets/{name}"));
    let style = asset(context.assets.style);
    let icon = asset(context.assets.icon);
    // The system theme needs no attribute: the stylesheet follows the system by itself.
    let theme = (context.theme != Theme::System).then(|| context.theme.as_str());
    let script = context.assets.script.map(|name| {
        view! { <script type="module" src=asset(name) nonce=context.nonce.clone()></script> }
    });
    let tools = context.assets.script.map(|_| view! { <Tools/> });
    view! {
        <html lang="en" data-theme=theme data-base=context.base.clone()>
            <head>
                <meta charset="utf-8"/>
                <meta name="viewport" content="width=device-width, initial-scale=1"/>
                <meta name="color-scheme" content="light dark"/>
                <title>{format!("{} · Threadline", accessible_line(&title))}</title>
                <link rel="stylesheet" href=style nonce=context.nonce.clone()/>
                <link rel="icon" type="image/svg+xml" href=icon/>
                {script}
            </head>
            <body>
                <a class="skip" href="#main">"Skip to main content"</a>
                <Header context=context.clone()/>
                <main id="main" tabindex="-1">{page}</main>
                {tools}
            </body>
        </html>
    }
}

/// The bar at the top. On a narrow screen the navigation folds into a menu that needs no script.
#[component]
fn Header(context: PageContext) -> impl IntoView {
    let host = context.host_name.clone().map(|name| view! { <span>{name}</span> });
    let scoped = context.is_scoped.then(|| view! { <span class="chip">"Scoped view"</span> });
    let operator = context.operator.as_ref().map(|operator| {
        view! { <span class="operator"><span class="wide">"Signed in as "</span> <b>{isolated(operator.to_string())}</b></span> }
    });
    let href = context.href("/coverage");
    let coverage = context.coverage.map(|pill| view! { <CoveragePill pill=pill href=href/> });
    // An operator whom the hook denies cannot set a theme either.
    let preferences = (context.route.is_some() || context.operator.is_some())
        .then(|| view! { <Preferences context=context.clone()/> });
    view! {
        <header class="top">
            <a class="brand" href=context.href("")>"Threadline " {host}</a>
            <details class="menu" data-drawer="">
                <summary>"Menu"</summary>
                <Links context=context.clone() label="Audit menu"/>
            </details>
            <div class="wide"><Links context=context.clone() label="Audit"/></div>
            <div class="status">{coverage}{scoped}{operator}</div>
            {preferences}
        </header>
    }
}

#[component]
fn Links(context: PageContext, label: &'static str) -> impl IntoView {
    let links: Vec<_> = ROUTES
        .iter()
        .filter(|route| context.may(route.action))
        .filter_map(|route| route.navigation.map(|label| (route, label)))
        .map(|(route, label)| {
            let current = context.route.is_some_and(|current| current.path == route.path).then_some("page");
            let path = route.path.trim_end_matches('/');
            view! { <a href=context.href(path) aria-current=current>{label}</a> }
        })
        .collect();
    view! { <nav class="main" aria-label=label>{links}</nav> }
}
