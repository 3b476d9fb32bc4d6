//! The engine: turns criteria into statements, and chooses the access path of each.
//!
//! # Access paths
//!
//! The first row whose filter and scope apply is used. Every path returns changes in the order `(captured_at, id)`, and stops after
//! a page or at the cap of a count. *Bound* is what it reads at most, besides one index lookup in each bucket and partition.
//!
//! | Filter or scope | Access path | Bound |
//! |---|---|---|
//! | no change can meet it ([`Criteria::is_unsatisfiable`](criteria::Criteria::is_unsatisfiable)) | no statement | nothing |
//! | one transaction | index `(transaction_id, captured_at)` | the changes of the transaction |
//! | `correlation_id` or `request_id`, at most 400 actions and 4,000 transactions | [`Exact`]: actions, their transactions, the changes of those | the changes of those transactions |
//! | `actor` or `action`, and a scope that may hide changes of it | [`ByTime`], as without them | what the scope shows until enough match, or the search time of a page |
//! | `key` with `actor` or `action`, at most 40 transactions | [`Exact`]: the transactions of the driving filter, the changes of those | the changes of those transactions |
//! | `actor` or `action` without `key` | [`Incremental`]: batches of transactions, newest first, the prompt changes of each batch, then late changes | 26,000 transactions, or what reading the table by time would cost |
//! | `key` | [`ByTime`] on `(row_bucket, captured_at)` and `(related_bucket, captured_at)`, 8 buckets merged | the history of the row |
//! | `table` | [`ByTime`] on `(table_hash, captured_at, id)` | the changes of the table until enough match |
//! | several `table`s, or scope of tables | [`ByTime`] on the same index, merged over the tables | a page of each table |
//! | whole `value` of an indexed `field` of a `table` | [`ByTime`] on the two indexes of `value_index`, merged | the changes from or to the value |
//! | `value` | as without it; through transactions only for half of the search time, then [`ByTime`] in chunks | the search time of a page |
//! | several `actor`s or `action`s, an excluded one, or `on_behalf_of` | as without it, in chunks, with the transaction of each change as a residual predicate | the search time of a page |
//! | anything else | [`ByTime`] on `(captured_at, id)`; of TRUNCATEs, their partial index | the search time of a page |
//!
//! A condition names one value here, unless it says several. Of several fields or operations, or with an excluded value, a condition is
//! a residual predicate. With one `actor` and several `action`s, or the other way round, the one drives and the others are residual.
//!
//! [`ByTime`] reads time windows that grow, so that most pages plan one partition. Whatever an access path does not ask of an index
//! is a residual predicate, written so that the planner cannot start from it (see [`where_clause`]). In a trail of the Elixir
//! library, whose tables lack most of these indexes, everything but one transaction is read by time.
//!
//! # Thresholds
//!
//! "Plan tests" are those of `core/tests/it/query/plans`, which bound the rows that each query reads. "Chosen" means that no measurement
//! distinguishes the value from its neighbours.
//!
//! | Threshold | Value | Reason | Chosen by |
//! |---|---|---|---|
//! | [`STATEMENT_TIMEOUT`] | 5 s | no query may occupy the server | chosen; above the 2 s search time of a page |
//! | [`SLOW_WINDOW`] | 250 ms | a window 4 times as wide would take 1 s, and one more the whole search time | chosen |
//! | [`FIRST_WINDOW`], [`WINDOW_GROWTH`], [`MAX_WINDOW`] | 31 d, 4, 496 d | one partition first; four windows cover two years | planning one partition takes a tenth of the time of planning 24 |
//! | [`MAX_CHUNK_CHANGES`], [`MAX_CHUNK_BYTES`] | 10,000, 4 MiB | one statement searches the values of as many changes: 50 to 100 ms | measured: 5 to 9 µs for a change of 10 columns; 4 MiB that are compressed to a 90th are searched in less than the statement timeout |
//! | [`FIRST_CHUNK_CHANGES`] | 1,000 | most pages of several actors are full after the first chunk | chosen; the next ones have [`MAX_CHUNK_CHANGES`] |
//! | [`LATE_AFTER`] | 1 s | almost every change is captured within 1 s after its transaction began | the partial index of late changes has the same limit |
//! | [`CLOCK_TOLERANCE`] | 1 h | clocks are set back by less | chosen; it only prunes partitions |
//! | [`MIN_TRANSACTIONS_LISTED`] | 100 | listing costs little, so a list is long enough to tell whether an actor has few transactions | plan tests: at most 200 rows besides those returned |
//! | [`SCAN_BATCH`], [`BATCH_GROWTH`] | 25, 4 | most transactions have few changes; a batch that finds too little is followed by a larger one | chosen; a page of 50 needs one batch or two |
//! | [`MAX_TRANSACTIONS_SCANNED`] | 26,000 | the fourfold batches up to 6,400 and their sum | chosen; reading by time is bounded by the search time, the scan is not |
//! | [`LOW_YIELD_DIVISOR`], [`CHANGES_PER_TRANSACTION_COST`] | 8, 4 | after a poor batch, reading a small table by time is compared; four of its changes cost as much as one transaction | plan tests of `actor` with `table` |
//! | [`MAX_TRANSACTIONS_FOR_ROW`] | 40 | the changes of one row in one transaction cost as much as a part of the row's history | chosen |
//! | [`MAX_ACTION_IDS`], [`MAX_TRANSACTIONS_OF_ACTIONS`] | 400, 4,000 | each is one lookup in each partition | chosen |
//! | [`MAX_INLINE_SPAN`] | 28 d | within two partitions, one list of ids is cheaper than a join | chosen: the shortest month |
//! | [`LOOKUP_BATCH`] | 500 | one statement for the old values of a long page | chosen |
//! | [`MAX_SMALL_IMAGE`] | 4,000 bytes | a row of this stored size needs no second statement | chosen: above the 2 kB at which PostgreSQL begins to compress, and at most 90 times as long when read |
//! | [`KEY_SAMPLE`] | 5 | a TRUNCATE has no key, and rarely follows another | chosen |
//!
//! [`Exact`]: via_transactions
//! [`Incremental`]: via_transactions
//! [`ByTime`]: index_path
//! [`STATEMENT_TIMEOUT`]: crate::AuditTrail::STATEMENT_TIMEOUT
//! [`SLOW_WINDOW`]: thresholds::SLOW_WINDOW
//! [`FIRST_WINDOW`]: thresholds::FIRST_WINDOW
//! [`WINDOW_GROWTH`]: thresholds::WINDOW_GROWTH
//! [`MAX_WINDOW`]: thresholds::MAX_WINDOW
//! [`MAX_CHUNK_CHANGES`]: thresholds::MAX_CHUNK_CHANGES
//! [`MAX_CHUNK_BYTES`]: thresholds::MAX_CHUNK_BYTES
//! [`FIRST_CHUNK_CHANGES`]: thresholds::FIRST_CHUNK_CHANGES
//! [`LATE_AFTER`]: thresholds::LATE_AFTER
//! [`CLOCK_TOLERANCE`]: thresholds::CLOCK_TOLERANCE
//! [`MIN_TRANSACTIONS_LISTED`]: thresholds::MIN_TRANSACTIONS_LISTED
//! [`SCAN_BATCH`]: thresholds::SCAN_BATCH
//! [`BATCH_GROWTH`]: thresholds::BATCH_GROWTH
//! [`MAX_TRANSACTIONS_SCANNED`]: thresholds::MAX_TRANSACTIONS_SCANNED
//! [`LOW_YIELD_DIVISOR`]: thresholds::LOW_YIELD_DIVISOR
//! [`CHANGES_PER_TRANSACTION_COST`]: thresholds::CHANGES_PER_TRANSACTION_COST
//! [`MAX_TRANSACTIONS_FOR_ROW`]: thresholds::MAX_TRANSACTIONS_FOR_ROW
//! [`MAX_ACTION_IDS`]: thresholds::MAX_ACTION_IDS
//! [`MAX_TRANSACTIONS_OF_ACTIONS`]: thresholds::MAX_TRANSACTIONS_OF_ACTIONS
//! [`MAX_INLINE_SPAN`]: thresholds::MAX_INLINE_SPAN
//! [`LOOKUP_BATCH`]: thresholds::LOOKUP_BATCH
//! [`MAX_SMALL_IMAGE`]: thresholds::MAX_SMALL_IMAGE
//! [`KEY_SAMPLE`]: thresholds::KEY_SAMPLE

pub(super) mod criteria;
pub(super) mod index_path;
pub(super) mod limited_values;
pub(super) mod load_entries;
pub(super) mod old_values;
pub(super) mod page_slice;
pub(super) mod read_transaction;
pub(super) mod scan;
pub(super) mod schema_features;
pub(super) mod search_parts;
mod selection_conditions;
pub(super) mod snapshot;
pub(super) mod thresholds;
pub(super) mod time_windows;
mod value_condition;
pub(super) mod via_transactions;
pub(super) mod where_clause;
pub(super) mod window_scan;
