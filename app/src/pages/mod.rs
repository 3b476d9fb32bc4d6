//! The pages of the console, one folder each, and the table of its addresses.
//!
//! To add a page, add its folder with an implementation of [`Page`](crate::Page), and its module and its row below. The router,
//! the navigation, the authorization hook and the tests read the table.

mod actor;
mod actors;
mod coverage;
mod find_row;
mod help;
mod home;
mod problem;
mod redaction;
mod row;
mod search;
mod timeline;
mod timeline_values;
mod transaction;

use threadline::export::Format;

pub use problem::{PageError, Problem, explain_database_error};
pub use search::Suggestions;
pub use timeline::{TimelinePage, TimelineQuery};

use crate::ConsoleAction::{
    DownloadChanges, EnterConsole, ViewActor, ViewCoverage, ViewPolicy, ViewRow, ViewTimeline,
    ViewTransaction,
};
use crate::{Endpoint, Route};

/// Every address of the console. Assets are not among them: they hold no data, and everybody gets them.
pub static ROUTES: &[Route] = &[
    Route::page::<home::HomePage>("/", EnterConsole).navigation("Overview"),
    Route::page::<TimelinePage>("/timeline", ViewTimeline).navigation("Timeline"),
    Route::page::<timeline_values::TimelineValuesPage>("/timeline/values", ViewTimeline),
    Route::page::<search::SearchPage>("/search", ViewTimeline),
    Route::new("/api/suggestions", Endpoint::Suggestions, ViewTimeline),
    Route::new("/api/newer_changes", Endpoint::NewerChanges, ViewTimeline),
    Route::page::<transaction::TransactionPage>("/transactions/{id}", ViewTransaction),
    Route::page::<find_row::FindRowPage>("/rows", ViewRow),
    Route::page::<row::RowPage>("/rows/{table}/{key}", ViewRow),
    Route::new("/changes/{change}/values", Endpoint::Value, ViewRow),
    Route::page::<actors::ActorsPage>("/actors", ViewActor),
    Route::page::<actor::ActorPage>("/actors/{kind}", ViewActor),
    Route::page::<actor::ActorPage>("/actors/{kind}/{id}", ViewActor),
    Route::new("/exports/changes.csv", Endpoint::Download(Format::Csv), DownloadChanges),
    Route::new("/exports/changes.json", Endpoint::Download(Format::Json), DownloadChanges),
    Route::new("/exports/changes.ndjson", Endpoint::Download(Format::Ndjson), DownloadChanges),
    Route::page::<coverage::CoveragePage>("/coverage", ViewCoverage)
        .form::<coverage::CheckNow>()
        .navigation("Coverage")
        .needs_coverage(),
    Route::new("/api/coverage", Endpoint::CoverageStatus, ViewCoverage),
    Route::page::<redaction::RedactionPage>("/policy/redaction", ViewPolicy)
        .navigation("Redaction")
        .needs_coverage(),
    Route::page::<help::HelpPage>("/help", EnterConsole).navigation("Help"),
    Route::new("/preferences", Endpoint::Preferences, EnterConsole),
];
