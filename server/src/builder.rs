//! Putting a console together.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use http::request::Parts;
use sqlx::PgPool;
use threadline::{ActorRef, AuditTrail, Config, StorageSchema};

use crate::hooks::BoxError;
use crate::monitor::Monitor;
use crate::tables::KnownTables;
use crate::{Access, AccessRequest, ActorHook, AuthorizeHook, router};

/// Stands where a hook has not been given yet; with it there is no `build`.
#[derive(Debug, Clone, Copy)]
pub struct Missing;

/// A console that is being put together. `build` exists only when both hooks are there.
///
/// Without `authorize_fn` this does not compile:
///
/// ```compile_fail,E0599
/// # fn mount(pool: sqlx::PgPool) {
/// threadline_server::Console::builder(pool).actor_fn(|_| async { None }).build();
/// # }
/// ```
///
/// Nor without `actor_fn`:
///
/// ```compile_fail,E0599
/// # use threadline_server::{Access, Console};
/// # fn mount(pool: sqlx::PgPool) {
/// Console::builder(pool).authorize_fn(|_| async { Ok::<_, std::io::Error>(Access::Deny) }).build();
/// # }
/// ```
///
/// Nor without either:
///
/// ```compile_fail,E0599
/// # fn mount(pool: sqlx::PgPool) {
/// threadline_server::Console::builder(pool).build();
/// # }
/// ```
///
/// With both it does:
///
/// ```
/// # use threadline_server::{Access, Console};
/// # fn mount(pool: sqlx::PgPool) {
/// Console::builder(pool)
///     .authorize_fn(|_| async { Ok::<_, std::io::Error>(Access::Deny) })
///     .actor_fn(|_| async { None })
///     .build();
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct ConsoleBuilder<Authorize, Actor> {
    settings: Settings,
    authorize: Authorize,
    actor: Actor,
}

#[derive(Debug, Clone)]
pub(crate) struct Settings {
    pub(crate) trail: AuditTrail,
    pub(crate) host_name: Option<String>,
    pub(crate) hook_timeout: Duration,
    pub(crate) query_timeout: Duration,
    pub(crate) config: Option<Config>,
    pub(crate) coverage_poll: Duration,
}

/// What every request of a console shares.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) settings: Settings,
    pub(crate) authorize: AuthorizeHook,
    pub(crate) actor: ActorHook,
    pub(crate) monitor: Arc<Monitor>,
    pub(crate) tables: KnownTables,
}

/// The audit console, ready to be nested into the host's router.
#[derive(Debug, Clone)]
pub struct Console {
    shared: Arc<Shared>,
}

impl Console {
    /// Begins a console that reads the audit trail through this pool.
    #[must_use]
    pub fn builder(pool: PgPool) -> ConsoleBuilder<Missing, Missing> {
        let settings = Settings {
            trail: AuditTrail::new(pool),
            host_name: None,
            hook_timeout: Duration::from_secs(5),
            query_timeout: Duration::from_secs(8),
            config: None,
            coverage_poll: Duration::from_secs(30),
        };
        ConsoleBuilder { settings, authorize: Missing, actor: Missing }
    }

    /// The router, for `Router::nest`. The console learns from each request where it was nested.
    pub fn into_router<S: Clone + Send + Sync + 'static>(self) -> Router<S> {
        router::router(&self.shared)
    }

    /// Checks coverage once a period for as long as it is polled, whether anybody looks or not: so a gap is remembered, and
    /// told by the event `threadline.health.check_failed` or `threadline.health.checked`, also while every browser is closed.
    /// Without it the console checks when somebody looks.
    ///
    /// ```
    /// # fn start(console: threadline_server::Console) {
    /// tokio::spawn(console.watch_coverage());
    /// # }
    /// ```
    pub fn watch_coverage(&self) -> impl Future<Output = ()> + Send + 'static {
        let monitor = self.shared.monitor.clone();
        async move {
            loop {
                monitor.known(Duration::ZERO).await;
                tokio::time::sleep(monitor.period()).await;
            }
        }
    }
}

impl<Authorize, Actor> ConsoleBuilder<Authorize, Actor> {
    /// The host application's name, shown in the header.
    #[must_use]
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.settings.host_name = Some(name.into());
        self
    }

    /// The schema that holds the trail; `threadline` unless said otherwise.
    #[must_use]
    pub fn storage_schema(mut self, schema: StorageSchema) -> Self {
        self.settings.trail = self.settings.trail.with_storage_schema(schema);
        self
    }

    /// What `threadline.toml` says: coverage knows the expected gaps by it, and redaction is compared with it. The schema of
    /// the trail, where the file names one, is the console's as well.
    ///
    /// ```
    /// # fn mount(pool: sqlx::PgPool) -> Result<(), threadline::ConfigError> {
    /// let config = threadline::Config::from_toml(r#"
    ///     [health]
    ///     expected_uncovered_tables = ["jobs"]
    /// "#)?;
    /// let console = threadline_server::Console::builder(pool).config(config);
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn config(mut self, config: Config) -> Self {
        if let Some(schema) = config.storage_schema.clone() {
            self = self.storage_schema(schema);
        }
        self.settings.config = Some(config);
        self
    }

    /// The time from one check of coverage to the next; 30 seconds unless said otherwise, and 5 at least. One check serves
    /// everybody who looks.
    #[must_use]
    pub const fn coverage_poll(mut self, period: Duration) -> Self {
        self.settings.coverage_poll = period;
        self
    }

    /// Keeps the statements of the console prepared: see [`AuditTrail::with_prepared_statements`]. Pages then come in a fraction
    /// of the time; not for a pool behind a pooler in transaction mode that does not know prepared statements.
    #[must_use]
    pub fn prepared_statements(mut self, prepared: bool) -> Self {
        self.settings.trail = self.settings.trail.with_prepared_statements(prepared);
        self
    }

    /// How long each hook may take before its answer counts as *no*; 5 seconds unless said otherwise.
    #[must_use]
    pub const fn hook_timeout(mut self, timeout: Duration) -> Self {
        self.settings.hook_timeout = timeout;
        self
    }

    /// How long a page may wait for the database before it says so; 8 seconds unless said otherwise.
    #[must_use]
    pub const fn query_timeout(mut self, timeout: Duration) -> Self {
        self.settings.query_timeout = timeout;
        self
    }

    /// Decides who may do what. Asked for every request but those for assets.
    ///
    /// The hook gets the request's parts and the action; it answers [`Access::Allow`], [`Access::AllowWithin`] a scope, or
    /// [`Access::Deny`]. An error, a panic and a time-out deny.
    #[must_use]
    pub fn authorize_fn<F, R, E>(self, hook: F) -> ConsoleBuilder<AuthorizeHook, Actor>
    where
        F: Fn(AccessRequest) -> R + Send + Sync + 'static,
        R: Future<Output = Result<Access, E>> + Send + 'static,
        E: Into<BoxError>,
    {
        let Self { settings, actor, .. } = self;
        ConsoleBuilder { settings, authorize: AuthorizeHook::new(hook), actor }
    }

    /// Names the operator who reads; none when nobody can be named. Asked after the authorisation hook said yes.
    #[must_use]
    pub fn actor_fn<F, R>(self, hook: F) -> ConsoleBuilder<Authorize, ActorHook>
    where
        F: Fn(Parts) -> R + Send + Sync + 'static,
        R: Future<Output = Option<ActorRef>> + Send + 'static,
    {
        let Self { settings, authorize, .. } = self;
        ConsoleBuilder { settings, authorize, actor: ActorHook::new(hook) }
    }
}

impl ConsoleBuilder<AuthorizeHook, ActorHook> {
    /// The finished console.
    #[must_use]
    pub fn build(self) -> Console {
        let Self { settings, authorize, actor } = self;
        let Settings { trail, config, coverage_poll, query_timeout, .. } = &settings;
        let monitor = Monitor::new(trail.clone(), config.clone(), *coverage_poll, *query_timeout);
        let (monitor, tables) = (Arc::new(monitor), KnownTables::default());
        Console { shared: Arc::new(Shared { settings, authorize, actor, monitor, tables }) }
    }
}
