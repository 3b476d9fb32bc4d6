//! `threadline install`: the tables of the audit trail, and group roles with privileges on them.

use clap::Args;
use serde::Serialize;
use threadline::{AuditTrail, RoleNames, TrailRole};

use crate::args::LockTimeoutArgs;
use crate::error::Error;
use crate::json;
use crate::output::Report;
use crate::session::Session;

#[derive(Debug, Args)]
pub(crate) struct InstallArgs {
    #[command(flatten)]
    lock_timeout: LockTimeoutArgs,
    /// Create three group roles with the least privileges, or bring their privileges up to date: for the application's audited
    /// writes, for the console, and for maintenance. Login roles become members of them. All databases of the server share
    /// roles. Needs the privilege CREATEROLE, unless the roles exist.
    #[arg(long)]
    roles: bool,
    #[arg(
        long,
        value_name = "PREFIX",
        default_value = "threadline",
        value_parser = RoleNames::new,
        requires = "roles",
        help = "Name the roles PREFIX_application, PREFIX_console and PREFIX_maintenance"
    )]
    roles_prefix: RoleNames,
}

#[derive(Serialize)]
struct Document<'a> {
    format_version: u32,
    storage_schema: &'a str,
    months_ahead: i32,
    #[serde(skip_serializing_if = "Option::is_none")]
    roles: Option<Vec<Role<'a>>>,
}

#[derive(Serialize)]
struct Role<'a> {
    name: &'a str,
    is_new: bool,
    grants: Vec<String>,
}

pub(crate) async fn run(session: &Session, args: &InstallArgs) -> Result<Report, Error> {
    let trail = session.unchecked_trail().await?.lock_timeout(args.lock_timeout.get());
    trail.install().await?;
    let roles = if args.roles { Some(trail.create_roles(&args.roles_prefix).await?) } else { None };
    let (storage_schema, months_ahead) = (trail.schema(), AuditTrail::MONTHS_AHEAD);
    if session.json {
        return json::line(&Document {
            format_version: json::FORMAT_VERSION,
            storage_schema: storage_schema.name(),
            months_ahead,
            roles: roles.as_ref().map(|roles| roles.iter().map(role).collect()),
        });
    }
    let mut text = format!(
        "Schema {storage_schema} is up to date; its monthly partitions are ready, {months_ahead} months ahead.\n"
    );
    if let Some(roles) = roles {
        describe(&roles, &args.roles_prefix, &mut text);
    }
    Ok(text)
}

fn role(role: &TrailRole) -> Role<'_> {
    Role {
        name: &role.name,
        is_new: role.is_new,
        grants: role.grants.iter().map(ToString::to_string).collect(),
    }
}

/// Appends the roles with their privileges, and the next step.
fn describe(roles: &[TrailRole], names: &RoleNames, text: &mut String) {
    for role in roles {
        let state = if role.is_new { "was created" } else { "exists" };
        *text += &format!("\nRole {} {state}, {}. It has these privileges:\n", role.name, role.purpose);
        for grant in &role.grants {
            *text += &format!("  {grant}\n");
        }
    }
    let console = names.console();
    *text +=
        &format!("\nNext: make login roles members, for example with GRANT {console} TO my_login_role;\n");
}
