//! Asking the host's hooks. Whatever is no answer is no: an error, a panic, a time-out.

use std::panic::AssertUnwindSafe;
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::join_all;
use http::request::Parts;
use threadline_app::ConsoleAction;

use crate::hooks::BoxError;
use crate::state::ConsoleState;
use crate::{Access, AccessRequest};

/// What the authorisation hook said, or why it said nothing.
pub(crate) type Answer = Result<Result<Access, BoxError>, &'static str>;

/// What the hook says of an action.
pub(crate) async fn ask(state: &ConsoleState, parts: &Parts, action: ConsoleAction) -> Answer {
    let question = AccessRequest { parts: parts.clone(), action };
    let hook = state.authorize.0.clone();
    bounded(state.settings.hook_timeout, async move { hook(question).await }).await
}

/// What the page may show besides its own: the pill in the header, and links. No answer is no here, too; a scope is, because
/// these actions are about the whole database.
pub(crate) async fn granted_besides(state: &ConsoleState, parts: &Parts) -> Vec<ConsoleAction> {
    let answers = ConsoleAction::APART.map(|action| async move { (action, ask(state, parts, action).await) });
    let answers = join_all(answers).await;
    let granted = |(action, answer)| matches!(answer, Ok(Ok(Access::Allow))).then_some(action);
    answers.into_iter().filter_map(granted).collect()
}

/// The outcome of a hook, or why there is none.
pub(crate) async fn bounded<T>(limit: Duration, hook: impl Future<Output = T>) -> Result<T, &'static str> {
    match tokio::time::timeout(limit, AssertUnwindSafe(hook).catch_unwind()).await {
        Ok(Ok(answer)) => Ok(answer),
        Ok(Err(_)) => Err("panic"),
        Err(_) => Err("timeout"),
    }
}

/// The answer in the words of the event.
pub(crate) fn in_words(answer: &Answer) -> &'static str {
    match answer {
        Ok(Ok(Access::Allow)) => "granted",
        Ok(Ok(Access::AllowWithin(_))) => "granted_within_scope",
        Ok(Ok(Access::Deny)) => "denied",
        Ok(Err(_)) => "error",
        Err(reason) => reason,
    }
}
