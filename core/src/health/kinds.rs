//! The kinds of findings: one table that the library, the command line, the console and the guide share.

use std::fmt;

use serde::{Serialize, Serializer};

/// The severity of a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Nothing is wrong yet, but the finding is worth a look.
    Hint,
    /// The trail is complete, but something should be done.
    Warning,
    /// The trail cannot be relied on for the table, which therefore does not count as covered.
    Error,
}

impl Severity {
    /// Returns the word for the severity.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Hint => "hint",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for Severity {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// A kind of finding.
#[derive(Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct FindingKind {
    /// The code in JSON.
    pub code: &'static str,
    /// The severity.
    pub severity: Severity,
    /// The problem, in a sentence.
    pub meaning: &'static str,
    /// The fix, as the end of a sentence with "fixed by".
    pub remedy: &'static str,
    /// The changes that the trail may not have recorded while this was wrong, as the beginning of a sentence; `None` if it has
    /// recorded all of them.
    pub missed: Option<&'static str>,
}

macro_rules! findings {
    (@missed) => { None };
    (@missed $missed:literal) => { Some($missed) };
    ($count:literal; $($name:ident $code:literal $severity:ident $(misses $missed:literal)?: $meaning:literal, $remedy:literal;)*) => {
        $(pub(super) static $name: FindingKind = FindingKind {
            code: $code,
            severity: Severity::$severity,
            meaning: $meaning,
            remedy: $remedy,
            missed: findings!(@missed $($missed)?),
        };)*
        /// Every kind of finding, in the order of the guide.
        pub static FINDINGS: [&FindingKind; $count] = [$(&$name),*];
    };
}

findings! { 24;
    TRIGGER_DISABLED "capture_trigger_disabled" Error misses "Changes":
        "A trigger is disabled, or fires for replicated writes only.", "enabling it";
    INCOMPLETE "capture_incomplete" Error misses "Changes":
        "Inserts, updates or deletes are not captured by a valid trigger.", "generating its triggers again";
    TRUNCATE_MISSED "truncate_not_captured" Error misses "TRUNCATEs":
        "Inserts, updates and deletes are captured, but TRUNCATE is not.", "generating its triggers again";
    PARTITION_MISSED "partition_not_captured" Error misses "Changes":
        "Direct writes to a partition are not captured, for example because it was created later.",
        "generating its triggers again";
    REPLICATED_MISSED "replicated_writes_not_captured" Error misses "Replicated changes":
        "A subscription writes to the table, and its worker fires only row triggers that are enabled always.",
        "generating row triggers that are enabled always";
    KEY_DRIFT "pk_drift" Error:
        "Changes are recorded under a key that is no longer the key of the table.",
        "generating its triggers again; a table that has lost its key needs one first";
    SHARED_FUNCTION "shared_capture_function" Error:
        "The capture function was generated for another table, and applies the redaction of that table.",
        "generating its triggers again";
    DUPLICATE "duplicate_capture_trigger" Error:
        "Two triggers capture the same operation, so changes are recorded twice.", "dropping the duplicate trigger";
    FUNCTION_ALTERED "capture_function_altered" Error misses "Changes":
        "The function's body or settings were altered after it was generated.", "generating its triggers again";
    FUNCTION_UNKNOWN "capture_function_unknown" Error misses "Changes":
        "A trigger calls a function of another schema or without a policy, so what it records is unknown.",
        "generating its triggers again, or dropping a trigger that this library did not create";
    FUNCTION_OWNER "capture_function_owner_without_rights" Error:
        "The function belongs to a role that may not write to the trail, so every captured write to the table fails.",
        "transferring the function to the owner of the trail";
    OTHER_TRAIL "captured_for_other_trail" Error misses "Changes":
        "The triggers of the table write to a trail in another schema, not to this one.",
        "generating its triggers for this trail, which ends capture for the other one";
    LEGACY_TRIGGER "legacy_trigger_no_pk_args" Warning:
        "A trigger of the Elixir library that records no other key than the column id.", "generating its triggers again";
    LEGACY_TRUNCATE "legacy_truncate_not_captured" Warning:
        "The Elixir library captures the table, but not TRUNCATE.", "generating its triggers again";
    TABLE_CHANGED "table_changed" Warning:
        "A captured column was renamed, dropped or changed its type: changes are captured more slowly.",
        "generating its triggers again";
    COLUMN_ADDED "column_added" Warning:
        "A column was added after the triggers were generated: it is captured without a decision about its redaction.",
        "generating its triggers again";
    ROLE_CAN_CHANGE_TRAIL "role_can_change_trail" Warning:
        "A role has a privilege to change the tables of the trail.", "revoking it";
    ROLE_CAN_SWITCH_OFF "role_can_switch_capture_off" Warning:
        "A role can disable triggers for its session, or its sessions start with triggers disabled.",
        "revoking the privilege, or resetting the setting";
    PARTITION_NOT_AHEAD "partition_not_ahead" Warning:
        "The trail has no partition for this month or the next.", "creating the partitions";
    DEFAULT_PARTITION "rows_in_default_partition" Warning:
        "A default partition holds changes, which retention cannot drop by month.", "moving them to monthly partitions";
    INDEX_MISSING "trail_index_missing" Warning:
        "An index of the trail is missing or invalid, so searches are slow or end with a timeout.", "creating it again";
    SENSITIVE_COLUMN "sensitive_column" Hint:
        "The name of a column looks sensitive, and its values are recorded.",
        "redacting it in `threadline.toml` and generating its triggers again";
    OWNER "owner_can_switch_capture_off" Hint:
        "The owner of a captured table is not a superuser and does not own the trail: it can drop the triggers.",
        "transferring the table to the owner of the trail";
    TRAIL_OWNER "trail_owner_can_log_in" Hint:
        "The owner of the trail is not a superuser and can log in: an application that logs in with it can change the trail.",
        "revoking its right to log in, once the application has a role of its own";
}
