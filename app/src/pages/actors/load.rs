//! Counts the changes of each actor in the window.

use chrono::Utc;

use super::ActorsPage;
use super::query::ActorsQuery;
use crate::{PageError, RequestContext};

/// Changes that are counted at most.
const COUNT_CAP: usize = 10_000;

pub(super) async fn load(context: &RequestContext, query: ActorsQuery) -> Result<ActorsPage, PageError> {
    let ActorsQuery { window } = query;
    let range = window.before(Utc::now());
    let active = async { context.snapshot().await?.active_actors(&context.scope, range, COUNT_CAP).await };
    Ok(ActorsPage { window, active: context.with_query_timeout(active).await? })
}
