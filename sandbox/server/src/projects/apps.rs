//! The apps of journeys, whose servers call the sandbox: the built-in ones and those of a project. The storage is in `app`, and
//! the caller's address in `http`.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::{Arc, LazyLock};

use handset_protocol::Secret;
use ipnet::IpNet;
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq;

use crate::config::{any_contains, parse_network};

/// Maximum number of a project's own apps.
pub(crate) const MAX_APPS: usize = 100;

/// The built-in apps.
static BUILT_IN: LazyLock<[Arc<App>; 2]> = LazyLock::new(|| {
    let loopback = Allowlist::parse(&["127.0.0.0/8", "::1"]).unwrap_or(Allowlist::Networks(Vec::new()));
    let app = |id: &str, name: &str, allowlist| {
        let key = Secret::from(format!("{id}-key"));
        Arc::new(App { id: id.to_owned(), name: name.to_owned(), key, allowlist })
    };
    [app("sandbox-app", "Handset sandbox", loopback), app("staging-app", "Handset sandbox (staging)", Allowlist::Any)]
});

/// An app: what a server that generates tokens of journeys calls as.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct App {
    pub(crate) id: String,
    /// The name that a user is shown.
    pub(crate) name: String,
    pub(crate) key: Secret,
    pub(crate) allowlist: Allowlist,
}

/// The app of that id in a project without apps of its own.
pub(crate) fn built_in_app(id: &str) -> Option<Arc<App>> {
    BUILT_IN.iter().find(|app| app.id == id).cloned()
}

impl App {
    /// Whether that is the app's key. The comparison takes the same time wherever the texts differ.
    pub(crate) fn has_key(&self, key: &Secret) -> bool {
        self.key.expose().as_bytes().ct_eq(key.expose().as_bytes()).into()
    }
}

/// The addresses from which an app's server calls. Stored and sent as a list of texts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<String>", into = "Vec<String>")]
pub(crate) enum Allowlist {
    /// Any address, also an unknown one.
    Any,
    /// The addresses of these networks.
    Networks(Vec<IpNet>),
}

impl Allowlist {
    /// The expected format of an entry, for error texts.
    pub(crate) const ENTRY: &str = "an IP address or a network, for example 10.0.0.0/8, or * alone";

    /// The allowlist of these entries.
    ///
    /// # Errors
    /// The place of the first entry that is invalid.
    pub(crate) fn parse(entries: &[impl AsRef<str>]) -> Result<Self, usize> {
        if let [entry] = entries
            && entry.as_ref() == "*"
        {
            return Ok(Self::Any);
        }
        let networks = entries.iter().enumerate();
        let networks: Result<_, _> =
            networks.map(|(place, entry)| parse_network(entry.as_ref()).ok_or(place)).collect();
        networks.map(Self::Networks)
    }

    /// Whether a caller at that address is allowed. `None`: its address is unknown.
    pub(crate) fn allows(&self, caller: Option<IpAddr>) -> bool {
        match self {
            Self::Any => true,
            Self::Networks(networks) => caller.is_some_and(|caller| any_contains(networks, caller)),
        }
    }
}

impl TryFrom<Vec<String>> for Allowlist {
    type Error = String;

    fn try_from(entries: Vec<String>) -> Result<Self, String> {
        Self::parse(&entries).map_err(|place| format!("entry {place} must be {}", Self::ENTRY))
    }
}

impl From<Allowlist> for Vec<String> {
    fn from(allowlist: Allowlist) -> Self {
        match allowlist {
            Allowlist::Any => vec!["*".to_owned()],
            Allowlist::Networks(networks) => networks.iter().map(ToString::to_string).collect(),
        }
    }
}

/// The apps of a project: its own over the built-in ones.
#[derive(Default)]
pub(crate) struct ProjectApps {
    own: Mutex<BTreeMap<String, Arc<App>>>,
    /// Held while an app is changed, so that the store sees the changes in their order.
    pub(crate) write_lock: tokio::sync::Mutex<()>,
}

impl ProjectApps {
    /// The app of that id.
    pub(crate) fn get(&self, id: &str) -> Option<Arc<App>> {
        self.own.lock().get(id).cloned().or_else(|| built_in_app(id))
    }

    /// Every app, in the order of the ids.
    pub(crate) fn list(&self) -> Vec<Arc<App>> {
        let mut apps: BTreeMap<_, _> = BUILT_IN.iter().map(|app| (app.id.clone(), app.clone())).collect();
        apps.extend(self.own.lock().clone());
        apps.into_values().collect()
    }

    /// The project's own apps.
    pub(crate) fn own(&self) -> BTreeMap<String, Arc<App>> {
        self.own.lock().clone()
    }

    /// Replaces the project's own apps.
    pub(crate) fn set_own(&self, apps: BTreeMap<String, Arc<App>>) {
        *self.own.lock() = apps;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allows(entries: &[&str], caller: &str) -> bool {
        Allowlist::parse(entries).unwrap().allows(caller.parse().ok())
    }

    #[test]
    fn an_allowlist_has_networks_or_any_address() {
        assert!(allows(&["10.0.0.0/8", "::1"], "10.1.1.1") && allows(&["10.0.0.0/8", "::1"], "::1"));
        assert!(allows(&["10.0.0.1"], "::ffff:10.0.0.1"));
        assert!(!allows(&["10.0.0.1"], "10.0.0.2") && !allows(&[], "127.0.0.1"));
        assert!(allows(&["*"], "203.0.113.7"));
        for (entries, place) in [(vec!["*", "::1"], 0), (vec!["::1", "x"], 1), (vec![""], 0), (vec!["::1", "*"], 1)] {
            assert_eq!(Allowlist::parse(&entries), Err(place), "{entries:?}");
        }
    }

    #[test]
    fn an_unknown_caller_is_allowed_where_any_is() {
        assert!(Allowlist::Any.allows(None));
        assert!(!Allowlist::parse(&["0.0.0.0/0", "::/0"]).unwrap().allows(None));
    }

    #[test]
    fn the_built_in_apps_are_that_of_loopback_and_that_of_any_address() {
        let apps = ProjectApps::default();
        let ids: Vec<_> = apps.list().iter().map(|app| app.id.clone()).collect();
        assert_eq!(ids, ["sandbox-app", "staging-app"]);
        let app = apps.get("sandbox-app").unwrap();
        assert!(app.has_key(&"sandbox-app-key".into()));
        for key in ["", "sandbox-app-ke", "sandbox-app-key1", "staging-app-key"] {
            assert!(!app.has_key(&key.into()), "{key}");
        }
        let from = |address: &str| address.parse().ok();
        assert!(app.allowlist.allows(from("127.8.8.8")) && app.allowlist.allows(from("::1")));
        assert!(!app.allowlist.allows(from("10.0.0.1")) && !app.allowlist.allows(None));
        assert_eq!(apps.get("staging-app").unwrap().allowlist, Allowlist::Any);
        assert!(apps.get("other").is_none());
    }

    #[test]
    fn an_app_is_stored_as_it_is() {
        let app = ProjectApps::default().get("sandbox-app").unwrap();
        let stored = serde_json::to_string(&*app).unwrap();
        assert_eq!(serde_json::from_str::<App>(&stored).unwrap(), *app);
        assert!(!format!("{app:?}").contains("-key"), "a key does not print");
    }
}
