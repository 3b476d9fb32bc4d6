//! The server function that counts the changes which have become visible since a page was read.

use leptos::prelude::*;
use serde::{Deserialize, Serialize};

/// Counting stops here.
pub const NEWER_CAP: u16 = 100;

/// The context that the server provides to the server function.
#[cfg(feature = "ssr")]
#[derive(Debug, Clone)]
pub struct NewerChangesContext {
    /// The audit trail.
    pub trail: threadline::AuditTrail,
    /// The part of it that the operator may see.
    pub scope: threadline::Scope,
}

/// The number of changes that have become visible since a page was read, at most [`NEWER_CAP`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewerCount {
    /// All of them.
    pub count: u16,
    /// Those that were committed late: their times are earlier than the time at which the page was read.
    pub late: u16,
    /// True if there may be more.
    pub truncated: bool,
}

/// Counts the changes that match the timeline's query and have become visible since the mark of a page.
///
/// # Errors
/// Fails if the query or the mark is invalid, if the database does not answer, and outside of the console, which provides the
/// context.
#[server(name = NewerChanges, prefix = "/api", endpoint = "newer_changes", input = server_fn::codec::GetUrl)]
pub async fn newer_changes(
    /// The query of the timeline's address.
    query: String,
    /// The mark of the page.
    since: String,
) -> Result<NewerCount, ServerFnError> {
    use http::StatusCode;
    use leptos_axum::ResponseOptions;
    use threadline::InvalidParameter;
    use threadline::query::{Filter, SnapshotMark};
    use url::form_urlencoded;

    let (Some(NewerChangesContext { trail, scope }), Some(response)) =
        (use_context(), use_context::<ResponseOptions>())
    else {
        return Err(ServerFnError::new("changes are counted by the console only"));
    };
    let read = || {
        let pairs: Vec<_> = form_urlencoded::parse(query.as_bytes()).collect();
        let (filter, _) = Filter::from_pairs(pairs.iter().map(|(key, value)| (&**key, &**value)))?;
        Ok((filter, since.parse::<SnapshotMark>()?))
    };
    let (filter, since) = read().map_err(|error: InvalidParameter| {
        response.set_status(StatusCode::BAD_REQUEST);
        ServerFnError::new(error)
    })?;
    let count =
        async { trail.snapshot().await?.count_newer(&scope, &filter, &since, usize::from(NEWER_CAP)).await };
    match count.await {
        Ok(newer) => {
            let number = |number| u16::try_from(number).unwrap_or(NEWER_CAP);
            Ok(NewerCount {
                count: number(newer.count),
                late: number(newer.late),
                truncated: newer.truncated,
            })
        }
        Err(error) => {
            tracing::warn!(error = ?error.to_string(), "newer changes could not be counted");
            response.set_status(StatusCode::SERVICE_UNAVAILABLE);
            Err(ServerFnError::new("the audit trail does not answer"))
        }
    }
}
