//! The pages: plain HTML and forms, no script.

mod edit;
mod ticket;
mod tickets;

use chrono::{DateTime, Utc};
use maud::{DOCTYPE, Markup, html};
use threadline_server::paths;

pub(crate) use self::edit::edit;
pub(crate) use self::ticket::{TicketPage, ticket};
pub(crate) use self::tickets::{draft, list};
use crate::error::Problem;
use crate::seed;
use crate::session::User;
use crate::tickets::{LONGEST_SUBJECT, LONGEST_TEXT, Ticket};

/// The frame of every page. `user` is left out where nobody is logged in, or an error may hide who is.
fn page(title: &str, user: Option<&User>, content: &Markup) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (title) " · Help desk" }
                link rel="stylesheet" href="/helpdesk.css";
            }
            body {
                a.skip href="#main" { "Skip to the content" }
                header {
                    a.brand href="/" { "Help desk" }
                    @if let Some(user) = user {
                        nav aria-label="Main" {
                            a href="/" { "Tickets" }
                            a href="/tickets/new" { "New ticket" }
                            @if user.is_staff() { a href="/audit" { "Audit" } }
                        }
                        form method="post" action="/logout" {
                            span { (user.name) }
                            button { "Log out" }
                        }
                    }
                }
                main #main {
                    h1 dir="auto" { (title) }
                    (content)
                }
            }
        }
    }
}

pub(crate) fn login(name: &str, problem: Option<&str>, return_to: &str) -> Markup {
    let content = html! {
        form.card.narrow method="post" action="/login" {
            @if let Some(sentence) = problem { p #problem .problem role="alert" { (sentence) } }
            label { "Name"
                input name="name" value=(name) required autocomplete="username" autocapitalize="none"
                    aria-describedby=[problem.map(|_| "problem")];
            }
            label { "Password"
                input type="password" name="password" required autocomplete="current-password"
                    aria-describedby=[problem.map(|_| "problem")];
            }
            input type="hidden" name="next" value=(return_to);
            button.primary { "Log in" }
        }
        h2 { "Demo accounts" }
        dl.facts.narrow {
            @for (name, _) in seed::ACCOUNTS { dt { (name) } dd { code { (seed::password(name)) } } }
        }
    };
    page("Log in", None, &content)
}

pub(crate) fn message(title: &str, text: &str) -> Markup {
    page(title, None, &html! { p { (text) } p { a href="/" { "Back to the tickets" } } })
}

pub(crate) fn database_away() -> Markup {
    // An empty address is the one that was asked for.
    page("Not now", None, &html! { p { "The database does not answer. " a href="" { "Try again" } "." } })
}

/// The address of a ticket's history in the audit console.
fn history(ticket: &Ticket) -> String {
    format!("/audit{}", paths::row("tickets", [("id", ticket.id)]))
}

fn notice(text: Option<&str>) -> Markup {
    html! { @if let Some(text) = text { p.notice role="status" { (text) } } }
}

fn alert(problem: Option<&Problem>) -> Markup {
    html! { @if let Some(problem) = problem { p #problem .problem role="alert" { (problem.sentence) } } }
}

/// For `aria-describedby` of the field that the page's alert is about.
fn described(problem: Option<&Problem>, field: &str) -> Option<&'static str> {
    problem.filter(|problem| problem.field == field).map(|_| "problem")
}

/// The two fields that the form for a new ticket and the one to edit it have in common.
fn texts(subject: &str, body: &str, problem: Option<&Problem>) -> Markup {
    html! {
        label { "Subject"
            input name="subject" value=(subject) required maxlength=(LONGEST_SUBJECT)
                autocomplete="off" dir="auto" aria-describedby=[described(problem, "Subject")];
        }
        label { "Description"
            textarea name="body" rows="8" required maxlength=(LONGEST_TEXT) dir="auto"
                aria-describedby=[described(problem, "Description")] { "\n" (body) }
        }
    }
}

fn options<'a>(values: impl IntoIterator<Item = &'a str>, selected: &str) -> Markup {
    html! { @for value in values { option value=(value) selected[value == selected] { (value) } } }
}

fn time(at: DateTime<Utc>) -> Markup {
    html! { time datetime=(at.to_rfc3339()) { (at.format("%Y-%m-%d %H:%M UTC")) } }
}
