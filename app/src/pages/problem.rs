//! What is shown instead of an answer.

use leptos::prelude::*;

use crate::{Frame, render};

/// A page that says what is wrong and what can be done.
#[derive(Debug, Clone)]
pub struct Problem {
    /// In a few words.
    pub title: &'static str,
    /// What happened, in a sentence.
    pub explanation: String,
    /// Where to go from here: what the link says, and its whole path.
    pub way_out: Option<(&'static str, String)>,
    /// What a developer has to configure; for debug builds.
    pub developer_note: Option<&'static str>,
}

/// Draws a problem.
#[must_use]
pub fn problem_page(frame: Frame, problem: Problem) -> String {
    render(frame, problem.title.to_owned(), || {
        let way_out =
            problem.way_out.map(|(label, href)| view! { <p><a class="button" href=href>{label}</a></p> });
        let note = problem.developer_note.map(|note| {
            view! { <aside class="note"><b>"For the developer (debug builds only). "</b>{note}</aside> }
        });
        view! {
            <section class="problem">
                <h1>{problem.title}</h1>
                <p class="lede">{problem.explanation}</p>
                {way_out}
                {note}
            </section>
        }
    })
}
