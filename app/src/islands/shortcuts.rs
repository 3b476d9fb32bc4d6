//! The keyboard shortcuts: one table for the help and for the keyboard.

/// A keyboard shortcut.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Shortcut {
    /// The name of the key, as the browser reports it.
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
    Copy,
    Search,
    Filter,
    /// Opens the time window with this number.
    Window(usize),
    Help,
    Close,
}

const fn shortcut(key: &'static str, description: &'static str, action: ShortcutAction) -> Shortcut {
    Shortcut { key, description, action }
}

/// Every shortcut, in the order of the help.
pub(crate) const SHORTCUTS: [Shortcut; 14] = [
    shortcut("j", "Go to the next line", ShortcutAction::Next),
    shortcut("k", "Go to the previous line", ShortcutAction::Previous),
    shortcut("o", "Open or close the line, as Enter does", ShortcutAction::Toggle),
    shortcut("O", "Open or close all lines", ShortcutAction::ToggleAll),
    shortcut("c", "Copy the id of the transaction", ShortcutAction::Copy),
    shortcut("/", "Go to the search", ShortcutAction::Search),
    shortcut("f", "Go to the filter", ShortcutAction::Filter),
    shortcut("1", "Show the last hour", ShortcutAction::Window(1)),
    shortcut("2", "Show the last 24 hours", ShortcutAction::Window(2)),
    shortcut("3", "Show the last 7 days", ShortcutAction::Window(3)),
    shortcut("4", "Show the last 30 days", ShortcutAction::Window(4)),
    shortcut("5", "Show all time", ShortcutAction::Window(5)),
    shortcut("?", "Show these shortcuts", ShortcutAction::Help),
    shortcut("Escape", "Close what is open", ShortcutAction::Close),
];
