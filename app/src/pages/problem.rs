//! What is shown instead of an answer.

use chrono::{SecondsFormat, Utc};
use leptos::prelude::*;

use crate::components::CommandLine;
use crate::{PageContext, render};

/// A page that says what is wrong and what can be done.
#[derive(Debug, Clone)]
pub struct Problem {
    /// In a few words.
    pub title: &'static str,
    /// What happened, in a sentence.
    pub explanation: String,
    /// What to do, in a sentence or two.
    pub advice: Option<&'static str>,
    /// What whoever runs the application can run.
    pub command: Option<&'static str>,
    /// Where to go from here, the most promising first: what the link says, and its whole path.
    pub steps: Vec<(String, String)>,
    /// The console has other pages that can be expected to work.
    pub is_elsewhere: bool,
    /// What a scope hides looks like this as well.
    pub may_be_hidden: bool,
    /// What a developer has to configure; for debug builds.
    pub developer_note: Option<&'static str>,
}

impl Problem {
    /// A problem of which nothing but its title is known.
    #[must_use]
    pub const fn new(title: &'static str) -> Self {
        Self {
            title,
            explanation: String::new(),
            advice: None,
            command: None,
            steps: Vec::new(),
            is_elsewhere: false,
            may_be_hidden: false,
            developer_note: None,
        }
    }
}

/// Draws a problem.
#[must_use]
pub fn problem_page(context: PageContext, mut problem: Problem) -> String {
    if problem.is_elsewhere {
        problem.steps.push(("Go to the overview".to_owned(), context.href("")));
    }
    let scoped = context.scoped && problem.may_be_hidden;
    let request = context.request_id.clone();
    render(context, problem.title.to_owned(), move || {
        let scoped = scoped
            .then(|| view! { <p>"Your view is limited to a part of the trail. What lies outside of it is not shown."</p> });
        let command = problem.command.map(|command| view! { <CommandLine text=command/> });
        let note = problem.developer_note.map(|note| {
            view! { <aside class="note"><b>"For the developer (debug builds only). "</b>{note}</aside> }
        });
        view! {
            <section class="problem">
                <h1>{problem.title}</h1>
                <p class="lede">{problem.explanation}</p>
                {problem.advice.map(|advice| view! { <p>{advice}</p> })}
                {scoped}
                {command}
                {steps(problem.steps)}
                {reference(request)}
                {note}
            </section>
        }
    })
}

/// The first one stands out.
fn steps(steps: Vec<(String, String)>) -> Option<impl IntoView> {
    let links: Vec<_> = steps
        .into_iter()
        .enumerate()
        .map(|(place, (label, href))| {
            let class = if place == 0 { "button primary" } else { "button" };
            view! { <a class=class href=href>{label}</a> }
        })
        .collect();
    (!links.is_empty()).then(|| view! { <p class="steps">{links}</p> })
}

/// What support needs to find the request in the log; nothing about the data.
fn reference(request: Option<String>) -> impl IntoView {
    let now = Utc::now();
    let exact = now.to_rfc3339_opts(SecondsFormat::Millis, true);
    let words = now.format("%-d %B %Y, %H:%M:%S UTC").to_string();
    let whole = match &request {
        Some(id) => format!("{exact}, request {id}"),
        None => exact.clone(),
    };
    let request = request.map(|id| view! { ", request "<span class="mono">{id}</span> });
    view! {
        <p class="reference">
            "If you ask for help, mention: " <time datetime=exact.clone() title=exact>{words}</time> {request}
            " "<button type="button" class="copy" data-copy=whole aria-label="Copy what to mention">"Copy"</button>
        </p>
    }
}
