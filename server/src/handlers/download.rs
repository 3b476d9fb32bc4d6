//! Downloads of changes: what a filter finds, in the order of the timeline.

use std::collections::VecDeque;
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
use threadline::query::{
    Count, Cursor, Filter, Page, Position, QueryError, Snapshot, TimelineEntry, TypedKey, ValueLimits,
};
use threadline_app::{PageError, RequestContext};
use url::form_urlencoded;

use crate::limits::PartLimits;

/// The maximum number of changes in one file.
const MAX_ROWS: usize = 10_000;
/// Changes that are found at once. Only the values of small rows are read with them.
const PAGE_SIZE: usize = 1_000;
/// The stored bytes of values that are read at once, unless those of one change are larger. Together with [`CHUNK_BYTES`] it
/// limits the memory that a download takes: compressed values are up to 90 times as large when they are read, or 255 times with
/// lz4.
const GROUP_BYTES: u64 = 64 << 10;
/// Changes that are written at once.
const GROUP_ROWS: usize = 250;
/// The size from which a chunk of the file is sent.
const CHUNK_BYTES: usize = 1 << 20;

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
    Extension(limits): Extension<PartLimits>,
    DownloadQuery { mut filter }: DownloadQuery,
) -> Result<Response, PageError> {
    let (mut page, mut truncated) = context.with_query_timeout(first_page(&context, &filter)).await?;
    if page.entries.is_empty()
        && let Some(read) = with_read_key(&context, &filter).await?
    {
        filter = read;
        (page, truncated) = context.with_query_timeout(first_page(&context, &filter)).await?;
    }
    Ok(file(format, context, limits, filter, page, truncated))
}

/// Returns the filter with the key that was meant, if it was typed in another form. An empty file would say that the record has no
/// changes, so a key that no row of the table can have is an error.
async fn with_read_key(context: &RequestContext, filter: &Filter) -> Result<Option<Filter>, PageError> {
    let Some((table, key)) = filter.row() else { return Ok(None) };
    let read = async { context.trail().snapshot().await?.read_key_values(&context.scope, table, key).await };
    match context.with_query_timeout(read).await? {
        TypedKey::Key(read) if read != *key => Ok(Some(Filter { key: Some(read), ..filter.clone() })),
        TypedKey::WrongType { column, value, expected, .. } => {
            let sentence = expected.describe_mismatch(table, &column, &value).to_string();
            Err(PageError::bad_request("This filter has a mistake", &sentence.trim_end_matches('.')))
        }
        _ => Ok(None),
    }
}

/// Reads the first page, and whether there are more changes than a file takes, before anything is sent.
async fn first_page(
    context: &RequestContext,
    filter: &Filter,
) -> Result<(Page<TimelineEntry>, bool), QueryError> {
    let page = page(context, filter, Position::Newest).await?;
    let mut truncated = false;
    if page.older.is_some() {
        let count = context.trail().snapshot().await?.count(&context.scope, filter, MAX_ROWS).await?;
        truncated = matches!(count, Count::Truncated(_));
    }
    Ok((page, truncated))
}

/// Reads a page of changes with the values of small rows.
async fn page(
    context: &RequestContext,
    filter: &Filter,
    position: Position,
) -> Result<Page<TimelineEntry>, QueryError> {
    let mut snapshot = context.trail().snapshot().await?;
    snapshot.limit_values(ValueLimits::SMALL_ROWS);
    snapshot.timeline_page(&context.scope, filter, position, PAGE_SIZE).await
}

fn file(
    format: Format,
    context: RequestContext,
    limits: PartLimits,
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
    let (entries, older) = (page.entries.into(), page.older);
    let download = Download { context, limits, filter, writer, truncated, written: 0, entries, older };
    let body = Body::from_stream(try_unfold(Some(download), next_chunk));
    (headers, [("x-threadline-truncated", truncated.to_string())], body).into_response()
}

/// A file that is being sent.
struct Download {
    context: RequestContext,
    limits: PartLimits,
    filter: Filter,
    writer: ExportWriter,
    truncated: bool,
    /// The number of changes that were written.
    written: usize,
    /// The changes that were read and are to be written.
    entries: VecDeque<TimelineEntry>,
    /// The cursor of the next page.
    older: Option<Cursor>,
}

/// Returns the next chunk of the file, and what is left to send. An error aborts the connection, so that nobody takes a part of
/// the file for all of it.
async fn next_chunk(download: Option<Download>) -> io::Result<Option<(Vec<u8>, Option<Download>)>> {
    let Some(mut download) = download else {
        return Ok(None);
    };
    let _permit = download.limits.acquire().await?;
    if download.entries.is_empty()
        && let Some(older) = download.older
    {
        let page = page(&download.context, &download.filter, Position::OlderThan(older));
        let page = download.context.with_query_timeout(page).await.map_err(|_| no_answer())?;
        (download.entries, download.older) = (page.entries.into(), page.older);
    }
    let mut chunk = download.write_entries().await?;
    match download.older {
        _ if !download.entries.is_empty() => Ok(Some((chunk, Some(download)))),
        Some(_) if download.written < MAX_ROWS => Ok(Some((chunk, Some(download)))),
        // The headers promised a complete file, but changes that were committed since have made it too long.
        Some(_) if !download.truncated => {
            tracing::warn!(
                "a download ends early: the trail grew beyond {MAX_ROWS} changes while it was read"
            );
            Err(io::Error::other("the trail has grown"))
        }
        _ => {
            download.writer.end(&mut chunk)?;
            Ok(Some((chunk, None)))
        }
    }
}

impl Download {
    /// Writes a chunk of the changes that were read, and reads the values that were left out, a few changes at a time.
    async fn write_entries(&mut self) -> io::Result<Vec<u8>> {
        let mut chunk = Vec::new();
        // Begun for the first values, and dropped with the chunk: a client that reads slowly occupies no connection.
        let mut snapshot: Option<Snapshot<'_>> = None;
        while chunk.len() < CHUNK_BYTES && !self.entries.is_empty() {
            let mut group = take_group(&mut self.entries);
            if group.iter().any(is_left_out) {
                let context = &self.context;
                let load = async {
                    let mut current = match snapshot.take() {
                        Some(current) => current,
                        None => context.trail().snapshot().await?,
                    };
                    current.load_left_out_values(group.iter_mut().map(|entry| &mut entry.change)).await?;
                    Ok(current)
                };
                snapshot = Some(context.with_query_timeout(load).await.map_err(|_| no_answer())?);
            }
            if group.iter().any(is_left_out) {
                return Err(io::Error::other("a change was removed while it was read"));
            }
            self.written += group.len();
            // Large values take long to write, so this does not run on a thread that the host needs for its connections.
            let mut writer = self.writer.clone();
            let write = move || {
                writer.write(&group, &mut chunk)?;
                io::Result::Ok((writer, chunk))
            };
            (self.writer, chunk) = tokio::task::spawn_blocking(write).await.map_err(io::Error::other)??;
        }
        Ok(chunk)
    }
}

/// Takes the next changes whose values are read and written together.
fn take_group(entries: &mut VecDeque<TimelineEntry>) -> Vec<TimelineEntry> {
    let (mut group, mut bytes) = (Vec::new(), 0);
    while let Some(next) = entries.front() {
        bytes += next.change.values_left_out.unwrap_or_default();
        if !group.is_empty() && bytes > GROUP_BYTES || group.len() == GROUP_ROWS {
            break;
        }
        group.extend(entries.pop_front());
    }
    group
}

const fn is_left_out(entry: &TimelineEntry) -> bool {
    entry.change.values_left_out.is_some()
}

fn no_answer() -> io::Error {
    io::Error::other("the trail does not answer")
}
