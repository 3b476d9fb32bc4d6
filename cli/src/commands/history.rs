//! `threadline history`: the changes of one row, including those that changed its key, and each TRUNCATE of its table.

use threadline::{InvalidParameter, Scope};

use super::empty_result::explain_empty;
use super::missed_changes::warn_of_missed_changes;
use super::timeline::{TimelineArgs, read_filter};
use super::unsearched::{unsearched_columns, unsearched_lines};
use crate::args::{FilterArgs, RequiredRow};
use crate::error::Error;
use crate::output::Report;
use crate::session::Session;
use crate::{json, text};

pub(crate) async fn run(session: &Session, args: &TimelineArgs<RequiredRow>) -> Result<Report, Error> {
    let (trail, filter, position) = read_filter(session, args, "history").await?;
    let form = FilterArgs::<RequiredRow>::form("history");
    let Some((table, key)) = filter.row().map(|(table, key)| (table.clone(), key.clone())) else {
        return Err(InvalidParameter::new("key", "", "the key of a record").into());
    };
    let mut snapshot = trail.snapshot().await?;
    let page = snapshot
        .row_history(&Scope::unscoped(), table, key.clone(), &filter, position, args.limit.get())
        .await?;
    drop(snapshot);
    let is_empty = page.entries.is_empty() && page.truncated_at.is_none();
    let explanation = match is_empty {
        true => explain_empty(&trail, &filter, &form).await?,
        false => Report::new(),
    };
    let text = match is_empty {
        true => explanation.clone() + &text::page_links(&page, "changes"),
        false => text::history(&page, &key),
    };
    warn_of_missed_changes(&trail, &filter).await;
    let unsearched = unsearched_columns(&trail, &filter).await?;
    if session.json {
        json::timeline(&page, &explanation, unsearched.as_deref())
    } else {
        Ok(text + &unsearched_lines(unsearched.as_deref()))
    }
}
