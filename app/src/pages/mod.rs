//! One file per page. A page draws what the library answered.

mod actor;
mod coverage;
mod home;
mod problem;
mod redaction;
mod row;
mod timeline;
mod transaction;

pub use actor::{ActorPage, ActorWindow, LastTransaction, actor_page};
pub use coverage::{CoveragePage, coverage_page};
pub use home::{HomePage, LatestActivity, home_page};
pub use problem::{Problem, problem_page};
pub use redaction::{RedactionPage, redaction_page};
pub use row::{
    AsOfQuestion, Compared, ComparisonQuestion, FindRowPage, RowField, RowMistake, RowPage, RowThen,
    find_row_page, moment, row_page, still_to_come,
};
pub use timeline::{FilterMistake, FoundChanges, TimelinePage, set_window, timeline_page};
pub use transaction::{RelatedTransactions, TransactionPage, transaction_page};
