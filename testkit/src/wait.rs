//! Waits for an action of another session.

use std::time::{Duration, Instant};

use crate::database::Result;

/// The maximum time to wait, which is far longer than any wait takes on a busy machine.
pub const MAX_WAIT: Duration = Duration::from_secs(120);

/// Waits until a condition is true, and fails with its description if that takes longer than `MAX_WAIT`.
pub async fn wait_until(description: &str, is_true: impl AsyncFn() -> Result<bool>) -> Result {
    let start = Instant::now();
    while !is_true().await? {
        if start.elapsed() > MAX_WAIT {
            return Err(format!("{description}: not within {} s", MAX_WAIT.as_secs()).into());
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    Ok(())
}
