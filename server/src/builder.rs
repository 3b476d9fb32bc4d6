//! The builder of a console.

use std::num::NonZero;
use std::ops::RangeInclusive;
use std::sync::Arc;
use std::thread::available_parallelism;
use std::time::Duration;

use axum::Router;
use http::request::Parts;
use threadline::{ActorRef, AuditTrail, Config, InvalidParameter, TableName};
use threadline_app::{CoverageSource, Labels, SearchHit};

use crate::hooks::{BoxError, LabelsHook, SearchHook};
use crate::host::HostSettings;
use crate::state::{ConsoleState, Settings};
use crate::{Access, AccessRequest, ActorHook, AuthorizeHook, LabelRequest, SearchRequest, router};

/// The time that a hook has to answer. It usually reads a session, which takes milliseconds; a hook that takes longer is
/// broken, and every page would wait for it.
const HOOK_TIMEOUT: Duration = Duration::from_secs(5);
/// The time that a page waits for the database. The statement timeout of a query is 5 seconds, so a query ends by itself with a
/// better message; this covers waiting for a connection as well.
const QUERY_TIMEOUT: Duration = Duration::from_secs(8);
/// The time from one coverage check to the next. A check takes a fraction of a second, and a new gap is noticed within a
/// minute.
const COVERAGE_POLL: Duration = Duration::from_secs(30);
/// The bounds of the default number of requests that run at the same time, which is the number of processors. With more than that,
/// requests only make each other and the host's own wait.
const DEFAULT_MAX_REQUESTS: RangeInclusive<usize> = 2..=16;

fn default_max_requests() -> usize {
    let processors = available_parallelism().map_or(1, NonZero::get);
    processors.clamp(*DEFAULT_MAX_REQUESTS.start(), *DEFAULT_MAX_REQUESTS.end())
}

/// The type of a hook that has not been set yet: a builder with it has no `build`.
#[doc(hidden)]
#[derive(Debug, Clone, Copy)]
pub struct Missing;

/// The builder of a [`Console`]. The method `build` exists only after both hooks are set.
///
/// Without `authorize_fn` this does not compile:
///
/// ```compile_fail,E0599
/// # fn mount(trail: threadline::AuditTrail) {
/// threadline_server::Console::builder(trail).actor_fn(|_| async { None }).build();
/// # }
/// ```
///
/// Without `actor_fn` it does not either:
///
/// ```compile_fail,E0599
/// # use threadline_server::{Access, Console};
/// # fn mount(trail: threadline::AuditTrail) {
/// Console::builder(trail).authorize_fn(|_| async { Ok::<_, std::io::Error>(Access::Deny) }).build();
/// # }
/// ```
///
/// Without both it does not either:
///
/// ```compile_fail,E0599
/// # fn mount(trail: threadline::AuditTrail) {
/// threadline_server::Console::builder(trail).build();
/// # }
/// ```
///
/// With both hooks it compiles:
///
/// ```
/// # use threadline_server::{Access, Console};
/// # fn mount(trail: threadline::AuditTrail) -> Result<(), threadline::InvalidParameter> {
/// Console::builder(trail)
///     .authorize_fn(|_| async { Ok::<_, std::io::Error>(Access::Deny) })
///     .actor_fn(|_| async { None })
///     .build()?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct ConsoleBuilder<Authorize, Actor> {
    settings: Settings,
    authorize: Authorize,
    actor: Actor,
}

/// The audit console, ready to be nested into the host's router.
///
/// ```
/// use threadline_server::{Access, Console, redirect_trailing_slash};
///
/// # fn app(trail: threadline::AuditTrail) -> Result<axum::Router, threadline::InvalidParameter> {
/// let console = Console::builder(trail)
///     .name("Help desk")
///     .authorize_fn(|_| async { Ok::<_, std::io::Error>(Access::Deny) })
///     .actor_fn(|_| async { None })
///     .build()?;
/// let console = axum::Router::new().nest("/audit", console.into_router());
/// # Ok(
/// console.route("/audit/", redirect_trailing_slash())
/// # )
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct Console {
    state: Arc<ConsoleState>,
}

impl Console {
    /// Returns the builder of a console for this audit trail. The console uses its pool, read pool, storage schema and
    /// timeouts.
    #[must_use]
    pub fn builder(trail: AuditTrail) -> ConsoleBuilder<Missing, Missing> {
        let settings = Settings {
            trail,
            host: HostSettings::default(),
            labels: None,
            search: None,
            hook_timeout: HOOK_TIMEOUT,
            query_timeout: QUERY_TIMEOUT,
            config: None,
            coverage_poll: COVERAGE_POLL,
            max_requests: default_max_requests(),
        };
        ConsoleBuilder { settings, authorize: Missing, actor: Missing }
    }

    /// Returns the router, for `Router::nest`. It can be nested at any path, because the console reads its path from each
    /// request.
    pub fn into_router<S: Clone + Send + Sync + 'static>(self) -> Router<S> {
        router::router(&self.state)
    }

    /// Checks coverage once a period for as long as the future is polled, even while no browser is open. Gaps are then
    /// recorded, and the events `threadline.health.checked` and `threadline.health.check_failed` emitted, at all times;
    /// without it the console checks coverage only when a page or the header asks for it.
    ///
    /// ```
    /// # fn start(console: threadline_server::Console) {
    /// tokio::spawn(console.watch_coverage());
    /// # }
    /// ```
    pub fn watch_coverage(&self) -> impl Future<Output = ()> + Send + 'static {
        let monitor = self.state.monitor.clone();
        async move {
            loop {
                monitor.current(Duration::ZERO).await;
                tokio::time::sleep(monitor.period()).await;
            }
        }
    }
}

impl<Authorize, Actor> ConsoleBuilder<Authorize, Actor> {
    /// Sets the name of the host application, which the header shows.
    #[must_use]
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.settings.host.name = Some(name.into());
        self
    }

    /// Sets the configuration of `threadline.toml`: coverage takes from it the tables that are left out on purpose, the redaction page compares the
    /// capture functions with it, and pages take the words for tables, records and actions from it. A storage schema in the file replaces the one of the trail.
    ///
    /// ```
    /// # fn mount(trail: threadline::AuditTrail) -> Result<(), threadline::ConfigError> {
    /// let config = threadline::Config::from_toml(r#"
    ///     [health]
    ///     expected_uncovered_tables = ["jobs"]
    /// "#)?;
    /// let console = threadline_server::Console::builder(trail).config(config);
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn config(mut self, config: Config) -> Self {
        if let Some(schema) = config.storage_schema.clone() {
            self.settings.trail = self.settings.trail.storage_schema(schema);
        }
        self.settings.config = Some(config);
        self
    }

    /// Sets the time from one coverage check to the next: 30 seconds by default, and never less than 5. One check serves every
    /// browser.
    #[must_use]
    pub const fn coverage_poll(mut self, period: Duration) -> Self {
        self.settings.coverage_poll = period;
        self
    }

    /// Sets the time after which a hook counts as having denied: 5 seconds by default.
    #[must_use]
    pub const fn hook_timeout(mut self, timeout: Duration) -> Self {
        self.settings.hook_timeout = timeout;
        self
    }

    /// Sets the time that a page waits for the database before it returns status 503: 8 seconds by default.
    #[must_use]
    pub const fn query_timeout(mut self, timeout: Duration) -> Self {
        self.settings.query_timeout = timeout;
        self
    }

    /// Sets how many requests of the console run at the same time: by default as many as the process has processors, from 2 to 16;
    /// and at least one. One operator gets at most half of them. A request that waits longer than 5 seconds is answered with 503 and
    /// `Retry-After`. Each part of a download waits in the same way.
    ///
    /// This bounds the share of the host's processor. The share of its pool is bounded by
    /// [`AuditTrail::max_read_connections`]: half of the pool, unless the host sets another number.
    #[must_use]
    pub const fn max_requests(mut self, requests: usize) -> Self {
        self.settings.max_requests = requests;
        self
    }

    /// Sets the hook that gives labels to actors and rows: names of people, and whatever else the trail does not hold. It is optional.
    ///
    /// It is called once for each page, after the page was read and only with the actors and rows on it. A label therefore shows
    /// nothing beyond a scope. It is plain text, and replaces the label from the recorded row. If the hook returns an error, panics, or
    /// takes longer than 150 ms, the page shows ids, and a warning without values is in the log.
    ///
    /// ```
    /// use threadline_server::{Console, Label, LabelRequest, Labels};
    /// # async fn full_name(_: &str) -> Result<String, std::io::Error> { Ok(String::new()) }
    ///
    /// # fn mount(trail: threadline::AuditTrail) {
    /// let console = Console::builder(trail).labels_fn(|request: LabelRequest| async move {
    ///     let mut labels = Labels::default();
    ///     for actor in &request.actors {
    ///         if let Some(id) = actor.id() {
    ///             labels.actor(actor, Label::new(full_name(id).await?).link(format!("/staff/{id}")));
    ///         }
    ///     }
    ///     Ok::<_, std::io::Error>(labels)
    /// });
    /// # }
    /// ```
    #[must_use]
    pub fn labels_fn<F, R, E>(mut self, hook: F) -> Self
    where
        F: Fn(LabelRequest) -> R + Send + Sync + 'static,
        R: Future<Output = Result<Labels, E>> + Send + 'static,
        E: Into<BoxError>,
    {
        self.settings.labels = Some(LabelsHook::new(hook));
        self
    }

    /// Sets the hook that searches the host, for names that the trail does not hold: `maria` finds the actor `user:42`. It is optional.
    ///
    /// The hook is called with the words of a search, for the page of results and for the suggestions while somebody types. The first five
    /// results count. One is shown only if the operator's scope shows a change of the row, or by the actor, so the hook never widens
    /// what an operator sees. The search leads to a result without listing it if nothing else is found, and the label is what was
    /// typed. If the hook returns an error, panics, or takes longer than 150 ms, the search shows what the trail holds, and a warning
    /// without values is in the log.
    ///
    /// ```
    /// use threadline::ActorRef;
    /// use threadline_server::{Console, Label, SearchHit, SearchRequest};
    /// # async fn people_named(_: &str) -> Result<Vec<(ActorRef, String)>, std::io::Error> { Ok(Vec::new()) }
    ///
    /// # fn mount(trail: threadline::AuditTrail) {
    /// let console = Console::builder(trail).search_fn(|request: SearchRequest| async move {
    ///     let people = people_named(&request.words).await?;
    ///     let hits = people.into_iter().map(|(actor, name)| SearchHit::Actor(actor, Label::new(name)));
    ///     Ok::<Vec<_>, std::io::Error>(hits.collect())
    /// });
    /// # }
    /// ```
    #[must_use]
    pub fn search_fn<F, R, E>(mut self, hook: F) -> Self
    where
        F: Fn(SearchRequest) -> R + Send + Sync + 'static,
        R: Future<Output = Result<Vec<SearchHit>, E>> + Send + 'static,
        E: Into<BoxError>,
    {
        self.settings.search = Some(SearchHook::new(hook));
        self
    }

    /// Sets the address of a table's records in the host: `{column}` stands for the value of a key column. Records that exist now have a
    /// link to it. It replaces the `link` of the configuration.
    ///
    /// ```
    /// # fn mount(trail: threadline::AuditTrail) {
    /// let console = threadline_server::Console::builder(trail).row_link("tickets", "/tickets/{id}");
    /// # }
    /// ```
    #[must_use]
    pub fn row_link(mut self, table: impl Into<TableName>, template: impl Into<String>) -> Self {
        self.settings.host.row_links.push((table.into(), template.into()));
        self
    }

    /// Sets the link back to the host, which the header shows in place of the [`name`](Self::name).
    ///
    /// ```
    /// # fn mount(trail: threadline::AuditTrail) {
    /// let console = threadline_server::Console::builder(trail).home_link("Help desk", "/");
    /// # }
    /// ```
    #[must_use]
    pub fn home_link(mut self, label: impl Into<String>, href: impl Into<String>) -> Self {
        self.settings.host.home = Some((label.into(), href.into()));
        self
    }

    /// Sets the address where somebody signs in: a refused page links to it if the actor hook returns `None`. `{return_to}` stands for
    /// the path and query of the refused address, percent-encoded. It is always below the console's path. Since anybody can write such
    /// a link, the host has to check the parameter again before it redirects there.
    ///
    /// ```
    /// # fn mount(trail: threadline::AuditTrail) {
    /// let console = threadline_server::Console::builder(trail).sign_in_link("/login?next={return_to}");
    /// # }
    /// ```
    #[must_use]
    pub fn sign_in_link(mut self, template: impl Into<String>) -> Self {
        self.settings.host.sign_in = Some(template.into());
        self
    }

    /// Sets what a refused page says to somebody who is signed in, such as who can give them access.
    ///
    /// ```
    /// # fn mount(trail: threadline::AuditTrail) {
    /// let console = threadline_server::Console::builder(trail).refusal_note("Ask your team lead for the role “auditor”.");
    /// # }
    /// ```
    #[must_use]
    pub fn refusal_note(mut self, text: impl Into<String>) -> Self {
        self.settings.host.refusal_note = Some(text.into());
        self
    }

    /// Sets the hook that decides what each request may do. It is called for every request except those for assets, and for
    /// each page twice more: with [`ConsoleAction::ViewCoverage`](crate::ConsoleAction::ViewCoverage) and
    /// [`ConsoleAction::ViewPolicy`](crate::ConsoleAction::ViewPolicy), to show only links that the operator may open.
    ///
    /// The hook receives the request's parts and the action, and returns [`Access::Allow`], [`Access::AllowWithin`] with a
    /// scope, or [`Access::Deny`]. An error, a panic and a timeout deny the request.
    ///
    /// ```
    /// use threadline::Scope;
    /// use threadline_server::{Access, AccessRequest, Console, ConsoleAction};
    /// # #[derive(Clone)] struct Role(&'static str);
    ///
    /// # fn mount(trail: threadline::AuditTrail) {
    /// let console = Console::builder(trail).authorize_fn(|request: AccessRequest| async move {
    ///     // An outer layer has added the role of the session.
    ///     let role = request.parts.extensions.get::<Role>().map(|role| role.0);
    ///     Ok::<_, std::io::Error>(match (role, request.action) {
    ///         (Some("admin"), _) => Access::Allow,
    ///         (Some("support"), ConsoleAction::DownloadChanges) => Access::Deny,
    ///         (Some("support"), _) => Access::AllowWithin(Scope::tables(["tickets"])),
    ///         _ => Access::Deny,
    ///     })
    /// });
    /// # }
    /// ```
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

    /// Sets the hook that returns the operator as an actor, or `None`. The header shows the operator. The hook is called after the
    /// authorization hook; after a panic or a timeout, the page shows no operator. On a refused page, an operator is told that they
    /// have no access; without one, the page asks to sign in.
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
    /// Returns the finished console.
    ///
    /// ```
    /// # use threadline_server::{Access, Console};
    /// # fn mount(trail: threadline::AuditTrail) {
    /// let error = Console::builder(trail)
    ///     .home_link("Help desk", "javascript:history.back()")
    ///     .authorize_fn(|_| async { Ok::<_, std::io::Error>(Access::Deny) })
    ///     .actor_fn(|_| async { None })
    ///     .build()
    ///     .unwrap_err();
    /// assert_eq!(error.name, "the address of home_link");
    /// assert_eq!(error.expected, "an address that begins with /, http:// or https://");
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`InvalidParameter`] if a link or a text cannot be used. It names the setting, its value, and what is expected instead.
    pub fn build(self) -> Result<Console, InvalidParameter> {
        let Self { mut settings, authorize, actor } = self;
        settings.trail = settings.trail.limit_reads_to_half_of_pool();
        let config = settings.config.clone().unwrap_or_default();
        let host = std::mem::take(&mut settings.host).check(&config)?;
        Ok(Console { state: Arc::new(ConsoleState::new(settings, host, authorize, actor)) })
    }
}
