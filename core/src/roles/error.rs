//! The errors of creating group roles.

use crate::{StorageSchema, describe_database_error};

/// An error of [`AuditTrail::create_roles`](crate::AuditTrail::create_roles). Nothing was changed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RoleError {
    /// The schema holds no trail, or one of another version.
    #[error(
        "schema {schema} holds no audit trail of this version, so roles cannot be given privileges on it: install it first \
         (threadline install, AuditTrail::install)"
    )]
    NotCurrent {
        /// The storage schema.
        schema: StorageSchema,
    },
    /// The roles do not exist, and the current role may not create them.
    #[error(
        "this role has no privilege to create roles: let a role with CREATEROLE run {}, and then run threadline install --roles again",
        create_statements(roles)
    )]
    MissingCreateRole {
        /// The names of the missing roles.
        roles: Vec<String>,
    },
    /// A role of this name exists, and it is no group role without rights.
    #[error(
        "role {role} exists and can log in, is a superuser, or is a member of the trail's owner: choose other names with \
         --roles-prefix, or take these rights from it (ALTER ROLE {role} NOLOGIN NOSUPERUSER)"
    )]
    NotGroup {
        /// The name of the role.
        role: String,
    },
    /// The current role does not own the trail.
    #[error(
        "this role may not grant privileges on the audit trail in schema {schema}: run it as the role that owns the trail ({})",
        describe_database_error(source)
    )]
    MissingOwnership {
        /// The storage schema.
        schema: StorageSchema,
        /// The error of the database.
        source: sqlx::Error,
    },
    /// A privilege was granted by a role that does not own the object, and only that role can revoke it.
    #[error(
        "a privilege could not be changed, because another role granted it: let that role, or a superuser after SET ROLE to it, \
         run {statement}"
    )]
    OtherGrantor {
        /// The statement that had no effect.
        statement: String,
    },
    /// The database returned an error, or the connection failed.
    #[error(
        "the roles of the audit trail in schema {schema} could not be created: {}",
        describe_database_error(source)
    )]
    Database {
        /// The storage schema.
        schema: StorageSchema,
        /// The error of the database.
        source: sqlx::Error,
    },
}

impl RoleError {
    /// Creates the error of a statement, by its SQLSTATE.
    pub(super) fn database(schema: &StorageSchema, source: sqlx::Error) -> Self {
        let schema = schema.clone();
        // insufficient_privilege
        if source.as_database_error().and_then(|error| error.code()).as_deref() == Some("42501") {
            Self::MissingOwnership { schema, source }
        } else {
            Self::Database { schema, source }
        }
    }
}

fn create_statements(roles: &[String]) -> String {
    roles.iter().map(|role| format!("CREATE ROLE {role} NOLOGIN;")).collect::<Vec<_>>().join(" ")
}
