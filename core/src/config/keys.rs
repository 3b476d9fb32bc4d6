//! The keys of `[capture]` and of table sections: one table for reading, for error messages and for the guide.

use toml::de::DeValue;

use crate::capture::{CaptureMode, TablePolicy, TruncatePolicy};

/// A key of a policy.
pub(super) struct Key {
    pub(super) name: &'static str,
    /// The values that are allowed, with an example.
    pub(super) expected: &'static str,
    /// The default in TOML; empty if no value has the same effect.
    #[cfg_attr(not(test), expect(dead_code, reason = "the guide shows it, and a test compares the guide"))]
    pub(super) default: &'static str,
    #[cfg_attr(not(test), expect(dead_code, reason = "the guide shows it, and a test compares the guide"))]
    pub(super) meaning: &'static str,
    /// Its value names columns, so it belongs to a single table.
    pub(super) names_columns: bool,
    /// Names that people may use by mistake.
    pub(super) aliases: &'static [&'static str],
    /// Sets the value in the policy; returns `None` if the value is not allowed.
    pub(super) apply: fn(&mut TablePolicy, &DeValue<'_>) -> Option<()>,
}

const BOOLEAN: &str = "true or false";

pub(super) const KEYS: [Key; 13] = [
    Key {
        name: "mode",
        expected: "\"statement\" or \"row\"",
        default: "",
        meaning: "Fire once per statement or once per row. Unless set: per statement, but per row for a table that takes \
                  part in inheritance, or whose rows one foreign key deletes and another sets to NULL or a default.",
        names_columns: false,
        aliases: &["capture", "capture_mode", "trigger"],
        apply: |policy, value| {
            let word = value.as_str()?;
            policy.mode = Some(CaptureMode::ALL.into_iter().find(|mode| mode.as_str() == word)?);
            Some(())
        },
    },
    Key {
        name: "always",
        expected: BOOLEAN,
        default: "false",
        meaning: "Capture replicated writes as well (`session_replication_role = replica`).",
        names_columns: false,
        aliases: &["enable_always", "replica"],
        apply: |policy, value| put(&mut policy.always, value.as_bool()),
    },
    Key {
        name: "store_changed_from",
        expected: BOOLEAN,
        default: "true",
        meaning: "Keep the old values of changed columns.",
        names_columns: false,
        aliases: &["changed_from", "store_old_values"],
        apply: |policy, value| put(&mut policy.store_changed_from, value.as_bool()),
    },
    Key {
        name: "store_deleted_row",
        expected: BOOLEAN,
        default: "true",
        meaning: "Keep the whole row that a DELETE removed.",
        names_columns: false,
        aliases: &["store_deleted", "deleted_row"],
        apply: |policy, value| put(&mut policy.store_deleted_row, value.as_bool()),
    },
    Key {
        name: "store_unchanged",
        expected: BOOLEAN,
        default: "false",
        meaning: "Record updates that change no value as well.",
        names_columns: false,
        aliases: &["store_noop", "unchanged"],
        apply: |policy, value| put(&mut policy.store_unchanged, value.as_bool()),
    },
    Key {
        name: "truncate",
        expected: "\"record\", \"rows\" or \"refuse\"",
        default: "\"record\"",
        meaning: "How a TRUNCATE is handled: recorded, recorded with each removed row, or refused.",
        names_columns: false,
        aliases: &["on_truncate"],
        apply: |policy, value| {
            let word = value.as_str()?;
            put(&mut policy.truncate, TruncatePolicy::ALL.into_iter().find(|choice| choice.as_str() == word))
        },
    },
    Key {
        name: "record_session",
        expected: BOOLEAN,
        default: "true",
        meaning: "Keep the session's role, application name and client address where a transaction has no actor.",
        names_columns: false,
        aliases: &["session"],
        apply: |policy, value| put(&mut policy.record_session, value.as_bool()),
    },
    Key {
        name: "mask_placeholder",
        expected: "a text of 1 to 200 characters without control characters, such as \"[HIDDEN]\"",
        default: "\"[REDACTED]\"",
        meaning: "The text that replaces a masked value.",
        names_columns: false,
        aliases: &["placeholder", "mask_with"],
        apply: |policy, value| put(&mut policy.mask_placeholder, value.as_str().map(str::to_owned)),
    },
    Key {
        name: "mask_null",
        expected: BOOLEAN,
        default: "false",
        meaning: "Mask NULL as well, which hides whether there is a value.",
        names_columns: false,
        aliases: &["mask_nulls"],
        apply: |policy, value| put(&mut policy.mask_null, value.as_bool()),
    },
    Key {
        name: "exclude",
        expected: "a list such as [\"password_hash\"]",
        default: "[]",
        meaning: "Columns that are left out of the trail.",
        names_columns: true,
        aliases: &["excludes", "excluded", "ignore", "redact", "redacted"],
        apply: |policy, value| put(&mut policy.exclude, columns(value, str::trim)),
    },
    Key {
        name: "mask",
        expected: "a list such as [\"email\"]",
        default: "[]",
        meaning: "Columns whose values are replaced by the placeholder.",
        names_columns: true,
        aliases: &["masks", "masked", "hide", "redact", "redacted"],
        apply: |policy, value| put(&mut policy.mask, columns(value, str::trim)),
    },
    Key {
        name: "except_columns",
        expected: "a list such as [\"updated_at\"]",
        default: "[]",
        meaning: "Columns left out of the changed fields and the old values, but kept in the row after the change.",
        names_columns: true,
        aliases: &["except", "excepts", "except_column"],
        apply: |policy, value| put(&mut policy.except_columns, columns(value, str::trim)),
    },
    Key {
        name: "primary_key",
        expected: "a list such as [\"tenant_id\", \"id\"]",
        default: "",
        meaning: "The columns that identify a row, for a table without a primary key; a unique index on exactly these \
                  columns, all of them NOT NULL, must guarantee it.",
        names_columns: true,
        aliases: &["primary_keys", "pk", "pkey", "primary", "key"],
        // Not trimmed, because a misspelt column should not pass for another one.
        apply: |policy, value| put(&mut policy.primary_key, Some(Some(columns(value, |name| name)?))),
    },
];

fn put<T>(field: &mut T, value: Option<T>) -> Option<()> {
    *field = value?;
    Some(())
}

fn columns(value: &DeValue<'_>, clean: fn(&str) -> &str) -> Option<Vec<String>> {
    let names = value.as_array()?.iter();
    names.map(|name| Some(clean(name.get_ref().as_str()?).to_owned())).collect()
}
