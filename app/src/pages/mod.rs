//! One file per page. A page draws what the library answered.

mod actor;
mod home;
mod problem;
mod row;
mod timeline;
mod transaction;

pub use actor::{ActorPage, actor_page};
pub use home::{HomePage, home_page};
pub use problem::{Problem, problem_page};
pub use row::{RowPage, row_page};
pub use timeline::{TimelinePage, timeline_page};
pub use transaction::{TransactionPage, transaction_page};
