//! A mark of what a snapshot held, and which transactions were open, small enough for an address.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use uuid::Uuid;

use super::cursor::Cursor;
use super::timestamp::Timestamp;
use crate::InvalidParameter;

/// The maximum number of open transactions in a mark: the number of connections that PostgreSQL allows by default.
pub(in crate::query) const MAX_OPEN: usize = 100;
/// The longest time between listing open transactions and taking the snapshot. It is a few milliseconds on a healthy server,
/// and the changes captured within it are checked one by one.
pub(in crate::query) const MAX_LISTING_TIME: TimeDelta = TimeDelta::minutes(1);
/// The longest text of a mark. [`MAX_OPEN`] transactions with ids and times of any length fit.
const MAX_TEXT_BYTES: usize = 4_096;
const MORE: &str = "more";

/// A mark of a snapshot. With it, [`count_newer`](crate::query::Snapshot::count_newer) and
/// [`newer_changes`](crate::query::Snapshot::newer_changes) find the changes that have become visible since.
///
/// The time of a change is that of the write, so a long transaction commits changes that are older than some that were visible
/// before. A cursor alone cannot find them, so the mark also holds the transactions that were open.
///
/// Its text has at most 4,096 letters, digits, `.`, `_` and `-`, so it fits into a URL. It contains the ids and beginnings of
/// up to 100 open transactions, and no data.
///
/// ```
/// use threadline::query::SnapshotMark;
///
/// let mark: SnapshotMark = "1795339267000000-850-733-731.1500000".parse()?;
/// assert_eq!(serde_json::to_string(&mark)?, r#""1795339267000000-850-733-731.1500000""#);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SnapshotMark {
    /// The server's clock after the snapshot was taken. The snapshot holds no change that was captured later.
    pub(in crate::query) taken_at: DateTime<Utc>,
    /// The server's clock before open transactions were listed. Every transaction that had written by then had ended before the
    /// snapshot, or is in the list.
    pub(in crate::query) listed_at: DateTime<Utc>,
    /// The `xmax` of the snapshot. The snapshot holds no transaction with this id or a greater one.
    pub(in crate::query) xmax: i64,
    /// The transactions below `xmax` that the snapshot does not hold, and the greater ones that had written by then.
    pub(in crate::query) open: Vec<OpenTransaction>,
    /// True if `open` names all of them.
    pub(in crate::query) is_complete: bool,
}

/// A transaction that had not ended, and its beginning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::query) struct OpenTransaction {
    pub(in crate::query) txid: i64,
    pub(in crate::query) began: Began,
}

/// The beginning of an open transaction, as the server reports it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::query) enum Began {
    /// The transaction began at this moment, by its own `now()`.
    At(DateTime<Utc>),
    /// The server does not report it, because the session belongs to another role or the transaction was prepared.
    Unknown,
    /// The transaction wrote for the first time after open transactions were listed.
    AfterListing,
}

impl SnapshotMark {
    /// Returns the position from which on no change is in the snapshot.
    pub(in crate::query) const fn end(&self) -> Cursor {
        Cursor { captured_at: self.taken_at, id: Uuid::max() }
    }

    /// Returns the position before which every change is in the snapshot, or by a listed transaction.
    pub(in crate::query) const fn listing(&self) -> Cursor {
        Cursor { captured_at: self.listed_at, id: Uuid::nil() }
    }
}

impl fmt::Display for SnapshotMark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let before = |moment: DateTime<Utc>| self.taken_at.timestamp_micros() - moment.timestamp_micros();
        write!(f, "{}-{}-{}-", self.taken_at.timestamp_micros(), before(self.listed_at), self.xmax)?;
        for (number, OpenTransaction { txid, began }) in self.open.iter().enumerate() {
            let separator = if number > 0 { "_" } else { "" };
            write!(f, "{separator}{txid}")?;
            match began {
                Began::At(moment) => write!(f, ".{}", before(*moment))?,
                Began::Unknown => f.write_str(".")?,
                Began::AfterListing => {}
            }
        }
        if self.is_complete { Ok(()) } else { f.write_str(MORE) }
    }
}

impl FromStr for SnapshotMark {
    type Err = InvalidParameter;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mark = if text.len() <= MAX_TEXT_BYTES { parse(text) } else { None };
        mark.ok_or_else(|| {
            let beginning: String = text.chars().take(100).collect();
            InvalidParameter::new("since", &beginning, "the mark that the page itself holds")
        })
    }
}

fn parse(text: &str) -> Option<SnapshotMark> {
    let [taken_at, listing_time, xmax, open] = text.splitn(4, '-').collect::<Vec<_>>().try_into().ok()?;
    let taken_at = Timestamp::from_micros(number(taken_at)?)?;
    let before = |micros: &str| {
        let moment = taken_at.checked_sub_signed(TimeDelta::microseconds(number(micros)?))?;
        Some(Timestamp(moment).in_range()?.0)
    };
    let listed_at = before(listing_time).filter(|listed_at| taken_at - *listed_at <= MAX_LISTING_TIME)?;
    let (open, is_complete) = open.strip_suffix(MORE).map_or((open, true), |open| (open, false));
    let transaction = |text: &str| {
        let (txid, began) = match text.split_once('.') {
            None => (text, Began::AfterListing),
            Some((txid, "")) => (txid, Began::Unknown),
            Some((txid, micros)) => (txid, Began::At(before(micros)?)),
        };
        Some(OpenTransaction { txid: number(txid)?, began })
    };
    let open: Vec<_> = match open {
        "" => Vec::new(),
        open => open.split('_').map(transaction).collect::<Option<_>>()?,
    };
    let mark = SnapshotMark { taken_at, listed_at, xmax: number(xmax)?, open, is_complete };
    Some(mark).filter(|mark| mark.open.len() <= MAX_OPEN)
}

/// Reads digits without a sign.
fn number(text: &str) -> Option<i64> {
    text.parse().ok().filter(|_| text.starts_with(|first: char| first.is_ascii_digit()))
}

impl Serialize for SnapshotMark {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for SnapshotMark {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn largest_mark_is_read_from_its_own_text() {
        let taken_at = DateTime::from_timestamp_micros(1_795_339_267_000_000).unwrap();
        let open: Vec<_> = (0..100)
            .map(|place| OpenTransaction {
                txid: i64::MAX - place,
                began: match place {
                    0 => Began::AfterListing,
                    1 => Began::Unknown,
                    _ => Began::At(DateTime::UNIX_EPOCH),
                },
            })
            .collect();
        for (open, is_complete) in
            [(open.clone(), true), (open, false), (Vec::new(), true), (Vec::new(), false)]
        {
            let listed_at = taken_at - MAX_LISTING_TIME;
            let mark = SnapshotMark { taken_at, listed_at, xmax: i64::MAX, open, is_complete };
            let text = mark.to_string();
            assert_eq!(text.parse().as_ref(), Ok(&mark), "{text}");
            assert!(text.len() <= MAX_TEXT_BYTES, "{}", text.len());
            assert!(text.chars().all(|c| c.is_ascii_alphanumeric() || "._-".contains(c)), "{text}");
            let json = serde_json::to_string(&mark).unwrap();
            assert_eq!(serde_json::from_str::<SnapshotMark>(&json).unwrap(), mark);
        }
    }

    #[test]
    fn malformed_mark_is_refused() {
        let long = format!("1795339267000000-850-733-{}", "7.".repeat(3_000));
        let many = format!("1795339267000000-850-733-{}", vec!["7"; 101].join("_"));
        for text in [
            "",
            "17",
            "1795339267000000-0193c2aa00007000800000000000008d",
            "1795339267000000-850-733",
            "1795339267000000-850-733-731_",
            "1795339267000000-850-733-_more",
            "1795339267000000-850-733--731",
            "1795339267000000-850-733-731.-5",
            "1795339267000000-850-733-731.5.5",
            "1795339267000000-850-733-731.9223372036854775807",
            "1795339267000000-850-+733-",
            "1795339267000000-850--733-",
            "1795339267000000-60000001-733-",
            "9223372036854775807-0-733-",
            "1795339267000000-850-99999999999999999999-",
            "１795339267000000-850-733-",
            &long,
            &many,
        ] {
            let error = text.parse::<SnapshotMark>().unwrap_err();
            assert_eq!(error.name, "since", "{text}");
            assert!(error.value.len() <= 100, "{}", error.value);
        }
    }
}
