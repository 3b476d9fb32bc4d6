//! Downloads of changes: what a filter finds, in the order of the timeline.

use std::io;
use std::time::SystemTime;

use axum::Extension;
use axum::body::Body;
use axum::extract::FromRequestParts;
use axum::response::{IntoResponse, Response};
use futures_util::stream::try_unfold;
use http::header;
use http::request::Parts;
use threadline::InvalidParameter;
use threadline::export::{ExportWriter, Format};
use threadline::query::{Count, Cursor, Filter, Page, Position, QueryError, TimelineEntry};
use threadline_app::{PageError, RequestContext};
use url::form_urlencoded;

/// The maximum number of changes in one file.
const MAX_ROWS: usize = 10_000;
/// Changes that are read at once, which limits the memory that a download takes.
const PAGE_SIZE: usize = 1_000;

/// The filter of a download.
#[derive(Debug)]
pub(crate) struct DownloadQuery {
    filter: Filter,
}

impl<S: Sync> FromRequestParts<S> for DownloadQuery {
    type Rejection = PageError;

    /// A file has no pages, so a cursor is an error and not ignored.
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, PageError> {
        let query = parts.uri.query().unwrap_or_default().as_bytes();
        let pairs: Vec<_> = form_urlencoded::parse(query).collect();
        let (filter, position) = Filter::from_pairs(pairs.iter().map(|(key, value)| (&**key, &**value)))?;
        let is_cursor = |key: &str, value: &str| matches!(key, "older" | "newer") && !value.trim().is_empty();
        match pairs.iter().find(|(key, value)| is_cursor(key, value)) {
            Some((key, value)) if position != Position::Newest => {
                let expected = "no cursor: a download starts at the newest change";
                Err(InvalidParameter::new(key, value, expected).into())
            }
            _ => Ok(Self { filter }),
        }
    }
}

/// Sends a file. An error is a page with the same status as elsewhere, because a person has followed a link to come here.
pub(crate) async fn download(
    Extension(format): Extension<Format>,
    Extension(context): Extension<RequestContext>,
    DownloadQuery { filter }: DownloadQuery,
) -> Result<Response, PageError> {
    let (page, truncated) = context.with_query_timeout(first_page(&context, &filter)).await?;
    Ok(file(format, context, filter, page, truncated))
}

/// Reads the first page, and whether there are more changes than a file takes, before anything is sent.
async fn first_page(
    context: &RequestContext,
    filter: &Filter,
) -> Result<(Page<TimelineEntry>, bool), QueryError> {
    let (trail, scope) = (context.trail(), &context.scope);
    let page = trail.timeline_page(scope, filter, Position::Newest, PAGE_SIZE).await?;
    let truncated = page.older.is_some()
        && matches!(trail.snapshot().await?.count(scope, filter, MAX_ROWS).await?, Count::Truncated(_));
    Ok((page, truncated))
}

fn file(
    format: Format,
    context: RequestContext,
    filter: Filter,
    page: Page<TimelineEntry>,
    truncated: bool,
) -> Response {
    let generated_at = SystemTime::now().into();
    let name = format.file_name(generated_at, truncated.then_some(MAX_ROWS));
    let headers = [
        (header::CONTENT_TYPE, format.media_type().to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"; filename*=UTF-8''{name}")),
    ];
    let writer = ExportWriter::new(format, generated_at, truncated);
    let download = Download { context, filter, writer, truncated, written: 0, next: Next::Page(page) };
    let body = Body::from_stream(try_unfold(Some(download), next_chunk));
    (headers, [("x-threadline-truncated", truncated.to_string())], body).into_response()
}

/// A file that is being sent.
struct Download {
    context: RequestContext,
    filter: Filter,
    writer: ExportWriter,
    truncated: bool,
    written: usize,
    next: Next,
}

enum Next {
    Page(Page<TimelineEntry>),
    OlderThan(Cursor),
}

/// Returns the next chunk of the file, and what is left to send. An error aborts the connection, so that nobody takes a part of
/// the file for all of it.
async fn next_chunk(download: Option<Download>) -> io::Result<Option<(Vec<u8>, Option<Download>)>> {
    let Some(Download { context, filter, mut writer, truncated, written, next }) = download else {
        return Ok(None);
    };
    let page = match next {
        Next::Page(page) => page,
        Next::OlderThan(cursor) => {
            let position = Position::OlderThan(cursor);
            let page = context.trail().timeline_page(&context.scope, &filter, position, PAGE_SIZE);
            context
                .with_query_timeout(page)
                .await
                .map_err(|_| io::Error::other("the trail does not answer"))?
        }
    };
    let mut chunk = Vec::new();
    writer.write(&page.entries, &mut chunk)?;
    let written = written + page.entries.len();
    match page.older {
        Some(cursor) if written < MAX_ROWS => {
            let next = Next::OlderThan(cursor);
            Ok(Some((chunk, Some(Download { context, filter, writer, truncated, written, next }))))
        }
        // The headers promised a complete file, but changes that were committed since have made it too long.
        Some(_) if !truncated => {
            tracing::warn!(
                "a download ends early: the trail grew beyond {MAX_ROWS} changes while it was read"
            );
            Err(io::Error::other("the trail has grown"))
        }
        _ => {
            writer.end(&mut chunk)?;
            Ok(Some((chunk, None)))
        }
    }
}
