//! Tests that printed names with separators can be passed to other commands.

use serde_json::json;
use sqlx::PgPool;

use crate::support::project::Project;
use crate::support::{Result, stdout};

const TABLES: &str = r#"CREATE SCHEMA "acme.example"; CREATE TABLE "acme.example".orders (id int PRIMARY KEY, iban text);
                        CREATE TABLE "acme.example"."it's, ""so""" (id int PRIMARY KEY);
                        CREATE TABLE "a.b" (id int PRIMARY KEY); CREATE TABLE "a,b" (id int PRIMARY KEY)"#;

#[sqlx::test(migrations = false)]
async fn printed_command_captures_table_with_any_name(pool: PgPool) -> Result {
    let project = Project::with_tickets(pool).await?;
    project.sql(TABLES).await?;
    let text = project.stdout("health coverage --all-schemas")?;
    let commands: Vec<&str> =
        text.lines().filter_map(|line| line.find("threadline gen").map(|at| &line[at..])).collect();
    assert_eq!(
        commands,
        [
            r#"threadline gen triggers --tables '"acme.example"."it'\''s, ""so"""' --apply"#,
            r#"threadline gen triggers --tables '"acme.example".orders' --apply"#,
            r#"threadline gen triggers --tables '"a,b"' --apply"#,
            "threadline gen triggers --tables public.a.b --apply",
        ]
    );
    for command in commands {
        project.shell(command)?;
    }
    let after = project.json("health coverage --all-schemas")?;
    assert_eq!(after["summary"]["uncovered"], 0, "{after}");
    assert_eq!(after["schemas"]["acme.example"]["covered"], json!(["it's, \"so\"", "orders"]));
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn schema_with_dot_has_same_name_in_every_command(pool: PgPool) -> Result {
    let project = Project::with_tickets(pool).await?;
    project.sql(TABLES).await?;
    let name = r#""acme.example".orders"#;
    project.configure(
        r#"[capture.tables.'"acme.example".orders']
           mask = ["iban"]
           [verify_coverage]
           expected_tables = ['"acme.example".orders']"#,
    )?;
    let applied = project.stdout(&format!("gen triggers --apply --tables {name}"))?;
    assert_eq!(applied, format!("Captured from now on: {name}.\n"));
    project.sql(r#"INSERT INTO "acme.example".orders VALUES (1, 'DE00')"#).await?;
    let timeline = stdout(&project.pool, &["timeline", "--table", name])?;
    assert!(timeline.contains(&format!(" insert {name} id=1\n")), "{timeline}");
    assert!(timeline.contains("  iban: -> \"[REDACTED]\"\n"), "{timeline}");
    assert_eq!(stdout(&project.pool, &["history", name, "id=1"])?, timeline);
    assert!(project.stdout("verify-coverage")?.contains(&format!("{name}  covered\n")));
    assert!(project.stdout("policy show --all-schemas")?.contains(&format!("\n{name} ")));
    let wrong = project.run("gen triggers --apply --tables acme.example.orders")?;
    assert!(wrong.stderr.contains("table acme.example.orders does not exist"), "{}", wrong.stderr);
    Ok(())
}
