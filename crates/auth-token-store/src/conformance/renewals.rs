//! Checks of renewals: what a session relies on between `lock` and `release`.

use super::{Checked, Must as _, Run, Stop, fail, next, possible};
use auth_core::secret::ExposeSecret as _;
use auth_core::store::{LockError, LockedToken, StoreKey, StoredToken, TokenStore};
use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

/// Attempts to begin a refresh after a process died during one.
const ATTEMPTS: u32 = 40;

pub(super) async fn round_trip(run: &Run<'_>) -> Checked {
    let key = run.key("round-trip");
    let store = run.subject.open(1);
    for full in [true, false] {
        let mut locked = run.lock(&*store, &key).await?;
        let generation = locked.load().await.must("load")?.map_or(1, |stored| stored.generation + 1);
        let mut saved = StoredToken::new(generation, "acc\"ess ü".to_owned().into());
        if full {
            saved.refresh = Some("re\\fresh".to_owned().into());
            // Far in the future, in whole seconds: stores may round, and may convert between clocks.
            saved.expires_at = Some(SystemTime::UNIX_EPOCH + Duration::from_secs(4_000_000_000));
            saved.attributes.insert("user".to_owned(), "Zoë".to_owned());
        }
        locked.save(&saved).await.must("save")?;
        locked.release().await;
        let Some(back) = run.subject.open(2).load(&key).await.must("load")? else {
            return fail("a saved token is absent");
        };
        let secret = |token: &Option<auth_core::SecretString>| {
            token.as_ref().map(|token| token.expose_secret().to_owned())
        };
        let apart = match (saved.expires_at, back.expires_at) {
            (Some(saved), Some(back)) => {
                let apart = saved.duration_since(back).or_else(|_| back.duration_since(saved));
                apart.unwrap_or_default() > Duration::from_secs(10)
            }
            (saved, back) => saved != back,
        };
        let differs = [
            ("generation", back.generation != saved.generation),
            ("access token", back.access.expose_secret() != saved.access.expose_secret()),
            ("refresh token", secret(&back.refresh) != secret(&saved.refresh)),
            ("expiry", apart),
            ("attributes", back.attributes != saved.attributes),
        ];
        if let Some((field, _)) = differs.iter().find(|(_, differs)| *differs) {
            return fail(format!("the {field} is not what was saved"));
        }
    }
    Ok(())
}

pub(super) async fn visible(run: &Run<'_>) -> Checked {
    let key = run.key("visible");
    let (writer, reader) = (run.subject.open(1), run.subject.open(2));
    if reader.load(&key).await.must("load of a new credential")?.is_some() {
        return fail("a new credential has a token");
    }
    for name in ["first", "second", "third"] {
        run.log_in(&*writer, &key, name).await?;
        run.must_be_stored(&*reader, &key, name).await?;
    }
    let mut locked = run.lock(&*writer, &key).await?;
    locked.load().await.must("load")?;
    locked.clear().await.must("clear")?;
    if locked.load().await.must("load")?.is_some() || !locked.was_cleared() {
        return fail("a cleared credential is not reported as cleared");
    }
    locked.release().await;
    match reader.load(&key).await.must("load")? {
        None => Ok(()),
        Some(_) => fail("a cleared token is still loaded"),
    }
}

pub(super) async fn begin_needs_lease(run: &Run<'_>) -> Checked {
    run.lease()?;
    for taken in [false, true] {
        let key = run.key("begin-needs-lease");
        let store = run.subject.open(1);
        run.log_in(&*store, &key, "first").await?;
        let (mut late, first) = run.lock_and_load(&*store, &key).await?;
        run.end_of_lease().await?;
        let other = match taken {
            true => Some(run.lock(&*run.subject.open(2), &key).await?),
            false => None,
        };
        match late.begin(&first).await {
            Ok(_) => return fail("a refresh began under a lease that had ended"),
            Err(LockError::Held) => {}
            Err(error) => return fail(format!("begin returned another error than Held: {error}")),
        }
        drop(other);
    }
    Ok(())
}

pub(super) async fn begin_needs_current_token(run: &Run<'_>) -> Checked {
    run.lease()?;
    let key = run.key("begin-needs-current-token");
    let store = run.subject.open(1);
    let first = run.log_in(&*store, &key, "first").await?;
    run.log_in(&*run.subject.open(2), &key, "second").await?;
    let mut locked = run.lock(&*store, &key).await?;
    match locked.begin(&first).await {
        Ok(_) => fail("a refresh began with a token that was replaced"),
        Err(LockError::Held) => {
            locked.release().await;
            Ok(())
        }
        Err(error) => fail(format!("begin returned another error than Held: {error}")),
    }
}

pub(super) async fn begin_is_marked(run: &Run<'_>) -> Checked {
    let key = run.key("begin-is-marked");
    let (store, reader) = (run.subject.open(1), run.subject.open(2));
    run.log_in(&*store, &key, "first").await?;
    for (refreshed, name) in [(false, "first"), (true, "second")] {
        let (mut locked, token) = run.lock_and_load(&*store, &key).await?;
        if token.is_refreshing() {
            return fail("a token is marked although no refresh has begun");
        }
        let limit = locked.begin(&token).await.must("begin")?;
        if run.lease.is_some_and(|lease| limit >= lease) || limit.is_zero() {
            return fail(format!("the time limit of a refresh is {limit:?}, which is no part of the lease"));
        }
        if !marked(&*reader, &key).await? {
            return fail("other processes don't see that a refresh has begun");
        }
        // Without a response, the same token is saved again.
        let saved = if refreshed { next(&token, name) } else { token };
        locked.save(&saved).await.must("save")?;
        locked.release().await;
        if marked(&*reader, &key).await? {
            return fail(format!("the mark of a refresh remains after `{name}` was saved"));
        }
        run.must_be_stored(&*reader, &key, name).await?;
    }
    Ok(())
}

/// A server that doesn't rotate refresh tokens returns a new access token for the same one.
pub(super) async fn kept_refresh_token(run: &Run<'_>) -> Checked {
    let key = run.key("kept-refresh-token");
    let (store, reader) = (run.subject.open(1), run.subject.open(2));
    run.log_in(&*store, &key, "first").await?;
    for name in ["second", "third"] {
        let (mut locked, spent) = run.lock_and_load(&*store, &key).await?;
        locked.begin(&spent).await.must("begin")?;
        let mut renewed = next(&spent, name);
        renewed.refresh.clone_from(&spent.refresh);
        let generation = renewed.generation;
        locked.save(&renewed).await.must("save")?;
        locked.release().await;
        run.must_be_stored(&*reader, &key, name).await?;
        let stored = reader.load(&key).await.must("load")?;
        if stored.is_none_or(|stored| stored.generation < generation || stored.is_refreshing()) {
            return fail("a new access token for the same refresh token is not saved as a new pair");
        }
    }
    Ok(())
}

pub(super) async fn marked(store: &dyn TokenStore, key: &StoreKey) -> Result<bool, Stop> {
    Ok(store.load(key).await.must("load")?.is_some_and(|stored| stored.is_refreshing()))
}

/// Begins a refresh under a lease that then ends.
pub(super) async fn begun(
    run: &Run<'_>,
    key: &StoreKey,
) -> Result<(Box<dyn LockedToken>, StoredToken, Duration), Stop> {
    run.lease()?;
    let store = run.subject.open(1);
    run.log_in(&*store, key, "first").await?;
    let (mut locked, first) = run.lock_and_load(&*store, key).await?;
    let limit = locked.begin(&first).await.must("begin")?;
    Ok((locked, first, limit))
}

/// Fails if a process can begin a refresh before the time limit of the one that has just begun.
pub(super) async fn must_exclude(
    run: &Run<'_>,
    other: Arc<dyn TokenStore>,
    key: &StoreKey,
    limit: Duration,
    first: &str,
) -> Checked {
    let attempt = || {
        let (other, key) = (Arc::clone(&other), key.clone());
        tokio::spawn(async move {
            let mut locked = other.lock(&key).await?;
            let Some(token) = locked.load().await? else { return Err(LockError::Held) };
            let begun = locked.begin(&token).await;
            // Kept by a process that does not release it.
            begun.map(|_| std::mem::forget(locked))
        })
    };
    // While the first refresh may be under way, the second one waits or fails.
    let mut begins = attempt();
    for _ in 0..7 {
        run.subject.pass(limit / 8).await;
        if begins.is_finished() {
            match begins.await {
                Ok(Err(_)) => begins = attempt(),
                Ok(Ok(())) => {
                    return fail(format!(
                        "a second refresh began within the time limit of the first one, {first}"
                    ));
                }
                Err(_) => return fail("the process of the second refresh panicked"),
            }
        }
    }
    begins.abort();
    Ok(())
}

/// How a lock is left whose refresh has begun.
#[derive(Clone, Copy, Debug)]
enum Left {
    Held,
    Released,
    Dropped,
    Dead,
}

impl Left {
    /// Returns the lock if it is still held.
    async fn leave(self, locked: Box<dyn LockedToken>) -> Option<Box<dyn LockedToken>> {
        match self {
            Self::Held => return Some(locked),
            Self::Released => locked.release().await,
            Self::Dropped => {
                drop(locked);
                // A dropped lock is released by a task.
                tokio::time::sleep(Duration::from_millis(200)).await;
            }
            Self::Dead => std::mem::forget(locked),
        }
        None
    }
}

/// The lease protects a refresh only while it is held: the mark must do so afterwards, and if the lease ends earlier.
pub(super) async fn one_refresh_at_a_time(run: &Run<'_>) -> Checked {
    let lease = run.lease()?;
    for left in [Left::Held, Left::Released, Left::Dropped, Left::Dead] {
        let key = run.key("one-refresh-at-a-time");
        let store = run.subject.open(1);
        run.log_in(&*store, &key, "first").await?;
        let (mut locked, first) = run.lock_and_load(&*store, &key).await?;
        // So late that the lease, if it is not extended, ends long before the refresh.
        run.subject.pass(lease.mul_f32(0.8)).await;
        let limit = match locked.begin(&first).await {
            // A store may refuse to begin a refresh that its lease does not cover.
            Err(LockError::Held) => continue,
            begun => begun.must("begin late in a lease")?,
        };
        let held = left.leave(locked).await;
        let lock = format!("{left:?}").to_lowercase();
        must_exclude(run, run.subject.open(2), &key, limit, &format!("whose lock was {lock}")).await?;
        if let Some(held) = held {
            held.release().await;
        }
    }
    Ok(())
}

/// What was sent remains in doubt until its response is saved.
pub(super) async fn mark_stays(run: &Run<'_>) -> Checked {
    for (left, how) in [(Left::Released, "released"), (Left::Dropped, "dropped")] {
        let key = run.key("mark-stays");
        let (store, reader) = (run.subject.open(1), run.subject.open(2));
        run.log_in(&*store, &key, "first").await?;
        let (mut locked, first) = run.lock_and_load(&*store, &key).await?;
        locked.begin(&first).await.must("begin")?;
        left.leave(locked).await;
        if !marked(&*reader, &key).await? {
            return fail(format!("the mark of a refresh is gone after its lock was {how} without a save"));
        }
        let (locked, again) = run.lock_and_load(&*reader, &key).await?;
        locked.release().await;
        if !again.is_refreshing() {
            return fail(format!("the next holder does not see the mark of a refresh whose lock was {how}"));
        }
    }
    Ok(())
}

pub(super) async fn late_save(run: &Run<'_>) -> Checked {
    let key = run.key("late-save");
    let (mut late, first, _) = begun(run, &key).await?;
    run.end_of_lease().await?;
    let successor = run.subject.open(2);
    let (locked, _) = run.lock_and_load(&*successor, &key).await?;
    late.save(&next(&first, "second")).await.must("save of a refresh whose lease had ended")?;
    run.must_be_stored(&*successor, &key, "second").await?;
    // The successor can't spend the token that it has loaded before.
    let mut locked = locked;
    match locked.begin(&first).await {
        Ok(_) => fail("a refresh began with a token that a late save had replaced"),
        Err(_) => {
            locked.release().await;
            run.must_be_stored(&*run.subject.open(3), &key, "second").await
        }
    }
}

pub(super) async fn save_after_outage(run: &Run<'_>) -> Checked {
    let key = run.key("save-after-outage");
    let (mut late, first, _) = begun(run, &key).await?;
    let second = next(&first, "second");
    possible(run.subject.set_reachable(false).await, "needs `Subject::set_reachable`")?;
    let failed = late.save(&second).await;
    run.subject.pass(run.lease()?).await;
    run.subject.set_reachable(true).await;
    if failed.is_ok() {
        return fail("a save succeeded while the store was unreachable");
    }
    run.end_of_lease().await?;
    let (locked, _) = run.lock_and_load(&*run.subject.open(2), &key).await?;
    late.save(&second).await.must("a repeated save after an outage")?;
    run.must_be_stored(&*run.subject.open(3), &key, "second").await?;
    locked.release().await;
    Ok(())
}

pub(super) async fn dead_refresher(run: &Run<'_>) -> Checked {
    let key = run.key("dead-refresher");
    let (dead, first, _) = begun(run, &key).await?;
    std::mem::forget(dead);
    must_refresh_later(run, &*run.subject.open(2), &key, &first).await
}

/// Fails unless a process can refresh after another one died during its refresh.
pub(super) async fn must_refresh_later(
    run: &Run<'_>,
    store: &dyn TokenStore,
    key: &StoreKey,
    first: &StoredToken,
) -> Checked {
    run.end_of_lease().await?;
    for _ in 0..ATTEMPTS {
        let (mut locked, stored) = run.lock_and_load(store, key).await?;
        if !stored.is_refreshing() {
            return fail("the mark of a process that died is gone");
        }
        let begun = {
            // A store may wait until the first refresh is certainly over.
            let mut beginning = pin!(locked.begin(&stored));
            loop {
                match tokio::time::timeout(Duration::from_millis(100), &mut beginning).await {
                    Ok(begun) => break begun,
                    Err(_) => run.subject.pass(run.lease()? / 10).await,
                }
            }
        };
        if begun.is_ok() {
            locked.save(&next(first, "second")).await.must("save")?;
            locked.release().await;
            return run.must_be_stored(&*run.subject.open(3), key, "second").await;
        }
        locked.release().await;
        run.end_of_lease().await?;
    }
    fail("no other process could refresh after one had died")
}

pub(super) async fn repeated_save(run: &Run<'_>) -> Checked {
    let key = run.key("repeated-save");
    let store = run.subject.open(1);
    run.log_in(&*store, &key, "first").await?;
    let (mut locked, first) = run.lock_and_load(&*store, &key).await?;
    locked.begin(&first).await.must("begin")?;
    let second = next(&first, "second");
    locked.save(&second).await.must("save")?;
    let once = store.load(&key).await.must("load")?.map(|stored| stored.generation);
    locked.save(&second).await.must("a repeated save")?;
    let twice = store.load(&key).await.must("load")?.map(|stored| stored.generation);
    locked.release().await;
    match once == twice {
        true => Ok(()),
        false => fail(format!("a repeated save changed the generation from {once:?} to {twice:?}")),
    }
}
