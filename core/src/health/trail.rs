//! Findings about the trail itself: who could change it or get round it, and its partitions.

use chrono::{Datelike, Months};
use serde_json::json;

use super::catalog::Trail;
use super::command::role;
use super::finding::{Command, Finding};
use super::kinds;
use crate::capture::{identifier, relation};
use crate::{StorageSchema, TableName};

pub(super) fn check(trail: &Trail, storage: &StorageSchema, findings: &mut Vec<Finding>) {
    writers(trail, storage, findings);
    silencers(trail, storage, findings);
    partitions(trail, storage, findings);
    defaults(trail, storage, findings);
    if let (true, Some(owner)) = (trail.owner_is_exposed(), &trail.owner) {
        findings.push(Finding::new(
            &kinds::TRAIL_OWNER,
            &own(storage, "audit_changes"),
            &format!("{owner} owns the trail and can log in; let the application log in as another role"),
            Command::Sql(format!("ALTER ROLE {} NOLOGIN;", identifier(owner))),
            json!({ "role": owner }),
        ));
    }
}

fn writers(trail: &Trail, storage: &StorageSchema, findings: &mut Vec<Finding>) {
    for writer in &trail.writers.0 {
        let table = own(storage, &writer.relation);
        let (name, rights) = (writer.role.as_deref(), writer.privileges.join(", "));
        findings.push(Finding::new(
            &kinds::ROLE_CAN_CHANGE_TRAIL,
            &table,
            &format!("{} has the right to {rights} on {table}", name.unwrap_or("everybody")),
            Command::Sql(format!("REVOKE {rights} ON {} FROM {};", relation(&table), role(name))),
            json!({ "role": name, "privileges": writer.privileges }),
        ));
    }
}

fn silencers(trail: &Trail, storage: &StorageSchema, findings: &mut Vec<Finding>) {
    let table = own(storage, "audit_changes");
    for name in &trail.silencers {
        let name = name.as_deref();
        findings.push(Finding::new(
            &kinds::ROLE_CAN_SWITCH_OFF,
            &table,
            &format!(
                "{} may set session_replication_role, and with it switch all triggers off",
                name.unwrap_or("everybody")
            ),
            Command::Sql(format!("REVOKE SET ON PARAMETER session_replication_role FROM {};", role(name))),
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
            Command::Sql(command + " RESET session_replication_role;"),
            json!({ "role": name, "database": database }),
        ));
    }
}

fn partitions(trail: &Trail, storage: &StorageSchema, findings: &mut Vec<Finding>) {
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
    findings.push(Finding::new(
        &kinds::PARTITION_NOT_AHEAD,
        &own(storage, "audit_changes"),
        &format!("partitions are missing: {}", missing.join(", ")),
        Command::Sql(storage.fill("SELECT __schema__.threadline_ensure_partitions(3);")),
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
            Command::Sql(sql.split_whitespace().collect::<Vec<_>>().join(" ")),
            json!({ "partition": default }),
        ));
    }
}

/// Months of any time, also those that are over: `threadline_ensure_partitions` only looks ahead.
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
