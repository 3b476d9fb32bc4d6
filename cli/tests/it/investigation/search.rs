//! Tests the search of the command line: it finds what the search of the console finds.

use serde_json::json;
use sqlx::PgPool;
use threadline::{ActorKind, ActorRef, AuditContext, AuditTrail};

use crate::support::help_desk::json;
use crate::support::{Result, run, stdout, tickets};

async fn seeded(pool: &PgPool) -> Result<String> {
    tickets(pool).await?;
    let trail = AuditTrail::new(pool.clone());
    sqlx::raw_sql("INSERT INTO tickets (id, subject) VALUES (5041, 'Printer on fire')").execute(pool).await?;
    let context =
        AuditContext::new(ActorRef::new(ActorKind::User, "support-lead")?).with_correlation_id("case-88")?;
    let mut tx = trail.write(&context).action("ticket.renamed").begin().await?;
    sqlx::raw_sql("UPDATE tickets SET subject = 'Scanner on fire' WHERE id = 5041").execute(&mut *tx).await?;
    Ok(tx.commit().await?.transaction_id.to_string())
}

#[sqlx::test(migrations = false)]
async fn words_lead_to_the_command_that_shows_what_they_name(pool: PgPool) -> Result {
    let transaction = seeded(&pool).await?;
    let history = "  threadline history tickets id=5041\n";
    let of_transaction = format!("  threadline transaction {transaction}\n");
    for (words, expected) in [
        (&["5041"][..], history),
        (&["ticket", "#5,041"], history),
        (&["support-lead"], "  threadline actor user:support-lead\n"),
        (&["port-le"], "actor user:support-lead, 1 change\n"),
        (&["case-88"], "  threadline timeline --correlation-id case-88\n"),
        (&[&transaction], &of_transaction),
        (&["SCANNER"], "record tickets id=5041, had this name at "),
        (&["printer on"], "record tickets id=5041, had this name at "),
        (
            &["nowhere"],
            "No record, actor, transaction or request is called nowhere.\nNo change of the last 7 days",
        ),
        (&["scanner"], "Changes with this text in a value:\n\n"),
        (
            &["table:tickets", "kind:changed", "fire"],
            "  threadline timeline --table tickets --operation update --value fire\n",
        ),
    ] {
        let text = stdout(&pool, &[&["search"], words].concat())?;
        assert!(text.contains(expected), "{words:?}: {text}");
    }
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn document_has_every_group(pool: PgPool) -> Result {
    seeded(&pool).await?;
    let document = json(&pool, &["search", "5041"])?;
    let record = &document["records"][0];
    assert_eq!(
        (&record["table_name"], &record["table_pk"], &record["found_by"]),
        (&json!("tickets"), &json!({"id": "5041"}), &json!("key")),
        "{document}"
    );
    let document = json(&pool, &["search", "scanner"])?;
    assert_eq!(document["records"][0]["found_by"], "label", "{document}");
    assert_eq!(document["changes"].as_array().map(Vec::len), Some(1), "{document}");
    let document = json(&pool, &["search", "support-lead"])?;
    assert_eq!(document["actors"], json!([{"actor": "user:support-lead", "is_exact": true}]));
    let document = json(&pool, &["search", "case-88"])?;
    assert_eq!(document["requests"], json!([{"correlation_id": "case-88"}]));
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn mistake_in_the_words_fails(pool: PgPool) -> Result {
    tickets(&pool).await?;
    for (words, message) in [(&[" "][..], "words is"), (&[], "<WORDS>"), (&["from:soon"], "from is \"soon\"")]
    {
        let failed = run(&pool, &[&["search"], words].concat())?;
        assert!(failed.code != Some(0) && failed.stderr.contains(message), "{words:?}: {}", failed.stderr);
    }
    Ok(())
}
