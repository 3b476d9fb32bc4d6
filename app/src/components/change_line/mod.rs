//! The lines of a list of changes. A line says in one row what happened; opened, it shows the whole change.

mod card;
mod delta;
mod excerpt;
mod subject;
mod transaction;

use chrono::{DateTime, Datelike, Utc};
use leptos::prelude::*;
use threadline::query::{Change, Operation, RowKey, TransactionRecord};

use self::card::card;
use self::delta::delta;
pub(crate) use self::subject::operation_word;
use self::subject::subject;
pub(crate) use self::transaction::large_transaction_line;
use super::fields::FieldRows;
use super::heading::actor_mark;
use super::time::{exact, local};
use super::value::{isolated, one_line, text};
use crate::diff::accessible_line;
use crate::html::{Html, IntoHtml};
use crate::names::Names;
use crate::{Density, PageContext, Zone};

/// Characters of a reason that a line shows.
const MAX_REASON: usize = 80;

/// The choices of a list for one of its lines.
#[derive(Default)]
pub(crate) struct LineOptions {
    /// The key whose history the page shows, if it shows one.
    pub(crate) page_key: Option<RowKey>,
    /// True if the line before it is of the same transaction. Time and actor are then for screen readers only.
    pub(crate) is_same_transaction: bool,
    /// True if no heading says the day.
    pub(crate) with_date: bool,
    /// True if the page shows this version of the record above the list.
    pub(crate) is_current: bool,
    /// True if the line of an update says that nobody gave a reason.
    pub(crate) says_missing_reason: bool,
    /// True if the line is open.
    pub(crate) is_open: bool,
    /// The links at the end of the opened line.
    pub(crate) links: Option<Html>,
}

/// Renders a change. The page of a transaction says what is common to its changes, and gives no transaction.
pub(crate) fn change_line(
    change: Change,
    transaction: Option<TransactionRecord>,
    options: LineOptions,
) -> Html {
    let LineOptions {
        page_key,
        is_same_transaction,
        with_date,
        is_current,
        says_missing_reason,
        is_open,
        links,
    } = options;
    let context = PageContext::current();
    let names = context.names();
    let rows = FieldRows::of(&change, &context.columns);
    let transaction_id = change.transaction_id.to_string();
    let head = transaction.as_ref().map(|transaction| {
        let head = view! { {time(change.captured_at, with_date)}" "{who(transaction, names)} };
        match is_same_transaction {
            true => view! { <span class="visually-hidden">{head}</span> }.into_html(),
            false => head.into_html(),
        }
    });
    let action = transaction.as_ref().and_then(|transaction| transaction.action.as_ref());
    let action = action.and_then(|action| names.action_before_record(&action.name, &change.table));
    // The page of a record does not repeat its name, to which these words lead.
    let action = action.filter(|_| page_key.is_none() && change.operation != Operation::Truncate);
    let record = page_key.is_none().then(|| names.changed_record(&change));
    // The label is the value of its column.
    let label_column = record.as_ref().and_then(|record| record.label.as_ref()?.column.as_deref());
    let delta = delta(&change, &rows, label_column);
    let subject = subject(&change, page_key.as_ref(), record.as_ref(), action, names);
    let why = transaction.as_ref().filter(|_| !is_same_transaction);
    let why = why.map(|transaction| why_of(transaction, action.is_none(), names));
    let given = transaction.as_ref().and_then(|transaction| transaction.action.as_ref()?.reason.as_ref());
    let is_missing = says_missing_reason && change.operation == Operation::Update && given.is_none();
    let no_reason = is_missing.then(|| view! { " "<span class="why">"no reason given"</span> });
    let card = card(&context, change, transaction, page_key, rows, links);
    let open = is_open || context.density == Density::Cards;
    let class = if is_same_transaction { "entry same" } else { "entry" };
    let current = is_current.then_some("true");
    view! {
        <details class=class open=open aria-current=current data-entry="" data-copy-id=transaction_id>
            <summary>{head}" "{subject}" "<span class="delta">{delta} {why}{no_reason}</span></summary>
            {card}
        </details>
    }
    .into_compact_html()
}

/// Renders when it was recorded. The opened line has the exact time.
fn time(at: DateTime<Utc>, with_date: bool) -> impl IntoView {
    let this_year = || Zone::current().local(at).year() == Zone::current().local(Utc::now()).year();
    let form = match with_date {
        false => "%H:%M:%S",
        true if this_year() => "%-d %b %H:%M:%S",
        true => "%-d %b %Y %H:%M:%S",
    };
    view! { <time datetime=exact(at)>{local(at, form)}</time> }
}

/// Renders who made the change: the name or the id of the actor. The stylesheet puts a mark of the kind before it.
fn who(transaction: &TransactionRecord, names: Names<'_>) -> impl IntoView + use<> {
    let actor = transaction.actor.as_ref();
    let name = actor.map_or_else(|| "not signed".to_owned(), |actor| names.actor(actor).short);
    let (class, mark) = actor_mark(actor, &name);
    let whole = actor.map(|actor| accessible_line(&actor.to_string()));
    view! { <bdi class=class data-mark=mark.to_string() title=whole>{one_line(name)}</bdi> }
}

/// Renders why the change was made: the action, unless the line begins with it, on whose behalf, and the reason. Without an actor it
/// is the session that wrote.
fn why_of(transaction: &TransactionRecord, with_action: bool, names: Names<'_>) -> impl IntoView + use<> {
    let action = transaction.action.as_ref();
    let name = action.filter(|_| with_action).map(|action| isolated(names.action(&action.name)));
    let failed = action.and_then(super::heading::failed);
    let session = transaction.session().map(|session| isolated(session.to_string()));
    let subject = transaction.on_behalf_of.as_ref();
    let subject = subject.map(|subject| view! { " for "{isolated(names.actor(subject).short)} });
    let reason = action.and_then(|action| action.reason.as_deref()).map(|reason| {
        let shown: String = reason.chars().take(MAX_REASON).collect();
        // An empty text would become a blank.
        let more = (shown.len() < reason.len()).then_some("…");
        view! { " “"{text(shown, true)}{more}"”" }
    });
    view! { " "<span class="why">{session}{name}{failed}{subject}{reason}</span> }
}
