//! The command of every finding, run for every kind of table: it works and the finding is gone, or there is no command.

use sqlx::PgPool;
use threadline::health::{CoverageReport, Remedy, Schemas, Severity};
use threadline::{AuditTrail, Config};

use crate::desk::Desk;
use crate::elixir::ElixirCapture;
use crate::support::Result;

/// A kind of table.
struct Shape {
    name: &'static str,
    /// What `threadline.toml` says in the end.
    toml: &'static str,
    /// Makes and captures it: SQL, and `capture` with the arguments of the command.
    steps: &'static [&'static str],
    /// Its name as SQL in the end.
    table: &'static str,
    /// No command can work as long as the file is as it is.
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

struct Harm {
    name: &'static str,
    /// `$t` is the table as SQL, `$l` its name as a literal.
    sql: &'static str,
    /// Commands alone put it right.
    is_mendable: bool,
}

const fn harm(name: &'static str, sql: &'static str) -> Harm {
    Harm { name, sql, is_mendable: true }
}

const HARMS: [Harm; 16] = [
    harm("nothing", "SELECT 1"),
    harm("triggers disabled", "SELECT harm.each($l, 'ALTER TABLE %1$s DISABLE TRIGGER %2$I')"),
    harm("triggers for replicas only", "SELECT harm.each($l, 'ALTER TABLE %1$s ENABLE REPLICA TRIGGER %2$I')"),
    harm("no triggers", "SELECT harm.each($l, 'DROP TRIGGER %2$I ON %1$s')"),
    harm("no trigger for updates", "SELECT harm.each($l, 'DROP TRIGGER %2$I ON %1$s', 16)"),
    harm("no trigger for TRUNCATE", "SELECT harm.each($l, 'DROP TRIGGER %2$I ON %1$s', 32)"),
    harm("function without a policy", "SELECT harm.each($l, 'COMMENT ON FUNCTION %3$s IS NULL', 28)"),
    harm("function with the rights of the writer", "SELECT harm.each($l, 'ALTER FUNCTION %3$s SECURITY INVOKER', 28)"),
    harm(
        "function with another body",
        "SELECT harm.each($l, 'CREATE OR REPLACE FUNCTION %3$s RETURNS trigger LANGUAGE plpgsql AS ''BEGIN RETURN NULL; END''', 28)",
    ),
    harm(
        "function of a role without rights",
        "GRANT CREATE ON SCHEMA threadline TO $role; SELECT harm.each($l, 'ALTER FUNCTION %3$s OWNER TO $role');
         REVOKE ALL ON SCHEMA threadline FROM $role",
    ),
    harm(
        "captured twice by a trigger of another name",
        "SELECT harm.each($l, 'CREATE TRIGGER \"Mine\" AFTER TRUNCATE ON %1$s FOR EACH STATEMENT EXECUTE FUNCTION %3$s', 4)",
    ),
    harm(
        "captured by an unknown function under another name",
        "CREATE FUNCTION other.threadline_capture_it() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
         CREATE TRIGGER \"Mine\" AFTER INSERT ON $t FOR EACH STATEMENT EXECUTE FUNCTION other.threadline_capture_it()",
    ),
    harm("column added", "SELECT harm.alter_top($l, 'ADD added text')"),
    harm("column dropped", "SELECT harm.alter_top($l, 'DROP note')"),
    Harm { name: "key dropped", sql: "SELECT harm.drop_key($l)", is_mendable: false },
    Harm {
        name: "key of a type without one text",
        sql: "SELECT harm.drop_key($l), harm.alter_top($l, 'ADD span interval NOT NULL DEFAULT ''1 h''');
              ALTER TABLE $t ADD PRIMARY KEY (id, span)",
        is_mendable: false,
    },
];

const HELPERS: &str = r"
CREATE SCHEMA harm;
-- Runs a statement for each trigger of a table and its partitions that can be changed: for its table, its name, its function.
CREATE FUNCTION harm.each(harmed regclass, statement text, kinds int DEFAULT 60) RETURNS void LANGUAGE plpgsql AS $$
DECLARE t record;
BEGIN
  FOR t IN SELECT DISTINCT ON (tgrelid, tgname) * FROM pg_partition_tree(harmed) JOIN pg_trigger ON tgrelid = relid
           WHERE NOT tgisinternal AND tgparentid = 0 AND tgtype & kinds <> 0
  LOOP EXECUTE format(statement, t.tgrelid::regclass, t.tgname, t.tgfoid::regprocedure); END LOOP;
END $$;
CREATE FUNCTION harm.top(harmed regclass) RETURNS regclass LANGUAGE sql AS $$
  SELECT coalesce((SELECT harm.top(inhparent) FROM pg_inherits WHERE inhrelid = harmed), harmed) $$;
CREATE FUNCTION harm.alter_top(harmed regclass, change text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN EXECUTE format('ALTER TABLE %s %s', harm.top(harmed), change); END $$;
CREATE FUNCTION harm.drop_key(harmed regclass) RETURNS void LANGUAGE plpgsql AS $$
DECLARE c record;
BEGIN
  FOR c IN SELECT * FROM pg_constraint WHERE conrelid = coalesce(pg_partition_root(harmed), harmed) AND contype IN ('p', 'u')
  LOOP EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I', c.conrelid::regclass, c.conname); END LOOP;
END $$;";

const CLEAR: &str = "DROP TABLE IF EXISTS t, renamed, p, above CASCADE; DROP SCHEMA IF EXISTS other, \"acme.example\" CASCADE;
    CREATE SCHEMA other; CREATE SCHEMA \"acme.example\"";

/// Something that is wrong, and its command.
#[derive(Debug, Clone, PartialEq)]
struct Wrong {
    what: String,
    remedy: Option<Remedy>,
    is_error: bool,
}

fn wrongs(report: &CoverageReport) -> Vec<Wrong> {
    let uncaptured = report.tables.iter().filter(|found| found.remedy.is_some() || found.obstacle.is_some());
    let uncaptured = uncaptured.map(|found| Wrong {
        what: format!("{} needs capture", found.table),
        remedy: found.remedy.clone(),
        is_error: true,
    });
    let findings = report.findings.iter().map(|finding| Wrong {
        what: format!("{} {}", finding.kind.code, finding.message),
        remedy: finding.remedy.clone(),
        is_error: finding.severity() == Severity::Error,
    });
    uncaptured.chain(findings).collect()
}

/// Runs one command after the other until no finding has one, and answers what is still wrong.
async fn mend(desk: &Desk, config: &Config) -> Result<Vec<Wrong>> {
    let trail = AuditTrail::new(desk.pool.clone());
    let mut history = Vec::new();
    loop {
        let wrongs = wrongs(&trail.coverage(config, &Schemas::All).await?);
        let Some(wrong) = wrongs.iter().find(|wrong| wrong.remedy.is_some()).cloned() else {
            return Ok(wrongs);
        };
        if history.contains(&wrong) || history.len() > 12 {
            return Err(format!("it comes back: {wrong:?} after {history:#?}").into());
        }
        match &wrong.remedy {
            Some(Remedy::Sql(sql)) => desk.sql(sql).await,
            Some(remedy) => desk.shell(&remedy.to_string()),
            None => Ok(()),
        }
        .map_err(|error| format!("the command of {} failed: {error}", wrong.what))?;
        let after = self::wrongs(&trail.coverage(config, &Schemas::All).await?);
        if after.iter().any(|other| other.what == wrong.what) {
            return Err(format!("still wrong after its command: {wrong:?}").into());
        }
        history.push(wrong);
    }
}

async fn play(desk: &Desk, shape: &Shape, harm: &Harm, role: &str) -> Result {
    let literal = format!("'{}'::regclass", shape.table.replace('\'', "''"));
    let sql = |text: &str| text.replace("$role", role).replace("$t", shape.table).replace("$l", &literal);
    desk.sql(CLEAR).await?;
    desk.configure(shape.toml)?;
    for step in shape.steps {
        match step.split_once(' ') {
            None => desk.sql(&elixir()).await?,
            Some(("capture", arguments)) => {
                let (table, mode) = arguments.split_once(" --capture ").unwrap_or((arguments, "statement"));
                let said =
                    desk.arguments(&["gen", "triggers", "--tables", table, "--capture", mode, "--apply"])?;
                if said.code != Some(0) {
                    return Err(said.err.into());
                }
            }
            Some(_) => desk.sql(&step.replace("$role", role)).await?,
        }
    }
    desk.sql(&sql(harm.sql)).await?;
    let config = Config::from_toml(shape.toml)?;
    let left = mend(desk, &config).await?;
    if harm.is_mendable && !shape.has_obstacle && left.iter().any(|wrong| wrong.is_error) {
        return Err(format!("no command: {left:?}").into());
    }
    Ok(())
}

/// Captures table `t` as the Elixir library does.
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

async fn play_all(pool: PgPool, shapes: &[Shape]) -> Result {
    let desk = Desk::new(pool).await?;
    desk.sql(HELPERS).await?;
    let role = format!("threadline_test_{}", uuid::Uuid::now_v7().simple());
    desk.sql(&format!("CREATE ROLE {role}")).await?;
    let mut failed = Vec::new();
    for shape in shapes {
        for harm in &HARMS {
            if let Err(error) = play(&desk, shape, harm, &role).await {
                failed.push(format!("{}, {}: {error}", shape.name, harm.name));
            }
        }
    }
    desk.sql(CLEAR).await?;
    desk.sql(&format!("REASSIGN OWNED BY {role} TO CURRENT_USER; DROP OWNED BY {role}; DROP ROLE {role}"))
        .await?;
    if failed.is_empty() { Ok(()) } else { Err(failed.join("\n").into()) }
}

#[sqlx::test(migrations = false)]
async fn command_of_every_finding_works_for_names_with_dots(pool: PgPool) -> Result {
    let dotted = Shape {
        name: "dotted names",
        steps: &[
            "CREATE TABLE \"acme.example\".\"or.ders\" (id int PRIMARY KEY, note text)",
            "capture \"acme.example\".\"or.ders\"",
        ],
        table: "\"acme.example\".\"or.ders\"",
        ..PLAIN
    };
    play_all(pool, &[dotted]).await
}

#[sqlx::test(migrations = false)]
async fn command_of_every_finding_works_for_every_kind_of_table(pool: PgPool) -> Result {
    play_all(pool, &SHAPES[..8]).await
}

#[sqlx::test(migrations = false)]
async fn command_of_every_finding_works_for_every_other_kind_of_table(pool: PgPool) -> Result {
    play_all(pool, &SHAPES[8..]).await
}

/// A rename leaves the triggers under their old names; the command of the finding replaces them.
#[sqlx::test(migrations = false)]
async fn renamed_table_ends_in_one_set_of_triggers(pool: PgPool) -> Result {
    let desk = Desk::new(pool).await?;
    let trail = AuditTrail::new(desk.pool.clone());
    for mode in ["statement", "row"] {
        for (rename, table) in
            [("ALTER TABLE t RENAME TO renamed", "renamed"), ("ALTER TABLE t SET SCHEMA other", "other.t")]
        {
            desk.sql(CLEAR).await?;
            desk.sql(PLAIN.steps[0]).await?;
            desk.output(&format!("gen triggers --tables t --capture {mode} --apply"))?;
            desk.sql(rename).await?;
            let report = trail.coverage(&Config::default(), &Schemas::All).await?;
            let finding = report.findings.first().ok_or("no finding")?;
            assert_eq!(finding.kind.code, "shared_capture_function");
            let remedy = finding.remedy.as_ref().ok_or("no remedy")?.to_string();
            assert!(remedy.contains(&format!("--tables {table}")), "{remedy}");
            desk.shell(&remedy)?;
            let report = trail.coverage(&Config::default(), &Schemas::All).await?;
            assert!(report.findings.is_empty(), "{mode}, {rename}: {:?}", report.findings);
            desk.sql(&format!("INSERT INTO {table} VALUES (1)")).await?;
            let count = desk.output(&format!("count --table {table}"))?;
            assert!(count.contains("1 change"), "{mode}, {rename}: {count}");
            desk.sql("DELETE FROM threadline.audit_changes").await?;
        }
    }
    Ok(())
}
