//! Tests of `threadline count`.

use serde_json::Value;
use sqlx::PgPool;

use crate::support::help_desk::{CHANGE_COUNT, json, seed};
use crate::support::{Result, run, stdout};

#[sqlx::test(migrations = false)]
async fn count_stops_at_cap(pool: PgPool) -> Result {
    seed(&pool).await?;
    for (arguments, text, count, more) in [
        (&["count"][..], "7 changes\n", CHANGE_COUNT, false),
        (&["count", "--cap", "7"], "7 changes\n", CHANGE_COUNT, false),
        (&["count", "--cap", "6"], "more than 6 changes\n", 6, true),
        (&["count", "--cap", "1"], "more than 1 change\n", 1, true),
        (&["count", "--operation", "delete", "--cap", "1"], "1 change\n", 1, false),
        (
            &["count", "--action", "x"],
            "Nothing changed a record under the action x.\nNo recorded action is called \"x\".\n\
             Only the action x excludes everything. Without it: 7 changes.\n  threadline count\n",
            0,
            false,
        ),
    ] {
        assert_eq!(stdout(&pool, arguments)?, text);
        let counted = json(&pool, arguments)?;
        assert_eq!((&counted["count"], &counted["more"]), (&Value::from(count), &Value::from(more)));
    }
    for cap in ["0", "-1", "many", "5000000000"] {
        assert_eq!(run(&pool, &["count", "--cap", cap])?.code, Some(2), "{cap}");
    }
    Ok(())
}
