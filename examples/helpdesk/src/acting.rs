//! The audit context of a request: who acts, and in which request.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use threadline::AuditContext;
use uuid::Uuid;

use crate::error::Error;
use crate::session::User;

/// The user of a request together with the context under which the audit trail records what that user does.
#[derive(Debug)]
pub(crate) struct Acting {
    pub(crate) user: User,
    pub(crate) context: AuditContext,
}

impl<S: Sync> FromRequestParts<S> for Acting {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Error> {
        let user = User::from_request_parts(parts, state).await?;
        let request_id = id(parts, "x-request-id").unwrap_or_else(|| Uuid::now_v7().to_string());
        let context = AuditContext::new(user.actor()?).with_request_id(request_id)?;
        let context = match id(parts, "x-correlation-id") {
            Some(correlation_id) => context.with_correlation_id(correlation_id)?,
            None => context,
        };
        Ok(Self { user, context })
    }
}

/// Ids from outside are stored and shown, so only short and printable ones are taken.
fn id(parts: &Parts, header: &str) -> Option<String> {
    let value = parts.headers.get(header)?.as_bytes();
    let printable = value.iter().all(|byte| (b' '..=b'~').contains(byte));
    (printable && (1..=128).contains(&value.len())).then(|| String::from_utf8_lossy(value).into_owned())
}
