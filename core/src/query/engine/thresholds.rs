//! Every threshold of the engine. The documentation of [the engine](super) says what each was chosen by.

use std::time::Duration;

use chrono::TimeDelta;

/// The duration of one window after which the next window is not widened.
pub(in crate::query) const SLOW_WINDOW: Duration = Duration::from_millis(250);
/// The width of the first time window: one partition, or two.
pub(in crate::query) const FIRST_WINDOW: TimeDelta = TimeDelta::days(31);
/// The factor by which each time window is wider than the one before.
pub(in crate::query) const WINDOW_GROWTH: i32 = 4;
/// The width beyond which the next window is everything that remains.
pub(in crate::query) const MAX_WINDOW: TimeDelta = TimeDelta::days(31 * 16);

/// The number of changes after which a chunk of a search for a value ends.
pub(in crate::query) const MAX_CHUNK_CHANGES: usize = 10_000;
/// The number of changes after which the first chunk of a search for several actors or actions ends.
pub(in crate::query) const FIRST_CHUNK_CHANGES: usize = 1_000;
/// The stored bytes of the changes after which a chunk ends, unless those of one change are larger.
pub(in crate::query) const MAX_CHUNK_BYTES: usize = 4 << 20;

/// The age within its transaction from which a change is late. The partial index of late changes has the same limit.
pub(in crate::query) const LATE_AFTER: TimeDelta = TimeDelta::seconds(1);
/// [`LATE_AFTER`] in SQL, spelled as in the predicate of the index, without which the planner would not use it.
pub(in crate::query) const LATE_AFTER_SQL: &str = "interval '1 second'";
/// The time by which a change may be older than the beginning of its transaction, where the server's clock was set back.
pub(in crate::query) const CLOCK_TOLERANCE: TimeDelta = TimeDelta::hours(1);
/// [`CLOCK_TOLERANCE`] in SQL.
pub(in crate::query) const CLOCK_TOLERANCE_SQL: &str = "interval '1 hour'";

/// The minimum number of transactions that a scan lists at once. If no more match, late changes are searched in every
/// partition instead of through their index.
pub(in crate::query) const MIN_TRANSACTIONS_LISTED: usize = 100;
/// The minimum number of transactions whose changes are read together.
pub(in crate::query) const SCAN_BATCH: usize = 25;
/// The factor by which a batch may be larger than the one before.
pub(in crate::query) const BATCH_GROWTH: usize = 4;
/// The number of transactions after which a scan is given up and the changes are read by time.
pub(in crate::query) const MAX_TRANSACTIONS_SCANNED: usize = 26_000;
/// The share of the wanted changes, as a divisor, below which a scan has a low yield.
pub(in crate::query) const LOW_YIELD_DIVISOR: usize = 8;
/// The number of changes that are read by time while the changes of one transaction are read.
pub(in crate::query) const CHANGES_PER_TRANSACTION_COST: usize = 4;
/// The number of transactions above which the history of a row is cheaper to read.
pub(in crate::query) const MAX_TRANSACTIONS_FOR_ROW: usize = 40;
/// The number of actions above which changes are not looked up by the ids of their actions.
pub(in crate::query) const MAX_ACTION_IDS: usize = 400;
/// The number of transactions above which the same holds.
pub(in crate::query) const MAX_TRANSACTIONS_OF_ACTIONS: usize = 4_000;

/// The span of times within which transactions are looked up by one list of ids: it lies in one partition, or in two.
pub(in crate::query) const MAX_INLINE_SPAN: TimeDelta = TimeDelta::days(28);
/// The number of changes whose previous changes are looked up together.
pub(in crate::query) const LOOKUP_BATCH: usize = 500;
/// The stored size of a row, in bytes, up to which its values are selected with the change even if values are limited.
pub(in crate::query) const MAX_SMALL_IMAGE: usize = 4_000;
/// The number of newest changes of a table that are read to learn its key columns; a TRUNCATE has no key.
pub(in crate::query) const KEY_SAMPLE: usize = 5;
