//! Tests which privileges a role that serves requests needs, and what they allow.

use sqlx::postgres::PgPoolOptions;
use sqlx::{AssertSqlSafe, PgPool};
use threadline::AuditTrail;

use crate::transaction::{recorded, tickets, user};
use threadline_testkit::database::{Result, run, value};
use threadline_testkit::role::Role;

/// Returns a pool whose connections use this role.
async fn connections_of(role: &Role, pool: &PgPool) -> Result<PgPool> {
    let become_role = format!("SET SESSION AUTHORIZATION {}", role.name);
    let options = PgPoolOptions::new().max_connections(1).after_connect(move |connection, _| {
        let become_role = become_role.clone();
        Box::pin(async move { sqlx::raw_sql(AssertSqlSafe(become_role)).execute(connection).await.map(drop) })
    });
    Ok(options.connect_with((*pool.connect_options()).clone()).await?)
}

#[sqlx::test(migrations = false)]
async fn documented_privileges_allow_audited_writes_and_nothing_more(pool: PgPool) -> Result {
    tickets(&pool).await?;
    let role = Role::create(&pool).await?;
    let app = connections_of(&role, &pool).await?;
    let write =
        || user("42").map(|context| AuditTrail::new(app.clone()).write(&context).action("ticket.opened"));
    role.run_as_owner("GRANT ALL ON tickets TO $role").await?;
    let error = write()?.begin().await.unwrap_err();
    assert_eq!(error.reason(), "missing_right", "{error}");
    role.run_as_owner("GRANT USAGE ON SCHEMA threadline TO $role").await?;
    let error = write()?.begin().await.unwrap_err();
    assert_eq!(error.reason(), "missing_right", "{error}");

    let readme = include_str!("../../../README.md");
    let grants =
        readme.split("```sql").nth(1).and_then(|rest| rest.split("```").next()).ok_or("no grants")?;
    role.run_as_owner(&grants.replace(" TO app;", " TO $role;")).await?;
    let mut tx = write()?.begin().await?;
    run(&mut *tx, "INSERT INTO tickets VALUES (2)").await?;
    let first = tx.commit().await?;
    let mut tx = AuditTrail::new(app.clone())
        .write(&user("42")?)
        .under_action(first.action_id.ok_or("no action")?)
        .begin()
        .await?;
    run(&mut *tx, "INSERT INTO tickets VALUES (3)").await?;
    tx.commit().await?;
    let mut tx = write()?.adopt(app.begin().await?).await?;
    run(&mut *tx, "INSERT INTO tickets VALUES (4)").await?;
    tx.commit().await?;

    let mut by_hand = role.connect().await?;
    for forbidden in [
        "SELECT FROM threadline.audit_changes",
        "SELECT FROM threadline.audit_transactions",
        "SELECT FROM threadline.audit_actions",
        "INSERT INTO threadline.audit_actions (name, actor_ref) VALUES ('a', '{}')",
        "UPDATE threadline.audit_transactions SET actor_ref = NULL",
        "DELETE FROM threadline.audit_actions",
        "SELECT threadline.threadline_ensure_partitions(0)",
    ] {
        let error = run(&mut by_hand, forbidden).await.unwrap_err().to_string();
        assert!(error.contains("permission denied"), "{forbidden}: {error}");
    }
    // A direct call of the function changes the current transaction only, in which nothing was captured.
    let relink = "SELECT threadline.threadline_declare(NULL, '{\"forged\": true}')::text";
    assert_eq!(value::<Option<String>>(&mut by_hand, relink).await?, None);
    drop(by_hand);
    app.close().await;
    let opened = |id| format!("{id} insert 42 ticket.opened");
    assert_eq!(recorded(&pool).await?, [opened(2), opened(3), opened(4)]);
    role.drop().await
}
