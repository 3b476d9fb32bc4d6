//! The console's addresses: one table for the router, the navigation and the authorisation hook.

/// What an operator is about to do; the authorisation hook decides on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ConsoleAction {
    /// Enter the console: see its home page, choose a theme, or ask for an address that it does not have.
    EnterConsole,
    /// Read the timeline of changes.
    ViewTimeline,
    /// Read one transaction.
    ViewTransaction,
    /// Read the history of one row, and the row as it was.
    ViewRow,
    /// Read what one actor did.
    ViewActor,
    /// Take changes out of the console as a file.
    DownloadChanges,
    /// Read which tables are captured.
    ViewCoverage,
    /// Read what is redacted, and whether it is what the configuration says.
    ViewPolicy,
}

impl ConsoleAction {
    /// The actions that are about the whole database: a scope does not limit them, so only
    /// `Access::Allow` opens what is behind them. They are asked about on every page, and what is refused has no link.
    pub const APART: [Self; 2] = [Self::ViewCoverage, Self::ViewPolicy];

    /// The command that gives the same answer as the screens behind the action, for whom the console refuses.
    #[must_use]
    pub const fn command(self) -> Option<&'static str> {
        match self {
            Self::ViewCoverage => Some("threadline health coverage --all-schemas"),
            Self::ViewPolicy => Some("threadline policy show --all-schemas"),
            _ => None,
        }
    }
}

/// What answers at an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum RoutePage {
    /// What needs attention, and the ways in.
    Home,
    /// The changes, newest first.
    Timeline,
    /// How many changes are newer than a place; for the live part of the timeline.
    NewerChanges,
    /// One transaction.
    Transaction,
    /// Leads from a form to a row's own address.
    FindRow,
    /// One row over time.
    Row,
    /// One actor.
    Actor,
    /// Changes as CSV.
    ChangesCsv,
    /// Changes as one JSON document.
    ChangesJson,
    /// Changes as one JSON object a line.
    ChangesNdjson,
    /// Which tables are captured, and what is not as it should be.
    Coverage,
    /// What the header says of coverage; for its live part.
    CoverageNow,
    /// What is redacted, against what the configuration says.
    Redaction,
    /// Remembers the theme.
    Theme,
}

impl RoutePage {
    /// Whether an operator sees what answers, with the header above it.
    #[must_use]
    pub const fn is_drawn(self) -> bool {
        !matches!(
            self,
            Self::NewerChanges
                | Self::CoverageNow
                | Self::ChangesCsv
                | Self::ChangesJson
                | Self::ChangesNdjson
                | Self::Theme
        )
    }
}

/// One address of the console.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Route {
    /// The path below the mount, in axum's notation.
    pub path: &'static str,
    /// What answers there.
    pub page: RoutePage,
    /// What the hook has to allow.
    pub action: ConsoleAction,
    /// Its name in the navigation, if it has an entry there.
    pub navigation: Option<&'static str>,
}

impl Route {
    const fn new(path: &'static str, page: RoutePage, action: ConsoleAction) -> Self {
        Self { path, page, action, navigation: None }
    }

    const fn in_navigation(self, label: &'static str) -> Self {
        Self { navigation: Some(label), ..self }
    }
}

/// Every address of the console. Assets are not among them: they hold no data and are served to anybody.
pub const ROUTES: [Route; 15] = {
    use ConsoleAction as May;
    use RoutePage as Page;
    [
        Route::new("/", Page::Home, May::EnterConsole).in_navigation("Overview"),
        Route::new("/timeline", Page::Timeline, May::ViewTimeline).in_navigation("Timeline"),
        Route::new("/api/newer_changes", Page::NewerChanges, May::ViewTimeline),
        Route::new("/transactions/{id}", Page::Transaction, May::ViewTransaction),
        Route::new("/rows", Page::FindRow, May::ViewRow),
        Route::new("/rows/{table}/{key}", Page::Row, May::ViewRow),
        Route::new("/actors/{kind}", Page::Actor, May::ViewActor),
        Route::new("/actors/{kind}/{id}", Page::Actor, May::ViewActor),
        Route::new("/exports/changes.csv", Page::ChangesCsv, May::DownloadChanges),
        Route::new("/exports/changes.json", Page::ChangesJson, May::DownloadChanges),
        Route::new("/exports/changes.ndjson", Page::ChangesNdjson, May::DownloadChanges),
        Route::new("/coverage", Page::Coverage, May::ViewCoverage).in_navigation("Coverage"),
        Route::new("/api/coverage", Page::CoverageNow, May::ViewCoverage),
        Route::new("/policy/redaction", Page::Redaction, May::ViewPolicy).in_navigation("Redaction"),
        Route::new("/theme", Page::Theme, May::EnterConsole),
    ]
};
