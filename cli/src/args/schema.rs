//! Options that choose the schemas to check.

use clap::Args;
use threadline::health::Schemas;

const DEFAULT_SCHEMA: &str = "public";

/// The schemas of the host to check.
#[derive(Debug, Args)]
pub(crate) struct SchemaArgs {
    /// Check the tables of this schema.
    #[arg(long, value_name = "NAME", default_value = DEFAULT_SCHEMA, conflicts_with = "all_schemas")]
    schema: String,
    /// Check the tables of all schemas, at one moment.
    #[arg(long)]
    pub(crate) all_schemas: bool,
}

impl SchemaArgs {
    pub(crate) fn schemas(&self) -> Schemas {
        if self.all_schemas { Schemas::All } else { Schemas::one(&self.schema) }
    }

    pub(crate) fn schema(&self) -> &str {
        &self.schema
    }
}
