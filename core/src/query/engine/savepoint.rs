//! Statements that may be stopped without giving up the snapshot.

use sqlx::AssertSqlSafe;

use crate::query::engine::reader::{Planning, Reader};
use crate::query::{QueryError, STATEMENT_TIMEOUT};

/// The settings to which [`Reader::end_bounded`] goes back.
#[derive(Debug)]
#[must_use]
pub(in crate::query) struct Bounded {
    told: Planning,
}

impl Reader<'_> {
    /// Gives the next statements no more time each than a page may look, until [`end_bounded`](Self::end_bounded).
    pub(in crate::query) async fn begin_bounded(&mut self) -> Result<Bounded, sqlx::Error> {
        let timeout = self.search_time().min(STATEMENT_TIMEOUT).as_millis().max(1);
        let begin = format!("SAVEPOINT threadline_bounded; SET LOCAL statement_timeout = {timeout}");
        sqlx::raw_sql(AssertSqlSafe(begin)).execute(self.connection()).await?;
        Ok(Bounded { told: self.told })
    }

    /// Goes on in the same snapshot, whether or not a statement was stopped; then there is no answer.
    pub(in crate::query) async fn end_bounded<T>(
        &mut self,
        bounded: Bounded,
        result: Result<T, QueryError>,
    ) -> Result<Option<T>, QueryError> {
        let answer = match result {
            Err(QueryError::Timeout) => None,
            result => Some(result?),
        };
        let end = "ROLLBACK TO SAVEPOINT threadline_bounded; RELEASE SAVEPOINT threadline_bounded";
        sqlx::raw_sql(end).execute(self.connection()).await?;
        self.told = bounded.told;
        Ok(answer)
    }
}
