//! Paths of the console's pages below its mount, for links in the templates of the host.
//!
//! ```
//! use threadline_server::paths;
//!
//! let history = format!("/audit{}", paths::row("tickets", [("id", 5041)]));
//! assert_eq!(history, "/audit/rows/tickets/id%3D5041");
//! ```

use threadline::query::{RowKey, TransactionId};
use threadline::{ActorRef, TableName};
use threadline_app::paths;

/// Returns the path of the history of a row.
///
/// ```
/// use threadline_server::paths;
///
/// let line = paths::row("order_lines", [("order", 7), ("line", 2)]);
/// assert_eq!(line, "/rows/order_lines/line%3D2%26order%3D7");
/// ```
#[must_use]
pub fn row(table: impl Into<TableName>, key: impl Into<RowKey>) -> String {
    paths::row(&table.into(), &key.into())
}

/// Returns the path of the page of an actor.
///
/// ```
/// use threadline::{ActorKind, ActorRef};
/// use threadline_server::paths;
///
/// let actor = ActorRef::new(ActorKind::User, "maria")?;
/// assert_eq!(paths::actor(&actor), "/actors/user/maria");
/// # Ok::<(), threadline::ActorError>(())
/// ```
#[must_use]
pub fn actor(actor: &ActorRef) -> String {
    paths::actor(actor.kind(), actor.id())
}

/// Returns the path of all changes under a correlation id.
///
/// ```
/// use threadline_server::paths;
///
/// assert_eq!(paths::correlation("case 1"), "/timeline?correlation_id=case+1");
/// ```
#[must_use]
pub fn correlation(id: &str) -> String {
    paths::correlation(id)
}

/// Returns the path of the page of an audit transaction. A committed write returns its id.
///
/// ```
/// use threadline::query::TransactionId;
/// use threadline_server::paths;
///
/// let id: TransactionId = "0193c2aa-0000-7000-8000-00000000008d".parse()?;
/// assert_eq!(paths::transaction(id), "/transactions/0193c2aa-0000-7000-8000-00000000008d");
/// # Ok::<(), threadline::InvalidParameter>(())
/// ```
#[must_use]
pub fn transaction(id: impl Into<TransactionId>) -> String {
    paths::transaction(id.into())
}
