//! Changes as files: what a filter finds, in the order of the timeline.

use std::io;
use std::time::SystemTime;

use axum::Extension;
use axum::body::Body;
use axum::extract::{OriginalUri, RawQuery};
use axum::response::{IntoResponse, Response};
use futures_util::stream::try_unfold;
use http::header;
use threadline::InvalidParameter;
use threadline::export::{ExportWriter, Format};
use threadline::query::{Count, Cursor, Filter, Page, Position, QueryError, TimelineEntry};

use super::question::{answered, pairs, read_filter, to_timeline};
use crate::guard::Visit;
use crate::respond::Reply;

/// Changes in one file, at most.
const MOST: usize = 10_000;
/// Changes read at once; the memory that a download takes.
const PAGE: usize = 1_000;

pub(crate) async fn csv(visit: Extension<Visit>, uri: OriginalUri, query: RawQuery) -> Response {
    download(Format::Csv, visit, uri, query).await
}

pub(crate) async fn json(visit: Extension<Visit>, uri: OriginalUri, query: RawQuery) -> Response {
    download(Format::Json, visit, uri, query).await
}

pub(crate) async fn ndjson(visit: Extension<Visit>, uri: OriginalUri, query: RawQuery) -> Response {
    download(Format::Ndjson, visit, uri, query).await
}

/// What cannot be had is answered as every page answers it, by the same status: a person followed a link to come here.
async fn download(
    format: Format,
    Extension(visit): Extension<Visit>,
    OriginalUri(uri): OriginalUri,
    RawQuery(query): RawQuery,
) -> Response {
    let filter = match read(query.as_deref()) {
        Ok(filter) => filter,
        Err(error) => {
            return Reply::bad_request(&error, to_timeline(&visit)).into_response(visit.page_context());
        }
    };
    let reply = match answered(&visit, first_page(&visit, &filter)).await {
        Ok((page, truncated)) => return file(format, visit, filter, page, truncated),
        Err(error) => Reply::unanswered(error.as_ref(), uri.to_string(), to_timeline(&visit)),
    };
    reply.into_response(visit.page_context())
}

/// A file has no pages: what chooses one is a mistake, not to be passed over.
fn read(query: Option<&str>) -> Result<Filter, InvalidParameter> {
    let pairs = pairs(query);
    let (filter, position) = read_filter(&pairs)?;
    let place =
        pairs.iter().find(|(key, value)| matches!(&**key, "older" | "newer") && !value.trim().is_empty());
    match place {
        Some((key, value)) if position != Position::Newest => {
            Err(InvalidParameter::new(key, value, "no place: a download begins at the newest change"))
        }
        _ => Ok(filter),
    }
}

/// Before anything is sent: the first page, and whether there are more changes than a file takes.
async fn first_page(visit: &Visit, filter: &Filter) -> Result<(Page<TimelineEntry>, bool), QueryError> {
    let trail = &visit.state.settings.trail;
    let page = trail.timeline_page(&visit.scope, filter, Position::Newest, PAGE).await?;
    let truncated = page.older.is_some()
        && matches!(trail.snapshot().await?.count(&visit.scope, filter, MOST).await?, Count::Truncated(_));
    Ok((page, truncated))
}

fn file(
    format: Format,
    visit: Visit,
    filter: Filter,
    page: Page<TimelineEntry>,
    truncated: bool,
) -> Response {
    let generated_at = SystemTime::now().into();
    let name = format.file_name(generated_at, truncated.then_some(MOST));
    let headers = [
        (header::CONTENT_TYPE, format.media_type().to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"; filename*=UTF-8''{name}")),
        (header::CACHE_CONTROL, "no-store".to_owned()),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff".to_owned()),
    ];
    let writer = ExportWriter::new(format, generated_at, truncated);
    let download = Download { visit, filter, writer, truncated, written: 0, next: Next::Page(page) };
    let body = Body::from_stream(try_unfold(Some(download), next_piece));
    (headers, [("x-threadline-truncated", truncated.to_string())], body).into_response()
}

/// A file that is being sent.
struct Download {
    visit: Visit,
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

/// The next piece of the file, and what is left to send. An error breaks the connection off, so that half a file is not taken
/// for a whole one.
async fn next_piece(download: Option<Download>) -> io::Result<Option<(Vec<u8>, Option<Download>)>> {
    let Some(Download { visit, filter, mut writer, truncated, written, next }) = download else {
        return Ok(None);
    };
    let page = match next {
        Next::Page(page) => page,
        Next::OlderThan(cursor) => {
            let trail = &visit.state.settings.trail;
            let question = trail.timeline_page(&visit.scope, &filter, Position::OlderThan(cursor), PAGE);
            let page = answered(&visit, question).await;
            page.map_err(|_| io::Error::other("the trail does not answer"))?
        }
    };
    let mut piece = Vec::new();
    writer.write(&page.entries, &mut piece)?;
    let written = written + page.entries.len();
    match page.older {
        Some(cursor) if written < MOST => {
            let next = Next::OlderThan(cursor);
            Ok(Some((piece, Some(Download { visit, filter, writer, truncated, written, next }))))
        }
        // The headers said that it would be whole; changes that were committed since made it too long.
        Some(_) if !truncated => {
            tracing::warn!("a download ends early: the trail grew beyond {MOST} changes while it was read");
            Err(io::Error::other("the trail has grown"))
        }
        _ => {
            writer.end(&mut piece)?;
            Ok(Some((piece, None)))
        }
    }
}
