//! The simulated agents do real work, and never too much of it.

use sqlx::PgPool;

use super::desk;
use crate::agents;
use crate::error::Error;

#[sqlx::test(migrations = false)]
async fn many_rounds_keep_the_number_of_tickets_bounded(pool: PgPool) {
    let _ = desk(&pool).await;
    for _ in 0..400 {
        match agents::act(&pool).await {
            Ok(()) | Err(Error::NothingChanged) => {}
            Err(error) => panic!("{error}"),
        }
    }
    let (tickets, actions): (i64, i64) = sqlx::query_as(
        "SELECT (SELECT count(*) FROM tickets), (SELECT count(DISTINCT name) FROM threadline.audit_actions)",
    )
    .fetch_one(&pool)
    .await
    .unwrap();
    assert!((1..=60).contains(&tickets), "{tickets} tickets");
    assert!(actions >= 5, "{actions} kinds of action");
}
