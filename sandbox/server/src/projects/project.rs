//! What one project sees of the sandbox: a clock, messages, faults and a rate of its own, so that tests that run side by
//! side do not see each other.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use handset_protocol::UnixMillis;
use parking_lot::Mutex;

use super::clock::{Clock, MovableClock};
use super::limiter::RateLimiter;
use super::messages::MessageNotifier;
use super::webhook::ProjectWebhook;
use crate::faults::{Chaos, Faults};

/// The project of whoever names none.
pub(crate) const DEFAULT: &str = "default";
/// How many there may be at once.
const MAX_PROJECTS: usize = 1000;
/// One that nobody has used for so long is idle: longer than a session lives and is kept.
const IDLE: Duration = Duration::from_secs(60 * 60);
/// Longest name.
const NAME_BYTES: usize = 64;

pub(crate) struct Project {
    pub(crate) name: String,
    pub(crate) clock: MovableClock,
    /// Held while the clock is moved: the store has to have it in the order in which it happens.
    pub(crate) clock_lock: tokio::sync::Mutex<()>,
    pub(crate) messages: MessageNotifier,
    pub(crate) limiter: RateLimiter,
    pub(crate) faults: Faults,
    pub(crate) webhook: ProjectWebhook,
    /// What breaks besides, where that is wanted.
    pub(crate) chaos: Option<Chaos>,
    /// On the clock that nobody moves.
    last_used_at: AtomicTime,
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

/// Whether a project may have that name.
pub(crate) fn is_name(name: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    (1..=NAME_BYTES).contains(&name.len()) && name.bytes().all(plain)
}

pub(crate) struct Projects {
    clock: Arc<dyn Clock>,
    rate_limit: u32,
    chaos_seed: Option<u64>,
    table: Mutex<BTreeMap<String, Arc<Project>>>,
    /// Held while a project begins and idle ones are forgotten for it: one that is used again while its sessions go
    /// would lose what it has just begun.
    pub(crate) creation_lock: tokio::sync::Mutex<()>,
}

/// An idle project that is about to be forgotten. Dropped before that is done, it is there again.
pub(crate) struct Eviction<'a> {
    from: &'a Projects,
    project: Option<Arc<Project>>,
}

impl Eviction<'_> {
    pub(crate) fn name(&self) -> &str {
        self.project.as_ref().map_or("", |project| &project.name)
    }

    /// All that was kept of it is gone.
    pub(crate) fn complete(mut self) {
        self.project = None;
    }
}

impl Drop for Eviction<'_> {
    fn drop(&mut self) {
        if let Some(project) = self.project.take() {
            self.from.table.lock().entry(project.name.clone()).or_insert(project);
        }
    }
}

impl Projects {
    /// The default project has begun, and always stays.
    pub(crate) fn new(clock: Arc<dyn Clock>, rate_limit: u32, chaos_seed: Option<u64>) -> Self {
        let projects =
            Self { clock, rate_limit, chaos_seed, table: Mutex::default(), creation_lock: Default::default() };
        projects.for_session(DEFAULT);
        projects
    }

    /// Now, on the clock that nobody moves.
    pub(crate) fn system_now(&self) -> UnixMillis {
        self.clock.now()
    }

    /// Now, on the clock of the project of that name, whether or not it has begun.
    pub(crate) fn now_in(&self, name: &str) -> UnixMillis {
        self.get(name).map_or_else(|| self.system_now(), |project| project.clock.now())
    }

    /// The project of that name, used once more. `None`: it has yet to begin.
    pub(crate) fn get_and_touch(&self, name: &str) -> Option<Arc<Project>> {
        let project = self.get(name)?;
        project.last_used_at.set(self.system_now());
        Some(project)
    }

    /// Takes out a project that is idle: whose sessions and the like have to go too.
    pub(crate) fn evict_idle(&self) -> Option<Eviction<'_>> {
        let now = self.system_now();
        let is_idle = |project: &Arc<Project>| {
            let unused = now.since(project.last_used_at.get());
            // Whoever waits for something in it holds it.
            project.name != DEFAULT && Arc::strong_count(project) == 1 && unused >= IDLE
        };
        let mut table = self.table.lock();
        let name = table.values().find(|project| is_idle(project))?.name.clone();
        Some(Eviction { from: self, project: table.remove(&name) })
    }

    /// The project of that name, which begins where it has not begun. `None`: all are in use, and there may be no more.
    pub(crate) fn get_or_create(&self, name: &str) -> Option<Arc<Project>> {
        if let Some(project) = self.get_and_touch(name) {
            return Some(project);
        }
        if self.table.lock().len() >= MAX_PROJECTS { None } else { Some(self.for_session(name)) }
    }

    /// The project of a session, whatever their number.
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

    /// The project of that name, if it has begun. It is no use of it.
    pub(crate) fn get(&self, name: &str) -> Option<Arc<Project>> {
        self.table.lock().get(name).cloned()
    }

    fn create(&self, table: &mut BTreeMap<String, Arc<Project>>, name: &str, now: UnixMillis) -> Arc<Project> {
        let project = Arc::new(Project {
            name: name.to_owned(),
            clock: MovableClock::new(self.clock.clone()),
            clock_lock: tokio::sync::Mutex::default(),
            messages: MessageNotifier::new(),
            limiter: RateLimiter::new(self.rate_limit),
            faults: Faults::new(),
            webhook: ProjectWebhook::new(),
            chaos: self.chaos_seed.map(Chaos::new),
            last_used_at: AtomicTime::new(now),
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

    struct Hand(AtomicTime);

    impl Clock for Hand {
        fn now(&self) -> UnixMillis {
            self.0.get()
        }
    }

    fn projects() -> (Projects, Arc<Hand>) {
        let clock = Arc::new(Hand(AtomicTime::new(BEGIN)));
        (Projects::new(clock.clone(), 0, None), clock)
    }

    #[test]
    fn names_are_short_and_plain() {
        for name in ["a", "Ab-9_", &"x".repeat(64)] {
            assert!(is_name(name), "{name}");
        }
        for name in ["", "a b", "ä", "a/b", "a.b", &"x".repeat(65)] {
            assert!(!is_name(name), "{name}");
        }
    }

    /// The names of those that are forgotten now.
    fn forget(projects: &Projects) -> Vec<String> {
        let mut names = Vec::new();
        while let Some(leaving) = projects.evict_idle() {
            names.push(leaving.name().to_owned());
            leaving.complete();
        }
        names
    }

    #[test]
    fn an_idle_project_is_forgotten() {
        let (projects, clock) = projects();
        let held = projects.get_or_create("held").unwrap();
        for name in ["idle", "used", "of a session"] {
            projects.get_or_create(name).unwrap();
        }
        clock.0.set(BEGIN + IDLE - MILLISECOND);
        projects.get_or_create("used").unwrap();
        projects.for_session("of a session");
        assert_eq!(forget(&projects), [""; 0]);
        clock.0.set(BEGIN + IDLE);
        assert_eq!(forget(&projects), ["idle"], "and not what is held, nor the default");
        assert!(projects.get("idle").is_none() && projects.get("used").is_some());
        assert!(Arc::ptr_eq(&held, &projects.get_or_create("held").unwrap()));
    }

    #[test]
    fn a_project_that_could_not_be_forgotten_is_still_there() {
        let (projects, clock) = projects();
        let name = "idle";
        projects.get_or_create(name).unwrap().clock.set_offset(7 * MILLISECOND);
        clock.0.set(BEGIN + IDLE);
        let leaving = projects.evict_idle().unwrap();
        assert!(projects.get(name).is_none() && projects.evict_idle().is_none(), "it is forgotten once");
        drop(leaving);
        assert_eq!(projects.now_in(name), BEGIN + IDLE + 7 * MILLISECOND);
        let leaving = projects.evict_idle().unwrap();
        projects.for_session(name);
        drop(leaving);
        assert_eq!(projects.now_in(name), BEGIN + IDLE, "it has begun anew in the meantime");
        assert_eq!(forget(&projects), [""; 0]);
    }

    #[test]
    fn to_look_for_a_project_is_no_use_of_it() {
        let (projects, clock) = projects();
        projects.get_or_create("idle").unwrap();
        clock.0.set(BEGIN + IDLE);
        assert_eq!((projects.now_in("idle"), projects.now_in("none")), (BEGIN + IDLE, BEGIN + IDLE));
        assert!(projects.get("idle").is_some() && projects.get("none").is_none());
        assert_eq!(forget(&projects), ["idle"]);
    }

    #[test]
    fn the_number_of_projects_is_bounded_and_none_in_use_makes_room() {
        let (projects, clock) = projects();
        for number in 1..MAX_PROJECTS {
            clock.0.set(clock.0.get() + MILLISECOND);
            projects.get_or_create(&format!("p{number}")).unwrap();
        }
        assert_eq!((projects.get_or_create("too many").is_none(), forget(&projects)), (true, vec![]));
        assert!(projects.get("p1").is_some() && projects.get_or_create("p1").is_some());
        projects.for_session("of a session");
        assert!(projects.get("of a session").is_some(), "whatever their number");
        clock.0.set(BEGIN + 2 * MILLISECOND + IDLE);
        assert_eq!(forget(&projects), ["p2"], "p1 was used after it");
        assert!(projects.get_or_create("too many").is_none(), "one is there beyond the bound");
        clock.0.set(BEGIN + 3 * MILLISECOND + IDLE);
        assert_eq!(forget(&projects), ["p3"]);
        assert!(projects.get_or_create("one more").is_some());
    }
}
