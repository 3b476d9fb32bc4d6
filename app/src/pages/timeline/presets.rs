//! Windows that are asked for by their length.

use chrono::{DateTime, DurationRound, TimeDelta, Utc};
use leptos::prelude::*;
use threadline::query::Filter;

use super::address::address_of;
use crate::PageContext;

/// A window that ends now and stays open.
#[derive(Debug)]
struct Preset {
    /// The word in an address.
    word: &'static str,
    label: &'static str,
    /// Its length; none for all time.
    length: Option<TimeDelta>,
}

const PRESETS: [Preset; 5] = [
    Preset { word: "1h", label: "1 h", length: Some(TimeDelta::hours(1)) },
    Preset { word: "24h", label: "24 h", length: Some(TimeDelta::hours(24)) },
    Preset { word: "7d", label: "7 d", length: Some(TimeDelta::days(7)) },
    Preset { word: "30d", label: "30 d", length: Some(TimeDelta::days(30)) },
    Preset { word: "all", label: "All time", length: None },
];

/// Gives the filter the window that this word (`1h`, `24h`, `7d`, `30d`, `all`) stands for, counted from now to the minute; none
/// for any other word.
pub fn set_window(filter: &mut Filter, word: &str) -> Option<()> {
    let preset = PRESETS.iter().find(|preset| preset.word == word)?;
    let begin = |length| Utc::now().checked_sub_signed(length)?.duration_trunc(TimeDelta::minutes(1)).ok();
    (filter.from, filter.to) = (preset.length.and_then(begin), None);
    Some(())
}

/// The address of the same question within one of the windows. It names the length, so that a page that has stood open for an
/// hour still leads to the hour before the click.
pub(super) fn window_href(context: &PageContext, filter: &Filter, word: &'static str) -> String {
    let mut pairs = filter.to_pairs();
    pairs.retain(|(key, _)| !matches!(*key, "from" | "to"));
    pairs.push(("window", word.to_owned()));
    address_of(context, &pairs)
}

/// The window of the filter is marked among them. `custom` is where to type another.
pub(super) fn presets(
    context: &PageContext,
    filter: &Filter,
    now: DateTime<Utc>,
    custom: &'static str,
) -> impl IntoView + use<> {
    let current = PRESETS.iter().position(|preset| preset.is_of(filter, now));
    let links: Vec<_> = PRESETS
        .iter()
        .enumerate()
        .map(|(place, preset)| {
            let prefix =
                preset.length.is_some().then(|| view! { <span class="visually-hidden">"Last "</span> });
            let href = window_href(context, filter, preset.word);
            let current = (current == Some(place)).then_some("true");
            view! { <a href=href aria-current=current>{prefix}{preset.label}</a> }
        })
        .collect();
    let other = current.is_none().then_some("true");
    view! {
        <div class="presets" role="group" aria-label="Window">
            {links} <a href=custom aria-current=other>"Custom"</a>
        </div>
    }
}

impl Preset {
    /// While somebody reads, a window grows; up to a twelfth it keeps its name.
    fn is_of(&self, filter: &Filter, now: DateTime<Utc>) -> bool {
        match (self.length, filter.from, filter.to) {
            (None, None, None) => true,
            (Some(length), Some(from), None) => (length..=length + length / 12).contains(&(now - from)),
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_keeps_its_name_while_it_is_read() {
        let (mut filter, now) = (Filter::default(), Utc::now());
        let name =
            |filter: &Filter, now| PRESETS.iter().find(|preset| preset.is_of(filter, now)).map(|p| p.word);
        assert_eq!(name(&filter, now), Some("all"));
        for word in ["1h", "24h", "7d", "30d", "all"] {
            set_window(&mut filter, word).unwrap();
            let now = Utc::now();
            assert_eq!(name(&filter, now), Some(word));
            assert_eq!(name(&filter, now + TimeDelta::minutes(3)), Some(word));
        }
        set_window(&mut filter, "1h").unwrap();
        assert_eq!(name(&filter, now + TimeDelta::hours(1)), None);
        filter.to = Some(now);
        assert_eq!(name(&filter, now), None);
        assert_eq!(set_window(&mut filter, "2h"), None);
    }
}
