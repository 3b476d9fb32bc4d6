//! The console's addresses: one table for the router, the navigation and the authorisation hook.

/// What an operator is about to do; the authorisation hook decides on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ConsoleAction {
    /// Enter the console, or ask for an address that it does not have.
    EnterConsole,
    /// Read the timeline of changes.
    ViewTimeline,
    /// Read one transaction.
    ViewTransaction,
}

/// Which page answers at an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum RoutePage {
    /// The entrance: leads on to the timeline.
    Entrance,
    /// The newest changes.
    Timeline,
    /// One transaction.
    Transaction,
}

/// An entry of the navigation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Navigation {
    /// What it is called there.
    pub label: &'static str,
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
    /// The entry in the navigation, if it has one.
    pub navigation: Option<Navigation>,
}

/// Every address of the console. Assets are not among them: they hold no data and are served to anybody.
pub const ROUTES: [Route; 3] = [
    Route { path: "/", page: RoutePage::Entrance, action: ConsoleAction::EnterConsole, navigation: None },
    Route {
        path: "/timeline",
        page: RoutePage::Timeline,
        action: ConsoleAction::ViewTimeline,
        navigation: Some(Navigation { label: "Timeline" }),
    },
    Route {
        path: "/transactions/{id}",
        page: RoutePage::Transaction,
        action: ConsoleAction::ViewTransaction,
        navigation: None,
    },
];
