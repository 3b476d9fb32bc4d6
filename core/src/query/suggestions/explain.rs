//! Explains an empty result.

use super::budget::{Budget, within};
use super::candidates::operations;
use super::names::nearest;
use super::{EmptyResult, Suggestion, UnknownValue};
use crate::Scope;
use crate::query::engine::criteria::Criteria;
use crate::query::engine::snapshot::Snapshot;
use crate::query::model::error::QueryError;
use crate::query::model::filter::{ActorFilter, FILTER_KEYS, Filter, Selection};
use crate::query::model::page::Count;

/// The keys whose values are looked for, the cheapest first.
const SEARCHED_KEYS: [&str; 7] = ["table", "key", "correlation_id", "request_id", "actor", "action", "field"];

/// The number of values of one condition that are looked for.
const MAX_LISTED_VALUES: usize = 5;
/// The number of actors that are near to a text.
const MAX_ACTORS: usize = 5;

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
    /// that match it together with the other conditions. `key` is the name of a [key of the filter](FILTER_KEYS). Of several values,
    /// these are near to the first one that cannot be read, and stand in its place.
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
        let (typed, list) = unreadable_value(key, typed);
        let unknown = budget.near_values(scope, key, &typed, &list, others).await;
        budget.end();
        unknown
    }

    /// Returns the actors whose id is near to a text, and then those of the newest transactions whose id contains it, with the numbers
    /// of their changes.
    pub(in crate::query) async fn near_actors(
        &mut self,
        scope: &Scope,
        text: &str,
    ) -> Result<Vec<(ActorFilter, Option<Count>)>, QueryError> {
        let mut budget = Budget::new(self);
        let actors = budget.near_actors(scope, text).await;
        budget.end();
        actors
    }
}

impl Budget<'_, '_> {
    async fn explain(&mut self, scope: &Scope, filter: &Filter) -> Result<EmptyResult, QueryError> {
        let mut unknown = Vec::new();
        for key in SEARCHED_KEYS {
            // The key of a table that does not exist explains nothing.
            if key == "key" && unknown.iter().any(|unknown: &UnknownValue| unknown.key == "table") {
                continue;
            }
            for value in searched_values(filter, key) {
                if !self.is_in_newest(scope, filter, key, &value).await? {
                    unknown.push(UnknownValue {
                        key,
                        typed: value,
                        is_certain: false,
                        suggestions: Vec::new(),
                    });
                }
            }
        }
        let is_suspect = |key: &str| unknown.iter().any(|unknown| unknown.key == key);
        let mut excluding = self.excluding(scope, filter, is_suspect).await?;
        for unknown in &mut unknown {
            let list = texts_of(filter, unknown.key).unwrap_or_else(|| unknown.typed.as_str().into());
            let near = self.near_values(scope, unknown.key, &unknown.typed, &list, filter).await?;
            unknown.suggestions = near.suggestions;
        }
        // The search of the whole trail for one value takes longest, so it comes last.
        let tried: Vec<&str> = unknown.iter().map(|unknown| unknown.key).collect();
        let mut known = Vec::new();
        for (index, unknown) in unknown.iter_mut().enumerate() {
            match self.exists(scope, filter, unknown.key, &unknown.typed).await? {
                Some(false) => unknown.is_certain = true,
                Some(true) => known.push(index),
                None => {}
            }
        }
        let mut index = 0..;
        unknown.retain(|_| index.next().is_none_or(|index| !known.contains(&index)));
        // A condition one of whose values exists does not explain the result.
        let is_cause = |key: &&str| {
            let of_key = unknown.iter().filter(|unknown| unknown.key == *key).count();
            of_key > 0 && of_key == texts_of(filter, key).map_or(1, |texts| texts.included().len())
        };
        if !SEARCHED_KEYS.iter().any(is_cause) {
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
            _ => self.exists(scope, filter, key, value).await? == Some(true),
        })
    }

    /// Returns whether a change in the scope has the value of a condition; none if the time ends before that is known.
    async fn exists(
        &mut self,
        scope: &Scope,
        filter: &Filter,
        key: &str,
        value: &str,
    ) -> Result<Option<bool>, QueryError> {
        let text = if is_list(key) { Selection::<String>::from(value).to_string() } else { value.to_owned() };
        let mut alone = match key {
            "table" => {
                let Ok(table) = value.parse() else { return Ok(None) };
                return Ok(within!(self, self.snapshot.is_known_table(scope, &table)));
            }
            "key" | "field" => Filter { table: filter.table.clone(), ..Filter::default() },
            _ => Filter::default(),
        };
        match alone.with_pair(key, &text) {
            Some(filter) => alone = filter,
            None => return Ok(None),
        }
        let found = self.newest(Criteria::new(scope, &alone), 1).await?;
        Ok(found.map(|found| !found.is_empty()))
    }

    /// Returns the existing values that are near to a typed one, with the number of changes of each. They take its place in the list.
    async fn near_values(
        &mut self,
        scope: &Scope,
        key: &str,
        typed: &str,
        list: &Selection<String>,
        others: &Filter,
    ) -> Result<UnknownValue, QueryError> {
        let known_key =
            FILTER_KEYS.iter().find(|known| known.name == key).map_or("filter", |known| known.name);
        let values = match key {
            "table" => self.tables(scope, typed).await?.iter().map(ToString::to_string).collect(),
            "operation" => operations(typed),
            "actor" | "on_behalf_of" => self.actors(scope, typed).await?,
            "action" => nearest(typed, self.actions(scope).await?),
            "field" => nearest(typed, self.fields(scope, others.table.as_ref()).await?),
            "key" => self.keys(scope, others).await?,
            _ => Vec::new(),
        };
        let mut suggestions = Vec::new();
        for value in values {
            // A recorded name may be longer than a filter accepts.
            let text = if is_list(key) { in_place_of(typed, &value, list) } else { value.clone() };
            let Some(filter) = others.with_pair(key, &text).filter(|_| value != typed) else { continue };
            let count = self.count(Criteria::new(scope, &filter)).await?;
            suggestions.push(Suggestion { value, filter, count });
        }
        Ok(UnknownValue { key: known_key, typed: typed.to_owned(), is_certain: false, suggestions })
    }

    async fn near_actors(
        &mut self,
        scope: &Scope,
        text: &str,
    ) -> Result<Vec<(ActorFilter, Option<Count>)>, QueryError> {
        let list = Selection::from(text.to_owned());
        let near = self.near_values(scope, "actor", text, &list, &Filter::default()).await?.suggestions;
        let near = near.into_iter().filter_map(|near| Some((near.filter.actor?.only()?.clone(), near.count)));
        let mut actors: Vec<(ActorFilter, Option<Count>)> = near.collect();
        for actor in self.actors_with(scope, text).await? {
            if actors.len() < MAX_ACTORS && !actors.iter().any(|(known, _)| *known == actor) {
                let filter = Filter { actor: Some(actor.clone().into()), ..Filter::default() };
                let count = self.count(Criteria::new(scope, &filter)).await?;
                actors.push((actor, count));
            }
        }
        Ok(actors)
    }

    async fn keys(&mut self, scope: &Scope, filter: &Filter) -> Result<Vec<String>, QueryError> {
        let Some((table, key)) = filter.row() else { return Ok(Vec::new()) };
        let other = within!(self, self.snapshot.other_spelling(scope, table, key));
        Ok(other.flatten().iter().map(ToString::to_string).collect())
    }
}

fn is_list(key: &str) -> bool {
    FILTER_KEYS.iter().any(|known| known.name == key && known.is_list)
}

/// Returns the values of a condition as texts; none if the filter does not have it, or asks for changes without an actor.
fn texts_of(filter: &Filter, key: &str) -> Option<Selection<String>> {
    let (_, text) = filter.to_pairs().into_iter().find(|(name, _)| *name == key)?;
    if !is_list(key) {
        return Some(Selection::from(text));
    }
    let is_unsigned = key == "actor" && filter.actor.as_ref().is_some_and(Selection::is_unsigned);
    text.parse().ok().filter(|_| !is_unsigned)
}

/// Returns the accepted values of a condition, as far as they are looked for. The type of an actor explains nothing.
fn searched_values(filter: &Filter, key: &str) -> Vec<String> {
    let is_kind =
        |text: &String| text.parse().is_ok_and(|actor: ActorFilter| key == "actor" && actor.id.is_none());
    let texts = texts_of(filter, key).map_or_else(Vec::new, |texts| texts.included().to_vec());
    texts.into_iter().filter(|text| !is_kind(text)).take(MAX_LISTED_VALUES).collect()
}

/// Returns the first value of a list that cannot be read, and the list.
fn unreadable_value(key: &str, text: &str) -> (String, Selection<String>) {
    let whole = || (text.to_owned(), text.into());
    let Some(list) = text.parse::<Selection<String>>().ok().filter(|_| is_list(key)) else { return whole() };
    let is_readable = |value: &&String| {
        Filter::default().with_pair(key, &Selection::<String>::from(value.as_str()).to_string()).is_some()
    };
    match list.included().iter().chain(list.excluded()).find(|value| !is_readable(value)) {
        Some(value) => (value.clone(), list),
        None => whole(),
    }
}

/// Returns a list with one of its values in place of another.
fn in_place_of(typed: &str, value: &str, list: &Selection<String>) -> String {
    let replaced = |texts: &[String]| {
        texts
            .iter()
            .map(|text| if text == typed { value.to_owned() } else { text.clone() })
            .collect::<Vec<_>>()
    };
    let changed = Selection::new(replaced(list.included()), replaced(list.excluded()));
    changed.map_or_else(|_| Selection::<String>::from(value).to_string(), |list| list.to_string())
}
