//! One file per page. A page draws what the library answered.

mod problem;
mod timeline;
mod transaction;

pub use problem::{Problem, problem_page};
pub use timeline::{TimelinePage, timeline_page};
pub use transaction::{TransactionPage, transaction_page};
