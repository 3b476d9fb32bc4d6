//! Waiting for what another session does.

use std::time::{Duration, Instant};

use crate::database::Result;

/// Far longer than a busy machine takes: whoever waits so long waits for what never comes.
pub const PATIENCE: Duration = Duration::from_secs(120);

/// Waits until something is so, and fails when it never is.
pub async fn until(what: &str, is_so: impl AsyncFn() -> Result<bool>) -> Result {
    let begin = Instant::now();
    while !is_so().await? {
        if begin.elapsed() > PATIENCE {
            return Err(format!("{what}: not within {} s", PATIENCE.as_secs()).into());
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    Ok(())
}
