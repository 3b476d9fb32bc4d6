//! Redaction drift: what `threadline.toml` says against what the deployed functions do.

use serde::Serialize;

use super::Schemas;
use super::finding::Command;
use super::remedy::{Remedy, generate};
use super::unit::Unit;
use crate::TableName;
use crate::capture::{DEFAULT_PLACEHOLDER, TablePolicy, overlap};

/// What is kept out of the trail.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Redaction {
    /// Columns that appear nowhere, by name.
    pub exclude: Vec<String>,
    /// Columns whose values are replaced, by name.
    pub mask: Vec<String>,
    /// By what.
    pub mask_placeholder: String,
    /// NULL is replaced as well.
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

/// Whether a table's redaction is what the file says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DriftState {
    /// It is not.
    DriftDetected,
    /// Nobody can say: the deployed function is not one that can be read.
    CouldNotIntrospect,
    /// It is.
    ConfigMatchesDeployed,
}

impl DriftState {
    /// Every state, in the order in which tables are shown.
    pub const ALL: [Self; 3] = [Self::DriftDetected, Self::CouldNotIntrospect, Self::ConfigMatchesDeployed];

    /// The words for it.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::DriftDetected => "Drift detected",
            Self::CouldNotIntrospect => "Could not introspect",
            Self::ConfigMatchesDeployed => "Config matches deployed",
        }
    }
}

/// What is only on one side.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct RedactionDiff {
    /// Columns that only the file excludes.
    pub exclude_only_in_config: Vec<String>,
    /// Columns that only the deployed function excludes.
    pub exclude_only_in_deployed: Vec<String>,
    /// Columns that only the file masks.
    pub mask_only_in_config: Vec<String>,
    /// Columns that only the deployed function masks.
    pub mask_only_in_deployed: Vec<String>,
    /// Both have a placeholder in use, and they differ.
    pub placeholder_mismatch: bool,
    /// One masks NULL and the other does not.
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

    /// Nothing differs.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// One table's redaction. Names columns and placeholders, never a value.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct TableRedaction {
    /// The table.
    pub table: TableName,
    /// Whether it is what the file says.
    pub state: DriftState,
    /// What the file says.
    pub configured: Redaction,
    /// What the deployed function does; `None` where there is none, or where it cannot be read.
    pub deployed: Option<Redaction>,
    /// What differs.
    pub diff: RedactionDiff,
    /// What is wrong besides.
    pub warning: Option<String>,
    /// Brings the deployed function to what the file says; `None` where it is, and where no command would work as things
    /// stand.
    pub command: Option<Command>,
    /// Who has to run the command, where the role that checked may not: `a superuser or a member of billing`.
    pub run_as: Option<String>,
    /// What has to be done first, where no command would work.
    pub obstacle: Option<String>,
}

/// By state, schema and table: the captured tables, and those that the file names.
pub(super) fn report(units: &[Unit<'_>], schemas: &Schemas) -> Vec<TableRedaction> {
    let is_named = |unit: &Unit<'_>| unit.around.config.has_policy(unit.table());
    let mut tables: Vec<TableRedaction> = units
        .iter()
        .filter(|unit| schemas.contain(unit.table().schema()))
        .filter(|unit| !unit.root.triggers.is_empty() || is_named(unit))
        .map(of_unit)
        .collect();
    tables.sort_by(|one, other| (one.state, &one.table).cmp(&(other.state, &other.table)));
    tables
}

fn of_unit(unit: &Unit<'_>) -> TableRedaction {
    let config = unit.around.config.policy(unit.table().clone());
    let redacts = config.redacts();
    let configured = Redaction::from(config);
    let deployed = deployed(unit, &configured);
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
    let remedy = (state != DriftState::ConfigMatchesDeployed).then(|| generate(unit));
    let (command, run_as, obstacle) = remedy.map_or((None, None, None), Remedy::into_parts);
    let table = unit.table().clone();
    TableRedaction { table, state, configured, deployed, diff, warning, command, run_as, obstacle }
}

/// What the function of the table does; an error says why nobody can tell.
fn deployed(unit: &Unit<'_>, configured: &Redaction) -> Result<Option<Redaction>, String> {
    let functions = unit.row_functions(unit.root);
    let function = match functions.as_slice() {
        [] => return Ok(None),
        [(_, function)] => function,
        _ => return Err("more than one function captures the table".to_owned()),
    };
    if !unit.root.triggers.iter().all(|trigger| unit.is_ours(trigger)) {
        return Err(format!("{}.{} is no function of this trail", function.schema, function.name));
    }
    if let Some(policy) = &function.definition.policy {
        if !function.is_intact() {
            return Err("the function is not as it was made".to_owned());
        }
        let (exclude, mask) = (policy.exclude.clone(), policy.mask.clone());
        let (mask_placeholder, mask_null) = (policy.mask_placeholder.clone(), policy.mask_null);
        return Ok(Some(Redaction { exclude, mask, mask_placeholder, mask_null }.sorted()));
    }
    let read = function.definition.legacy.clone();
    let mut read = read.ok_or(
        "the function carries no policy, and its body is not one that the Elixir library generates: somebody edited it, or made it",
    )?;
    // The Elixir library knows no such choice, so there is nothing to differ about.
    read.mask_null = configured.mask_null;
    if read.mask.is_empty() {
        read.mask_placeholder.clone_from(&configured.mask_placeholder);
    }
    Ok(Some(read.sorted()))
}
