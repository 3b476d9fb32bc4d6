//! One ticket with its replies, and what can be done with it.

use chrono::{DateTime, Utc};
use maud::{Markup, html};

use super::{alert, described, history, notice, options, page, time};
use crate::error::Problem;
use crate::session::User;
use crate::tickets::{LONGEST_REASON, LONGEST_TEXT, PRIORITIES, Reply, Ticket};

#[derive(Debug)]
pub(crate) struct TicketPage<'a> {
    pub(crate) user: &'a User,
    pub(crate) ticket: &'a Ticket,
    pub(crate) replies: Vec<Reply>,
    /// The users that the ticket can be assigned to.
    pub(crate) staff: Vec<String>,
    /// A reply that was not accepted yet.
    pub(crate) reply: &'a str,
    pub(crate) notice: Option<&'static str>,
    pub(crate) problem: Option<&'a Problem>,
}

pub(crate) fn ticket(view: &TicketPage<'_>) -> Markup {
    let TicketPage { user, ticket, problem, .. } = view;
    let content = html! {
        (notice(view.notice))
        (alert(*problem))
        div.columns {
            div {
                section aria-label="Conversation" {
                    (said(&ticket.customer, ticket.created_at, &ticket.body))
                    @for reply in &view.replies { (said(&reply.author, reply.created_at, &reply.body)) }
                }
                form.card method="post" action={ "/tickets/" (ticket.id) "/reply" } {
                    label { "Reply"
                        textarea name="body" rows="4" required maxlength=(LONGEST_TEXT) dir="auto"
                            aria-describedby=[described(*problem, "Reply")] { "\n" (view.reply) }
                    }
                    button.primary { "Send the reply" }
                }
            }
            aside aria-label="Details" {
                dl.facts {
                    dt { "Number" } dd { "#" (ticket.id) }
                    dt { "Status" } dd { span.tag { (ticket.status) } }
                    dt { "Priority" } dd { span class={ "tag " (ticket.priority) } { (ticket.priority) } }
                    dt { "Assignee" } dd { (ticket.assignee.as_deref().unwrap_or("nobody")) }
                    dt { "Customer" } dd { (ticket.customer) }
                    dt { "Opened" } dd { (time(ticket.created_at)) }
                    @if !ticket.details.tags.is_empty() {
                        dt { "Tags" }
                        dd dir="auto" { @for tag in &ticket.details.tags { span.tag { (tag) } " " } }
                    }
                    @if let Some(minutes) = ticket.details.sla_minutes {
                        dt { "Answer" } dd { "within " (minutes) " minutes" }
                    }
                }
                (actions(view))
            }
        }
    };
    page(&ticket.subject, Some(user), &content)
}

fn said(author: &str, at: DateTime<Utc>, body: &str) -> Markup {
    html! {
        article.said {
            p.meta { strong { (author) } " · " (time(at)) }
            p.text dir="auto" { (body) }
        }
    }
}

/// The forms beside the ticket; the handlers check the same rules again.
fn actions(TicketPage { user, ticket, staff, problem, .. }: &TicketPage<'_>) -> Markup {
    let address = |action: &str| format!("/tickets/{}/{action}", ticket.id);
    html! {
        @if user.is_staff() {
            p { a href=(address("edit")) { "Edit the ticket" } " · " a href=(history(ticket)) { "History" } }
            form.line method="post" action=(address("assign")) {
                label { "Assignee"
                    select name="assignee" aria-describedby=[described(*problem, "Assignee")] {
                        option value="" { "nobody" }
                        (options(staff.iter().map(String::as_str), ticket.assignee.as_deref().unwrap_or_default()))
                    }
                }
                button { "Assign" }
            }
            form.line method="post" action=(address("priority")) {
                label { "Priority"
                    select name="priority" aria-describedby=[described(*problem, "Priority")] {
                        (options(PRIORITIES, &ticket.priority))
                    }
                }
                button { "Change" }
            }
        }
        @if ticket.status == "open" {
            form method="post" action=(address("close")) { button { "Close the ticket" } }
        }
        @if user.is_staff() {
            form method="post" action=(address("close-all")) {
                label { "Reason to close all"
                    input name="reason" required maxlength=(LONGEST_REASON) autocomplete="off" dir="auto"
                        aria-describedby=[described(*problem, "Reason")];
                }
                button { "Close all tickets of this customer" }
            }
        }
        @if user.is_admin() {
            form method="post" action=(address("delete")) { button.danger { "Delete the ticket" } }
        }
    }
}
