//! Tests a row as of a time.

use chrono::{DateTime, TimeDelta, Utc};
use serde::Deserialize;
use sqlx::PgPool;
use threadline::query::{
    AsOf, CastError, FieldValue, Filter, OldValueSource, Operation, Position, QueryError,
};
use threadline::{AuditTrail, Scope};

use crate::query::{desk, word};
use threadline_testkit::database::{Result, run};

/// Returns the times at which the changes of a ticket were captured, oldest first.
async fn moments(trail: &AuditTrail, id: i32) -> Result<Vec<DateTime<Utc>>> {
    let any = Filter::default();
    let page = trail
        .snapshot()
        .await?
        .row_history(&Scope::unscoped(), "tickets", [("id", id)], &any, Position::Newest, 50)
        .await?;
    Ok(page.entries.iter().rev().map(|entry| entry.change.captured_at).collect())
}

#[derive(Debug, PartialEq, Deserialize)]
struct Ticket {
    id: i32,
    priority: String,
    assignee: Option<String>,
}

#[sqlx::test(migrations = false)]
async fn as_of_returns_row_after_its_last_change(pool: PgPool) -> Result {
    let trail = desk(&pool).await?;
    let scope = Scope::unscoped();
    let microsecond = TimeDelta::microseconds(1);
    let changed = moments(&trail, 1).await?;
    for (at, priority, assignee) in [
        (changed[0], "low", None),
        (changed[1] - microsecond, "low", None),
        (changed[1], "low", Some("carl")),
        (changed[2], "high", Some("carl")),
        (Utc::now(), "high", Some("carl")),
    ] {
        let ticket: Ticket = trail.as_of(&scope, "tickets", [("id", 1)], at).await?.cast()?;
        let expected = Ticket { id: 1, priority: priority.to_owned(), assignee: assignee.map(str::to_owned) };
        assert_eq!(ticket, expected);
    }
    let before = trail.as_of(&scope, "tickets", [("id", 1)], changed[0] - microsecond).await?;
    assert!(matches!(before, AsOf::BeforeHorizon) && before.row().is_none());
    assert!(matches!(before.cast::<Ticket>(), Err(CastError::BeforeHorizon)));
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn as_of_after_delete_or_truncate_is_deleted(pool: PgPool) -> Result {
    let trail = desk(&pool).await?;
    let scope = Scope::unscoped();
    let gone = trail.as_of(&scope, "tickets", [("id", 2)], Utc::now()).await?;
    assert!(matches!(&gone, AsOf::Deleted(entry) if word(entry) == "tickets:2:delete"), "{gone:?}");
    assert!(matches!(gone.cast::<Ticket>(), Err(CastError::Deleted)));

    let line = [("ticket", 1), ("line", 1)];
    let gone = trail.as_of(&scope, "lines", line, Utc::now()).await?;
    assert!(
        matches!(&gone, AsOf::Deleted(entry) if entry.change.operation == Operation::Truncate),
        "{gone:?}"
    );
    let filter = Filter {
        table: Some("lines".into()),
        operation: Some(Operation::Truncate.into()),
        ..Filter::default()
    };
    let truncated = trail.timeline(&scope, &filter, 1).await?[0].change.captured_at;
    let there = trail.as_of(&scope, "lines", line, truncated - TimeDelta::microseconds(1)).await?;
    assert!(there.row().is_some(), "{there:?}");
    run(&pool, "INSERT INTO lines VALUES (1, 1, 'Again')").await?;
    assert!(trail.as_of(&scope, "lines", line, Utc::now()).await?.row().is_some());
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn cast_to_wrong_type_returns_mismatch(pool: PgPool) -> Result {
    #[derive(Debug, Deserialize)]
    #[expect(dead_code, reason = "never read: it does not fit")]
    struct Other {
        priority: i64,
    }
    let trail = desk(&pool).await?;
    let ticket = trail.as_of(&Scope::unscoped(), "tickets", [("id", 1)], Utc::now()).await?;
    let error = ticket.cast::<Other>().unwrap_err();
    assert!(matches!(error, CastError::Mismatch { .. }));
    assert!(error.to_string().contains("Other: invalid type: string \"high\", expected i64"), "{error}");
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn as_of_with_wrong_key_table_or_time_returns_its_own_error(pool: PgPool) -> Result {
    let trail = desk(&pool).await?;
    let scope = Scope::unscoped();
    let future = Utc::now() + TimeDelta::hours(1);
    let error = trail.as_of(&scope, "tickets", [("id", 1)], future).await.unwrap_err();
    assert!(matches!(error, QueryError::FutureTimestamp { at } if at == future), "{error}");
    let error = trail.as_of(&scope, "tickets", [("nr", 1)], Utc::now()).await.unwrap_err();
    assert!(matches!(error, QueryError::KeyMismatch { .. }), "{error}");
    let error = trail.as_of(&scope, "nowhere", [("id", 1)], Utc::now()).await.unwrap_err();
    assert!(matches!(error, QueryError::NotCaptured { .. }), "{error}");
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn compare_returns_differing_fields(pool: PgPool) -> Result {
    let trail = desk(&pool).await?;
    let scope = Scope::unscoped();
    let changed = moments(&trail, 1).await?;
    let text = |text: &str| FieldValue::Text(text.to_owned());
    for moments in [[changed[0], changed[2]], [changed[2], changed[0]]] {
        let compared = trail.snapshot().await?.compare(&scope, "tickets", [("id", 1)], moments).await?;
        let fields: Vec<_> =
            compared.fields.into_iter().map(|f| (f.name, f.before, f.after, f.before_source)).collect();
        assert_eq!(
            fields,
            [
                ("assignee".to_owned(), FieldValue::Null, text("carl"), OldValueSource::Stored),
                ("priority".to_owned(), text("low"), text("high"), OldValueSource::Stored),
            ]
        );
    }
    let born = trail
        .snapshot()
        .await?
        .compare(&scope, "tickets", [("id", 1)], [DateTime::UNIX_EPOCH, changed[0]])
        .await?;
    assert!(matches!(born.before, AsOf::BeforeHorizon));
    assert_eq!(born.fields.len(), 4);
    assert!(
        born.fields
            .iter()
            .all(|field| field.before == FieldValue::Absent && field.before_source == OldValueSource::Absent)
    );
    let same =
        trail.snapshot().await?.compare(&scope, "tickets", [("id", 1)], [changed[1], changed[1]]).await?;
    assert!(same.fields.is_empty());
    Ok(())
}
