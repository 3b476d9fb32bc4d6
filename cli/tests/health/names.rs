//! Names that hold what separates names: what a command prints can be given to the next one.

use serde_json::json;
use sqlx::PgPool;

use crate::desk::Desk;
use crate::support::{Result, output};

const TABLES: &str = r#"CREATE SCHEMA "acme.example"; CREATE TABLE "acme.example".orders (id int PRIMARY KEY, iban text);
                        CREATE TABLE "acme.example"."it's, ""so""" (id int PRIMARY KEY);
                        CREATE TABLE "a.b" (id int PRIMARY KEY); CREATE TABLE "a,b" (id int PRIMARY KEY)"#;

#[sqlx::test(migrations = false)]
async fn each_printed_command_captures_its_table_whatever_the_name(pool: PgPool) -> Result {
    let desk = Desk::new(pool).await?;
    desk.sql(TABLES).await?;
    let text = desk.output("health coverage --all-schemas")?;
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
        desk.shell(command)?;
    }
    let after = desk.json("health coverage --all-schemas")?;
    assert_eq!(after["summary"]["uncovered"], 0, "{after}");
    assert_eq!(after["schemas"]["acme.example"]["covered"], json!(["it's, \"so\"", "orders"]));
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn a_dotted_schema_is_named_the_same_everywhere(pool: PgPool) -> Result {
    let desk = Desk::new(pool).await?;
    desk.sql(TABLES).await?;
    let name = r#""acme.example".orders"#;
    desk.configure(
        r#"[capture.tables.'"acme.example".orders']
           mask = ["iban"]
           [verify_coverage]
           expected_tables = ['"acme.example".orders']"#,
    )?;
    let applied = desk.output(&format!("gen triggers --apply --tables {name}"))?;
    assert_eq!(applied, format!("Captured from now on: {name}.\n"));
    desk.sql(r#"INSERT INTO "acme.example".orders VALUES (1, 'DE00')"#).await?;
    let timeline = output(&desk.pool, &["timeline", "--table", name])?;
    assert!(timeline.contains(&format!(" insert {name} id=1\n")), "{timeline}");
    assert!(timeline.contains("  iban: -> \"[REDACTED]\"\n"), "{timeline}");
    assert_eq!(output(&desk.pool, &["history", name, "id=1"])?, timeline);
    assert!(desk.output("verify-coverage")?.contains(&format!("{name}  covered\n")));
    assert!(desk.output("policy show --all-schemas")?.contains(&format!("\n{name} ")));
    let wrong = desk.run("gen triggers --apply --tables acme.example.orders")?;
    assert!(wrong.err.contains("table acme.example.orders does not exist"), "{}", wrong.err);
    Ok(())
}
