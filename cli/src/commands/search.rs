//! `threadline search`: the things that a text names, as the search of the console finds it, and the newest changes with the text in a value.

use chrono::Utc;
use clap::Args;
use threadline::query::{
    ActorFilter, Filter, FoundActor, FoundRecord, Page, Position, QueryError, RelativeRange, SearchResult,
    SearchWords, Snapshot, TimelineEntry, UnsearchedColumns, search_qualifiers,
};
use threadline::{AuditTrail, InvalidParameter, Scope};

use super::empty_result::counted;
use super::unsearched::{unsearched_columns, unsearched_lines};
use crate::args::{CommandForm, reject_blank};
use crate::error::Error;
use crate::escape::{name, shell_word, table};
use crate::output::Report;
use crate::session::Session;
use crate::{json, text};

/// The changes with the text in a value.
const MAX_CHANGES: usize = 5;
/// The window in which labels and values are searched.
const VALUE_WINDOW: RelativeRange = RelativeRange::LastWeek;
/// The form of the commands that list changes.
const TIMELINE: CommandForm = CommandForm { command: "timeline", required: &[], rest: Vec::new() };

#[derive(Debug, Args)]
pub(crate) struct SearchArgs {
    /// The number or id of a record such as 5041 or "ticket 5041", an actor, a correlation, request or transaction id, a name, or a text
    /// in a value. Conditions are written as who:user:maria, table:tickets, field:priority, kind:deleted, from:yesterday.
    #[arg(required = true)]
    words: Vec<String>,
}

/// The results of a search.
#[derive(Debug)]
pub(crate) struct Found {
    /// The things that the text names.
    pub(crate) result: SearchResult,
    /// The records whose label contained the text, by recent changes.
    pub(crate) labelled: Vec<FoundRecord>,
    /// The filter for the text in a value with its newest changes; `None` if the text names one thing exactly.
    pub(crate) values: Option<(Filter, Page<TimelineEntry>)>,
    /// The columns whose values were not searched.
    pub(crate) unsearched: Option<Vec<UnsearchedColumns>>,
}

pub(crate) async fn run(session: &Session, args: &SearchArgs) -> Result<Report, Error> {
    let words = args.words.join(" ");
    let words = words.trim();
    reject_blank("words", words)?;
    if words.contains('\0') {
        return Err(InvalidParameter::new("words", "", "a text without a NUL character").into());
    }
    let qualified = search_qualifiers(words);
    let filter = match &qualified {
        Some(pairs) => Some(Filter::from_pairs(pairs.iter().map(|(key, value)| (*key, value.as_str())))?.0),
        None => None,
    };
    let trail = session.trail().await?;
    let found = match filter {
        Some(filter) => of_filter(&trail, filter).await?,
        None => find(&trail, words, &SearchWords::new(&session.config)).await?,
    };
    if session.json { json::search(&found) } else { Ok(report(words, &found)) }
}

/// Returns the newest changes of a filter, for a text with qualifiers.
async fn of_filter(trail: &AuditTrail, filter: Filter) -> Result<Found, Error> {
    let page = newest_changes(&mut trail.snapshot().await?, &filter).await?;
    let unsearched = unsearched_columns(trail, &filter).await?;
    let values = Some((filter, page));
    Ok(Found { result: SearchResult::default(), labelled: Vec::new(), values, unsearched })
}

async fn find(trail: &AuditTrail, words: &str, host: &SearchWords) -> Result<Found, Error> {
    let scope = Scope::unscoped();
    let mut snapshot = trail.snapshot().await?;
    let result = snapshot.search(&scope, words, host).await?;
    if result.tables_left_out == 0 && result.targets().count() == 1 {
        return Ok(Found { result, labelled: Vec::new(), values: None, unsearched: None });
    }
    let since = VALUE_WINDOW.before(Utc::now()).from;
    let mut labelled = match since {
        Some(since) => snapshot.records_by_label(&scope, words, host, since).await?,
        None => Vec::new(),
    };
    let is_known = |record: &FoundRecord| {
        let mut known = result.records.iter();
        known.any(|known| known.table == record.table && known.key == record.key)
    };
    labelled.retain(|record| !is_known(record));
    let filter =
        Filter::from_pairs([("value", words)]).ok().map(|(filter, _)| Filter { from: since, ..filter });
    let values = match filter {
        None => None,
        Some(filter) => {
            let page = newest_changes(&mut snapshot, &filter).await?;
            Some((filter, page))
        }
    };
    drop(snapshot);
    let unsearched = match &values {
        Some((filter, _)) => unsearched_columns(trail, filter).await?,
        None => None,
    };
    Ok(Found { result, labelled, values, unsearched })
}

/// Returns the newest changes of a filter, without cursors: the command that is printed below them lists more.
async fn newest_changes(
    snapshot: &mut Snapshot<'_>,
    filter: &Filter,
) -> Result<Page<TimelineEntry>, QueryError> {
    let mut page = snapshot.timeline_page(&Scope::unscoped(), filter, Position::Newest, MAX_CHANGES).await?;
    (page.newer, page.older) = (None, None);
    Ok(page)
}

/// Formats the results in groups, each with the command that shows more.
fn report(words: &str, found: &Found) -> Report {
    let Found { result, labelled, values, unsearched } = found;
    let mut report = Report::new();
    let is_qualified = search_qualifiers(words).is_some();
    for found in &result.records {
        report += &record(found, "last changed");
    }
    for found in labelled {
        report += &record(found, "had this name at");
    }
    if result.tables_left_out > 0 {
        report += &format!(
            "The records of {} more tables were not searched. Name the table: ticket 5041.\n",
            result.tables_left_out
        );
    }
    for FoundActor { actor, count, .. } in &result.actors {
        let count = count.map_or_else(String::new, |count| format!(", {}", counted(count)));
        report += &format!("actor {}{count}\n{}", name(&actor.to_string()), actor_command(actor));
    }
    for filter in &result.requests {
        let kind = if filter.correlation_id.is_some() { "correlation" } else { "request" };
        report += &format!("{kind} {}\n{}", name(words), command(&TIMELINE, filter));
    }
    if let Some(id) = result.transaction {
        report += &format!("transaction {id}\n  threadline transaction {id}\n");
    }
    if result.is_empty() && labelled.is_empty() && !is_qualified {
        report += &format!("No record, actor, transaction or request is called {}.\n", name(words));
    }
    if let Some((filter, page)) = values {
        report += &changes(filter, page, is_qualified);
    }
    report + &unsearched_lines(unsearched.as_deref())
}

fn record(FoundRecord { table: of, key, entry, .. }: &FoundRecord, when: &str) -> String {
    let filter = Filter { table: Some(of.into()), key: Some(key.clone()), ..Filter::default() };
    let history = CommandForm { command: "history", required: &["table", "key"], rest: Vec::new() };
    let (of, key, at) = (table(of), text::key(key), text::time(entry.change.captured_at));
    format!("record {of} {key}, {when} {at}\n{}", command(&history, &filter))
}

fn actor_command(actor: &ActorFilter) -> String {
    let actor = shell_word(&actor.to_string());
    actor.map_or_else(String::new, |actor| format!("  threadline actor {actor}\n"))
}

/// Formats the newest changes with the text in a value.
fn changes(filter: &Filter, page: &Page<TimelineEntry>, is_qualified: bool) -> String {
    let further = if is_qualified { filter.clone() } else { Filter { from: None, ..filter.clone() } };
    if page.entries.is_empty() {
        let stopped = page.truncated_at.map(|at| format!("Searched back to {}.\n", text::time(at)));
        let none = if is_qualified {
            "No change matches.\n"
        } else {
            "No change of the last 7 days has it in a recorded value.\n"
        };
        return stopped.unwrap_or_else(|| none.to_owned()) + &command(&TIMELINE, &further);
    }
    let heading = if is_qualified { "Changes:" } else { "Changes with this text in a value:" };
    format!("{heading}\n\n{}{}", text::timeline(page), command(&TIMELINE, &further))
}

/// Returns the line of a command; an empty text if it cannot be typed in a terminal.
fn command(form: &CommandForm, filter: &Filter) -> String {
    form.with(filter).map_or_else(String::new, |command| format!("  {command}\n"))
}
