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
    Help,
    Close,
}

const fn shortcut(key: &'static str, description: &'static str, action: ShortcutAction) -> Shortcut {
    Shortcut { key, description, action }
}

/// Every shortcut, in the order of the help.
pub(crate) const SHORTCUTS: [Shortcut; 9] = [
    shortcut("j", "Go to the next line", ShortcutAction::Next),
    shortcut("k", "Go to the previous line", ShortcutAction::Previous),
    shortcut("o", "Open or close the line, as Enter does", ShortcutAction::Toggle),
    shortcut("O", "Open or close all lines", ShortcutAction::ToggleAll),
    shortcut("c", "Copy the id of the transaction", ShortcutAction::Copy),
    shortcut("/", "Go to the search", ShortcutAction::Search),
    shortcut("f", "Go to the filter", ShortcutAction::Filter),
    shortcut("?", "Show these shortcuts", ShortcutAction::Help),
    shortcut("Escape", "Close what is open", ShortcutAction::Close),
];
