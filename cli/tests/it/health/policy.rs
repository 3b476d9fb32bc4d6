//! Tests of `threadline policy show`.

use serde_json::json;
use sqlx::PgPool;

use crate::support::Result;
use crate::support::project::Project;

#[sqlx::test(migrations = false)]
async fn policy_show_compares_tables_without_values(pool: PgPool) -> Result {
    let project = Project::with_tickets(pool).await?;
    project.sql("CREATE TABLE users (id int PRIMARY KEY, email text, pin text); INSERT INTO users VALUES (1, 'canary-1', 'canary-2')").await?;
    let before = "[capture.tables.users]\nmask = ['email']\nexclude = ['pin']";
    project.configure(before)?;
    project.capture("users")?;
    project.sql("UPDATE users SET email = email || '!'").await?;
    let wide = "exclude=[pin] mask=[email] placeholder=[REDACTED]";
    let row = |cells: [&str; 5]| {
        let [table, status, config, deployed, hint] = cells;
        format!("{table:7}  {status:13}  {config:49}  {deployed:49}  {hint}\n")
    };
    let none = "exclude=[] mask=[]";
    let lines = [
        row(["TABLE", "STATUS", "CONFIG", "DEPLOYED", "HINT"]),
        row(["tickets", "As configured", none, none, "-"]),
        row(["users", "As configured", wide, wide, "-"]),
    ];
    let rule = "-".repeat(lines[0].trim_end().len());
    let counts = "Policy drift: 0 different from threadline.toml, 0 could not be read, 2 as configured";
    assert_eq!(project.stdout("policy show")?, format!("{counts}\n\n{}{rule}\n", lines.concat()));
    project
        .configure("[capture.tables.users]\nmask = ['pin']\nexclude = ['pin2']\nmask_placeholder = '-'")?;
    project.sql("COMMENT ON FUNCTION threadline.threadline_capture_changes_tickets() IS NULL").await?;
    let text = project.stdout("policy show")?;
    let details = text.split_once("\nDETAILS\n").ok_or("no details")?.1;
    assert_eq!(
        details,
        "\nusers\n  Status: Different from threadline.toml\n  Config: exclude=[pin2] mask=[pin] placeholder=-\n\
         \x20 Deployed: exclude=[pin] mask=[email] placeholder=[REDACTED]\n\
         \x20 Diff: exclude_only_in_config=[pin2] exclude_only_in_deployed=[pin] mask_only_in_config=[pin] \
         mask_only_in_deployed=[email] placeholder_mismatch\n\
         \x20 Hint: exclude of [capture.tables.\"users\"] in threadline.toml names the column pin2, which users does not have: correct it first\n\
         \ntickets\n  Status: Could not be read\n  Config: exclude=[] mask=[]\n  Deployed: unavailable\n\
         \x20 Warning: the function has no stored policy, and its body is not one that the Elixir library generates: it was edited or written by hand\n\
         \x20 Hint: run threadline gen triggers --tables tickets --apply\n"
    );
    let json = project.json("policy show")?;
    assert_eq!(
        (&json["schema"], &json["total_tables"], &json["drift_detected"], &json["could_not_introspect"]),
        (&json!("public"), &json!(2), &json!(1), &json!(1))
    );
    let users = &json["tables"][0];
    assert_eq!((&users["table"], &users["status"]), (&json!("users"), &json!("drift_detected")));
    assert_eq!(users["configured"]["mask"], json!(["pin"]));
    assert_eq!(users["deployed"]["mask_placeholder"], "[REDACTED]");
    assert_eq!(users["diff"]["placeholder_mismatch"], true);
    assert_eq!(json["tables"][1]["deployed"], json!(null));
    let all = project.json("policy show --all-schemas")?;
    assert_eq!(all["schemas"]["public"]["tables"], json["tables"]);
    assert!(![text, json.to_string(), all.to_string()].concat().contains("canary"));

    project.configure(before)?;
    project.capture("users,tickets")?;
    assert_eq!(project.json("policy show")?["config_matches_deployed"], 2);
    Ok(())
}
