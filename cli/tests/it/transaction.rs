//! Tests of `threadline transaction`.

use crate::support::{Result, run, stdout, tickets};
use serde_json::Value;
use sqlx::PgPool;
use threadline::{Action, ActorKind, ActorRef, AuditContext, AuditTrail};

/// Writes three changes with an actor and a reason that contain special characters. Returns the transaction id.
async fn escalate(pool: &PgPool) -> Result<String> {
    tickets(pool).await?;
    let actor = ActorRef::new(ActorKind::User, "42 ticket.closed")?;
    let context = AuditContext::new(actor).with_request_id("req-1")?;
    let action = Action::named("ticket.escalated").reason("Called\ntwice");
    let mut transaction = AuditTrail::new(pool.clone()).write(&context).action(action).begin().await?;
    sqlx::query("INSERT INTO tickets SELECT generate_series(1, 3)").execute(&mut *transaction).await?;
    Ok(transaction.commit().await?.transaction_id.to_string())
}

#[sqlx::test(migrations = false)]
async fn transaction_prints_actor_and_reason_first(pool: PgPool) -> Result {
    let id = escalate(&pool).await?;
    let shown = stdout(&pool, &["transaction", &id])?;
    assert!(shown.starts_with(&format!("transaction {id}\n2")), "{shown}");
    for part in [
        " user:\"42 ticket.closed\" ticket.escalated\n",
        "\n  reason: \"Called\\u{a}twice\"\n  request id: \"req-1\"\n\n",
        " insert tickets id=1\n",
    ] {
        assert!(shown.contains(part), "{part:?} is not in\n{shown}");
    }
    let json: Value = serde_json::from_str(&stdout(&pool, &["transaction", &id, "--json"])?)?;
    assert_eq!(json["transaction"]["id"], id.as_str());
    assert_eq!(json["transaction"]["actor_ref"]["id"], "42 ticket.closed");
    assert_eq!(json["transaction"]["action"]["reason"], "Called\ntwice");
    assert_eq!(json["entries"].as_array().map(Vec::len), Some(3));
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn transaction_changes_are_paged_in_both_directions(pool: PgPool) -> Result {
    let id = escalate(&pool).await?;
    let page = |arguments: &[&str]| -> Result<Value> {
        let all = [&["transaction", &id, "--json", "--limit", "2"], arguments].concat();
        Ok(serde_json::from_str(&stdout(&pool, &all)?)?)
    };
    let ids = |page: &Value| -> Vec<Value> {
        page["entries"].as_array().into_iter().flatten().map(|entry| entry["id"].clone()).collect()
    };
    let first = page(&[])?;
    let second = page(&["--older", first["older"].as_str().ok_or("no older page")?])?;
    assert_eq!((ids(&first).len(), ids(&second).len(), &second["older"]), (2, 1, &Value::Null));
    assert!(!ids(&first).contains(&ids(&second)[0]));
    let back = page(&["--newer", second["newer"].as_str().ok_or("no newer page")?])?;
    assert_eq!(ids(&back), ids(&first));
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn missing_transaction_is_an_error(pool: PgPool) -> Result {
    tickets(&pool).await?;
    let nil = uuid::Uuid::nil().to_string();
    for (arguments, words) in [
        (&[nil.as_str()][..], format!("threadline: transaction {nil} does not exist")),
        (&[&nil, "--json"], format!("threadline: transaction {nil} does not exist")),
        (&["17"], r#"threadline: transaction id is "17": expected a UUID"#.to_owned()),
        (&[&nil, "--older", "x"], r#"threadline: older is "x": expected"#.to_owned()),
    ] {
        let failed = run(&pool, &[&["transaction"], arguments].concat())?;
        assert_eq!((failed.code, failed.stdout.as_str()), (Some(1), ""));
        assert!(failed.stderr.starts_with(&words), "{}", failed.stderr);
    }
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn missing_actor_is_replaced_by_session(pool: PgPool) -> Result {
    tickets(&pool).await?;
    sqlx::raw_sql(
        "BEGIN; SET LOCAL application_name = 'nightly\u{1b}[2J'; INSERT INTO tickets VALUES (1); COMMIT",
    )
    .execute(&pool)
    .await?;
    let (role, id): (String, String) =
        sqlx::query_as("SELECT session_user::text, id::text FROM threadline.audit_transactions")
            .fetch_one(&pool)
            .await?;
    for command in ["transaction", "incident"] {
        let shown = stdout(&pool, &[command, &id])?;
        assert!(shown.contains(&format!(" (not signed by the application: role {role}, nightly")), "{shown}");
        assert!(!shown.contains('\u{1b}') && !shown.contains("metadata"), "{shown}");
    }
    let json: Value = serde_json::from_str(&stdout(&pool, &["transaction", &id, "--json"])?)?;
    assert_eq!(json["transaction"]["metadata"]["session"]["role"], role.as_str());
    let shown = stdout(&pool, &["transaction", &escalate_again(&pool).await?])?;
    assert!(!shown.contains("session"), "{shown}");
    Ok(())
}

/// Writes a second change with an actor. Returns the transaction id.
async fn escalate_again(pool: &PgPool) -> Result<String> {
    let context = AuditContext::new(ActorRef::new(ActorKind::User, "42")?);
    let mut transaction = AuditTrail::new(pool.clone()).write(&context).begin().await?;
    sqlx::query("INSERT INTO tickets VALUES (2)").execute(&mut *transaction).await?;
    Ok(transaction.commit().await?.transaction_id.to_string())
}
