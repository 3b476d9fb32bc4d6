//! Options that choose a page of a list.

use clap::Args;

/// The position of a page.
#[derive(Debug, Default, Args)]
pub(crate) struct CursorArgs {
    /// Show the page of entries older than this cursor.
    #[arg(long, value_name = "CURSOR")]
    older: Option<String>,
    /// Show the page of entries newer than this cursor.
    #[arg(long, value_name = "CURSOR")]
    newer: Option<String>,
}

impl CursorArgs {
    /// Returns the cursor as pairs for the filter.
    pub(crate) fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        present([("older", &self.older), ("newer", &self.newer)])
    }
}

/// The size of a page.
#[derive(Debug, Args)]
pub(crate) struct LimitArgs {
    /// Show at most this many entries, 1 to 1000.
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u16).range(1..=1000))]
    limit: u16,
}

impl LimitArgs {
    pub(crate) fn get(&self) -> usize {
        usize::from(self.limit)
    }
}

/// Returns the options that are present, as pairs of name and value.
pub(crate) fn present<'a, const N: usize>(
    options: [(&'a str, &'a Option<String>); N],
) -> impl Iterator<Item = (&'a str, &'a str)> {
    options.into_iter().filter_map(|(name, value)| Some((name, value.as_deref()?)))
}
