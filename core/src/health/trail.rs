//! Findings about the trail itself: who could change it or get round it, and its partitions.

use chrono::{Datelike, Months};
use serde_json::json;

use super::catalog::{Snapshot, Trail};
use super::command::role;
use super::finding::{Command, Finding};
use super::kinds;
use super::remedy::Remedy;
use crate::capture::{identifier, relation};
use crate::{StorageSchema, TableName};

pub(super) fn check(snapshot: &Snapshot, storage: &StorageSchema, findings: &mut Vec<Finding>) {
    let trail = &snapshot.trail;
    writers(trail, storage, findings);
    silencers(trail, storage, findings);
    partitions(snapshot, storage, findings);
    defaults(trail, storage, findings);
    if let (true, Some(owner)) = (trail.owner_is_exposed(), &trail.owner) {
        findings.push(Finding::new(
            &kinds::TRAIL_OWNER,
            &own(storage, "audit_changes"),
            &format!("{owner} owns the trail and can log in; let the application log in as another role"),
            by_superuser(trail, format!("ALTER ROLE {} NOLOGIN;", identifier(owner))),
            json!({ "role": owner }),
        ));
    }
}

/// SQL that the owner of the trail can run.
fn by_owner(trail: &Trail, sql: String) -> Remedy {
    let missing: Vec<&str> =
        if trail.may_alter() { Vec::new() } else { trail.owner.as_deref().into_iter().collect() };
    Remedy::of(Command::Sql(sql), &missing)
}

fn by_superuser(trail: &Trail, sql: String) -> Remedy {
    if trail.role_is_superuser {
        Remedy::Run(Command::Sql(sql))
    } else {
        Remedy::RunAs(Command::Sql(sql), "a superuser".to_owned())
    }
}

/// A right is revoked by the role that granted it, and with it what was granted on.
fn writers(trail: &Trail, storage: &StorageSchema, findings: &mut Vec<Finding>) {
    for writer in &trail.writers.0 {
        let table = own(storage, &writer.relation);
        let (name, rights) = (writer.role.as_deref(), writer.privileges.join(", "));
        let cascade = if writer.is_grantable { " CASCADE" } else { "" };
        let remedy = if writer.grantors.is_empty() {
            by_owner(trail, format!("REVOKE {rights} ON {} FROM {}{cascade};", relation(&table), role(name)))
        } else {
            Remedy::First(format!("{} granted it, and has to lose it first", writer.grantors.join(", ")))
        };
        findings.push(Finding::new(
            &kinds::ROLE_CAN_CHANGE_TRAIL,
            &table,
            &format!("{} has the right to {rights} on {table}", name.unwrap_or("everybody")),
            remedy,
            json!({ "role": name, "privileges": writer.privileges }),
        ));
    }
}

fn silencers(trail: &Trail, storage: &StorageSchema, findings: &mut Vec<Finding>) {
    let table = own(storage, "audit_changes");
    for silencer in &trail.silencers.0 {
        let name = silencer.role.as_deref();
        let cascade = if silencer.is_grantable { " CASCADE" } else { "" };
        let remedy = if silencer.is_of_owner {
            let sql =
                format!("REVOKE SET ON PARAMETER session_replication_role FROM {}{cascade};", role(name));
            by_superuser(trail, sql)
        } else {
            let grantor = silencer.grantor.as_deref().unwrap_or("another role");
            Remedy::First(format!("{grantor} granted it, and has to lose it first"))
        };
        findings.push(Finding::new(
            &kinds::ROLE_CAN_SWITCH_OFF,
            &table,
            &format!(
                "{} may set session_replication_role, and with it switch all triggers off",
                name.unwrap_or("everybody")
            ),
            remedy,
            json!({ "role": name }),
        ));
    }
    for silenced in &trail.silenced.0 {
        let (name, database) = (silenced.role.as_deref(), silenced.database.as_deref());
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
            &format!("sessions of {} begin with triggers switched off", name.unwrap_or("every role")),
            by_superuser(trail, command + " RESET session_replication_role;"),
            json!({ "role": name, "database": database }),
        ));
    }
}

fn partitions(snapshot: &Snapshot, storage: &StorageSchema, findings: &mut Vec<Finding>) {
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
        |name: &&String| snapshot.relations.iter().any(|other| other.table == own(storage, name));
    let detached: Vec<&str> = missing.iter().filter(is_detached).map(String::as_str).collect();
    let remedy = if detached.is_empty() {
        by_owner(trail, storage.fill("SELECT __schema__.threadline_ensure_partitions(3);"))
    } else {
        Remedy::First(format!(
            "{} is there and belongs to no table: attach it again, or rename it",
            detached.join(", ")
        ))
    };
    findings.push(Finding::new(
        &kinds::PARTITION_NOT_AHEAD,
        &own(storage, "audit_changes"),
        &format!("partitions are missing: {}", missing.join(", ")),
        remedy,
        json!({ "partitions": missing }),
    ));
}

fn defaults(trail: &Trail, storage: &StorageSchema, findings: &mut Vec<Finding>) {
    for default in &trail.filled_defaults {
        let (parent, clock) = match default.as_str() {
            "audit_changes_default" => ("audit_changes", "captured_at"),
            _ => ("audit_transactions", "occurred_at"),
        };
        let sql = storage.fill(MOVE).replace("{parent}", parent).replace("{clock}", clock);
        findings.push(Finding::new(
            &kinds::DEFAULT_PARTITION,
            &own(storage, parent),
            &format!("{default} holds rows"),
            by_owner(trail, sql.split_whitespace().collect::<Vec<_>>().join(" ")),
            json!({ "partition": default }),
        ));
    }
}

/// Months of any time, also those that are over: `threadline_ensure_partitions` only looks ahead. A partition that was taken off
/// may still have the name of the month.
const MOVE: &str = "DO $$
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

fn own(storage: &StorageSchema, name: &str) -> TableName {
    TableName::new(storage.name(), name)
}
