//! Loads the result of the last coverage check.

use threadline::InvalidParameter;

use super::CoveragePage;
use super::query::{CoverageQuery, invalid};
use crate::{PageError, RequestContext};

pub(super) async fn load(
    context: &RequestContext,
    CoverageQuery { schema }: CoverageQuery,
) -> Result<CoveragePage, PageError> {
    let coverage = context.services.coverage().current(context.services.optional_timeout()).await;
    // Before the first check the schemas are not known.
    let known = coverage.last.as_ref().map(|last| &last.health.coverage.schemas);
    if let (Some(schema), Some(known)) = (&schema, known)
        && !known.contains(schema)
    {
        return Err(invalid(InvalidParameter::new("schema", schema, format!("one of {}", known.join(", ")))));
    }
    Ok(CoveragePage { coverage, schema })
}
