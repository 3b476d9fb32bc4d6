//! The keyboard shortcuts: one table for the help and for the keyboard.

/// A keyboard shortcut.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Shortcut {
    /// The name of the key, as the browser reports it; of two keys one after the other, both with a blank between them.
    pub(crate) key: &'static str,
    /// The description in the help.
    #[cfg_attr(not(feature = "ssr"), expect(dead_code, reason = "only the server renders the help"))]
    pub(crate) description: &'static str,
    /// The action.
    #[cfg_attr(not(feature = "hydrate"), expect(dead_code, reason = "only the browser has a keyboard"))]
    pub(crate) action: ShortcutAction,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ShortcutAction {
    Next,
    Previous,
    Toggle,
    ToggleAll,
    NextTransaction,
    PreviousTransaction,
    CopyLink,
    CopyText,
    CopyId,
    Search,
    Filter,
    /// Opens the time window with this number.
    Window(usize),
    /// Opens the time window before this one.
    EarlierWindow,
    /// Opens the time window after this one.
    LaterWindow,
    /// Shows the version of the record before the one that is shown.
    EarlierVersion,
    /// Shows the version of the record after the one that is shown.
    LaterVersion,
    Help,
    Close,
    /// Goes to the page at this path below the mount, if the navigation links to it.
    GoTo(&'static str),
}

const fn shortcut(key: &'static str, description: &'static str, action: ShortcutAction) -> Shortcut {
    Shortcut { key, description, action }
}

/// Every shortcut, in the order of the help.
pub(crate) const SHORTCUTS: [Shortcut; 27] = [
    shortcut("j", "Next line", ShortcutAction::Next),
    shortcut("k", "Previous line", ShortcutAction::Previous),
    shortcut("o", "Open or close the line, as Enter does", ShortcutAction::Toggle),
    shortcut("O", "Open or close all lines", ShortcutAction::ToggleAll),
    shortcut("n", "Next transaction", ShortcutAction::NextTransaction),
    shortcut("p", "Previous transaction", ShortcutAction::PreviousTransaction),
    shortcut("y", "Copy link to the line", ShortcutAction::CopyLink),
    shortcut("Y", "Copy the line as text", ShortcutAction::CopyText),
    shortcut("c", "Copy id of the transaction", ShortcutAction::CopyId),
    shortcut("/", "Search", ShortcutAction::Search),
    shortcut("f", "Filter", ShortcutAction::Filter),
    shortcut("1", "Last hour", ShortcutAction::Window(1)),
    shortcut("2", "Last 24 hours", ShortcutAction::Window(2)),
    shortcut("3", "Last 7 days", ShortcutAction::Window(3)),
    shortcut("4", "Last 30 days", ShortcutAction::Window(4)),
    shortcut("5", "All time", ShortcutAction::Window(5)),
    shortcut("[", "The time before", ShortcutAction::EarlierWindow),
    shortcut("]", "The time after", ShortcutAction::LaterWindow),
    shortcut("ArrowLeft", "The version before", ShortcutAction::EarlierVersion),
    shortcut("ArrowRight", "The version after", ShortcutAction::LaterVersion),
    shortcut("g o", "Overview", ShortcutAction::GoTo("")),
    shortcut("g t", "Timeline", ShortcutAction::GoTo("/timeline")),
    shortcut("g c", "Coverage", ShortcutAction::GoTo("/coverage")),
    shortcut("g r", "Redaction", ShortcutAction::GoTo("/policy/redaction")),
    shortcut("g h", "Help", ShortcutAction::GoTo("/help")),
    shortcut("?", "These shortcuts", ShortcutAction::Help),
    shortcut("Escape", "Close", ShortcutAction::Close),
];
