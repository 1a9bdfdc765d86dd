//! The file store: what is written, what is refused, and who holds the lock.

#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "tests")]

use auth_core::secret::{ExposeSecret, SecretString};
use auth_core::store::{LockError, LockedToken, StoreKey, StoredToken, TokenStore};
use auth_token_store::FileStore;
use std::fs;
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Its own folder for each test, gone with it.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let folder = std::env::temp_dir().join(format!("token-store-test-{}-{count}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        Self(folder)
    }

    fn files(&self) -> Vec<String> {
        let mut names: Vec<_> = fs::read_dir(&self.0)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn key(account: &str) -> StoreKey {
    StoreKey::new("virtuous", "https://api.example.com", account)
}

fn token(generation: u64) -> StoredToken {
    let mut token = StoredToken::new(generation, SecretString::from(format!("access-{generation}")));
    token.refresh = Some(SecretString::from(format!("refresh-{generation}")));
    token
}

fn refresh_of(token: Option<StoredToken>) -> Option<String> {
    Some(token?.refresh?.expose_secret().to_owned())
}

async fn save(store: &FileStore, account: &str, generation: u64) {
    store.lock(&key(account)).await.unwrap().save(&token(generation)).await.unwrap();
}

#[tokio::test]
async fn what_is_saved_is_loaded_and_what_is_cleared_is_gone() {
    let folder = Folder::new();
    for store in [FileStore::in_folder(folder.0.join("a/b")), FileStore::at(folder.0.join("one.json"))] {
        assert!(store.load(&key("anna")).await.unwrap().is_none(), "nothing is there, and that is no error");
        save(&store, "anna", 1).await;
        save(&store, "anna", 2).await;
        assert_eq!(refresh_of(store.load(&key("anna")).await.unwrap()).as_deref(), Some("refresh-2"));
        let mut locked = store.lock(&key("anna")).await.unwrap();
        assert_eq!(refresh_of(locked.load().await.unwrap()).as_deref(), Some("refresh-2"));
        locked.clear().await.unwrap();
        locked.clear().await.unwrap();
        assert!(locked.load().await.unwrap().is_none());
    }
}

#[tokio::test]
async fn credentials_do_not_meet_in_a_folder_and_a_file_takes_one() {
    let folder = Folder::new();
    let store = FileStore::in_folder(&folder.0);
    save(&store, "anna", 1).await;
    save(&store, "bert", 5).await;
    assert_eq!(store.load(&key("anna")).await.unwrap().unwrap().generation, 1);
    assert_eq!(store.load(&key("bert")).await.unwrap().unwrap().generation, 5);
    assert!(folder.files().iter().all(|name| !name.contains("anna") && !name.contains("bert")));

    let store = FileStore::at(folder.0.join("one.json"));
    save(&store, "anna", 1).await;
    let error = store.load(&key("bert")).await.unwrap_err().to_string();
    assert!(error.contains("another account"), "{error}");
    assert_eq!(store.load(&key("anna")).await.unwrap().unwrap().generation, 1);
}

#[cfg(unix)]
#[tokio::test]
async fn files_are_for_their_owner_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let folder = Folder::new();
    let path = folder.0.join("deep/one.json");
    let store = FileStore::at(&path);
    save(&store, "anna", 1).await;
    assert_eq!(mode(&path), 0o600);
    assert_eq!(mode(&folder.0.join("deep/one.json.lock")), 0o600);
    assert_eq!(mode(&folder.0.join("deep")), 0o700);

    for open in [0o644, 0o640, 0o604, 0o602, 0o620, 0o777] {
        fs::set_permissions(&path, fs::Permissions::from_mode(open)).unwrap();
        let error = store.load(&key("anna")).await.unwrap_err().to_string();
        assert!(error.contains("0600") && error.contains(&format!("{open:04o}")), "{error}");
        assert!(!error.contains("refresh-1"), "{error}");
    }
    fs::set_permissions(&path, fs::Permissions::from_mode(0o400)).unwrap();
    assert_eq!(store.load(&key("anna")).await.unwrap().unwrap().generation, 1);
    // Whatever the old file's mode was, the new one is closed.
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    save(&store, "anna", 2).await;
    assert_eq!(mode(&path), 0o600);
}

#[tokio::test]
async fn a_version_that_is_not_known_is_refused_and_left_alone() {
    let folder = Folder::new();
    let path = folder.0.join("one.json");
    let store = FileStore::at(&path);
    save(&store, "anna", 1).await;
    let text = fs::read_to_string(&path).unwrap();
    assert!(text.starts_with(r#"{"version":1,"#), "the version comes first");
    let later = text.replace(r#""version":1"#, r#""version":9"#);
    fs::write(&path, &later).unwrap();
    let mut locked = store.lock(&key("anna")).await.unwrap();
    let error = locked.load().await.unwrap_err().to_string();
    assert!(error.contains("version 9") && error.contains("version 1"), "{error}");
    assert_eq!(fs::read_to_string(&path).unwrap(), later);
}

#[cfg(unix)]
#[tokio::test]
async fn a_place_that_cannot_be_written_is_noticed_before_a_token_is_requested() {
    let folder = Folder::new();
    // Nothing is left of a lock without a token.
    let store = FileStore::at(folder.0.join("one.json"));
    let held = store.lock(&key("anna")).await.unwrap();
    assert!(store.load(&key("anna")).await.unwrap().is_none());
    drop(held);
    assert_eq!(folder.files(), ["one.json.lock"]);
    // A program that was killed there leaves an empty file, which is no token.
    fs::write(folder.0.join("one.json"), "").unwrap();
    save(&store, "anna", 1).await;
    assert_eq!(store.load(&key("anna")).await.unwrap().unwrap().generation, 1);
    // The lock file can be written, and the token file can't: a name that is too long for the file beside it.
    let name = "n".repeat(248);
    let Err(LockError::Unavailable(error)) = FileStore::at(folder.0.join(&name)).lock(&key("anna")).await
    else {
        panic!("locked what can't be written")
    };
    assert!(error.to_string().contains("lock") && error.to_string().contains(&name), "{error}");
}

/// What a process leaves that dies at some point of a write: the file beside, whole or in part, and the old file.
#[tokio::test]
async fn a_write_that_was_broken_off_harms_nothing_and_is_swept_away() {
    let folder = Folder::new();
    let store = FileStore::at(folder.0.join("one.json"));
    save(&store, "anna", 1).await;
    let whole = fs::read(folder.0.join("one.json")).unwrap();
    for (number, length) in [0, 1, whole.len() / 2, whole.len()].into_iter().enumerate() {
        fs::write(folder.0.join(format!(".one.json.4711-{number}.tmp")), &whole[..length]).unwrap();
        assert_eq!(store.load(&key("anna")).await.unwrap().unwrap().generation, 1);
    }
    assert_eq!(folder.files().len(), 6);
    save(&store, "anna", 2).await;
    assert_eq!(folder.files(), ["one.json", "one.json.lock"]);
    assert_eq!(store.load(&key("anna")).await.unwrap().unwrap().generation, 2);
}

#[tokio::test]
async fn a_save_that_fails_says_so_and_leaves_what_was_there() {
    let folder = Folder::new();
    let path = folder.0.join("one.json");
    // A folder that is not empty can't be replaced by a file.
    fs::create_dir_all(path.join("inside")).unwrap();
    let store = FileStore::at(&path);
    let mut locked = store.lock(&key("anna")).await.unwrap();
    let error = locked.save(&token(1)).await.unwrap_err().to_string();
    assert!(error.contains("write") && error.contains("one.json") && !error.contains("refresh-1"), "{error}");
    assert!(path.join("inside").is_dir());
    assert_eq!(folder.files(), ["one.json", "one.json.lock"], "no half of a file is left");
    assert!(locked.load().await.unwrap_err().to_string().contains("read"));
}

#[tokio::test]
async fn who_waits_too_long_and_who_cannot_lock_are_distinguished() {
    let folder = Folder::new();
    let store = FileStore::in_folder(&folder.0).lock_timeout(Duration::ZERO);
    let held = store.lock(&key("anna")).await.unwrap();
    assert!(matches!(store.lock(&key("anna")).await, Err(LockError::Held)));
    assert!(store.lock(&key("bert")).await.is_ok(), "the lock is that of the credential");
    drop(held);
    assert!(store.lock(&key("anna")).await.is_ok());

    fs::write(folder.0.join("no-folder"), "").unwrap();
    let store = FileStore::in_folder(folder.0.join("no-folder/below"));
    let Err(LockError::Unavailable(error)) = store.lock(&key("anna")).await else {
        panic!("locked in a file")
    };
    assert!(error.to_string().contains("lock"), "{error}");
}

#[tokio::test]
async fn a_lock_is_waited_for() {
    let folder = Folder::new();
    let store = FileStore::in_folder(&folder.0);
    let held = store.lock(&key("anna")).await.unwrap();
    let waiting = tokio::spawn({
        let store = store.clone();
        async move { store.lock(&key("anna")).await.map(drop) }
    });
    tokio::task::yield_now().await;
    drop(held);
    tokio::time::timeout(Duration::from_secs(20), waiting).await.unwrap().unwrap().unwrap();
}

#[cfg(unix)]
#[tokio::test]
async fn two_names_of_one_file_share_its_lock() {
    let folder = Folder::new();
    let real = folder.0.join("real.json");
    save(&FileStore::at(&real), "anna", 1).await;
    let link = folder.0.join("link.json");
    std::os::unix::fs::symlink(&real, &link).unwrap();
    let by_link = FileStore::at(&link).lock_timeout(Duration::ZERO);
    let held = FileStore::at(&real).lock(&key("anna")).await.unwrap();
    assert!(matches!(by_link.lock(&key("anna")).await, Err(LockError::Held)));
    drop(held);
    save(&by_link, "anna", 2).await;
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink(), "the link is not replaced");
    assert_eq!(FileStore::at(&real).load(&key("anna")).await.unwrap().unwrap().generation, 2);
}

#[cfg(unix)]
#[tokio::test]
async fn a_lock_file_that_is_removed_while_it_is_held_lets_nobody_in() {
    for saved in [false, true] {
        let folder = Folder::new();
        let store = FileStore::in_folder(&folder.0).lock_timeout(Duration::ZERO);
        let mut held = store.lock(&key("anna")).await.unwrap();
        if saved {
            held.save(&token(1)).await.unwrap();
            held.save(&token(2)).await.unwrap();
        }
        let lock = folder.files().into_iter().find(|name| name.ends_with(".lock")).unwrap();
        fs::remove_file(folder.0.join(lock)).unwrap();
        assert!(matches!(store.lock(&key("anna")).await, Err(LockError::Held)), "saved: {saved}");
        assert!(store.lock(&key("bert")).await.is_ok());
        held.save(&token(3)).await.unwrap();
        drop(held);
        // With patience: a process that another test starts has the open lock until it runs its program.
        let store = FileStore::in_folder(&folder.0);
        assert_eq!(store.lock(&key("anna")).await.unwrap().load().await.unwrap().unwrap().generation, 3);
    }
}

#[cfg(unix)]
#[test]
fn a_pipe_in_place_of_a_file_is_refused_and_a_program_ends_while_it_waits() {
    let folder = Folder::new();
    let pipe = folder.0.join("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let locked = FileStore::at(folder.0.join("locked.json")).lock_timeout(Duration::from_secs(3600));
    let (ended, end) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        let held = runtime.block_on(async {
            let error = FileStore::at(&pipe).load(&key("anna")).await.unwrap_err().to_string();
            assert!(error.contains("is not a file"), "{error}");
            let error = FileStore::at(&pipe).lock(&key("anna")).await.unwrap().load().await.unwrap_err();
            assert!(error.to_string().contains("is not a file"), "{error}");
            let held = locked.lock(&key("anna")).await.unwrap();
            let anna = key("anna");
            let waits = tokio::time::timeout(Duration::from_millis(1), locked.lock(&anna));
            assert!(waits.await.is_err());
            held
        });
        drop(runtime);
        drop(held);
        ended.send(()).unwrap();
    });
    end.recv_timeout(Duration::from_secs(20)).expect("nothing waits for ever");
}

#[tokio::test]
async fn a_tilde_is_the_home_directory_or_refused() {
    let home = std::env::home_dir().unwrap();
    let shown = format!("{:?}", FileStore::at("~/tokens/anna.json"));
    assert!(shown.contains(home.join("tokens/anna.json").to_str().unwrap()), "{shown}");
    for path in ["$HOME/token.json", "${HOME}/token.json", "%APPDATA%/token.json", "%APPDATA%"] {
        for store in [FileStore::at(path), FileStore::in_folder(path)] {
            let error = store.load(&key("anna")).await.unwrap_err().to_string();
            assert!(error.contains("shell"), "{error}");
        }
    }
    for store in [FileStore::at("~anna/token.json"), FileStore::in_folder("~anna")] {
        let error = store.load(&key("anna")).await.unwrap_err().to_string();
        assert!(error.contains('~') && error.contains("shell"), "{error}");
        let Err(LockError::Unavailable(_)) = store.lock(&key("anna")).await else { panic!("locked") };
        assert!(!Path::new("~anna").exists());
    }
}

const CHILD: &str = "TOKEN_STORE_TEST_FOLDER";

/// Not a separate test: another process that takes the lock, says so, and never lets go.
#[tokio::test]
async fn another_process() {
    let Some(folder) = std::env::var_os(CHILD) else { return };
    let _held = FileStore::in_folder(folder).lock(&key("anna")).await.unwrap();
    println!("locked");
    // Until the parent goes away or kills it.
    let _ = std::io::stdin().read(&mut [0]);
}

#[tokio::test]
async fn the_lock_reaches_across_processes_and_ends_with_its_own() {
    for saved in [true, false] {
        lock_in_another_process(saved).await;
    }
}

async fn lock_in_another_process(saved: bool) {
    let folder = Folder::new();
    let store = FileStore::in_folder(&folder.0).lock_timeout(Duration::ZERO);
    if saved {
        save(&store, "anna", 1).await;
    }
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["another_process", "--exact", "--nocapture"])
        .env(CHILD, &folder.0)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    assert!(lines.any(|line| line.unwrap().contains("locked")));
    assert!(matches!(store.lock(&key("anna")).await, Err(LockError::Held)));
    #[cfg(unix)]
    {
        // A removed lock file lets nobody in either: the token file is locked, too.
        for name in folder.files().into_iter().filter(|name| name.ends_with(".lock")) {
            fs::remove_file(folder.0.join(name)).unwrap();
        }
        assert!(matches!(store.lock(&key("anna")).await, Err(LockError::Held)));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(store.load(&key("anna")).await.unwrap().is_some(), saved);
    assert!(store.lock(&key("anna")).await.is_ok(), "a process that was killed holds nothing");
}

#[tokio::test]
async fn nothing_prints_a_token() {
    let folder = Folder::new();
    let store = FileStore::in_folder(&folder.0);
    save(&store, "anna", 1).await;
    let mut locked = store.lock(&key("anna")).await.unwrap();
    let loaded = locked.load().await.unwrap();
    let printed = format!("{store:?} {locked:?} {loaded:?} {:#?}", LockedToken::load(&mut *locked).await);
    assert!(printed.contains("FileStore") && printed.contains("StoredToken"), "{printed}");
    assert!(!printed.contains("access-1") && !printed.contains("refresh-1"), "{printed}");
}

/// From a file of settings that no shell has read: folders of these names would be created.
#[tokio::test]
async fn a_path_that_only_another_program_would_understand_is_refused() {
    for (path, part) in [
        ("\"/home/anna/token.json\"", "quotation mark"),
        ("'token.json'", "quotation mark"),
        ("\u{201c}token.json\u{201d}", "quotation mark"),
        ("file:///home/anna/token.json", "URL"),
        ("File:token.json", "URL"),
        ("token.json\n", "line break"),
        ("to\u{0}ken.json", "control character"),
        ("/home/$USER/token.json", "`$NAME`"),
        ("/home/anna/${NAME}.json", "`$NAME`"),
        ("C:/%APPDATA%/token.json", "`%NAME%`"),
    ] {
        for store in [FileStore::at(path), FileStore::in_folder(path)] {
            let error = store.load(&key("anna")).await.unwrap_err().to_string();
            assert!(error.contains(part) && !error.contains('\n'), "{error}");
            let Err(LockError::Unavailable(_)) = store.lock(&key("anna")).await else { panic!("locked") };
        }
    }
}
