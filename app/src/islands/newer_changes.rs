//! How many changes are newer than a place: the question of the live timeline.

use leptos::prelude::*;

/// No more changes than this are counted.
pub const NEWER_CAP: u16 = 100;

/// What the question is answered from; the server gives it to the server function.
#[cfg(feature = "ssr")]
#[derive(Debug, Clone)]
pub struct Reader {
    /// The audit trail.
    pub trail: threadline::AuditTrail,
    /// What the operator may see of it.
    pub scope: threadline::Scope,
}

/// How many changes match the timeline's query and are newer than a cursor, at most [`NEWER_CAP`]. Without a cursor every
/// change that matches is new.
///
/// # Errors
/// When the query or the cursor cannot be read, when the database does not answer, and outside of the console, where there is
/// no reader.
#[server(name = NewerChanges, prefix = "/api", endpoint = "newer_changes", input = server_fn::codec::GetUrl)]
pub async fn newer_changes(
    /// The query of the timeline's address.
    query: String,
    /// The cursor of the newest change that is shown, or nothing.
    since: String,
) -> Result<u16, ServerFnError> {
    use http::StatusCode;
    use leptos_axum::ResponseOptions;
    use threadline::query::{Count, Filter, FilterError};
    use url::form_urlencoded;

    let (Some(Reader { trail, scope }), Some(response)) = (use_context(), use_context::<ResponseOptions>())
    else {
        return Err(ServerFnError::new("changes are counted by the console only"));
    };
    let read = || {
        let pairs: Vec<_> = form_urlencoded::parse(query.as_bytes()).collect();
        let (filter, _) = Filter::from_pairs(pairs.iter().map(|(key, value)| (&**key, &**value)))?;
        let since = if since.is_empty() { None } else { Some(since.parse()?) };
        Ok((filter, since))
    };
    let (filter, since) = read().map_err(|error: FilterError| {
        response.set_status(StatusCode::BAD_REQUEST);
        ServerFnError::new(error)
    })?;
    let cap = usize::from(NEWER_CAP);
    let counted = match since {
        Some(since) => trail.count_newer(&scope, &filter, since, cap).await,
        None => trail.count(&scope, &filter, cap).await,
    };
    match counted {
        Ok(Count::Exactly(count)) => Ok(u16::try_from(count).unwrap_or(NEWER_CAP)),
        Ok(Count::MoreThan(_)) => Ok(NEWER_CAP),
        Err(error) => {
            tracing::warn!(error = ?error.to_string(), "newer changes could not be counted");
            response.set_status(StatusCode::SERVICE_UNAVAILABLE);
            Err(ServerFnError::new("the audit trail does not answer"))
        }
    }
}
