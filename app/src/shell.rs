//! The document around every page.

use leptos::prelude::*;

use crate::components::{Preferences, Tools};
use crate::islands::CoveragePill;
use crate::{Frame, ROUTES, Theme};

/// Head, header and navigation.
pub(crate) fn document(title: String, page: impl IntoView + 'static) -> impl IntoView {
    let frame = Frame::current();
    let asset = |name: &str| frame.href(&format!("/assets/{name}"));
    let style = asset(frame.assets.style);
    let icon = asset(frame.assets.icon);
    // The system's choice needs no attribute: the stylesheet follows it by itself.
    let theme = (frame.theme != Theme::System).then(|| frame.theme.as_str());
    let script = frame.assets.script.map(|name| {
        view! { <script type="module" src=asset(name) nonce=frame.nonce.clone()></script> }
    });
    let tools = frame.assets.script.map(|_| view! { <Tools/> });
    view! {
        <html lang="en" data-theme=theme data-base=frame.base.clone()>
            <head>
                <meta charset="utf-8"/>
                <meta name="viewport" content="width=device-width, initial-scale=1"/>
                <meta name="color-scheme" content="light dark"/>
                <title>{format!("{title} · Threadline")}</title>
                <link rel="stylesheet" href=style nonce=frame.nonce.clone()/>
                <link rel="icon" type="image/svg+xml" href=icon/>
                {script}
            </head>
            <body>
                <a class="skip" href="#main">"Skip to main content"</a>
                <Header frame=frame.clone()/>
                <main id="main" tabindex="-1">{page}</main>
                {tools}
            </body>
        </html>
    }
}

/// The bar at the top. On a narrow screen the navigation folds behind a menu that needs no script.
#[component]
fn Header(frame: Frame) -> impl IntoView {
    let host = frame.host_name.clone().map(|name| view! { <span>{name}</span> });
    let scoped = frame.scoped.then(|| view! { <span class="chip">"Scoped view"</span> });
    let operator = frame.operator.as_ref().map(|operator| {
        view! { <span class="operator"><span class="wide">"Signed in as "</span> <b>{operator.to_string()}</b></span> }
    });
    let href = frame.href("/coverage");
    let coverage = frame.coverage.map(|pill| view! { <CoveragePill pill=pill href=href/> });
    // Whom the hook refused cannot choose a theme either.
    let preferences = (frame.page.is_some() || frame.operator.is_some())
        .then(|| view! { <Preferences frame=frame.clone()/> });
    view! {
        <header class="top">
            <a class="brand" href=frame.href("")>"Threadline " {host}</a>
            <details class="menu" data-drawer="">
                <summary>"Menu"</summary>
                <Links frame=frame.clone() label="Audit menu"/>
            </details>
            <div class="wide"><Links frame=frame.clone() label="Audit"/></div>
            <div class="status">{coverage}{scoped}{operator}</div>
            {preferences}
        </header>
    }
}

#[component]
fn Links(frame: Frame, label: &'static str) -> impl IntoView {
    let links: Vec<_> = ROUTES
        .into_iter()
        .filter(|route| frame.may(route.action))
        .filter_map(|route| route.navigation.map(|label| (route, label)))
        .map(|(route, label)| {
            let current = (frame.page == Some(route.page)).then_some("page");
            let path = route.path.trim_end_matches('/');
            view! { <a href=frame.href(path) aria-current=current>{label}</a> }
        })
        .collect();
    view! { <nav class="main" aria-label=label>{links}</nav> }
}
