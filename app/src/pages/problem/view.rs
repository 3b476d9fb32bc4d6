//! The view of a problem.

use chrono::{SecondsFormat, Utc};
use leptos::prelude::*;

use super::Problem;
use super::narrower_window::narrower_window;
use crate::components::{CommandLine, isolated, one_line, time_in_words};
use crate::{ConsoleAction, PageContext};

/// Renders a problem.
pub(super) fn view(problem: Problem, context: PageContext) -> impl IntoView {
    let links = links(&problem, &context);
    let sign_in = problem.offer_sign_in && context.sign_in.is_some();
    let refusal_note = context.host.refusal_note.clone().filter(|_| problem.mention_refusal_note);
    // The link, or the note of the host, says better what to do.
    let is_replaced = (sign_in || refusal_note.is_some()) && problem.command.is_none();
    let advice = problem.advice.filter(|_| !is_replaced);
    let refusal_note = refusal_note.map(|note| view! { <p>{one_line(note)}</p> });
    let scoped = context.visible_part().filter(|_| problem.mention_scope);
    let scoped = scoped.map(|sentence| view! { <p>{one_line(sentence)}</p> });
    let command = problem.command.map(|command| view! { <CommandLine text=command/> });
    let note = problem.developer_note.map(|note| {
        view! { <aside class="note"><b>"For the developer (debug builds only). "</b>{note}</aside> }
    });
    view! {
        <section class="problem">
            <h1>{problem.title}</h1>
            <p class="lede">{one_line(problem.explanation)}</p>
            {refusal_note}
            {advice.map(|advice| view! { <p>{advice}</p> })}
            {scoped}
            {command}
            {buttons(links)}
            {reference(context.request_id)}
            {note}
        </section>
    }
}

/// Returns where to go from here, the most promising first: the text of each link, and its whole path.
fn links(problem: &Problem, context: &PageContext) -> Vec<(String, String)> {
    let mut links = Vec::new();
    if let Some(href) = context.sign_in.clone().filter(|_| problem.offer_sign_in) {
        links.push((format!("Sign in to {}", context.host.name_in_sentence()), href));
    }
    if problem.offer_narrower_window {
        links.extend(narrower_window(&context.address, Utc::now()));
    }
    if problem.offer_retry {
        links.push(("Try again".to_owned(), context.address.clone()));
    }
    links.extend(problem.links.iter().map(|(label, path)| ((*label).to_owned(), context.href(path))));
    if problem.offer_home_link && context.may(ConsoleAction::EnterConsole) {
        links.push(("Go to the overview".to_owned(), context.href("")));
    }
    links
}

/// Renders the links as buttons, the first one as the primary one.
fn buttons(links: Vec<(String, String)>) -> Option<impl IntoView> {
    let links: Vec<_> = links
        .into_iter()
        .enumerate()
        .map(|(position, (label, href))| {
            let class = if position == 0 { "button primary" } else { "button" };
            view! { <a class=class href=href>{one_line(label)}</a> }
        })
        .collect();
    (!links.is_empty()).then(|| view! { <p class="steps">{links}</p> })
}

/// Renders what support needs to find the request in the log. It says nothing about the data.
fn reference(request: Option<String>) -> impl IntoView {
    let now = Utc::now();
    let exact = now.to_rfc3339_opts(SecondsFormat::Millis, true);
    let words = time_in_words(now);
    let whole = match &request {
        Some(id) => format!("{exact}, request {id}"),
        None => exact.clone(),
    };
    let request = request.map(|id| view! { ", request "<span class="mono">{isolated(id)}</span> });
    view! {
        <p class="reference">
            "If you ask for help, mention: " <time datetime=exact.clone() title=exact>{words}</time> {request}
            " "<button type="button" class="copy" data-copy=whole aria-label="Copy what to mention">"Copy"</button>
        </p>
    }
}
