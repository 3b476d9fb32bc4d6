//! Explains an empty result.

use super::budget::{Budget, within};
use super::candidates::operations;
use super::names::nearest;
use super::{EmptyResult, Suggestion, UnknownValue};
use crate::Scope;
use crate::query::engine::criteria::Criteria;
use crate::query::engine::snapshot::Snapshot;
use crate::query::model::error::QueryError;
use crate::query::model::filter::{FILTER_KEYS, Filter};

/// The keys whose values are looked for, the cheapest first.
const SEARCHED_KEYS: [&str; 7] = ["table", "key", "correlation_id", "request_id", "actor", "action", "field"];

impl Snapshot<'_> {
    /// Explains why no change matches a filter: which of its values no change in the scope has, with those that are near to them,
    /// and which condition excludes everything. Call it after a query that returned nothing.
    ///
    /// All statements together have the [search time](crate::AuditTrail::search_time) of a page. If it ends before everything was
    /// tried, the result says so and contains what was found until then. Nothing of the result depends on changes that the scope
    /// hides.
    ///
    /// ```no_run
    /// # async fn read(trail: threadline::AuditTrail) -> Result<(), Box<dyn std::error::Error>> {
    /// use threadline::Scope;
    /// use threadline::query::Filter;
    ///
    /// let (filter, _) = Filter::from_pairs([("table", "tickets"), ("field", "Priority")])?;
    /// println!("{}", filter.describe_empty(chrono::Utc::now()));
    /// let explained = trail.snapshot().await?.explain_empty(&Scope::unscoped(), &filter).await?;
    /// for suggestion in explained.suggestions_for("field") {
    ///     println!("Did you mean {}?", suggestion.value);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`QueryError::Database`].
    pub async fn explain_empty(&mut self, scope: &Scope, filter: &Filter) -> Result<EmptyResult, QueryError> {
        let mut budget = Budget::new(self);
        let result = budget.explain(scope, filter).await;
        let truncated = budget.end();
        Ok(EmptyResult { truncated, ..result? })
    }

    /// Returns the existing values that are near to a value that cannot be read or does not exist, each with the number of changes
    /// that match it together with the other conditions. `key` is the name of a [key of the filter](FILTER_KEYS).
    ///
    /// # Errors
    /// [`QueryError::Database`].
    pub async fn suggest(
        &mut self,
        scope: &Scope,
        key: &str,
        typed: &str,
        others: &Filter,
    ) -> Result<UnknownValue, QueryError> {
        let mut budget = Budget::new(self);
        let unknown = budget.near_values(scope, key, typed, others).await;
        budget.end();
        unknown
    }
}

impl Budget<'_, '_> {
    async fn explain(&mut self, scope: &Scope, filter: &Filter) -> Result<EmptyResult, QueryError> {
        let mut unknown = Vec::new();
        for key in SEARCHED_KEYS {
            let Some(value) = value_of(filter, key) else { continue };
            // The key of a table that does not exist, or an actor's type, explains nothing.
            let has_cause =
                key == "key" && unknown.iter().any(|unknown: &UnknownValue| unknown.key == "table");
            let is_kind = filter.actor.as_ref().is_some_and(|actor| key == "actor" && actor.id.is_none());
            if !has_cause && !is_kind && !self.is_in_newest(scope, filter, key, &value).await? {
                unknown.push(UnknownValue { key, typed: value, is_certain: false, suggestions: Vec::new() });
            }
        }
        let is_suspect = |key: &str| unknown.iter().any(|unknown| unknown.key == key);
        let mut excluding = self.excluding(scope, filter, is_suspect).await?;
        for unknown in &mut unknown {
            let near = self.near_values(scope, unknown.key, &unknown.typed, filter).await?;
            unknown.suggestions = near.suggestions;
        }
        // The search of the whole trail for one value takes longest, so it comes last.
        let mut known = Vec::new();
        for unknown in &mut unknown {
            match self.exists(scope, filter, unknown.key).await? {
                Some(false) => unknown.is_certain = true,
                Some(true) => known.push(unknown.key),
                None => {}
            }
        }
        let tried: Vec<&str> = unknown.iter().map(|unknown| unknown.key).collect();
        unknown.retain(|unknown| !known.contains(&unknown.key));
        if unknown.is_empty() {
            excluding.extend(self.excluding(scope, filter, |key| !tried.contains(&key)).await?);
        }
        Ok(EmptyResult { unknown, excluding, truncated: false })
    }

    /// Returns whether the value of a condition is known to exist, without a search of the whole trail.
    async fn is_in_newest(
        &mut self,
        scope: &Scope,
        filter: &Filter,
        key: &str,
        value: &str,
    ) -> Result<bool, QueryError> {
        Ok(match key {
            "field" => self.fields(scope, filter.table.as_ref()).await?.iter().any(|field| field == value),
            "action" => self.actions(scope).await?.iter().any(|action| action == value),
            "actor" => {
                let mut actors = self.transactions(scope).await?.iter();
                actors.any(|newest| newest.actor.as_ref().is_some_and(|actor| actor.to_string() == value))
            }
            _ => self.exists(scope, filter, key).await? == Some(true),
        })
    }

    /// Returns whether a change in the scope has the value of a condition; none if the time ends before that is known.
    async fn exists(
        &mut self,
        scope: &Scope,
        filter: &Filter,
        key: &str,
    ) -> Result<Option<bool>, QueryError> {
        let mut alone = Filter::default();
        match key {
            "table" => {
                let Some(table) = &filter.table else { return Ok(None) };
                return Ok(within!(self, self.snapshot.is_known_table(scope, table)));
            }
            "key" => (alone.table, alone.key) = (filter.table.clone(), filter.key.clone()),
            "field" => (alone.table, alone.field) = (filter.table.clone(), filter.field.clone()),
            "actor" => alone.actor = filter.actor.clone(),
            "action" => alone.action = filter.action.clone(),
            "correlation_id" => alone.correlation_id = filter.correlation_id.clone(),
            "request_id" => alone.request_id = filter.request_id.clone(),
            _ => return Ok(None),
        }
        let found = self.newest(Criteria::new(scope, &alone), 1).await?;
        Ok(found.map(|found| !found.is_empty()))
    }

    /// Returns the existing values that are near to a typed one, with the number of changes of each.
    async fn near_values(
        &mut self,
        scope: &Scope,
        key: &str,
        typed: &str,
        others: &Filter,
    ) -> Result<UnknownValue, QueryError> {
        let known_key =
            FILTER_KEYS.iter().find(|known| known.name == key).map_or("filter", |known| known.name);
        let values = match key {
            "table" => self.tables(scope, typed).await?.iter().map(ToString::to_string).collect(),
            "operation" => operations(typed),
            "actor" => self.actors(scope, typed).await?,
            "action" => nearest(typed, self.actions(scope).await?),
            "field" => nearest(typed, self.fields(scope, others.table.as_ref()).await?),
            "key" => self.keys(scope, others).await?,
            _ => Vec::new(),
        };
        let mut suggestions = Vec::new();
        for value in values {
            // A recorded name may be longer than a filter accepts.
            let Some(filter) = others.with_pair(key, &value).filter(|_| value != typed) else { continue };
            let count = self.count(Criteria::new(scope, &filter)).await?;
            suggestions.push(Suggestion { value, filter, count });
        }
        Ok(UnknownValue { key: known_key, typed: typed.to_owned(), is_certain: false, suggestions })
    }

    async fn keys(&mut self, scope: &Scope, filter: &Filter) -> Result<Vec<String>, QueryError> {
        let (Some(table), Some(key)) = (&filter.table, &filter.key) else { return Ok(Vec::new()) };
        let other = within!(self, self.snapshot.other_spelling(scope, table, key));
        Ok(other.flatten().iter().map(ToString::to_string).collect())
    }
}

/// Returns the value of a condition as it is written.
fn value_of(filter: &Filter, key: &str) -> Option<String> {
    filter.to_pairs().into_iter().find(|(name, _)| *name == key).map(|(_, value)| value)
}
