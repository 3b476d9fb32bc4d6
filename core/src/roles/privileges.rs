//! The privileges of the group roles: one table that the installation grants from, and that a test compares with a database.

use std::fmt;

use super::names::GroupRole::{self, Application, Console, Maintenance};
use super::privileges::ObjectType::{Function, Schema, Sequence, Table};
use crate::StorageSchema;

/// The type of an object, as GRANT names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ObjectType {
    Schema,
    Table,
    Sequence,
    Function,
}

impl ObjectType {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Schema => "SCHEMA",
            Self::Table => "TABLE",
            Self::Sequence => "SEQUENCE",
            Self::Function => "FUNCTION",
        }
    }
}

/// Every privilege of the group roles: the role, the object without its schema, and the privileges on it. The owner of the trail
/// has all privileges, and PUBLIC has none.
///
/// Monthly partitions are not listed: queries name their parents, and PostgreSQL checks only the privileges on these. So a new
/// partition needs no privileges of its own. Default partitions are listed, because the check of coverage looks whether they
/// are empty.
pub(super) const PRIVILEGES: &[(GroupRole, ObjectType, &str, &[&str])] = &[
    (Application, Schema, "", &["USAGE"]),
    (Application, Function, "threadline_declare(jsonb, jsonb)", &["EXECUTE"]),
    (Application, Function, "threadline_is_captured()", &["EXECUTE"]),
    (Application, Function, "threadline_record_action(jsonb)", &["EXECUTE"]),
    // The id of the transaction, with the functions that it calls. All three are inlined, so they run with the caller's rights.
    (Application, Function, "threadline_transaction_id()", &["EXECUTE"]),
    (Application, Function, "threadline_microseconds(timestamp with time zone)", &["EXECUTE"]),
    (Application, Function, "threadline_uuid_v7_head(bigint)", &["EXECUTE"]),
    //
    (Console, Schema, "", &["USAGE"]),
    (Console, Table, "audit_actions", &["SELECT"]),
    (Console, Table, "audit_changes", &["SELECT"]),
    (Console, Table, "audit_changes_default", &["SELECT"]),
    (Console, Table, "audit_transactions", &["SELECT"]),
    (Console, Table, "audit_transactions_default", &["SELECT"]),
    (Console, Table, "threadline_captured_relations", &["SELECT"]),
    (Console, Table, "threadline_coverage_gaps", &["SELECT", "INSERT", "UPDATE"]),
    (Console, Table, "threadline_migrations", &["SELECT"]),
    (Console, Sequence, "threadline_clock_steps", &["SELECT"]),
    (Console, Function, "threadline_actor_key(text, text)", &["EXECUTE"]),
    (Console, Function, "threadline_catalog_identity()", &["EXECUTE"]),
    (Console, Function, "threadline_row_bucket(integer, jsonb, bigint)", &["EXECUTE"]),
    (Console, Function, "threadline_table_hash(text, text)", &["EXECUTE"]),
    (Console, Function, "threadline_observe_relations(regclass)", &["EXECUTE"]),
    //
    (Maintenance, Schema, "", &["USAGE"]),
    // One column, which is enough to see that there are rows, and shows nothing that was recorded but the times.
    (Maintenance, Table, "audit_changes_default", &["SELECT (captured_at)"]),
    (Maintenance, Table, "audit_transactions_default", &["SELECT (occurred_at)"]),
    (Maintenance, Table, "threadline_coverage_gaps", &["SELECT", "INSERT", "UPDATE"]),
    (Maintenance, Table, "threadline_migrations", &["SELECT"]),
    (Maintenance, Function, "threadline_ensure_partitions(integer)", &["EXECUTE"]),
    (Maintenance, Function, "threadline_observe_relations(regclass)", &["EXECUTE"]),
];

/// The privileges of a role on one object. It displays as in GRANT: `SELECT, INSERT ON TABLE threadline.audit_changes`.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct RoleGrant {
    /// The privileges, such as `SELECT`, or `SELECT (captured_at)` for a privilege on one column.
    pub privileges: &'static [&'static str],
    /// The type of the object, as GRANT names it: `SCHEMA`, `TABLE`, `SEQUENCE` or `FUNCTION`.
    pub object_type: &'static str,
    /// The object with its schema, as SQL names it.
    pub object: String,
}

impl fmt::Display for RoleGrant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ON {} {}", self.privileges.join(", "), self.object_type, self.object)
    }
}

/// Returns what a role is granted in this schema.
pub(super) fn grants(role: GroupRole, schema: &StorageSchema) -> Vec<RoleGrant> {
    let of_role = PRIVILEGES.iter().filter(|(grantee, ..)| *grantee == role);
    let grant = |&(_, object_type, object, privileges): &(_, ObjectType, &str, _)| RoleGrant {
        privileges,
        object_type: object_type.as_str(),
        object: qualified(schema, object),
    };
    of_role.map(grant).collect()
}

/// Returns an object as SQL names it. The schema itself has no name of an object.
pub(super) fn qualified(schema: &StorageSchema, object: &str) -> String {
    let name = schema.name();
    let is_plain = !name.bytes().any(|b| b.is_ascii_uppercase());
    let schema = if is_plain { name.to_owned() } else { schema.quoted() };
    if object.is_empty() { schema } else { format!("{schema}.{object}") }
}
