//! Loads the parts of the home page, each by itself, so that a part that fails or is slow takes nothing else away.

use threadline::query::{Filter, Position, QueryError, TimelineLine};

use super::HomePage;
use crate::{ConsoleAction, PageError, RequestContext};

/// Lines under "Latest activity".
const LINES_SHOWN: usize = 8;

pub(super) async fn load(context: &RequestContext) -> Result<HomePage, PageError> {
    let trail = context.trail();
    let source = context.services.coverage();
    let coverage = async {
        if context.is_granted(ConsoleAction::ViewCoverage) {
            Some(source.current(context.services.optional_timeout()).await)
        } else {
            None
        }
    };
    let (tables, coverage, latest) = tokio::join!(
        context.optional(context.captured_tables()),
        coverage,
        context.optional(latest(context))
    );
    let (tables, latest) = match (tables, latest) {
        (Err(_), Err(failure)) => return Err(failure.into()),
        (tables, latest) => (tables.ok(), latest.map_err(|failure| PageError::from(failure).explanation())),
    };
    Ok(HomePage {
        schema: trail.schema().clone(),
        tables,
        coverage,
        is_configured: source.is_configured(),
        latest,
    })
}

/// Reads the newest changes.
async fn latest(context: &RequestContext) -> Result<Vec<TimelineLine>, QueryError> {
    let mut snapshot = context.snapshot().await?;
    let page = context.read_lines(&mut snapshot, &Filter::default(), Position::Newest, LINES_SHOWN).await?;
    Ok(page.entries)
}
