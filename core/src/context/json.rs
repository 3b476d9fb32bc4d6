//! The JSON of the context, for the arguments of a job and for the trail.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value, json};

use super::{AuditContext, ContextError};
use crate::ActorRef;

impl AuditContext {
    /// Returns the context as JSON for the arguments of a job, without the client's address.
    ///
    /// `AuditContext` is also [`Serialize`] and [`Deserialize`] in this form, so it can be a field of a job, or be flattened
    /// into one.
    ///
    /// ```
    /// use serde::{Deserialize, Serialize};
    /// use serde_json::json;
    /// use threadline::{ActorKind, ActorRef, AuditContext};
    ///
    /// #[derive(Serialize, Deserialize)]
    /// struct AssignTicket {
    ///     ticket: i64,
    ///     #[serde(flatten)]
    ///     context: AuditContext,
    /// }
    ///
    /// let context = AuditContext::new(ActorRef::new(ActorKind::User, "42")?).with_correlation_id("case-7")?;
    /// let job = serde_json::to_value(AssignTicket { ticket: 1, context: context.clone() })?;
    /// assert_eq!(job, json!({
    ///     "ticket": 1,
    ///     "actor_ref": { "type": "user", "id": "42" },
    ///     "correlation_id": "case-7",
    /// }));
    /// assert_eq!(AuditContext::from_json(&job)?, context);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn to_json(&self) -> Value {
        let mut json = Map::new();
        json.insert("actor_ref".to_owned(), json!(self.actor));
        if let Some(subject) = &self.on_behalf_of {
            json.insert("on_behalf_of".to_owned(), json!(subject));
        }
        json.extend(self.ids());
        Value::Object(json)
    }

    /// Parses the context in the arguments of a job. Other keys are ignored.
    ///
    /// # Errors
    /// [`ContextError::NotAnObject`], and [`ContextError::MissingActor`] if there is no `actor_ref` (`null` is valid, and means
    /// that the actor is unknown). [`ContextError::Actor`], [`ContextError::AnonymousSubject`], [`ContextError::IdNotText`] and
    /// [`ContextError::InvalidId`] for invalid values.
    pub fn from_json(json: &Value) -> Result<Self, ContextError> {
        let Value::Object(json) = json else { return Err(ContextError::NotAnObject) };
        if !json.contains_key("actor_ref") {
            return Err(ContextError::MissingActor);
        }
        let mut context = Self { actor: actor(json, "actor_ref")?, ..Self::without_actor() };
        if let Some(subject) = actor(json, "on_behalf_of")? {
            context = context.with_on_behalf_of(subject)?;
        }
        if let Some(value) = id(json, "request_id")? {
            context = context.with_request_id(value)?;
        }
        if let Some(value) = id(json, "correlation_id")? {
            context = context.with_correlation_id(value)?;
        }
        if let Some(value) = id(json, "job_id")? {
            context = context.with_job_id(value)?;
        }
        Ok(context)
    }

    /// Returns the actor as the column `actor_ref` stores it. The subject is a key of the same object, so it stays with the
    /// actor, and a search for the actor still finds the row.
    pub(crate) fn stored_actor(&self) -> Option<Value> {
        let mut actor = json!(self.actor.as_ref()?);
        if let Some(subject) = &self.on_behalf_of {
            actor["on_behalf_of"] = json!(subject);
        }
        Some(actor)
    }

    /// Returns the ids that are set, with their names.
    pub(crate) fn ids(&self) -> impl Iterator<Item = (String, Value)> {
        [
            ("request_id", self.request_id()),
            ("correlation_id", self.correlation_id()),
            ("job_id", self.job_id()),
        ]
        .into_iter()
        .filter_map(|(name, id)| Some((name.to_owned(), Value::from(id?))))
    }
}

fn actor(json: &Map<String, Value>, field: &'static str) -> Result<Option<ActorRef>, ContextError> {
    match json.get(field) {
        None | Some(Value::Null) => Ok(None),
        Some(value) => match ActorRef::from_json(value) {
            Ok(actor) => Ok(Some(actor)),
            Err(source) => Err(ContextError::Actor { field, source }),
        },
    }
}

/// Reads an id. Accepts an integer as well, because some queues number their jobs.
fn id(json: &Map<String, Value>, field: &'static str) -> Result<Option<String>, ContextError> {
    match json.get(field) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(Value::Number(number)) if number.is_i64() || number.is_u64() => Ok(Some(number.to_string())),
        Some(_) => Err(ContextError::IdNotText { field }),
    }
}

impl Serialize for AuditContext {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.to_json().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for AuditContext {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::from_json(&Value::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ActorError, ActorKind};

    #[test]
    fn json_round_trip_keeps_all_but_client_address() {
        let user = ActorRef::new(ActorKind::User, "42").unwrap();
        let context = AuditContext::new(ActorRef::new(ActorKind::Admin, "1").unwrap())
            .with_on_behalf_of(user)
            .and_then(|context| context.with_request_id("req-1"))
            .and_then(|context| context.with_correlation_id("case-7"))
            .and_then(|context| context.with_job_id("17"))
            .unwrap();
        let text = serde_json::to_string(&context.clone().with_client_addr([127, 0, 0, 1].into())).unwrap();
        assert_eq!(serde_json::from_str::<AuditContext>(&text).unwrap(), context);
        for context in [AuditContext::without_actor(), AuditContext::new(ActorRef::anonymous())] {
            assert_eq!(AuditContext::from_json(&context.to_json()), Ok(context));
        }
    }

    #[test]
    fn integer_job_id_is_read_as_text() {
        let context =
            AuditContext::from_json(&json!({ "actor_ref": null, "job_id": 17, "ticket": [] })).unwrap();
        assert_eq!((context.actor(), context.job_id()), (None, Some("17")));
    }

    #[test]
    fn invalid_json_is_rejected_with_its_field() {
        let unknown = ActorError::UnknownType { given: "robot".to_owned() };
        for (json, expected) in [
            (json!([]), ContextError::NotAnObject),
            (json!({}), ContextError::MissingActor),
            (
                json!({ "actor_ref": { "type": "robot", "id": "1" } }),
                ContextError::Actor { field: "actor_ref", source: unknown },
            ),
            (
                json!({ "actor_ref": "user:42" }),
                ContextError::Actor { field: "actor_ref", source: ActorError::NotAnActor },
            ),
            (
                json!({ "actor_ref": null, "on_behalf_of": { "type": "user" } }),
                ContextError::Actor {
                    field: "on_behalf_of",
                    source: ActorError::MissingId { kind: ActorKind::User },
                },
            ),
            (
                json!({ "actor_ref": null, "on_behalf_of": { "type": "anonymous" } }),
                ContextError::AnonymousSubject,
            ),
            (json!({ "actor_ref": null, "job_id": 1.5 }), ContextError::IdNotText { field: "job_id" }),
            (json!({ "actor_ref": null, "request_id": {} }), ContextError::IdNotText { field: "request_id" }),
            (
                json!({ "actor_ref": null, "correlation_id": "" }),
                ContextError::InvalidId { field: "correlation_id", given: String::new() },
            ),
        ] {
            assert_eq!(AuditContext::from_json(&json), Err(expected), "{json}");
        }
    }
}
