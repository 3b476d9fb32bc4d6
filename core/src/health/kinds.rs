//! The one table of findings: the library, the command line, the console and the guide say what it says.

use std::fmt;

use serde::{Serialize, Serializer};

/// How much a finding matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Worth a look; nothing is wrong yet.
    Hint,
    /// The trail holds what it should, and something should be done.
    Warning,
    /// What the trail says of the table cannot be relied on: the table does not count as covered.
    Error,
}

impl Severity {
    /// The word for it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Hint => "hint",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Serialize for Severity {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

/// One kind of finding.
#[derive(Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct FindingKind {
    /// Its name in JSON.
    pub code: &'static str,
    /// How much it matters.
    pub severity: Severity,
    /// What it means.
    pub meaning: &'static str,
    /// What its command does.
    pub mended_by: &'static str,
}

macro_rules! findings {
    ($count:literal; $($name:ident $code:literal $severity:ident: $meaning:literal, $mended_by:literal;)*) => {
        $(pub(super) static $name: FindingKind =
            FindingKind { code: $code, severity: Severity::$severity, meaning: $meaning, mended_by: $mended_by };)*
        /// Every kind of finding, in the order of the guide.
        pub static FINDINGS: [&FindingKind; $count] = [$(&$name),*];
    };
}

findings! { 23;
    TRIGGER_DISABLED "capture_trigger_disabled" Error:
        "A trigger is disabled, or fires for replicated writes only.", "enabling it";
    INCOMPLETE "capture_incomplete" Error:
        "No sound trigger captures one of insert, update and delete.", "generating its triggers again";
    TRUNCATE_MISSED "truncate_not_captured" Error:
        "Inserts, updates and deletes are captured, and TRUNCATE is not.", "generating its triggers again";
    PARTITION_MISSED "partition_not_captured" Error:
        "A write straight to a partition is not captured, such as to one made later.", "generating its triggers again";
    REPLICATED_MISSED "replicated_writes_not_captured" Error:
        "A subscription writes to the table, and its worker fires only triggers of rows that are enabled always.",
        "generating triggers that do";
    KEY_DRIFT "pk_drift" Error:
        "Changes are recorded under another key than the table has now.",
        "generating its triggers again; a table that has lost its key needs one first";
    SHARED_FUNCTION "shared_capture_function" Error:
        "The capture function was made for another table, whose redaction it applies.", "generating its triggers again";
    DUPLICATE "duplicate_capture_trigger" Error:
        "Two triggers capture the same operation, so changes are recorded twice.", "removing the surplus";
    FUNCTION_ALTERED "capture_function_altered" Error:
        "The function's body or its settings are not those that were made with its policy.", "generating its triggers again";
    FUNCTION_UNKNOWN "capture_function_unknown" Error:
        "A trigger calls a function of which nobody can say what it records: of another schema, or without its policy.",
        "generating its triggers again, or removing a trigger that this library did not make";
    FUNCTION_OWNER "capture_function_owner_without_rights" Error:
        "The function belongs to a role that may not write to the trail, so that every captured write to the table fails.",
        "giving the function to the owner of the trail";
    OTHER_TRAIL "captured_for_other_trail" Error:
        "The triggers of the table write to a trail in another schema, and none to this one.",
        "generating its triggers for this trail, which takes the table from the other one";
    LEGACY_TRIGGER "legacy_trigger_no_pk_args" Warning:
        "A trigger of the Elixir library that knows no key but the column id.", "generating its triggers again";
    LEGACY_TRUNCATE "legacy_truncate_not_captured" Warning:
        "The Elixir library captures the table, and it does not capture TRUNCATE.", "generating its triggers again";
    TABLE_CHANGED "table_changed" Warning:
        "A column that capture knew was renamed, dropped, or has another type: changes are captured more slowly.",
        "generating its triggers again";
    COLUMN_ADDED "column_added" Warning:
        "A column came after the triggers, so nobody has said whether it is to be redacted; it is captured as it is.",
        "generating its triggers again";
    ROLE_CAN_CHANGE_TRAIL "role_can_change_trail" Warning:
        "A role has the right to change what the trail holds.", "revoking it";
    ROLE_CAN_SWITCH_OFF "role_can_switch_capture_off" Warning:
        "A role may switch triggers off for its session, or begins its sessions without them.", "revoking it";
    PARTITION_NOT_AHEAD "partition_not_ahead" Warning:
        "The trail has no partition for this month or the next.", "making the partitions";
    DEFAULT_PARTITION "rows_in_default_partition" Warning:
        "Changes lie in a default partition, from where retention cannot drop them by the month.",
        "moving them to partitions of their own";
    SENSITIVE_COLUMN "sensitive_column" Hint:
        "The name of a column looks sensitive, and its values are recorded.",
        "redacting it in `threadline.toml` and generating its triggers again";
    OWNER "owner_can_switch_capture_off" Hint:
        "The owner of a captured table is no superuser and does not own the trail: it can remove the triggers.",
        "giving the table to the owner of the trail";
    TRAIL_OWNER "trail_owner_can_log_in" Hint:
        "The owner of the trail is no superuser and can log in: an application that does can change the trail.",
        "forbidding it to log in, once the application has a role of its own";
}
