//! Findings about the trail itself: roles that can change it or bypass capture, its partitions, and its indexes.

use chrono::{Datelike, Months};
use serde_json::json;

use super::advice::Advice;
use super::catalog::{CatalogSnapshot, Trail};
use super::finding::Finding;
use super::remedy::role;
use super::{Remedy, kinds};
use crate::capture::{identifier, relation};
use crate::install::MIGRATIONS;
use crate::{StorageSchema, TableName};

/// Adds the findings about the trail.
pub(super) fn check(snapshot: &CatalogSnapshot, storage: &StorageSchema, findings: &mut Vec<Finding>) {
    let trail = &snapshot.trail;
    check_writers(trail, storage, findings);
    check_disabled_triggers(trail, storage, findings);
    check_partitions(snapshot, storage, findings);
    check_default_partitions(trail, storage, findings);
    check_indexes(trail, storage, findings);
    if let (true, Some(owner)) = (trail.owner_is_exposed(), &trail.owner) {
        findings.push(Finding::new(
            &kinds::TRAIL_OWNER,
            &trail_table(storage, "audit_changes"),
            &format!("{owner} owns the trail and can log in; let the application log in as another role"),
            run_by_superuser(trail, format!("ALTER ROLE {} NOLOGIN;", identifier(owner))),
            json!({ "role": owner }),
        ));
    }
}

/// Advises to run SQL that the owner of the trail can run.
fn run_by_owner(trail: &Trail, sql: String) -> Advice {
    let missing: Vec<&str> =
        if trail.may_alter() { Vec::new() } else { trail.owner.as_deref().into_iter().collect() };
    Advice::run_by_members(Remedy::Sql(sql), &missing)
}

/// Advises to run SQL that only a superuser can run.
fn run_by_superuser(trail: &Trail, sql: String) -> Advice {
    if trail.role_is_superuser {
        Advice::Run(Remedy::Sql(sql))
    } else {
        Advice::RunAs(Remedy::Sql(sql), "a superuser".to_owned())
    }
}

/// Finds roles with privileges to change the trail. Only the role that granted a privilege can revoke it; CASCADE includes what
/// the grantee has granted to others.
fn check_writers(trail: &Trail, storage: &StorageSchema, findings: &mut Vec<Finding>) {
    for writer in &trail.writers.0 {
        let table = trail_table(storage, &writer.relation);
        let (name, privileges) = (writer.role.as_deref(), writer.privileges.join(", "));
        let cascade = if writer.is_grantable { " CASCADE" } else { "" };
        let advice = if writer.grantors.is_empty() {
            run_by_owner(
                trail,
                format!("REVOKE {privileges} ON {} FROM {}{cascade};", relation(&table), role(name)),
            )
        } else {
            Advice::Blocked(format!(
                "{} granted the privilege, which must be revoked from the grantor first",
                writer.grantors.join(", ")
            ))
        };
        findings.push(Finding::new(
            &kinds::ROLE_CAN_CHANGE_TRAIL,
            &table,
            &format!("{} has the privilege to {privileges} on {table}", name.unwrap_or("PUBLIC")),
            advice,
            json!({ "role": name, "privileges": writer.privileges }),
        ));
    }
}

/// Finds roles that can disable triggers, and settings that start sessions with triggers disabled.
fn check_disabled_triggers(trail: &Trail, storage: &StorageSchema, findings: &mut Vec<Finding>) {
    let table = trail_table(storage, "audit_changes");
    for grant in &trail.can_disable_triggers.0 {
        let name = grant.role.as_deref();
        let cascade = if grant.is_grantable { " CASCADE" } else { "" };
        let advice = if grant.is_granted_by_superuser {
            let sql =
                format!("REVOKE SET ON PARAMETER session_replication_role FROM {}{cascade};", role(name));
            run_by_superuser(trail, sql)
        } else {
            let grantor = grant.grantor.as_deref().unwrap_or("another role");
            Advice::Blocked(format!(
                "{grantor} granted the privilege, which must be revoked from the grantor first"
            ))
        };
        findings.push(Finding::new(
            &kinds::ROLE_CAN_SWITCH_OFF,
            &table,
            &format!(
                "{} can set session_replication_role, and so disable all triggers",
                name.unwrap_or("PUBLIC")
            ),
            advice,
            json!({ "role": name }),
        ));
    }
    for setting in &trail.disabled_by_setting.0 {
        let (name, database) = (setting.role.as_deref(), setting.database.as_deref());
        let command = match (name, database) {
            (Some(role), None) => format!("ALTER ROLE {}", identifier(role)),
            (Some(role), Some(database)) => {
                format!("ALTER ROLE {} IN DATABASE {}", identifier(role), identifier(database))
            }
            (None, Some(database)) => format!("ALTER DATABASE {}", identifier(database)),
            (None, None) => "ALTER ROLE ALL".to_owned(),
        };
        findings.push(Finding::new(
            &kinds::ROLE_CAN_SWITCH_OFF,
            &table,
            &format!("sessions of {} start with triggers disabled", name.unwrap_or("every role")),
            run_by_superuser(trail, command + " RESET session_replication_role;"),
            json!({ "role": name, "database": database }),
        ));
    }
}

/// Finds missing partitions of this month and the next.
fn check_partitions(snapshot: &CatalogSnapshot, storage: &StorageSchema, findings: &mut Vec<Finding>) {
    let trail = &snapshot.trail;
    if !trail.is_partitioned {
        return;
    }
    let now = trail.checked_at;
    let months = [Some(now), now.checked_add_months(Months::new(1))];
    let mut missing = Vec::new();
    for parent in ["audit_changes", "audit_transactions"] {
        for month in months.iter().flatten() {
            let name = format!("{parent}_{:04}_{:02}", month.year(), month.month());
            if !trail.partitions.contains(&name) {
                missing.push(name);
            }
        }
    }
    if missing.is_empty() {
        return;
    }
    let is_detached =
        |name: &&String| snapshot.relations.iter().any(|other| other.table == trail_table(storage, name));
    let detached: Vec<&str> = missing.iter().filter(is_detached).map(String::as_str).collect();
    let advice = if detached.is_empty() {
        let sql = storage.fill("SELECT __schema__.threadline_ensure_partitions(3);");
        if trail.may_create_partitions { Advice::Run(Remedy::Sql(sql)) } else { run_by_owner(trail, sql) }
    } else {
        Advice::Blocked(format!(
            "{} exists but is not attached: attach it again, or rename it",
            detached.join(", ")
        ))
    };
    findings.push(Finding::new(
        &kinds::PARTITION_NOT_AHEAD,
        &trail_table(storage, "audit_changes"),
        &format!("partitions are missing: {}", missing.join(", ")),
        advice,
        json!({ "partitions": missing }),
    ));
}

/// Finds default partitions that hold rows.
fn check_default_partitions(trail: &Trail, storage: &StorageSchema, findings: &mut Vec<Finding>) {
    for default in &trail.filled_defaults {
        let (parent, clock) = match default.as_str() {
            "audit_changes_default" => ("audit_changes", "captured_at"),
            _ => ("audit_transactions", "occurred_at"),
        };
        let sql = storage.fill(MOVE_ROWS_SQL).replace("{parent}", parent).replace("{clock}", clock);
        findings.push(Finding::new(
            &kinds::DEFAULT_PARTITION,
            &trail_table(storage, parent),
            &format!("{default} holds rows"),
            run_by_owner(trail, sql.split_whitespace().collect::<Vec<_>>().join(" ")),
            json!({ "partition": default }),
        ));
    }
}

/// Finds indexes that the trail was created with and that queries cannot use now. Trails of the Elixir library have others.
fn check_indexes(trail: &Trail, storage: &StorageSchema, findings: &mut Vec<Finding>) {
    if !trail.is_partitioned {
        return;
    }
    for index in indexes().filter(|index| !trail.valid_indexes.iter().any(|valid| valid == index.name)) {
        let is_invalid = trail.invalid_indexes.iter().any(|invalid| invalid == index.name);
        let drop = if is_invalid { format!("DROP INDEX __schema__.{}; ", index.name) } else { String::new() };
        let state = if is_invalid { "is invalid" } else { "is missing" };
        let table = trail_table(storage, index.table);
        findings.push(Finding::new(
            &kinds::INDEX_MISSING,
            &table,
            &format!(
                "the index {} of {table} {state}; creating it blocks writes to captured tables until it is complete",
                index.name
            ),
            run_by_owner(trail, storage.fill(&(drop + &index.statement))),
            json!({ "index": index.name }),
        ));
    }
}

/// An index of the trail.
struct TrailIndex {
    name: &'static str,
    table: &'static str,
    /// The statement that creates it, on one line.
    statement: String,
}

/// Reads the indexes of the trail from the migration that creates its tables.
fn indexes() -> impl Iterator<Item = TrailIndex> {
    let (_, _, migration) = MIGRATIONS[0];
    migration.split("\nCREATE INDEX ").skip(1).filter_map(|rest| {
        let (definition, _) = rest.split_once(';')?;
        let (name, rest) = definition.split_once(" ON __schema__.")?;
        let (table, _) = rest.split_once(' ')?;
        let definition = definition.split_whitespace().collect::<Vec<_>>().join(" ");
        Some(TrailIndex { name, table, statement: format!("CREATE INDEX {definition};") })
    })
}

/// Moves the rows of a default partition to monthly partitions. It creates these itself, because `threadline_ensure_partitions`
/// creates none for past months. A detached partition may still have the name of its month, so the name gets a suffix then.
const MOVE_ROWS_SQL: &str = "DO $$
DECLARE
  month timestamp;
  part text;
BEGIN
  LOCK TABLE __schema__.{parent} IN ACCESS EXCLUSIVE MODE;
  LOOP
    SELECT date_trunc('month', min({clock}) AT TIME ZONE 'UTC') INTO month FROM __schema__.{parent}_default;
    EXIT WHEN month IS NULL;
    part := '{parent}' || to_char(month, '\"_\"YYYY\"_\"MM');
    WHILE to_regclass(format('__schema__.%I', part)) IS NOT NULL LOOP
      part := part || '_2';
    END LOOP;
    EXECUTE format('CREATE TABLE __schema__.%I (LIKE __schema__.{parent} INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING STORAGE INCLUDING COMPRESSION)', part);
    EXECUTE format('REVOKE ALL ON TABLE __schema__.%I FROM PUBLIC', part);
    EXECUTE format('WITH moved AS (DELETE FROM __schema__.{parent}_default WHERE {clock} < $1 RETURNING *) INSERT INTO __schema__.%I SELECT * FROM moved', part)
      USING (month + interval '1 month') AT TIME ZONE 'UTC';
    EXECUTE format('ALTER TABLE __schema__.{parent} ATTACH PARTITION __schema__.%I FOR VALUES FROM (%L) TO (%L)',
                   part, month AT TIME ZONE 'UTC', (month + interval '1 month') AT TIME ZONE 'UTC');
  END LOOP;
END
$$;";

fn trail_table(storage: &StorageSchema, name: &str) -> TableName {
    TableName::new(storage.name(), name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn indexes_are_read_from_the_migration() {
        let (_, _, migration) = MIGRATIONS[0];
        let found: Vec<_> = indexes().collect();
        assert_eq!(found.len(), migration.matches("CREATE INDEX").count());
        let late = found.iter().find(|index| index.name == "audit_changes_late_idx");
        assert_eq!(
            late.map(|index| (index.table, index.statement.as_str())),
            Some((
                "audit_changes",
                "CREATE INDEX audit_changes_late_idx ON __schema__.audit_changes (captured_at, id) INCLUDE (transaction_id, \
                 occurred_at) WHERE captured_at - occurred_at > interval '1 second';"
            ))
        );
    }
}
