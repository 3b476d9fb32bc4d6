//! The actions that the authorization hook decides on.

/// An action of an operator, which the authorization hook allows or denies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ConsoleAction {
    /// Enter the console: read its home page and its help, choose a theme, or ask for an address that it does not have.
    EnterConsole,
    /// Read the timeline of changes.
    ViewTimeline,
    /// Read one transaction.
    ViewTransaction,
    /// Read the history of one row, the row as it was, and whole values of its changes.
    ViewRow,
    /// Read who was active, and what one actor did.
    ViewActor,
    /// Download changes as a file.
    DownloadChanges,
    /// Read which tables are captured.
    ViewCoverage,
    /// Read what is redacted, and whether it matches the configuration.
    ViewPolicy,
}

impl ConsoleAction {
    /// The actions that concern the whole database. A scope does not limit them, so only `Access::Allow` permits them. The hook
    /// is asked about them for every page, because what it denies has no link in the header.
    pub const GLOBAL: [Self; 2] = [Self::ViewCoverage, Self::ViewPolicy];

    /// Returns the command that prints the same information as the pages of the action, for operators whom the console refuses.
    #[must_use]
    pub const fn command(self) -> Option<&'static str> {
        match self {
            Self::ViewCoverage => Some("threadline health coverage --all-schemas"),
            Self::ViewPolicy => Some("threadline policy show --all-schemas"),
            _ => None,
        }
    }
}
