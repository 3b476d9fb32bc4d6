//! Tests the output and the exit status of the coverage commands.

use serde_json::json;
use sqlx::PgPool;

use crate::support::project::Project;
use crate::support::{Result, run, stdout};

const GUIDE: &str = include_str!("../../../../docs/health.md");
const TABLES: &str = "CREATE TABLE jobs (id int); CREATE TABLE users (id int PRIMARY KEY, email text, pin text);
                    CREATE TABLE schema_migrations (version int);
                    CREATE SCHEMA billing; CREATE TABLE billing.invoices (id int PRIMARY KEY); CREATE TABLE billing.queue (id int)";

#[sqlx::test(migrations = false)]
async fn coverage_prints_three_buckets(pool: PgPool) -> Result {
    let project = Project::with_tickets(pool).await?;
    project.sql(TABLES).await?;
    project.configure("[health]\nexpected_uncovered_tables = ['jobs']\n[capture.tables.users]\nmask = ['email']\nexclude = ['pin']")?;
    project.capture("users")?;
    project.sql("CREATE TABLE \"a\u{1b}; b\" (id int PRIMARY KEY)").await?;
    let text = project.stdout("health coverage")?;
    let (head, rest) = text.split_once('\n').ok_or("one line")?;
    assert!(
        head.starts_with("Schema public, checked 2")
            && head.ends_with("Z: 2 captured, 1 needs capture, 2 left out on purpose."),
        "{head}"
    );
    assert_eq!(
        rest,
        "\nNeed capture\n  \"a\\u{1b}; b\"  threadline gen triggers --tables 'a\\u{1b}; b' --apply\n\
         \nCaptured\n  tickets  per statement\n  users    per statement, excludes pin, masks email\n\
         \nLeft out on purpose\n  jobs               threadline.toml\n  schema_migrations  built in\n"
    );
    project.sql("DROP TABLE \"a\u{1b}; b\"; ALTER TABLE users DISABLE TRIGGER ALL").await?;
    let mut report = project.json("health coverage")?;
    assert!(report["checked_at"].take().is_string());
    let code = report["findings"][0]["code"].clone();
    report["findings"] = json!(report["findings"].as_array().map(Vec::len));
    assert_eq!(
        (code, &report),
        (
            json!("capture_trigger_disabled"),
            &json!({
                "format_version": 1, "checked_at": null, "schema": "public", "covered": ["tickets"], "uncovered": ["users"],
                "expected_uncovered": [{"table": "jobs", "source": "config"}, {"table": "schema_migrations", "source": "baseline"}],
                "findings": 1
            })
        )
    );
    let all = project.json("health coverage --all-schemas")?;
    assert_eq!(all["schemas"]["billing"]["uncovered"], json!(["invoices", "queue"]));
    assert_eq!(all["schemas"]["public"]["findings"][0]["code"], "capture_trigger_disabled");
    assert_eq!(
        all["summary"],
        json!({"covered": 1, "uncovered": 3, "expected_uncovered": 2, "errors": 1, "warnings": 0, "hints": 0})
    );
    let strict = project.run("health coverage --strict")?;
    assert_eq!((strict.code, strict.stderr.as_str()), (Some(1), "threadline: 1 finding is an error\n"));
    assert!(
        strict.stdout.contains("Findings\n  error capture_trigger_disabled: triggers of users are disabled"),
        "{}",
        strict.stdout
    );
    assert_eq!(project.run("health coverage --strict --schema billing")?.code, Some(0));
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn verify_coverage_fails_for_each_uncaptured_expected_table(pool: PgPool) -> Result {
    let project = Project::with_tickets(pool).await?;
    project.sql(TABLES).await?;
    let unnamed = project.run("verify-coverage")?;
    assert_eq!((unnamed.code, unnamed.stdout.as_str()), (Some(1), ""));
    assert!(
        unnamed.stderr.contains("add expected_tables to its section [verify_coverage]"),
        "{}",
        unnamed.stderr
    );

    project.configure(
        "[verify_coverage]\nexpected_tables = ['tickets', 'users', 'nowhere', 'billing.invoices']",
    )?;
    let failed = project.run("verify-coverage")?;
    assert_eq!(failed.code, Some(1));
    assert_eq!(
        failed.stdout,
        "TABLE             STATUS\nnowhere           missing\nbilling.invoices  uncovered\nusers             uncovered\n\
         tickets           covered\n---------------------------\nsummary: 1/4 expected tables covered (3 violated)\n"
    );
    assert_eq!(failed.stderr, "threadline: 3 of 4 tables that must be captured are not\n");

    project.configure("[verify_coverage]\nexpected_tables = ['tickets']")?;
    project.capture("users")?;
    project.sql("ALTER TABLE users DISABLE TRIGGER ALL").await?;
    let passed = project.json("verify-coverage")?;
    assert_eq!(passed["tables"], json!([{"schema": "public", "table": "tickets", "status": "covered"}]));
    assert_eq!((&passed["violated"], &passed["findings"][0]["table"]), (&json!(0), &json!("users")));
    project.sql("ALTER TABLE tickets DISABLE TRIGGER threadline_audit_tickets_delete").await?;
    assert_eq!(project.run("verify-coverage")?.code, Some(1));
    Ok(())
}

#[sqlx::test(migrations = false)]
async fn failed_check_prints_one_line(pool: PgPool) -> Result {
    for words in [&["health", "coverage"][..], &["policy", "show"]] {
        let failed = run(&pool, words)?;
        assert_eq!((failed.code, failed.stdout.as_str()), (Some(1), ""));
        assert!(failed.stderr.contains("`threadline install`"), "{}", failed.stderr);
    }
    stdout(&pool, &["install"])?;
    let failed = run(&pool, &["health", "coverage", "--schema", "Nowhere\u{1b}"])?;
    assert_eq!((failed.code, failed.stderr.lines().count()), (Some(1), 1));
    assert!(failed.stderr.contains("schema \"Nowhere\\u{1b}\" does not exist"), "{}", failed.stderr);
    for words in [
        &["health", "coverage", "--schema", "a", "--all-schemas"][..],
        &["health", "coverage", "x"],
        &["policy"],
    ] {
        assert_eq!(run(&pool, words)?.code, Some(2), "{words:?}");
    }
    Ok(())
}

/// Runs the commands of the guide with its configuration file.
#[sqlx::test(migrations = false)]
async fn guide_commands_succeed(pool: PgPool) -> Result {
    let project = Project::with_tickets(pool).await?;
    project.sql(TABLES).await?;
    let file = GUIDE.split("```toml\n").nth(1).and_then(|rest| rest.split("```").next()).ok_or("no file")?;
    project.configure(file)?;
    project.capture("users,billing.invoices")?;
    let commands: Vec<&str> = GUIDE.lines().filter_map(|line| line.strip_prefix("$ threadline ")).collect();
    for command in &commands {
        let output = project.stdout(command)?;
        assert!(output.contains("users") || output.contains("invoices"), "{command}: {output}");
    }
    let expected = ["health coverage", "verify-coverage", "policy show", "--strict", "--all-schemas"];
    assert!(
        expected.iter().all(|words| commands.iter().any(|command| command.contains(words))),
        "{commands:?}"
    );
    Ok(())
}
