//! Checks of the lock.

use super::{Checked, Must as _, ORIGIN, PROVIDER, Run, fail, token};
use auth_core::secret::ExposeSecret as _;
use auth_core::store::{LockError, LockedToken, StoreError, StoreKey, StoredToken, TokenStore};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Poll;
use std::time::Duration;
use tokio::sync::Barrier;

const PROCESSES: u32 = 8;
const ROUNDS: u64 = 12;

/// One save in turn; `Ok(false)` if another holder was there at the same time.
async fn save_next(locked: &mut dyn LockedToken, is_held: &AtomicBool) -> Result<bool, StoreError> {
    let was_held = is_held.swap(true, Ordering::SeqCst);
    let loaded = locked.load().await?;
    tokio::task::yield_now().await;
    // The number of saves so far, which the token contains.
    let count = |stored: &StoredToken| stored.access.expose_secret().strip_prefix("access-")?.parse().ok();
    let count: u64 = loaded.as_ref().and_then(count).unwrap_or_default();
    let generation = loaded.map_or(1, |stored| stored.generation.saturating_add(1));
    let next = token(generation, &(count + 1).to_string());
    locked.save(&next).await?;
    is_held.store(false, Ordering::SeqCst);
    Ok(!was_held)
}

async fn lock_and_save(store: &dyn TokenStore, key: &StoreKey, is_held: &AtomicBool) -> Result<(), String> {
    let mut locked = store.lock(key).await.map_err(|error| error.to_string())?;
    let alone = save_next(&mut *locked, is_held).await.map_err(|error| error.to_string())?;
    locked.release().await;
    if alone { Ok(()) } else { Err("two processes held the lock at the same time".to_owned()) }
}

pub(super) async fn exclusion(run: &Run<'_>) -> Checked {
    let key = run.key("exclusion");
    let is_held = Arc::new(AtomicBool::new(false));
    // All attempt to lock at the same moment.
    let start = Arc::new(Barrier::new(PROCESSES as usize));
    let tasks: Vec<_> = (0..PROCESSES)
        .map(|process| {
            let (store, key, is_held) = (run.subject.open(process), key.clone(), Arc::clone(&is_held));
            let start = Arc::clone(&start);
            tokio::spawn(async move {
                let mut result = Ok(());
                for _ in 0..ROUNDS {
                    start.wait().await;
                    if result.is_ok() {
                        result = lock_and_save(&*store, &key, &is_held).await;
                    }
                }
                result
            })
        })
        .collect();
    for task in tasks {
        match task.await {
            Ok(result) => result.must("a process among others")?,
            Err(_) => return fail("a process panicked"),
        }
    }
    let stored = run.subject.open(0).load(&key).await.must("load")?;
    let last = stored.as_ref().map(|stored| stored.access.expose_secret());
    let expected = format!("access-{}", u64::from(PROCESSES) * ROUNDS);
    match last == Some(expected.as_str()) {
        true => Ok(()),
        false => fail(format!("a save was lost: {last:?} is stored, and not {expected}")),
    }
}

pub(super) async fn owners_differ(run: &Run<'_>) -> Checked {
    let key = run.key("owners-differ");
    let (first, second) = (run.subject.open(1), run.subject.open(1));
    let held = run.lock(&*first, &key).await?;
    run.must_be_held(&*second, &key, "by another store of the same process").await?;
    run.must_be_held(&*first, &key, "by another task of the same store").await?;
    held.release().await;
    Ok(())
}

pub(super) async fn late_release(run: &Run<'_>) -> Checked {
    let key = run.key("late-release");
    for released in [true, false] {
        let first = run.lock(&*run.subject.open(1), &key).await?;
        run.end_of_lease().await?;
        let successor = run.lock(&*run.subject.open(1), &key).await?;
        if released {
            first.release().await;
        } else {
            drop(first);
            // A dropped lock is released by a task.
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
        run.must_be_held(&*run.subject.open(2), &key, "after a late holder had released its lock").await?;
        successor.release().await;
    }
    Ok(())
}

pub(super) async fn released_by_drop(run: &Run<'_>) -> Checked {
    let key = run.key("released-by-drop");
    for _ in 0..3 {
        drop(run.lock(&*run.subject.open(1), &key).await?);
    }
    run.lock(&*run.subject.open(2), &key).await?.release().await;
    Ok(())
}

/// A caller can go away at any await.
pub(super) async fn released_by_cancel(run: &Run<'_>) -> Checked {
    let keys: Vec<_> = (0..12).map(|polls| run.key(&format!("released-by-cancel-{polls}"))).collect();
    for (polls, key) in keys.iter().enumerate() {
        let store = run.subject.open(1);
        let mut locking = pin!(store.lock(key));
        let mut left = polls;
        std::future::poll_fn(|context| {
            if left == 0 || locking.as_mut().poll(context).is_ready() {
                return Poll::Ready(());
            }
            left -= 1;
            context.waker().wake_by_ref();
            Poll::Pending
        })
        .await;
    }
    if run.lease.is_some() {
        run.end_of_lease().await?;
    }
    for key in &keys {
        run.lock(&*run.subject.open(2), key).await?.release().await;
    }
    Ok(())
}

pub(super) async fn dead_holder(run: &Run<'_>) -> Checked {
    run.lease()?;
    let key = run.key("dead-holder");
    std::mem::forget(run.lock(&*run.subject.open(1), &key).await?);
    run.must_be_held(&*run.subject.open(2), &key, "before the lease of a process that died had ended")
        .await?;
    run.end_of_lease().await?;
    run.lock(&*run.subject.open(2), &key).await?.release().await;
    Ok(())
}

pub(super) async fn full_lease(run: &Run<'_>) -> Checked {
    let lease = run.lease()?;
    let key = run.key("full-lease");
    let first = run.lock(&*run.subject.open(1), &key).await?;
    let second = run.subject.open(2);
    let waiting = {
        let (second, key) = (Arc::clone(&second), key.clone());
        tokio::spawn(async move { second.lock(&key).await })
    };
    tokio::time::sleep(TRY).await;
    run.subject.pass(lease.mul_f32(0.8)).await;
    first.release().await;
    let locked = match waiting.await {
        Ok(locked) => locked.must("lock after a wait")?,
        Err(_) => return fail("the waiting process panicked"),
    };
    run.subject.pass(lease.mul_f32(0.7)).await;
    run.must_be_held(&*run.subject.open(3), &key, "within the lease of a lock that was waited for").await?;
    locked.release().await;
    Ok(())
}

/// Time after which a waiting process has made its first attempt.
const TRY: Duration = Duration::from_millis(100);

/// A process with an older token need not wait for the lock; one with the current token needs it.
pub(super) async fn unless_newer(run: &Run<'_>) -> Checked {
    let key = run.key("unless-newer");
    let (first, second) = (run.subject.open(1), run.subject.open(2));
    let old = run.log_in(&*first, &key, "old").await?.generation;
    let mut held = run.lock(&*first, &key).await?;
    run.must_fail(second.lock_unless_newer(&key, old), "to renew the token that its holder renews").await?;
    let new = token(old.saturating_add(1), "new");
    held.save(&new).await.must("save")?;
    let waiting = {
        let (second, key) = (Arc::clone(&second), key.clone());
        tokio::spawn(async move { second.lock_unless_newer(&key, old).await })
    };
    tokio::time::sleep(TRY).await;
    held.release().await;
    match waiting.await {
        Ok(Ok(mut locked)) => {
            let stored = locked.load().await.must("load")?;
            if stored.is_none_or(|stored| stored.generation != new.generation) {
                return fail("a lock that was waited for loads an old token");
            }
            locked.release().await;
        }
        Ok(Err(LockError::Held)) => run.must_be_stored(&*second, &key, "new").await?,
        Ok(Err(error)) => return Err(error).must("lock to renew an old token"),
        Err(_) => return fail("the waiting process panicked"),
    }
    for known in [new.generation, u64::MAX] {
        let locking = second.lock_unless_newer(&key, known);
        let Ok(locked) = tokio::time::timeout(Duration::from_secs(20), locking).await else {
            return fail("a free lock is not acquired to renew the stored token");
        };
        locked.must("lock to renew the stored token")?.release().await;
    }
    Ok(())
}

pub(super) async fn credentials_apart(run: &Run<'_>) -> Checked {
    let account = run.account("apart");
    let anna = StoreKey::new(PROVIDER, ORIGIN, &account);
    let others = [
        ("account", StoreKey::new(PROVIDER, ORIGIN, &run.account("apart"))),
        ("case of the account", StoreKey::new(PROVIDER, ORIGIN, &account.to_uppercase())),
        ("provider", StoreKey::new("conformance-2", ORIGIN, &account)),
        ("host", StoreKey::new(PROVIDER, "https://other.example", &account)),
        ("port", StoreKey::new(PROVIDER, "https://store.example:8443", &account)),
        ("scheme", StoreKey::new(PROVIDER, "http://store.example", &account)),
    ];
    let store: Arc<dyn TokenStore> = run.subject.open(1);
    run.log_in(&*store, &anna, "anna").await?;
    let held = run.lock(&*store, &anna).await?;
    for (what, other) in &others {
        match tokio::time::timeout(Duration::from_secs(20), store.lock(other)).await {
            Ok(locked) => {
                let mut locked = locked.must("lock of another credential")?;
                if locked.load().await.must("load")?.is_some() {
                    return fail(format!("a credential of another {what} has the same token"));
                }
                locked.release().await;
            }
            Err(_) => return fail(format!("a credential of another {what} has the same lock")),
        }
    }
    held.release().await;
    for (what, other) in &others {
        run.log_in(&*store, other, what).await?;
    }
    for (what, other) in &others {
        run.must_be_stored(&*store, other, what).await?;
    }
    run.must_be_stored(&*store, &anna, "anna").await
}
