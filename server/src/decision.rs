//! Calls the hooks of the host. Whatever is not an answer denies: an error, a panic, a timeout.

use std::panic::AssertUnwindSafe;
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::join_all;
use http::request::Parts;
use threadline::Scope;
use threadline_app::ConsoleAction;

use crate::hooks::BoxError;
use crate::state::ConsoleState;
use crate::{Access, AccessRequest};

/// The outcome of the authorization hook: its answer, its error, or why it has neither.
pub(crate) type Decision = Result<Result<Access, BoxError>, &'static str>;

/// Calls the authorization hook for an action.
pub(crate) async fn authorize(state: &ConsoleState, parts: &Parts, action: ConsoleAction) -> Decision {
    let request = AccessRequest { parts: parts.clone(), action };
    let hook = state.authorize.0.clone();
    call_with_timeout(state.settings.hook_timeout, async move { hook(request).await }).await
}

/// Returns those of these actions that the hook allows, for what the header shows.
pub(crate) async fn granted_actions(
    state: &ConsoleState,
    parts: &Parts,
    actions: Vec<ConsoleAction>,
) -> Vec<ConsoleAction> {
    let decisions =
        actions.into_iter().map(|action| async move { (action, authorize(state, parts, action).await) });
    let decisions = join_all(decisions).await;
    let granted = |(action, decision)| granted_scope(decision, action).map(|_| action);
    decisions.into_iter().filter_map(granted).collect()
}

/// Returns the scope that a decision allows, or `None` if it denies the action.
pub(crate) fn granted_scope(decision: Decision, action: ConsoleAction) -> Option<Scope> {
    let is_global = ConsoleAction::GLOBAL.contains(&action);
    match decision {
        Ok(Ok(Access::Allow)) => Some(Scope::unscoped()),
        Ok(Ok(Access::AllowWithin(scope))) => (!is_global).then_some(scope),
        Ok(Ok(Access::Deny)) => None,
        Ok(Err(error)) => {
            tracing::warn!(?action, error = ?error.to_string(), "authorize_fn failed: access denied");
            None
        }
        Err(reason) => {
            tracing::warn!(?action, reason, "authorize_fn gave no answer: access denied");
            None
        }
    }
}

/// Returns the output of a hook, or the reason why it has none.
pub(crate) async fn call_with_timeout<T>(
    timeout: Duration,
    hook: impl Future<Output = T>,
) -> Result<T, &'static str> {
    match tokio::time::timeout(timeout, AssertUnwindSafe(hook).catch_unwind()).await {
        Ok(Ok(output)) => Ok(output),
        Ok(Err(_)) => Err("panic"),
        Err(_) => Err("timeout"),
    }
}

/// Returns the answer of a hook that a page can do without. Otherwise logs the warning with the reason, but never the error of the hook,
/// whose text may contain a value.
pub(crate) async fn optional_answer<T, E>(
    timeout: Duration,
    hook: impl Future<Output = Result<T, E>>,
    warning: &'static str,
) -> Option<T> {
    let reason = match call_with_timeout(timeout, hook).await {
        Ok(Ok(answer)) => return Some(answer),
        Ok(Err(_)) => "error",
        Err(reason) => reason,
    };
    tracing::warn!(reason, "{warning}");
    None
}

/// Returns the label of a decision in the event.
pub(crate) fn label(decision: &Decision) -> &'static str {
    match decision {
        Ok(Ok(Access::Allow)) => "granted",
        Ok(Ok(Access::AllowWithin(_))) => "granted_within_scope",
        Ok(Ok(Access::Deny)) => "denied",
        Ok(Err(_)) => "error",
        Err(reason) => reason,
    }
}
