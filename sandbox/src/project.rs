//! What one project sees of the sandbox: a clock, messages, faults and a rate of its own, so that tests that run side by
//! side do not see each other.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::chaos::Chaos;
use crate::clock::{Clock, MovableClock};
use crate::faults::Faults;
use crate::inbox::Inbox;
use crate::limiter::Limiter;
use crate::webhook::Desk;

/// The project of whoever names none.
pub(crate) const DEFAULT: &str = "default";
/// How many there may be at once.
const MOST: usize = 1000;
/// One that nobody has used for so long is forgotten when another comes, in ms: longer than a session lives and is kept.
const IDLE_MS: i64 = 60 * 60 * 1000;
/// Longest name.
const NAME_BYTES: usize = 64;

pub(crate) struct Project {
    pub(crate) name: String,
    pub(crate) clock: MovableClock,
    /// Held while the clock is moved: the store has to have it in the order in which it happens.
    pub(crate) moving: tokio::sync::Mutex<()>,
    pub(crate) inbox: Inbox,
    pub(crate) limiter: Limiter,
    pub(crate) faults: Faults,
    pub(crate) desk: Desk,
    /// What breaks besides, where that is wanted.
    pub(crate) chaos: Option<Chaos>,
    /// In ms since the epoch, on the clock that nobody moves.
    used_at: AtomicI64,
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
}

/// All projects are in use, and there may be no more.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct TooMany;

impl Projects {
    pub(crate) fn new(clock: Arc<dyn Clock>, rate_limit: u32, chaos_seed: Option<u64>) -> Self {
        Self { clock, rate_limit, chaos_seed, table: Mutex::default() }
    }

    fn table(&self) -> MutexGuard<'_, BTreeMap<String, Arc<Project>>> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Now, on the clock that nobody moves, in ms since the epoch.
    pub(crate) fn unmoved_now(&self) -> i64 {
        self.clock.now_ms()
    }

    /// The project of that name, which begins with its first use; and the names of those that were forgotten for it,
    /// whose sessions have to go too.
    pub(crate) fn named(&self, name: &str) -> Result<(Arc<Project>, Vec<String>), TooMany> {
        let now = self.unmoved_now();
        let mut table = self.table();
        if let Some(project) = table.get(name) {
            project.used_at.store(now, Ordering::Relaxed);
            return Ok((project.clone(), Vec::new()));
        }
        let mut free: Vec<_> = table
            .values()
            // Whoever waits for something in it holds it.
            .filter(|project| project.name != DEFAULT && Arc::strong_count(project) == 1)
            .map(|project| (project.used_at.load(Ordering::Relaxed), project.name.clone()))
            .collect();
        free.sort();
        let idle = free.iter().take_while(|(used_at, _)| now.saturating_sub(*used_at) >= IDLE_MS).count();
        let surplus = (table.len() + 1).saturating_sub(MOST);
        if surplus > free.len() {
            return Err(TooMany);
        }
        let forgotten: Vec<_> = free.into_iter().take(idle.max(surplus)).map(|(_, name)| name).collect();
        for name in &forgotten {
            table.remove(name);
        }
        Ok((self.begin(&mut table, name, now), forgotten))
    }

    /// The project of a session, whatever their number.
    pub(crate) fn of_session(&self, name: &str) -> Arc<Project> {
        let now = self.unmoved_now();
        let mut table = self.table();
        match table.get(name) {
            Some(project) => {
                project.used_at.store(now, Ordering::Relaxed);
                project.clone()
            }
            None => self.begin(&mut table, name, now),
        }
    }

    /// The project of that name, if it has begun.
    pub(crate) fn begun(&self, name: &str) -> Option<Arc<Project>> {
        self.table().get(name).cloned()
    }

    fn begin(&self, table: &mut BTreeMap<String, Arc<Project>>, name: &str, now: i64) -> Arc<Project> {
        let project = Arc::new(Project {
            name: name.to_owned(),
            clock: MovableClock::new(self.clock.clone()),
            moving: tokio::sync::Mutex::default(),
            inbox: Inbox::new(),
            limiter: Limiter::new(self.rate_limit),
            faults: Faults::new(),
            desk: Desk::new(),
            chaos: self.chaos_seed.map(Chaos::new),
            used_at: AtomicI64::new(now),
        });
        table.insert(name.to_owned(), project.clone());
        project
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Default)]
    struct Hand(AtomicI64);

    impl Clock for Hand {
        fn now_ms(&self) -> i64 {
            self.0.load(Ordering::Relaxed)
        }
    }

    fn projects() -> (Projects, Arc<Hand>) {
        let clock = Arc::new(Hand::default());
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

    #[test]
    fn an_idle_project_is_forgotten_when_another_comes() {
        let (projects, clock) = projects();
        let held = projects.named("held").unwrap().0;
        for name in ["idle", "used", DEFAULT] {
            projects.named(name).unwrap();
        }
        clock.0.store(IDLE_MS - 1, Ordering::Relaxed);
        projects.named("used").unwrap();
        assert_eq!(projects.named("other").unwrap().1, [""; 0]);
        clock.0.store(IDLE_MS, Ordering::Relaxed);
        assert_eq!(projects.named("another").unwrap().1, ["idle"], "and not what is held, nor the default");
        assert!(projects.begun("idle").is_none() && projects.begun("used").is_some());
        assert!(Arc::ptr_eq(&held, &projects.named("held").unwrap().0));
    }

    #[test]
    fn the_number_of_projects_is_bounded() {
        let (projects, clock) = projects();
        let mut held = Vec::new();
        for number in 0..MOST {
            clock.0.fetch_add(1, Ordering::Relaxed);
            let (project, forgotten) = projects.named(&format!("p{number}")).unwrap();
            assert_eq!(forgotten, [""; 0]);
            if number != 7 {
                held.push(project);
            }
        }
        assert_eq!(projects.named("more").unwrap().1, ["p7"], "the only one that nobody holds");
        held.push(projects.begun("more").unwrap());
        assert_eq!(projects.named("too many").err(), Some(TooMany));
        projects.of_session("of a session");
        assert!(projects.begun("of a session").is_some());
    }
}
