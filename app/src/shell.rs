//! The document around every page.

use chrono::Utc;
use leptos::prelude::*;

use url::form_urlencoded;

use crate::components::{Preferences, Tools, isolated, one_line};
use crate::diff::accessible_line;
use crate::html::IntoHtml;
use crate::islands::CoveragePill;
use crate::{ConsoleAction, HostLink, PageContext, ROUTES, Theme};

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
    let skip_to_list = context.list.map(|list| {
        view! { <a class="skip" href=format!("#{list}")>"Skip to the changes"</a> }
    });
    view! {
        <html lang="en" data-theme=theme data-base=context.base.clone() data-now=Utc::now().timestamp_millis().to_string()>
            <head>
                <meta charset="utf-8"/>
                <meta name="viewport" content="width=device-width, initial-scale=1"/>
                <meta name="color-scheme" content="light dark"/>
                <title>{format!("{} · {}", accessible_line(&title), context.host.title())}</title>
                <link rel="stylesheet" href=style nonce=context.nonce.clone()/>
                <link rel="icon" type="image/svg+xml" href=icon/>
                {script}
            </head>
            <body>
                <a class="skip" href="#main">"Skip to main content"</a>
                {skip_to_list}
                <Header context=context.clone()/>
                <main id="main" tabindex="-1">{page}</main>
                {tools}
            </body>
        </html>
    }
}

/// Renders the search of every page, with its text on the page of its results.
fn find(context: &PageContext) -> impl IntoView + use<> {
    let query = context.address.split_once("/search?").map_or("", |(_, query)| query);
    let typed = form_urlencoded::parse(query.as_bytes())
        .find(|(key, _)| key == "q")
        .map(|(_, text)| text.into_owned());
    view! {
        <form class="find" role="search" method="get" action=context.href("/search") aria-label="Everything">
            <input type="search" name="q" value=typed maxlength="500" aria-label="Find" placeholder="Find a record, a person, an id, a value"/>
        </form>
    }
}

/// The bar at the top. On a narrow screen the navigation folds into a menu that needs no script.
#[component]
fn Header(context: PageContext) -> impl IntoView {
    let scoped = context.visible.short().map(|words| view! { <span class="chip" title=context.visible_part().as_deref().map(accessible_line)>{words}</span> });
    let operator = context.operator.as_ref().map(|operator| {
        let name = context.names().actor(operator);
        let title = name.title.as_deref().map(accessible_line);
        view! { <span class="operator"><span class="wide">"Signed in as "</span> <b title=title>{isolated(name.text)}</b></span> }
    });
    let find = context.may(ConsoleAction::ViewTimeline).then(|| find(&context));
    let href = context.href("/coverage");
    let coverage = context.coverage.map(|pill| view! { <CoveragePill pill=pill href=href/> });
    // An operator whom the hook denies cannot set a theme either.
    let preferences =
        context.may(ConsoleAction::EnterConsole).then(|| view! { <Preferences context=context.clone()/> });
    view! {
        <header class="top">
            {brand(&context)}
            <Navigation context=context.clone()/>
            {find}
            <div class="status">{coverage}{scoped}{operator}</div>
            {preferences}
        </header>
    }
}

/// Renders our name, and that of the host with the link back to it.
fn brand(context: &PageContext) -> impl IntoView + use<> {
    let host = context.host.name.clone().filter(|_| context.host.home.is_none());
    let host = host.map(|name| view! { <span>{one_line(name)}</span> });
    let home = context.host.home.clone().map(|HostLink { label, href }| {
        view! { " "<a class="brand" href=href><span>{one_line(label)}</span></a> }
    });
    let brand = if context.may(ConsoleAction::EnterConsole) {
        view! { <a class="brand" href=context.href("")>"Threadline "{host}</a> }.into_html()
    } else {
        view! { <span class="brand">"Threadline "{host}</span> }.into_html()
    };
    view! { {brand}{home} }
}

/// The links to the pages that the operator may open, as a menu and side by side. Without any there is neither.
#[component]
fn Navigation(context: PageContext) -> impl IntoView {
    let links: Vec<(String, &'static str, bool)> = ROUTES
        .iter()
        .filter(|route| context.may(route.action))
        .filter_map(|route| route.navigation.map(|label| (route, label)))
        .map(|(route, label)| {
            let is_current = context.route.is_some_and(|current| current.path == route.path);
            (context.href(route.path.trim_end_matches('/')), label, is_current)
        })
        .collect();
    let navigation = |name: &'static str| {
        let links = links.iter().map(|(href, label, is_current)| {
            view! { <a href=href.clone() aria-current=is_current.then_some("page")>{*label}</a> }
        });
        view! { <nav class="main" aria-label=name>{links.collect::<Vec<_>>()}</nav> }
    };
    (!links.is_empty()).then(|| {
        view! {
            <details class="menu" data-drawer="">
                <summary>"Menu"</summary>
                {navigation("Audit menu")}
            </details>
            <div class="wide">{navigation("Audit")}</div>
        }
    })
}
