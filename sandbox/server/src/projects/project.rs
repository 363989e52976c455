//! A project, and the table of projects with their creation and eviction. A project isolates tests that share a sandbox. Its
//! stored data is deleted by `app`.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use handset_protocol::UnixMillis;
use handset_sandbox_domain::request::{Field, TextFormat};
use parking_lot::Mutex;

use super::apps::ProjectApps;
use super::clock::{Clock, MovableClock};
use super::limiter::RateLimiter;
use super::settings::ProjectSettings;
use super::webhook::ProjectWebhook;
use super::workflows::ProjectWorkflows;
use crate::faults::{Chaos, Faults};

/// The project of requests that name no project.
pub(crate) const DEFAULT: &str = "default";
/// Maximum number of projects, apart from those of stored sessions.
const MAX_PROJECTS: usize = 1000;
/// Time without use after which a project is idle: longer than the lifetime of a session and its retention.
const IDLE: Duration = Duration::from_secs(60 * 60);
/// Pause between two collections of a project's garbage.
const COLLECTION_PAUSE: Duration = Duration::from_secs(10);
/// The name of a project, in a header or a query.
pub(crate) const NAME: Field = Field::text(
    "project",
    TextFormat {
        expected: "1 to {max} letters, digits, - or _",
        max_chars: Some(64),
        is_valid: |name| !name.is_empty() && name.bytes().all(is_plain),
        ..TextFormat::ANY
    },
    &[DEFAULT],
);

/// A project: an isolated part of the sandbox with its own clock, messages, faults, rate limit, settings, apps, workflows and webhook.
pub(crate) struct Project {
    pub(crate) name: String,
    pub(crate) clock: MovableClock,
    /// Held while the clock is moved, so that the store sees the moves in their order.
    pub(crate) clock_lock: tokio::sync::Mutex<()>,
    pub(crate) limiter: RateLimiter,
    pub(crate) faults: Faults,
    pub(crate) webhook: ProjectWebhook,
    pub(crate) settings: ProjectSettings,
    pub(crate) apps: ProjectApps,
    pub(crate) workflows: ProjectWorkflows,
    /// The seeded faults, if chaos is on.
    pub(crate) chaos: Option<Chaos>,
    /// The time of the last use, on the system clock.
    last_used_at: AtomicTime,
    /// The time of the last collection of garbage, on the project's clock.
    collected_at: AtomicTime,
}

impl Project {
    /// Whether a collection of garbage is due; if so, the next one is due after a pause.
    pub(crate) fn is_collection_due(&self) -> bool {
        let now = self.clock.now();
        // A reset sets the clock back.
        let is_due = now < self.collected_at.get() || now.since(self.collected_at.get()) >= COLLECTION_PAUSE;
        if is_due {
            self.collected_at.set(now);
        }
        is_due
    }

    /// Makes the next collection due at once: the last one has left a rest.
    pub(crate) fn leave_collection_due(&self) {
        self.collected_at.set(UnixMillis::MIN);
    }
}

/// A time that is read and written through a shared reference.
struct AtomicTime(AtomicI64);

impl AtomicTime {
    fn new(time: UnixMillis) -> Self {
        Self(AtomicI64::new(time.as_millis()))
    }

    fn get(&self) -> UnixMillis {
        UnixMillis::new(self.0.load(Ordering::Relaxed))
    }

    fn set(&self, time: UnixMillis) {
        self.0.store(time.as_millis(), Ordering::Relaxed);
    }
}

/// Whether a byte is an ASCII letter, a digit, `-` or `_`.
fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_'
}

/// The table of projects.
pub(crate) struct Projects {
    clock: Arc<dyn Clock>,
    rate_limit: u32,
    chaos_seed: Option<u64>,
    table: Mutex<BTreeMap<String, Arc<Project>>>,
    /// Held while a project is created and idle projects are evicted, so that no project is created again while its old data is
    /// being deleted.
    pub(crate) creation_lock: tokio::sync::Mutex<()>,
}

/// An idle project that was taken from the table, while its data is deleted. RAII guard; dropping it without
/// [`Eviction::complete`] restores the project.
pub(crate) struct Eviction<'a> {
    projects: &'a Projects,
    project: Option<Arc<Project>>,
}

impl Eviction<'_> {
    pub(crate) fn name(&self) -> &str {
        self.project.as_ref().map_or("", |project| &project.name)
    }

    /// Ends the eviction. Call after the project's data is deleted.
    pub(crate) fn complete(mut self) {
        self.project = None;
    }
}

impl Drop for Eviction<'_> {
    fn drop(&mut self) {
        if let Some(project) = self.project.take() {
            self.projects.table.lock().entry(project.name.clone()).or_insert(project);
        }
    }
}

impl Projects {
    /// A table with the default project, which is never evicted.
    pub(crate) fn new(clock: Arc<dyn Clock>, rate_limit: u32, chaos_seed: Option<u64>) -> Self {
        let projects =
            Self { clock, rate_limit, chaos_seed, table: Mutex::default(), creation_lock: Default::default() };
        projects.for_session(DEFAULT);
        projects
    }

    /// The current time of the system clock, which no test moves.
    pub(crate) fn system_now(&self) -> UnixMillis {
        self.clock.now()
    }

    /// The current time in a project; of the system clock, if the project does not exist. Not a use of the project.
    pub(crate) fn now_in(&self, name: &str) -> UnixMillis {
        self.get(name).map_or_else(|| self.system_now(), |project| project.clock.now())
    }

    /// The project of that name, if it exists. Counts as a use.
    pub(crate) fn get_and_touch(&self, name: &str) -> Option<Arc<Project>> {
        let project = self.get(name)?;
        project.last_used_at.set(self.system_now());
        Some(project)
    }

    /// Takes an idle project out of the table. The caller deletes its data and completes the eviction.
    pub(crate) fn evict_idle(&self) -> Option<Eviction<'_>> {
        let now = self.system_now();
        let is_idle = |project: &Arc<Project>| {
            let unused = now.since(project.last_used_at.get());
            // A request in progress, a socket or a stream holds a reference.
            project.name != DEFAULT && Arc::strong_count(project) == 1 && unused >= IDLE
        };
        let mut table = self.table.lock();
        let name = table.values().find(|project| is_idle(project))?.name.clone();
        Some(Eviction { projects: self, project: table.remove(&name) })
    }

    /// The project of that name, created on first use. `None`: the maximum number of projects exists.
    pub(crate) fn get_or_create(&self, name: &str) -> Option<Arc<Project>> {
        if let Some(project) = self.get_and_touch(name) {
            return Some(project);
        }
        if self.table.lock().len() >= MAX_PROJECTS { None } else { Some(self.for_session(name)) }
    }

    /// The project of a session, created if need be, even beyond the maximum number.
    pub(crate) fn for_session(&self, name: &str) -> Arc<Project> {
        let now = self.system_now();
        let mut table = self.table.lock();
        match table.get(name) {
            Some(project) => {
                project.last_used_at.set(now);
                project.clone()
            }
            None => self.create(&mut table, name, now),
        }
    }

    /// The project of that name, if it exists. Does not count as a use.
    pub(crate) fn get(&self, name: &str) -> Option<Arc<Project>> {
        self.table.lock().get(name).cloned()
    }

    /// All projects.
    pub(crate) fn all(&self) -> Vec<Arc<Project>> {
        self.table.lock().values().cloned().collect()
    }

    fn create(&self, table: &mut BTreeMap<String, Arc<Project>>, name: &str, now: UnixMillis) -> Arc<Project> {
        let project = Arc::new(Project {
            name: name.to_owned(),
            clock: MovableClock::new(self.clock.clone()),
            clock_lock: tokio::sync::Mutex::default(),
            limiter: RateLimiter::new(self.rate_limit),
            faults: Faults::new(),
            webhook: ProjectWebhook::new(),
            settings: ProjectSettings::default(),
            apps: ProjectApps::default(),
            workflows: ProjectWorkflows::default(),
            chaos: self.chaos_seed.map(Chaos::new),
            last_used_at: AtomicTime::new(now),
            collected_at: AtomicTime::new(UnixMillis::MIN),
        });
        table.insert(name.to_owned(), project.clone());
        project
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BEGIN: UnixMillis = UnixMillis::EPOCH;
    const MILLISECOND: Duration = Duration::from_millis(1);

    struct ManualClock(AtomicTime);

    impl Clock for ManualClock {
        fn now(&self) -> UnixMillis {
            self.0.get()
        }
    }

    fn projects() -> (Projects, Arc<ManualClock>) {
        let clock = Arc::new(ManualClock(AtomicTime::new(BEGIN)));
        (Projects::new(clock.clone(), 0, None), clock)
    }

    #[test]
    fn a_name_has_up_to_64_ascii_letters_digits_hyphens_and_underscores() {
        for name in ["a", "Ab-9_", &"x".repeat(64)] {
            assert!(NAME.accepts(name), "{name}");
        }
        for name in ["", "a b", "ä", "a/b", "a.b", &"x".repeat(65)] {
            assert!(!NAME.accepts(name), "{name}");
        }
    }

    /// Evicts every idle project. Returns their names.
    fn evict_all(projects: &Projects) -> Vec<String> {
        let mut names = Vec::new();
        while let Some(eviction) = projects.evict_idle() {
            names.push(eviction.name().to_owned());
            eviction.complete();
        }
        names
    }

    #[test]
    fn an_idle_project_is_evicted() {
        let (projects, clock) = projects();
        let held = projects.get_or_create("held").unwrap();
        for name in ["idle", "used", "of a session"] {
            projects.get_or_create(name).unwrap();
        }
        clock.0.set(BEGIN + IDLE - MILLISECOND);
        projects.get_or_create("used").unwrap();
        projects.for_session("of a session");
        assert_eq!(evict_all(&projects), [""; 0]);
        clock.0.set(BEGIN + IDLE);
        assert_eq!(evict_all(&projects), ["idle"], "neither the held project nor the default");
        assert!(projects.get("idle").is_none() && projects.get("used").is_some());
        assert!(Arc::ptr_eq(&held, &projects.get_or_create("held").unwrap()));
    }

    #[test]
    fn an_eviction_that_is_not_completed_restores_the_project() {
        let (projects, clock) = projects();
        let name = "idle";
        projects.get_or_create(name).unwrap().clock.set_offset(7 * MILLISECOND);
        clock.0.set(BEGIN + IDLE);
        let eviction = projects.evict_idle().unwrap();
        assert!(projects.get(name).is_none() && projects.evict_idle().is_none(), "it is evicted once");
        drop(eviction);
        assert_eq!(projects.now_in(name), BEGIN + IDLE + 7 * MILLISECOND);
        let eviction = projects.evict_idle().unwrap();
        projects.for_session(name);
        drop(eviction);
        assert_eq!(projects.now_in(name), BEGIN + IDLE, "the project that was created meanwhile stays");
        assert_eq!(evict_all(&projects), [""; 0]);
    }

    #[test]
    fn a_lookup_does_not_count_as_a_use() {
        let (projects, clock) = projects();
        projects.get_or_create("idle").unwrap();
        clock.0.set(BEGIN + IDLE);
        assert_eq!((projects.now_in("idle"), projects.now_in("none")), (BEGIN + IDLE, BEGIN + IDLE));
        assert!(projects.get("idle").is_some() && projects.get("none").is_none());
        assert_eq!(evict_all(&projects), ["idle"]);
    }

    #[test]
    fn the_number_of_projects_is_bounded_and_only_idle_ones_are_evicted() {
        let (projects, clock) = projects();
        for number in 1..MAX_PROJECTS {
            clock.0.set(clock.0.get() + MILLISECOND);
            projects.get_or_create(&format!("p{number}")).unwrap();
        }
        assert_eq!((projects.get_or_create("too many").is_none(), evict_all(&projects)), (true, vec![]));
        assert!(projects.get("p1").is_some() && projects.get_or_create("p1").is_some());
        projects.for_session("of a session");
        assert!(projects.get("of a session").is_some(), "even beyond the maximum");
        clock.0.set(BEGIN + 2 * MILLISECOND + IDLE);
        assert_eq!(evict_all(&projects), ["p2"], "p1 was used later");
        assert!(projects.get_or_create("too many").is_none(), "one project exists beyond the maximum");
        clock.0.set(BEGIN + 3 * MILLISECOND + IDLE);
        assert_eq!(evict_all(&projects), ["p3"]);
        assert!(projects.get_or_create("one more").is_some());
    }
}
