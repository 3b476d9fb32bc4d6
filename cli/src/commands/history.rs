//! `threadline history`: the changes of one row, including those that changed its key, and each TRUNCATE of its table.

use threadline::{InvalidParameter, Scope};

use super::timeline::{TimelineArgs, read_filter, report};
use crate::args::{FilterArgs, RequiredRow};
use crate::error::Error;
use crate::output::Report;
use crate::session::Session;
use crate::text;

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
    report(session, &trail, &filter, &form, &page, |page| text::history(page, &key)).await
}
