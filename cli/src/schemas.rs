//! Which schemas of the host a question is about.

use clap::Args;
use threadline::health::Schemas;

/// The schema that is meant when none is named.
const USUAL: &str = "public";

#[derive(Debug, Args)]
pub(crate) struct Selection {
    /// Check the tables of this schema.
    #[arg(long, value_name = "NAME", default_value = USUAL, conflicts_with = "all_schemas")]
    schema: String,
    /// Check the tables of all schemas, at one moment.
    #[arg(long)]
    pub(crate) all_schemas: bool,
}

impl Selection {
    pub(crate) fn schemas(&self) -> Schemas {
        if self.all_schemas { Schemas::All } else { Schemas::one(&self.schema) }
    }

    pub(crate) fn schema(&self) -> &str {
        &self.schema
    }
}
