//! The SQLite store conforms, owns its file alone, and reads the files of its schema.

use std::path::PathBuf;
use std::time::Duration;

use handset_protocol::UnixMillis;
use rusqlite::Connection;
use tempfile::TempDir;

use super::schema::{STEPS, migrate_by, version};
use super::*;
use crate::{ContactAttemptsKey, IdentityPage, JourneyKey, MessageFilter, SessionKey, Store, conformance};
use handset_sandbox_domain::{CodePurpose, Phone};

mod damage;

struct TestFile(TempDir);

impl TestFile {
    fn new() -> Self {
        Self(TempDir::new().unwrap())
    }

    fn path(&self) -> PathBuf {
        self.0.path().join("folder/of/its/own/sandbox.db")
    }

    fn open(&self) -> SqliteStore {
        SqliteStore::open(&self.path()).unwrap()
    }

    /// A connection as another program opens it.
    fn raw(&self) -> Connection {
        std::fs::create_dir_all(self.path().parent().unwrap()).unwrap();
        Connection::open(self.path()).unwrap()
    }

    /// The error of opening the file, without the path.
    fn refusal(&self) -> String {
        let refusal = SqliteStore::open(&self.path()).err().map(|error| error.to_string()).unwrap_or_default();
        let prefix = format!("store: cannot open {}: ", self.path().display());
        refusal.strip_prefix(&prefix).unwrap_or_else(|| panic!("'{refusal}'")).to_owned()
    }
}

/// A file of each schema version, as SQL.
const VERSIONS: &[&str] = &[include_str!("versions/1.sql")];

/// A store whose folder is deleted with it.
struct TestStore {
    store: SqliteStore,
    _file: TestFile,
}

impl TestStore {
    fn new() -> Self {
        let file = TestFile::new();
        Self { store: file.open(), _file: file }
    }
}

impl TableStore for TestStore {
    fn tables(&self) -> MutexGuard<'_, Tables> {
        self.store.tables()
    }

    fn local_notifier(&self) -> &LocalNotifier {
        self.store.local_notifier()
    }

    fn commit(&self, write: Write) -> impl Future<Output = Result<bool, StoreError>> + Send {
        self.store.commit(write)
    }
}

#[tokio::test]
async fn conforms() {
    conformance::check(TestStore::new).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn conforms_on_several_threads() {
    conformance::check(TestStore::new).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn outlives_its_process() {
    conformance::check_durable(TestFile::new, TestFile::open).await;
}

#[cfg(unix)]
#[test]
fn only_its_owner_can_read_it() {
    use std::os::unix::fs::PermissionsExt;
    let file = TestFile::new();
    let mode = |path: PathBuf| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let store = file.open();
    assert_eq!(mode(file.path()), 0o600);
    assert_eq!(mode(file.path().with_extension("db-wal")), 0o600);
    assert_eq!(mode(file.path().parent().unwrap().to_owned()), 0o700);
    drop(store);
    std::fs::set_permissions(file.path(), std::fs::Permissions::from_mode(0o644)).unwrap();
    let _store = file.open();
    assert_eq!(mode(file.path()), 0o600, "the mode of an existing file is corrected");
}

#[test]
fn a_file_belongs_to_one_sandbox_at_a_time() {
    let file = TestFile::new();
    let store = file.open();
    let refusal = SqliteStore::open_within(&file.path(), Duration::ZERO).unwrap_err().to_string();
    assert!(refusal.contains("sandbox.db: another sandbox is using it"), "{refusal}");
    drop(store);
    drop(file.open());
}

#[test]
fn another_programs_file_is_left_alone() {
    let file = TestFile::new();
    file.raw().execute_batch("CREATE TABLE invoices (id INTEGER)").unwrap();
    assert!(file.refusal().contains("it belongs to another program"), "{}", file.refusal());
    std::fs::write(file.path(), "a letter to my mother, which is longer than the header of a database: ".repeat(9))
        .unwrap();
    assert!(file.refusal().contains("it is not a SQLite file"), "{}", file.refusal());
    assert!(std::fs::read_to_string(file.path()).unwrap().starts_with("a letter"));
}

#[test]
fn a_file_of_a_newer_sandbox_is_refused() {
    let file = TestFile::new();
    drop(file.open());
    file.raw().pragma_update(None, "user_version", 99).unwrap();
    assert!(
        file.refusal().contains("schema version 99, this sandbox supports 1: it is from a newer sandbox"),
        "{}",
        file.refusal()
    );
}

#[tokio::test]
async fn a_file_of_every_version_is_read_whole_and_migrated() {
    assert_eq!(VERSIONS.len(), STEPS.len(), "each step needs a file of its version");
    for (index, sql) in VERSIONS.iter().enumerate() {
        let file = TestFile::new();
        file.raw().execute_batch(sql).unwrap();
        let count = |sql: &str| file.raw().query_row(sql, [], |row| row.get::<_, usize>(0)).unwrap();
        let (sessions, messages) = (count("SELECT count(*) FROM sessions"), count("SELECT count(*) FROM messages"));
        let events = count("SELECT sum(json_array_length(events)) FROM timeline");
        assert!(sessions > 9 && messages > 7 && events > 40);
        let store = SqliteStore::open(&file.path()).unwrap_or_else(|error| {
            panic!("version {}: {error}. A new member needs a serde default or a migration step", index + 1)
        });
        let auth_ids = store.sessions().expiring_before(None, UnixMillis::MAX).await.unwrap();
        assert_eq!(auth_ids.len(), sessions);
        let mut recorded = 0;
        for auth_id in &auth_ids {
            recorded += store.sessions().timeline(auth_id, 0).await.unwrap().unwrap().len();
            assert!(store.sessions().get(SessionKey::AuthId(auth_id)).await.unwrap().is_some());
        }
        assert_eq!(recorded, events);
        let pending = store.deliveries().pending(None, 0).await.unwrap();
        let attempts: Vec<_> = pending.iter().map(|entry| entry.delivery.attempts.len()).collect();
        assert_eq!(attempts, [0, 1], "one is new, and one is a retry");
        assert_eq!(store.deliveries().finished("test-7").await.unwrap().len(), 2);
        assert_eq!(store.settings().projects().await.unwrap(), ["default", "test-7"]);
        let mut sent = 0;
        for project in ["default", "test-7"] {
            sent += store.messages().list(MessageFilter { project, since: 0, to: None }).await.unwrap().len();
        }
        assert_eq!(sent, messages);
        let page = IdentityPage { project: "default", after: None, limit: 9, with_inactive: true };
        assert_eq!(store.identities().list(page).await.unwrap().len(), 2);
        let journeys = store.journeys().list("test-7").await.unwrap();
        let [id] = &journeys[..] else { panic!("{journeys:?}") };
        let secret = "00000000000000000000000000000001".into();
        let journey = store.journeys().get(JourneyKey::HandoffSecret(&secret)).await.unwrap().unwrap();
        assert_eq!((&*journey.value.transaction_id, &*id.transaction_id), ("t1", "t1"));
        assert_eq!(journey.value.states["onboarding"].modules.len(), 2);
        assert_eq!(store.journeys().timeline(id, 0).await.unwrap().map(|events| events.len()), Some(2));
        let contact = journey.value.proved.as_ref().unwrap().key();
        let (project, app_id) = (id.project.clone(), id.app_id.clone());
        let key = ContactAttemptsKey { project, app_id, purpose: CodePurpose::Resume, contact };
        let attempts = store.journeys().attempts(&key).await.unwrap().unwrap();
        assert_eq!(attempts.value.ends_at(), Some(UnixMillis::new(1_795_340_815_600)));
        assert_eq!(store.settings().get(None, "token-keys").await.unwrap().map(|keys| keys.len()), Some(128));
        let phone = Phone::parse(&"5005550006".into()).unwrap();
        assert_eq!(store.attempts().get("default", &phone).await.unwrap().map(|row| row.value.count()), Some(2));
        drop(store);
        assert_eq!(version(&file.raw()).unwrap(), STEPS.len());
    }
}

#[tokio::test]
async fn an_unreadable_row_is_reported_without_its_text() {
    let file = TestFile::new();
    drop(file.open());
    file.raw().execute("INSERT INTO messages VALUES (1, '{\"to\": 123456}')", []).unwrap();
    let refusal = file.refusal();
    assert!(refusal.contains("a row of 'messages'") && !refusal.contains("123456"), "{refusal}");
}

#[test]
fn each_step_runs_once_in_a_transaction() {
    let mut connection = Connection::open_in_memory().unwrap();
    let steps = ["CREATE TABLE a (x)", "ALTER TABLE a ADD COLUMN y", "INSERT INTO a VALUES (1, 2); SELECT nonsense"];
    migrate_by(&mut connection, &steps[..1]).unwrap();
    assert_eq!(version(&connection).unwrap(), 1);
    assert!(migrate_by(&mut connection, &steps).is_err());
    assert_eq!(version(&connection).unwrap(), 2, "the failed step is rolled back");
    let count: u32 = connection.query_row("SELECT count(y) FROM a", [], |row| row.get(0)).unwrap();
    assert_eq!(count, 0);
    migrate_by(&mut connection, &steps[..2]).unwrap();
    assert_eq!(version(&connection).unwrap(), 2);
}

#[tokio::test]
async fn a_failed_write_is_reported_and_leaves_nothing() {
    let file = TestFile::new();
    let store = file.open();
    store.settings().set(None, "a", b"one").await.unwrap();
    drop(store);
    file.raw()
        .execute_batch(
            "CREATE TRIGGER t BEFORE INSERT ON settings WHEN NEW.name = 'a' BEGIN SELECT RAISE(ABORT, 'no'); END",
        )
        .unwrap();
    let store = file.open();
    assert!(store.settings().set(None, "a", b"two").await.is_err());
    assert_eq!(
        store.settings().get(None, "a").await.unwrap().as_deref(),
        Some(&b"one"[..]),
        "the value is unchanged in memory too"
    );
    store.settings().set(None, "b", b"three").await.unwrap();
    assert_eq!(store.settings().get(None, "b").await.unwrap().as_deref(), Some(&b"three"[..]), "later writes succeed");
}

#[tokio::test]
async fn checkpoints_bound_the_wal_file() {
    let file = TestFile::new();
    let store = file.open();
    for turn in 0..4500_u32 {
        store.settings().set(None, "a", &turn.to_be_bytes()).await.unwrap();
    }
    let size = std::fs::metadata(file.path().with_extension("db-wal")).unwrap().len();
    assert!(size < 8 << 20, "{size} bytes after 18 MiB of pages");
    drop(store);
    let last = file.open().settings().get(None, "a").await.unwrap();
    assert_eq!(last.as_deref(), Some(&4499_u32.to_be_bytes()[..]));
}
