//! Tests which privileges a role that serves requests needs, and what they allow.

use sqlx::PgPool;
use threadline::AuditTrail;

use crate::transaction::{recorded, tickets, user};
use threadline_testkit::database::{Result, run, value};
use threadline_testkit::role::{GroupRoles, Role};

#[sqlx::test(migrations = false)]
async fn application_role_allows_audited_writes_and_nothing_more(pool: PgPool) -> Result {
    let trail = tickets(&pool).await?;
    let role = Role::create(&pool).await?;
    let app = role.pool().await?;
    let write =
        || user("42").map(|context| AuditTrail::new(app.clone()).write(&context).action("ticket.opened"));
    role.run_as_owner("GRANT ALL ON tickets TO $role").await?;
    let error = write()?.begin().await.unwrap_err();
    assert_eq!(error.reason(), "missing_right", "{error}");
    role.run_as_owner("GRANT USAGE ON SCHEMA threadline TO $role").await?;
    let error = write()?.begin().await.unwrap_err();
    assert_eq!(error.reason(), "missing_right", "{error}");

    let roles = GroupRoles::create(&trail, &pool).await?;
    role.run_as_owner(&format!("GRANT {} TO $role", roles.names.application())).await?;
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
    role.drop().await?;
    roles.drop().await
}
