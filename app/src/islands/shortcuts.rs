//! The keyboard shortcuts: one table for the help and for the keyboard.

/// A keyboard shortcut.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Key {
    /// The name of the key, as the browser reports it.
    pub(crate) key: &'static str,
    /// The description in the help.
    #[cfg_attr(not(feature = "ssr"), expect(dead_code, reason = "the server draws the help"))]
    pub(crate) does: &'static str,
    /// The action.
    #[cfg_attr(not(feature = "hydrate"), expect(dead_code, reason = "only the browser has a keyboard"))]
    pub(crate) act: ShortcutAction,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ShortcutAction {
    Next,
    Previous,
    Open,
    Copy,
    Filter,
    Help,
    Close,
}

const fn key(key: &'static str, does: &'static str, act: ShortcutAction) -> Key {
    Key { key, does, act }
}

/// Every shortcut, in the order of the help.
pub(crate) const SHORTCUTS: [Key; 7] = [
    key("j", "Go to the next entry", ShortcutAction::Next),
    key("k", "Go to the previous entry", ShortcutAction::Previous),
    key("Enter", "Open the entry", ShortcutAction::Open),
    key("c", "Copy the id of the entry", ShortcutAction::Copy),
    key("/", "Go to the filter", ShortcutAction::Filter),
    key("?", "Show these shortcuts", ShortcutAction::Help),
    key("Escape", "Close what is open", ShortcutAction::Close),
];
