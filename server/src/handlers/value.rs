//! One whole value of a change, where a page shows only its beginning.

use std::io;

use axum::Extension;
use axum::body::Body;
use axum::extract::{FromRequestParts, Path};
use axum::response::{IntoResponse, Response};
use futures_util::stream::try_unfold;
use http::header;
use http::request::Parts;
use threadline::InvalidParameter;
use threadline::query::{QueryError, Side, ValueAddress, ValuePart};
use threadline_app::{PageError, RequestContext};
use url::form_urlencoded;

use crate::limits::PartLimits;

/// The bytes that are read at once, which limits the memory that a response takes. The database reads the whole value for each
/// part, so parts are not much smaller than the values that people store.
const PART_BYTES: usize = 4 << 20;

/// The value that the address names.
#[derive(Debug)]
pub(crate) struct ValueQuery(ValueAddress);

impl<S: Send + Sync> FromRequestParts<S> for ValueQuery {
    type Rejection = PageError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, PageError> {
        // A segment that cannot be decoded is no cursor.
        let path = Path::<String>::from_request_parts(parts, state).await;
        let change = path.map(|Path(change)| change).unwrap_or_default().parse()?;
        let (mut side, mut field) = (None, None);
        for (key, value) in form_urlencoded::parse(parts.uri.query().unwrap_or_default().as_bytes()) {
            let place = match &*key {
                "side" => &mut side,
                "field" => &mut field,
                _ => return Err(InvalidParameter::new(&key, &value, "one of the keys side and field").into()),
            };
            if place.replace(value.to_string()).is_some() {
                return Err(InvalidParameter::new(&key, &value, "side and field once each").into());
            }
        }
        let side: Side = side.unwrap_or_default().parse()?;
        let Some(field) = field.filter(|field| !field.contains('\0')) else {
            return Err(InvalidParameter::new("field", "", "the name of a column").into());
        };
        Ok(Self(ValueAddress::new(change, side, field)))
    }
}

/// Sends a value as text. A change outside of the scope is answered like one that does not exist.
pub(crate) async fn value(
    Extension(context): Extension<RequestContext>,
    Extension(limits): Extension<PartLimits>,
    ValueQuery(address): ValueQuery,
) -> Result<Response, PageError> {
    let Some(first) = context.with_query_timeout(part(&context, &address, 0)).await? else {
        return Err(PageError::not_found(
            "The change or this value of it does not exist, has been removed by the retention policy, or is outside of what \
             you may see."
                .to_owned(),
        ));
    };
    let headers = [
        (header::CONTENT_TYPE, "text/plain; charset=utf-8".to_owned()),
        (header::CONTENT_DISPOSITION, "inline".to_owned()),
        (header::CONTENT_LENGTH, first.total_bytes.to_string()),
    ];
    let value = Sending { context, limits, address, sent: 0, total: first.total_bytes, next: Some(first) };
    Ok((headers, Body::from_stream(try_unfold(value, next_part))).into_response())
}

/// A value that is being sent.
struct Sending {
    context: RequestContext,
    limits: PartLimits,
    address: ValueAddress,
    /// The number of bytes that were sent.
    sent: u64,
    total: u64,
    /// The first part, until it is sent.
    next: Option<ValuePart>,
}

/// Returns the next part. An error aborts the connection, and the length in the headers shows that the value is incomplete.
async fn next_part(mut value: Sending) -> io::Result<Option<(Vec<u8>, Sending)>> {
    if value.sent >= value.total {
        return Ok(None);
    }
    let part = match value.next.take() {
        Some(first) => Some(first),
        None => {
            let _permit = value.limits.acquire().await?;
            let part = part(&value.context, &value.address, value.sent);
            value.context.with_query_timeout(part).await.ok().flatten()
        }
    };
    let part = part.filter(|part| !part.bytes.is_empty());
    let part = part.ok_or_else(|| io::Error::other("the rest of the value could not be read"))?;
    value.sent += part.bytes.len() as u64;
    Ok(Some((part.bytes, value)))
}

async fn part(
    context: &RequestContext,
    address: &ValueAddress,
    offset: u64,
) -> Result<Option<ValuePart>, QueryError> {
    context.trail().snapshot().await?.value_part(&context.scope, address, offset, PART_BYTES).await
}
