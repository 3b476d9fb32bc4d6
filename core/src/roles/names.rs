//! The names of the group roles.

use std::fmt;
use std::str::FromStr;

/// The prefix of the names of the three group roles, validated. The default is `threadline`.
///
/// Roles are shared by all databases of a server, so a trail whose readers and writers must not have access to other trails needs
/// a prefix of its own.
///
/// ```
/// use threadline::RoleNames;
///
/// assert_eq!(RoleNames::default().console(), "threadline_console");
/// assert_eq!(RoleNames::new("helpdesk")?.application(), "helpdesk_application");
/// assert!(RoleNames::new("pg_audit").is_err());
/// # Ok::<(), threadline::RolePrefixError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoleNames {
    prefix: String,
}

/// The maximum length of a prefix. With the longest suffix, `_application` or `_maintenance`, a name then has PostgreSQL's maximum of
/// 63 bytes.
const MAX_PREFIX_BYTES: usize = 51;

impl RoleNames {
    /// Parses a prefix: `[a-z_][a-z0-9_]*` of at most 51 bytes that does not begin with `pg_`, which PostgreSQL reserves. Such
    /// names need no quotes in SQL.
    ///
    /// # Errors
    /// [`RolePrefixError`] for any other prefix.
    pub fn new(prefix: &str) -> Result<Self, RolePrefixError> {
        let mut bytes = prefix.bytes();
        let starts_well = bytes.next().is_some_and(|b| b.is_ascii_lowercase() || b == b'_');
        let is_plain = bytes.all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
        if starts_well
            && is_plain
            && prefix.len() <= MAX_PREFIX_BYTES
            && !format!("{prefix}_").starts_with("pg_")
        {
            Ok(Self { prefix: prefix.to_owned() })
        } else {
            Err(RolePrefixError { given: prefix.to_owned() })
        }
    }

    /// Returns the name of the role for applications, such as `threadline_application`.
    #[must_use]
    pub fn application(&self) -> String {
        self.of(GroupRole::Application)
    }

    /// Returns the name of the role for the console and other readers, such as `threadline_console`.
    #[must_use]
    pub fn console(&self) -> String {
        self.of(GroupRole::Console)
    }

    /// Returns the name of the role for maintenance, such as `threadline_maintenance`.
    #[must_use]
    pub fn maintenance(&self) -> String {
        self.of(GroupRole::Maintenance)
    }

    pub(super) fn of(&self, role: GroupRole) -> String {
        format!("{}_{}", self.prefix, role.suffix())
    }
}

impl Default for RoleNames {
    fn default() -> Self {
        Self { prefix: "threadline".to_owned() }
    }
}

impl fmt::Display for RoleNames {
    /// Writes the prefix.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.prefix)
    }
}

impl FromStr for RoleNames {
    type Err = RolePrefixError;

    fn from_str(prefix: &str) -> Result<Self, Self::Err> {
        Self::new(prefix)
    }
}

/// An invalid prefix of role names.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "role prefix {given:?}: use lower-case letters, digits and underscores, at most {MAX_PREFIX_BYTES}, not starting with a digit or \
     with pg_, such as helpdesk"
)]
pub struct RolePrefixError {
    /// The given prefix.
    pub given: String,
}

/// One of the three group roles.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum GroupRole {
    /// Writes with an actor and an action.
    Application,
    /// Reads the trail, and records coverage gaps.
    Console,
    /// Creates partitions, and records coverage gaps.
    Maintenance,
}

impl GroupRole {
    pub(super) const ALL: [Self; 3] = [Self::Application, Self::Console, Self::Maintenance];

    const fn suffix(self) -> &'static str {
        match self {
            Self::Application => "application",
            Self::Console => "console",
            Self::Maintenance => "maintenance",
        }
    }

    /// Returns the purpose of the role, as the end of a sentence.
    pub(super) const fn purpose(self) -> &'static str {
        match self {
            Self::Application => "for audited writes",
            Self::Console => "for reading the trail and recording coverage gaps",
            Self::Maintenance => "for creating partitions and recording coverage gaps",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prefix_is_plain_and_short_enough() {
        for good in ["threadline", "_", "help_desk2", "pgaudit", &"a".repeat(MAX_PREFIX_BYTES)] {
            assert!(RoleNames::new(good).is_ok(), "{good}");
        }
        for bad in
            ["", "9a", "a b", "a\"b", "a-b", "Audit", "ä", "pg", "pg_x", &"a".repeat(MAX_PREFIX_BYTES + 1)]
        {
            assert!(RoleNames::new(bad).is_err(), "{bad}");
        }
        for role in GroupRole::ALL {
            assert!("a".repeat(MAX_PREFIX_BYTES).len() + 1 + role.suffix().len() <= 63, "{role:?}");
        }
    }
}
