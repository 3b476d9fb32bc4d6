//! Options and arguments that several commands share.

mod command_form;
mod config_file;
mod connection;
mod filter;
mod lock_timeout;
mod page;
mod policy;
mod row;
pub(crate) mod row_key;
mod schema;

pub(crate) use self::command_form::CommandForm;
pub(crate) use self::config_file::ConfigArgs;
pub(crate) use self::connection::ConnectionArgs;
pub(crate) use self::filter::{
    FilterArgs, NoRequiredKeys, RequiredCorrelation, RequiredKeys, RequiredRow, TypedFilter, one_value,
    parse_time, reject_blank,
};
pub(crate) use self::lock_timeout::LockTimeoutArgs;
pub(crate) use self::page::{CursorArgs, LimitArgs, present};
pub(crate) use self::policy::PolicyArgs;
pub(crate) use self::row::{RowArgs, RowRef};
pub(crate) use self::schema::SchemaArgs;
