//! Applies a plan, in a fixed order and in one short transaction per table.
//!
//! A table is locked against writers until its transaction ends. One transaction for all tables would block writers longer, and
//! could end in a deadlock with writers that use the tables in another order.

use std::collections::BTreeSet;
use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

use sqlx::AssertSqlSafe;

use super::naming::{FUNCTION_PREFIX, function_name};
use super::{CaptureError, CapturePlan, PlannedTable};
use crate::database_error::{is_deadlock, is_lock_timeout};
use crate::lock::{self, LockedObjects};
use crate::{AuditTrail, TableName, pool};

/// The number of times that a transaction is tried again after a deadlock, the first attempt included.
const MAX_ATTEMPTS: u32 = 5;

/// Applies the SQL of all tables.
pub(super) async fn apply(trail: &AuditTrail, plan: &CapturePlan) -> Result<(), CaptureError> {
    let mut groups = groups(trail, plan).await?.into_iter();
    let mut captured = Vec::new();
    while let Some(group) = groups.next() {
        match apply_group(trail, &group).await {
            Ok(()) => captured.extend(names(&group)),
            Err(error) if plan.tables.len() == 1 => return Err(error),
            Err(error) => {
                let not_captured =
                    std::iter::once(group).chain(groups).flat_map(|group| names(&group)).collect();
                return Err(CaptureError::Incomplete { captured, not_captured, source: Box::new(error) });
            }
        }
    }
    Ok(())
}

fn names(tables: &[&PlannedTable]) -> Vec<TableName> {
    tables.iter().map(|planned| planned.table.clone()).collect()
}

/// Applies the SQL of a group of tables in one transaction, and tries again after a deadlock.
async fn apply_group(trail: &AuditTrail, tables: &[&PlannedTable]) -> Result<(), CaptureError> {
    let mut attempts = 1;
    let error = loop {
        match apply_group_once(trail, tables).await {
            Ok(()) => return Ok(()),
            Err(error) if is_deadlock(&error) && attempts < MAX_ATTEMPTS => {
                tokio::time::sleep(retry_delay(attempts)).await;
                attempts += 1;
            }
            Err(error) => break error,
        }
    };
    let named = names(tables);
    if is_deadlock(&error) {
        return Err(CaptureError::Deadlock { tables: named, attempts, source: error });
    }
    if is_lock_timeout(&error) {
        let locked = LockedObjects::Tables { tables: &named, schema: &trail.schema };
        let sessions = lock::blocking_sessions(&trail.pool, locked).await;
        return Err(CaptureError::LockTimeout { tables: named, timeout: trail.lock_timeout, sessions });
    }
    Err(error.into())
}

async fn apply_group_once(trail: &AuditTrail, tables: &[&PlannedTable]) -> Result<(), sqlx::Error> {
    let mut transaction = pool::begin_ddl(&trail.pool, trail.lock_timeout).await?;
    for planned in tables {
        sqlx::raw_sql(AssertSqlSafe(planned.up.clone())).execute(&mut *transaction).await?;
    }
    transaction.commit().await
}

/// Returns a random delay that grows with each attempt, so that two clients do not collide again.
fn retry_delay(attempts: u32) -> Duration {
    let random = RandomState::new().hash_one(attempts) % 50;
    Duration::from_millis(50 + random) * attempts
}

/// Groups the tables, in the order of schemas and names. Tables that share partitions, inheritance or a capture function form
/// one group: with only one of them changed, a trigger of the other could call a function of the wrong mode, and writes would
/// fail.
async fn groups<'a>(
    trail: &AuditTrail,
    plan: &'a CapturePlan,
) -> Result<Vec<Vec<&'a PlannedTable>>, CaptureError> {
    let mut tables: Vec<&PlannedTable> = plan.tables.iter().collect();
    tables.sort_by_key(|planned| &planned.table);
    if let [_] = tables[..] {
        return Ok(vec![tables]);
    }
    let shared = shared_objects(trail, &tables).await?;
    let mut groups: Vec<(BTreeSet<i64>, Vec<&PlannedTable>)> = Vec::new();
    for (planned, objects) in tables.into_iter().zip(shared) {
        let (related, mut others): (Vec<_>, Vec<_>) =
            groups.into_iter().partition(|(known, _)| !known.is_disjoint(&objects));
        let (mut known, mut together) = (objects, Vec::new());
        for (objects, tables) in related {
            known.extend(objects);
            together.extend(tables);
        }
        together.push(planned);
        others.push((known, together));
        groups = others;
    }
    let mut groups: Vec<_> = groups.into_iter().map(|(_, tables)| tables).collect();
    groups.iter_mut().for_each(|tables| tables.sort_by_key(|planned| &planned.table));
    groups.sort_by_key(|tables| tables.first().map(|planned| &planned.table));
    Ok(groups)
}

/// Returns what each table may share with another: its parents, as positive OIDs, and the functions that capture it now or will
/// capture it, as negative OIDs.
async fn shared_objects(
    trail: &AuditTrail,
    tables: &[&PlannedTable],
) -> Result<Vec<BTreeSet<i64>>, sqlx::Error> {
    let mut transaction = pool::begin(&trail.pool, "BEGIN READ ONLY").await?;
    sqlx::raw_sql(pool::PIN_SEARCH_PATH).execute(&mut *transaction).await?;
    let found: Vec<(i64, i64)> = sqlx::query_as(
        "WITH RECURSIVE named AS (
           SELECT given.at, c.oid, given.function
           FROM unnest($1::text[], $2::text[], $3::text[]) WITH ORDINALITY AS given (schema, name, function, at)
           JOIN pg_catalog.pg_namespace AS n ON n.nspname = given.schema
           JOIN pg_catalog.pg_class AS c ON c.relnamespace = n.oid AND c.relname = given.name
         ), above AS (
           SELECT at, oid FROM named
           UNION SELECT above.at, i.inhparent FROM above JOIN pg_catalog.pg_inherits AS i ON i.inhrelid = above.oid
         ), below AS (
           SELECT at, oid FROM named
           UNION SELECT below.at, i.inhrelid FROM below JOIN pg_catalog.pg_inherits AS i ON i.inhparent = below.oid
         )
         SELECT at, oid::bigint FROM above
         UNION SELECT below.at, -t.tgfoid::bigint
         FROM below JOIN pg_catalog.pg_trigger AS t ON t.tgrelid = below.oid JOIN pg_catalog.pg_proc AS p ON p.oid = t.tgfoid
         WHERE starts_with(p.proname::text, $4)
         UNION SELECT named.at, -p.oid::bigint
         FROM named JOIN pg_catalog.pg_proc AS p ON p.proname = named.function
         JOIN pg_catalog.pg_namespace AS n ON n.oid = p.pronamespace AND n.nspname = $5",
    )
    .bind(tables.iter().map(|planned| planned.table.schema().to_owned()).collect::<Vec<_>>())
    .bind(tables.iter().map(|planned| planned.table.name().to_owned()).collect::<Vec<_>>())
    .bind(tables.iter().map(|planned| function_name(&planned.table)).collect::<Vec<_>>())
    .bind(FUNCTION_PREFIX)
    .bind(trail.schema.name())
    .persistent(false)
    .fetch_all(&mut *transaction)
    .await?;
    let mut shared = vec![BTreeSet::new(); tables.len()];
    for (at, object) in found {
        let objects = usize::try_from(at - 1).ok().and_then(|at| shared.get_mut(at));
        objects.map(|objects: &mut BTreeSet<i64>| objects.insert(object));
    }
    Ok(shared)
}
