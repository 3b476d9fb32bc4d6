//! Redaction drift: compares the redaction in `threadline.toml` with that of the deployed functions.

use serde::Serialize;

use super::advice::{Advice, generate_triggers};
use super::table_group::TableGroup;
use super::{Remedy, Schemas};
use crate::TableName;
use crate::capture::{DEFAULT_PLACEHOLDER, TablePolicy, overlap};

/// The redaction of a table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Redaction {
    /// The columns that are left out of the trail, sorted by name.
    pub exclude: Vec<String>,
    /// The columns whose values are replaced, sorted by name.
    pub mask: Vec<String>,
    /// The text that replaces a value.
    pub mask_placeholder: String,
    /// True if NULL is replaced as well.
    pub mask_null: bool,
}

impl Redaction {
    pub(super) fn none() -> Self {
        Self {
            exclude: Vec::new(),
            mask: Vec::new(),
            mask_placeholder: DEFAULT_PLACEHOLDER.to_owned(),
            mask_null: false,
        }
    }

    fn sorted(mut self) -> Self {
        self.exclude.sort_unstable();
        self.mask.sort_unstable();
        self
    }
}

impl From<TablePolicy> for Redaction {
    fn from(policy: TablePolicy) -> Self {
        let TablePolicy { exclude, mask, mask_placeholder, mask_null, .. } = policy;
        Self { exclude, mask, mask_placeholder, mask_null }.sorted()
    }
}

/// The result of comparing a table's configured and deployed redaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DriftState {
    /// The deployed redaction differs from `threadline.toml`, or nothing is deployed.
    DriftDetected,
    /// The deployed redaction is unknown: the function was altered, or stores no policy that can be read.
    CouldNotIntrospect,
    /// The deployed redaction matches `threadline.toml`.
    ConfigMatchesDeployed,
}

impl DriftState {
    /// Every state, in the order of reports.
    pub const ALL: [Self; 3] = [Self::DriftDetected, Self::CouldNotIntrospect, Self::ConfigMatchesDeployed];

    /// Returns the words for the state in a report.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::DriftDetected => "Different from threadline.toml",
            Self::CouldNotIntrospect => "Could not be read",
            Self::ConfigMatchesDeployed => "As configured",
        }
    }
}

/// The difference between two redactions.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct RedactionDiff {
    /// The columns that only the file excludes.
    pub exclude_only_in_config: Vec<String>,
    /// The columns that only the deployed function excludes.
    pub exclude_only_in_deployed: Vec<String>,
    /// The columns that only the file masks.
    pub mask_only_in_config: Vec<String>,
    /// The columns that only the deployed function masks.
    pub mask_only_in_deployed: Vec<String>,
    /// True if the placeholders differ, and at least one side masks a column.
    pub placeholder_mismatch: bool,
    /// True if only one side masks NULL.
    pub mask_null_mismatch: bool,
}

impl RedactionDiff {
    fn between(config: &Redaction, deployed: &Redaction) -> Self {
        let only = |these: &[String], those: &[String]| {
            let both = overlap(these, those);
            these.iter().filter(|column| !both.contains(column)).cloned().collect()
        };
        let masks = !config.mask.is_empty() || !deployed.mask.is_empty();
        Self {
            exclude_only_in_config: only(&config.exclude, &deployed.exclude),
            exclude_only_in_deployed: only(&deployed.exclude, &config.exclude),
            mask_only_in_config: only(&config.mask, &deployed.mask),
            mask_only_in_deployed: only(&deployed.mask, &config.mask),
            placeholder_mismatch: masks && config.mask_placeholder != deployed.mask_placeholder,
            mask_null_mismatch: masks && config.mask_null != deployed.mask_null,
        }
    }

    /// Returns whether the redactions are the same.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// The configured and the deployed redaction of a table. It names columns and placeholders, never a value.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct TableRedaction {
    /// The table.
    pub table: TableName,
    /// The result of the comparison.
    pub state: DriftState,
    /// The redaction in the file.
    pub configured: Redaction,
    /// The redaction of the deployed function; `None` if there is no function, or if its redaction is unknown.
    pub deployed: Option<Redaction>,
    /// The difference; empty if they match.
    pub diff: RedactionDiff,
    /// The reason why there is nothing to compare.
    pub warning: Option<String>,
    /// The command that deploys the redaction in the file; `None` if they match, or if something else has to be done first.
    pub remedy: Option<Remedy>,
    /// The roles that may run the command, if the checking role may not: `a superuser or a member of billing`.
    pub run_as: Option<String>,
    /// The reason why there is no command, and what has to be done first.
    pub obstacle: Option<String>,
}

/// Compares the captured tables and those that the file names. Sorts them by state, schema and table.
pub(super) fn report(groups: &[TableGroup<'_>], schemas: &Schemas) -> Vec<TableRedaction> {
    let is_named = |group: &TableGroup<'_>| group.context.config.has_policy(group.table());
    let mut tables: Vec<TableRedaction> = groups
        .iter()
        .filter(|group| schemas.contains(group.table().schema()))
        .filter(|group| !group.root.triggers.is_empty() || is_named(group))
        .map(compare)
        .collect();
    tables.sort_by(|one, other| (one.state, &one.table).cmp(&(other.state, &other.table)));
    tables
}

fn compare(group: &TableGroup<'_>) -> TableRedaction {
    let config = group.context.config.policy(group.table().clone());
    let redacts = config.redacts();
    let configured = Redaction::from(config);
    let deployed = deployed_redaction(group, &configured);
    let (state, deployed, diff, warning) = match deployed {
        Ok(None) if redacts => {
            let diff = RedactionDiff::between(&configured, &Redaction::none());
            (DriftState::DriftDetected, None, diff, Some("no deployed trigger".to_owned()))
        }
        Ok(None) => (DriftState::ConfigMatchesDeployed, None, RedactionDiff::default(), None),
        Ok(Some(deployed)) => {
            let diff = RedactionDiff::between(&configured, &deployed);
            let same = diff.is_empty();
            let state = if same { DriftState::ConfigMatchesDeployed } else { DriftState::DriftDetected };
            (state, Some(deployed), diff, None)
        }
        Err(warning) => (DriftState::CouldNotIntrospect, None, RedactionDiff::default(), Some(warning)),
    };
    let advice = (state != DriftState::ConfigMatchesDeployed).then(|| generate_triggers(group));
    let (remedy, run_as, obstacle) = advice.map_or((None, None, None), Advice::into_parts);
    let table = group.table().clone();
    TableRedaction { table, state, configured, deployed, diff, warning, remedy, run_as, obstacle }
}

/// Returns the redaction of the table's function, or the reason why it could not be understood.
fn deployed_redaction(group: &TableGroup<'_>, configured: &Redaction) -> Result<Option<Redaction>, String> {
    let functions = group.row_functions(group.root);
    let function = match functions.as_slice() {
        [] => return Ok(None),
        [(_, function)] => function,
        _ => return Err("more than one function captures the table".to_owned()),
    };
    if !group.root.triggers.iter().all(|trigger| group.is_ours(trigger)) {
        return Err(format!("{}.{} is not a function of this trail", function.schema, function.name));
    }
    if let Some(policy) = &function.definition.policy {
        if !function.is_intact() {
            return Err("the function was altered after it was generated".to_owned());
        }
        let (exclude, mask) = (policy.exclude.clone(), policy.mask.clone());
        let (mask_placeholder, mask_null) = (policy.mask_placeholder.clone(), policy.mask_null);
        return Ok(Some(Redaction { exclude, mask, mask_placeholder, mask_null }.sorted()));
    }
    let legacy = function.definition.legacy.clone();
    let mut legacy = legacy.ok_or(
        "the function has no stored policy, and its body is not one that the Elixir library generates: it was edited or written by hand",
    )?;
    // The Elixir library has no such option, so its value cannot differ.
    legacy.mask_null = configured.mask_null;
    if legacy.mask.is_empty() {
        legacy.mask_placeholder.clone_from(&configured.mask_placeholder);
    }
    Ok(Some(legacy.sorted()))
}
