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
    Help,
    Close,
    /// Goes to the page at this path below the mount, if the navigation links to it.
    GoTo(&'static str),
}

const fn shortcut(key: &'static str, description: &'static str, action: ShortcutAction) -> Shortcut {
    Shortcut { key, description, action }
}

/// Every shortcut, in the order of the help.
pub(crate) const SHORTCUTS: [Shortcut; 23] = [
    shortcut("j", "Go to the next line", ShortcutAction::Next),
    shortcut("k", "Go to the previous line", ShortcutAction::Previous),
    shortcut("o", "Open or close the line, as Enter does", ShortcutAction::Toggle),
    shortcut("O", "Open or close all lines", ShortcutAction::ToggleAll),
    shortcut("n", "Go to the next transaction", ShortcutAction::NextTransaction),
    shortcut("p", "Go to the previous transaction", ShortcutAction::PreviousTransaction),
    shortcut("y", "Copy a link to the line", ShortcutAction::CopyLink),
    shortcut("Y", "Copy the line as text, for a ticket", ShortcutAction::CopyText),
    shortcut("c", "Copy the id of the transaction", ShortcutAction::CopyId),
    shortcut("/", "Go to the search", ShortcutAction::Search),
    shortcut("f", "Go to the filter", ShortcutAction::Filter),
    shortcut("1", "Show the last hour", ShortcutAction::Window(1)),
    shortcut("2", "Show the last 24 hours", ShortcutAction::Window(2)),
    shortcut("3", "Show the last 7 days", ShortcutAction::Window(3)),
    shortcut("4", "Show the last 30 days", ShortcutAction::Window(4)),
    shortcut("5", "Show all time", ShortcutAction::Window(5)),
    shortcut("g o", "Go to the overview", ShortcutAction::GoTo("")),
    shortcut("g t", "Go to the timeline", ShortcutAction::GoTo("/timeline")),
    shortcut("g c", "Go to the coverage", ShortcutAction::GoTo("/coverage")),
    shortcut("g r", "Go to the redaction", ShortcutAction::GoTo("/policy/redaction")),
    shortcut("g h", "Go to the help", ShortcutAction::GoTo("/help")),
    shortcut("?", "Show these shortcuts", ShortcutAction::Help),
    shortcut("Escape", "Close what is open", ShortcutAction::Close),
];
