//! The gaps in capture, shown in a list of changes at the time until which changes may be missing.

use chrono::{DateTime, Utc};
use leptos::prelude::*;
use threadline::TableName;
use threadline::health::CoverageGap;
use threadline::query::Page;

use super::time::ShortTimestamp;
use super::value::isolated;
use crate::html::{Html, IntoHtml};
use crate::{ConsoleAction, PageContext};

/// The gaps because of which changes of a list may be missing, the last one first.
#[derive(Debug, Clone, Default)]
pub(crate) struct CaptureGaps(Vec<CoverageGap>);

impl CaptureGaps {
    pub(crate) const fn new(gaps: Vec<CoverageGap>) -> Self {
        Self(gaps)
    }

    /// Keeps the gaps that end in the period of a page, so that each one is on one page of a list.
    pub(crate) fn of_page<T>(mut self, page: &Page<T>) -> Self {
        let is_after = |at: DateTime<Utc>, gap: &CoverageGap| gap.ended_at.is_none_or(|ended| ended > at);
        self.0.retain(|gap| {
            page.newer.is_none_or(|newer| !is_after(newer.captured_at(), gap))
                && page.older.is_none_or(|older| is_after(older.captured_at(), gap))
        });
        self
    }

    /// Keeps the gaps of these tables.
    pub(crate) fn of_tables(mut self, is_known: impl Fn(&TableName) -> bool) -> Self {
        self.0.retain(|gap| is_known(&gap.table));
        self
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Removes and renders the gaps that end after this moment: those above a change of this moment.
    pub(crate) fn take_after(&mut self, at: DateTime<Utc>, now: DateTime<Utc>) -> Vec<Html> {
        let count = self.0.iter().take_while(|gap| gap.ended_at.is_none_or(|ended| ended > at)).count();
        self.0.drain(..count).map(|gap| band(&gap, now)).collect()
    }

    /// Renders the gaps that are left.
    pub(crate) fn view(&self, now: DateTime<Utc>) -> Vec<Html> {
        self.0.iter().map(|gap| band(gap, now)).collect()
    }
}

fn band(gap: &CoverageGap, now: DateTime<Utc>) -> Html {
    let missed = gap.missed().unwrap_or_default();
    let until = match gap.ended_at {
        Some(ended) => view! { "before "<ShortTimestamp at=ended now=now/> }.into_html(),
        None => view! { "until now" }.into_html(),
    };
    let context = PageContext::current();
    let coverage = context.may(ConsoleAction::ViewCoverage).then(|| {
        view! { " "<a href=context.href("/coverage")>"See coverage"</a> }
    });
    view! {
        <p class="gap">
            {missed}" of "<b>{isolated(gap.table.to_string())}</b>" may be missing "{until}". Noticed "
            <ShortTimestamp at=gap.first_seen now=now/>": "{gap.meaning().to_owned()}{coverage}
        </p>
    }
    .into_html()
}
