//! Tests the remedies of every kind of damage on every kind of table: each works and its finding is gone, or there is no remedy.

use sqlx::PgPool;
use threadline::health::{CoverageReport, Remedy, Schemas, Severity};
use threadline::{AuditTrail, Config};

use crate::support::Result;
use crate::support::project::Project;
use threadline_testkit::elixir::ElixirCapture;

/// A kind of table.
struct Shape {
    name: &'static str,
    /// The `threadline.toml` of the check.
    toml: &'static str,
    /// The steps that create and capture it: SQL, or `capture` with the arguments of the command.
    steps: &'static [&'static str],
    /// Its name in SQL after all steps.
    table: &'static str,
    /// No remedy is possible with this configuration.
    has_obstacle: bool,
}

const PLAIN: Shape = Shape {
    name: "plain",
    toml: "",
    steps: &["CREATE TABLE t (id int PRIMARY KEY, note text)", "capture t"],
    table: "t",
    has_obstacle: false,
};

const SHAPES: [Shape; 15] = [
    PLAIN,
    Shape {
        name: "renamed",
        steps: &[PLAIN.steps[0], "capture t", "ALTER TABLE t RENAME TO renamed"],
        table: "renamed",
        ..PLAIN
    },
    Shape {
        name: "captured per row and renamed",
        steps: &[PLAIN.steps[0], "capture t --capture row", "ALTER TABLE t RENAME TO renamed"],
        table: "renamed",
        ..PLAIN
    },
    Shape {
        name: "renamed, and another table has its old name",
        steps: &[PLAIN.steps[0], "capture t", "ALTER TABLE t RENAME TO renamed", PLAIN.steps[0], "capture t"],
        table: "renamed",
        ..PLAIN
    },
    Shape {
        name: "masked and renamed, with its section under the old name",
        toml: "[capture.tables.t]\nmask = ['note']",
        steps: &[PLAIN.steps[0], "capture t", "ALTER TABLE t RENAME TO renamed"],
        table: "renamed",
        has_obstacle: true,
    },
    Shape { name: "masked", toml: "[capture.tables.t]\nmask = ['note']", has_obstacle: true, ..PLAIN },
    Shape {
        name: "moved to another schema",
        steps: &[PLAIN.steps[0], "capture t", "ALTER TABLE t SET SCHEMA other"],
        table: "other.t",
        ..PLAIN
    },
    Shape {
        name: "hostile name",
        steps: &[
            "CREATE TABLE other.\"O'Brien; $HOME \"\"-- .x\" (id int PRIMARY KEY, note text)",
            "capture other.O'Brien; $HOME \"-- .x",
        ],
        table: "other.\"O'Brien; $HOME \"\"-- .x\"",
        ..PLAIN
    },
    Shape {
        name: "partitioned",
        steps: &[
            "CREATE TABLE t (id int PRIMARY KEY, note text) PARTITION BY LIST (id);
             CREATE TABLE t_1 PARTITION OF t FOR VALUES IN (1) PARTITION BY LIST (id);
             CREATE TABLE t_1_1 PARTITION OF t_1 FOR VALUES IN (1)",
            "capture t",
        ],
        ..PLAIN
    },
    Shape {
        name: "partitioned, captured per row, and renamed with its partition",
        steps: &[
            "CREATE TABLE t (id int PRIMARY KEY, note text) PARTITION BY LIST (id); CREATE TABLE t_1 PARTITION OF t FOR VALUES IN (1)",
            "capture t --capture row",
            "ALTER TABLE t RENAME TO renamed; ALTER TABLE t_1 RENAME TO renamed_1",
        ],
        table: "renamed",
        ..PLAIN
    },
    Shape {
        name: "partition that is captured apart",
        steps: &[
            "CREATE TABLE p (id int PRIMARY KEY, note text) PARTITION BY LIST (id); CREATE TABLE t PARTITION OF p FOR VALUES IN (1)",
            "capture t",
            "capture p",
        ],
        ..PLAIN
    },
    Shape {
        name: "inherited",
        steps: &[
            "CREATE TABLE above (id int PRIMARY KEY, note text); CREATE TABLE t (PRIMARY KEY (id)) INHERITS (above)",
            "capture above",
        ],
        ..PLAIN
    },
    Shape {
        name: "of another role, with a serial key",
        steps: &[
            "CREATE TABLE t (id serial PRIMARY KEY, note text)",
            "capture t",
            "GRANT CREATE ON SCHEMA public TO $role; ALTER TABLE t OWNER TO $role",
        ],
        ..PLAIN
    },
    Shape {
        name: "identified by a unique index",
        toml: "[capture.tables.t]\nprimary_key = ['id']",
        steps: &["CREATE TABLE t (id int NOT NULL UNIQUE, note text)", "capture t"],
        ..PLAIN
    },
    Shape { name: "captured by the Elixir library", steps: &[PLAIN.steps[0], "elixir"], ..PLAIN },
];

/// A damage to a captured table.
struct Damage {
    name: &'static str,
    /// The SQL, in which `$t` is the table and `$l` its name as a literal.
    sql: &'static str,
    /// Remedies alone can fix it.
    is_fixable: bool,
}

const fn damage(name: &'static str, sql: &'static str) -> Damage {
    Damage { name, sql, is_fixable: true }
}

const DAMAGES: [Damage; 16] = [
    damage("nothing", "SELECT 1"),
    damage("triggers disabled", "SELECT damage.each($l, 'ALTER TABLE %1$s DISABLE TRIGGER %2$I')"),
    damage("triggers for replicas only", "SELECT damage.each($l, 'ALTER TABLE %1$s ENABLE REPLICA TRIGGER %2$I')"),
    damage("no triggers", "SELECT damage.each($l, 'DROP TRIGGER %2$I ON %1$s')"),
    damage("no trigger for updates", "SELECT damage.each($l, 'DROP TRIGGER %2$I ON %1$s', 16)"),
    damage("no trigger for TRUNCATE", "SELECT damage.each($l, 'DROP TRIGGER %2$I ON %1$s', 32)"),
    damage("function without a policy", "SELECT damage.each($l, 'COMMENT ON FUNCTION %3$s IS NULL', 28)"),
    damage("function with the rights of the writer", "SELECT damage.each($l, 'ALTER FUNCTION %3$s SECURITY INVOKER', 28)"),
    damage(
        "function with another body",
        "SELECT damage.each($l, 'CREATE OR REPLACE FUNCTION %3$s RETURNS trigger LANGUAGE plpgsql AS ''BEGIN RETURN NULL; END''', 28)",
    ),
    damage(
        "function of a role without rights",
        "GRANT CREATE ON SCHEMA threadline TO $role; SELECT damage.each($l, 'ALTER FUNCTION %3$s OWNER TO $role');
         REVOKE ALL ON SCHEMA threadline FROM $role",
    ),
    damage(
        "captured twice by a trigger of another name",
        "SELECT damage.each($l, 'CREATE TRIGGER \"Mine\" AFTER TRUNCATE ON %1$s FOR EACH STATEMENT EXECUTE FUNCTION %3$s', 4)",
    ),
    damage(
        "captured by an unknown function under another name",
        "CREATE FUNCTION other.threadline_capture_it() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
         CREATE TRIGGER \"Mine\" AFTER INSERT ON $t FOR EACH STATEMENT EXECUTE FUNCTION other.threadline_capture_it()",
    ),
    damage("column added", "SELECT damage.alter_top($l, 'ADD added text')"),
    damage("column dropped", "SELECT damage.alter_top($l, 'DROP note')"),
    Damage { name: "key dropped", sql: "SELECT damage.drop_key($l)", is_fixable: false },
    Damage {
        name: "key of a type without one text",
        sql: "SELECT damage.drop_key($l), damage.alter_top($l, 'ADD span interval NOT NULL DEFAULT ''1 h''');
              ALTER TABLE $t ADD PRIMARY KEY (id, span)",
        is_fixable: false,
    },
];

const HELPERS: &str = r"
CREATE SCHEMA damage;
-- Runs a statement for each trigger of a table and its partitions, except inherited ones, with the table, the trigger and the function.
CREATE FUNCTION damage.each(target regclass, statement text, kinds int DEFAULT 60) RETURNS void LANGUAGE plpgsql AS $$
DECLARE t record;
BEGIN
  FOR t IN SELECT DISTINCT ON (tgrelid, tgname) * FROM pg_partition_tree(target) JOIN pg_trigger ON tgrelid = relid
           WHERE NOT tgisinternal AND tgparentid = 0 AND tgtype & kinds <> 0
  LOOP EXECUTE format(statement, t.tgrelid::regclass, t.tgname, t.tgfoid::regprocedure); END LOOP;
END $$;
CREATE FUNCTION damage.top(target regclass) RETURNS regclass LANGUAGE sql AS $$
  SELECT coalesce((SELECT damage.top(inhparent) FROM pg_inherits WHERE inhrelid = target), target) $$;
CREATE FUNCTION damage.alter_top(target regclass, change text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN EXECUTE format('ALTER TABLE %s %s', damage.top(target), change); END $$;
CREATE FUNCTION damage.drop_key(target regclass) RETURNS void LANGUAGE plpgsql AS $$
DECLARE c record;
BEGIN
  FOR c IN SELECT * FROM pg_constraint WHERE conrelid = coalesce(pg_partition_root(target), target) AND contype IN ('p', 'u')
  LOOP EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I', c.conrelid::regclass, c.conname); END LOOP;
END $$;";

const CLEANUP: &str = "DROP TABLE IF EXISTS t, renamed, p, above CASCADE; DROP SCHEMA IF EXISTS other, \"acme.example\" CASCADE;
    CREATE SCHEMA other; CREATE SCHEMA \"acme.example\"";

/// A finding or an uncovered table, with its remedy.
#[derive(Debug, Clone, PartialEq)]
struct Problem {
    description: String,
    remedy: Option<Remedy>,
    is_error: bool,
}

fn problems(report: &CoverageReport) -> Vec<Problem> {
    let uncaptured = report.tables.iter().filter(|found| found.remedy.is_some() || found.obstacle.is_some());
    let uncaptured = uncaptured.map(|found| Problem {
        description: format!("{} needs capture", found.table),
        remedy: found.remedy.clone(),
        is_error: true,
    });
    let findings = report.findings.iter().map(|finding| Problem {
        description: format!("{} {}", finding.kind.code, finding.message),
        remedy: finding.remedy.clone(),
        is_error: finding.severity() == Severity::Error,
    });
    uncaptured.chain(findings).collect()
}

/// Runs one remedy after the other until there is none, and returns the remaining problems.
async fn run_remedies(project: &Project, config: &Config) -> Result<Vec<Problem>> {
    let trail = AuditTrail::new(project.pool.clone());
    let mut history = Vec::new();
    loop {
        let problems = problems(&trail.coverage(config, &Schemas::All).await?);
        let Some(problem) = problems.iter().find(|problem| problem.remedy.is_some()).cloned() else {
            return Ok(problems);
        };
        if history.contains(&problem) || history.len() > 12 {
            return Err(format!("the problem comes back: {problem:?} after {history:#?}").into());
        }
        match &problem.remedy {
            Some(Remedy::Sql(sql)) => project.sql(sql).await,
            Some(remedy) => project.shell(&remedy.to_string()),
            None => Ok(()),
        }
        .map_err(|error| format!("the remedy of {} failed: {error}", problem.description))?;
        let after = self::problems(&trail.coverage(config, &Schemas::All).await?);
        if after.iter().any(|other| other.description == problem.description) {
            return Err(format!("the problem remains after its remedy: {problem:?}").into());
        }
        history.push(problem);
    }
}

async fn run_case(project: &Project, shape: &Shape, damage: &Damage, role: &str) -> Result {
    let literal = format!("'{}'::regclass", shape.table.replace('\'', "''"));
    let sql = |text: &str| text.replace("$role", role).replace("$t", shape.table).replace("$l", &literal);
    project.sql(CLEANUP).await?;
    project.configure(shape.toml)?;
    for step in shape.steps {
        match step.split_once(' ') {
            None => project.sql(&elixir()).await?,
            Some(("capture", arguments)) => {
                let (table, mode) = arguments.split_once(" --capture ").unwrap_or((arguments, "statement"));
                let output = project.run_arguments(&[
                    "gen",
                    "triggers",
                    "--tables",
                    table,
                    "--capture",
                    mode,
                    "--apply",
                ])?;
                if output.code != Some(0) {
                    return Err(output.stderr.into());
                }
            }
            Some(_) => project.sql(&step.replace("$role", role)).await?,
        }
    }
    project.sql(&sql(damage.sql)).await?;
    let config = Config::from_toml(shape.toml)?;
    let remaining = run_remedies(project, &config).await?;
    if damage.is_fixable && !shape.has_obstacle && remaining.iter().any(|problem| problem.is_error) {
        return Err(format!("no remedy: {remaining:?}").into());
    }
    Ok(())
}

/// Returns SQL that captures table `t` like the Elixir library.
fn elixir() -> String {
    let capture =
        ElixirCapture { schema: Some("threadline"), has_key_arguments: true, ..ElixirCapture::default() };
    format!(
        "CREATE OR REPLACE FUNCTION threadline.threadline_capture_changes() RETURNS trigger LANGUAGE plpgsql AS $elixir${}$elixir$;
         CREATE TRIGGER threadline_audit_t AFTER INSERT OR UPDATE OR DELETE ON t
         FOR EACH ROW EXECUTE FUNCTION threadline.threadline_capture_changes('id')",
        capture.body()
    )
}

async fn run_all_cases(pool: PgPool, shapes: &[Shape]) -> Result {
    let project = Project::with_tickets(pool).await?;
    project.sql(HELPERS).await?;
    let role = format!("threadline_test_{}", uuid::Uuid::now_v7().simple());
    project.sql(&format!("CREATE ROLE {role}")).await?;
    let mut failed = Vec::new();
    for shape in shapes {
        for damage in &DAMAGES {
            if let Err(error) = run_case(&project, shape, damage, &role).await {
                failed.push(format!("{}, {}: {error}", shape.name, damage.name));
            }
        }
    }
    project.sql(CLEANUP).await?;
    project
        .sql(&format!("REASSIGN OWNED BY {role} TO CURRENT_USER; DROP OWNED BY {role}; DROP ROLE {role}"))
        .await?;
    if failed.is_empty() { Ok(()) } else { Err(failed.join("\n").into()) }
}

#[sqlx::test(migrations = false)]
async fn remedies_work_for_names_with_dots(pool: PgPool) -> Result {
    let dotted = Shape {
        name: "dotted names",
        steps: &[
            "CREATE TABLE \"acme.example\".\"or.ders\" (id int PRIMARY KEY, note text)",
            "capture \"acme.example\".\"or.ders\"",
        ],
        table: "\"acme.example\".\"or.ders\"",
        ..PLAIN
    };
    run_all_cases(pool, &[dotted]).await
}

#[sqlx::test(migrations = false)]
async fn remedies_work_for_first_half_of_table_shapes(pool: PgPool) -> Result {
    run_all_cases(pool, &SHAPES[..8]).await
}

#[sqlx::test(migrations = false)]
async fn remedies_work_for_second_half_of_table_shapes(pool: PgPool) -> Result {
    run_all_cases(pool, &SHAPES[8..]).await
}

/// A rename leaves the triggers under their old names; the remedy of the finding replaces them.
#[sqlx::test(migrations = false)]
async fn remedy_for_renamed_table_leaves_one_set_of_triggers(pool: PgPool) -> Result {
    let project = Project::with_tickets(pool).await?;
    let trail = AuditTrail::new(project.pool.clone());
    for mode in ["statement", "row"] {
        for (rename, table) in
            [("ALTER TABLE t RENAME TO renamed", "renamed"), ("ALTER TABLE t SET SCHEMA other", "other.t")]
        {
            project.sql(CLEANUP).await?;
            project.sql(PLAIN.steps[0]).await?;
            project.stdout(&format!("gen triggers --tables t --capture {mode} --apply"))?;
            project.sql(rename).await?;
            let report = trail.coverage(&Config::default(), &Schemas::All).await?;
            let finding = report.findings.first().ok_or("no finding")?;
            assert_eq!(finding.kind.code, "shared_capture_function");
            let remedy = finding.remedy.as_ref().ok_or("no remedy")?.to_string();
            assert!(remedy.contains(&format!("--tables {table}")), "{remedy}");
            project.shell(&remedy)?;
            let report = trail.coverage(&Config::default(), &Schemas::All).await?;
            assert!(report.findings.is_empty(), "{mode}, {rename}: {:?}", report.findings);
            project.sql(&format!("INSERT INTO {table} VALUES (1)")).await?;
            let count = project.stdout(&format!("count --table {table}"))?;
            assert!(count.contains("1 change"), "{mode}, {rename}: {count}");
            project.sql("DELETE FROM threadline.audit_changes").await?;
        }
    }
    Ok(())
}
