//! Checks of what a store does while its data, its replicas, its replies or its connection are lost.

use super::renewals::marked;
use super::{Checked, Must as _, Run, access, fail, next, possible, token};
use auth_core::secret::ExposeSecret as _;
use std::future::Future;
use std::time::Duration;

pub(super) async fn loss_is_no_logout(run: &Run<'_>) -> Checked {
    let key = run.key("loss-is-no-logout");
    let store = run.subject.open(1);
    run.log_in(&*store, &key, "first").await?;
    run.must_be_stored(&*store, &key, "first").await?;
    possible(run.subject.lose_everything().await, "needs `Subject::lose_everything`")?;
    for store in [run.subject.open(2), store] {
        let mut locked = run.lock(&*store, &key).await?;
        // A store may restore the token without a call.
        if locked.load().await.must("load")?.is_none() && locked.was_cleared() {
            return fail("the loss of all data is reported as a logout");
        }
        locked.release().await;
    }
    Ok(())
}

pub(super) async fn begin_is_durable(run: &Run<'_>) -> Checked {
    let key = run.key("begin-is-durable");
    let store = run.subject.open(1);
    run.log_in(&*store, &key, "first").await?;
    let (mut locked, first) = run.lock_and_load(&*store, &key).await?;
    possible(run.subject.set_replicated(false).await, "needs `Subject::set_replicated`")?;
    let begun = locked.begin(&first).await;
    run.subject.set_replicated(true).await;
    match begun {
        Ok(_) => fail("a refresh began although no replica had confirmed its mark"),
        Err(_) => {
            locked.release().await;
            Ok(())
        }
    }
}

pub(super) async fn save_is_durable(run: &Run<'_>) -> Checked {
    let key = run.key("save-is-durable");
    let store = run.subject.open(1);
    run.log_in(&*store, &key, "first").await?;
    let (mut locked, first) = run.lock_and_load(&*store, &key).await?;
    locked.begin(&first).await.must("begin")?;
    possible(run.subject.set_replicated(false).await, "needs `Subject::set_replicated`")?;
    let second = next(&first, "second");
    let saved = locked.save(&second).await;
    run.subject.set_replicated(true).await;
    if saved.is_ok() {
        return fail("a save succeeded although no replica had confirmed it");
    }
    locked.save(&second).await.must("a repeated save")?;
    locked.release().await;
    run.must_be_stored(&*run.subject.open(2), &key, "second").await
}

pub(super) async fn outage_is_an_error(run: &Run<'_>) -> Checked {
    let key = run.key("outage-is-an-error");
    let store = run.subject.open(1);
    run.log_in(&*store, &key, "first").await?;
    let (mut locked, first) = run.lock_and_load(&*store, &key).await?;
    possible(run.subject.set_reachable(false).await, "needs `Subject::set_reachable`")?;
    let steps = async {
        let loads = [store.load(&key).await.is_ok(), locked.load().await.is_ok()];
        let begins = locked.begin(&first).await.is_ok();
        let locks = store.lock(&key).await.is_ok();
        (loads, begins, locks, locked)
    };
    let steps = tokio::time::timeout(Duration::from_secs(120), steps).await;
    run.subject.set_reachable(true).await;
    let Ok(([load, locked_load], begin, lock, locked)) = steps else {
        return fail("an unreachable store returned no error within 120 seconds");
    };
    let what = [("load", load), ("load of a lock", locked_load), ("begin", begin), ("lock", lock)];
    if let Some((step, _)) = what.iter().find(|(_, succeeded)| *succeeded) {
        return fail(format!("{step} succeeded while the store was unreachable"));
    }
    drop(locked);
    run.must_be_stored(&*run.subject.open(2), &key, "first").await
}

/// Performs a step whose replies are lost. Returns whether it succeeded nevertheless.
async fn without_reply<T, E>(
    run: &Run<'_>,
    step: impl Future<Output = Result<T, E>>,
) -> Result<bool, super::Stop> {
    possible(run.subject.set_replies_lost(true).await, "needs `Subject::set_replies_lost`")?;
    let step = tokio::time::timeout(Duration::from_secs(120), step).await;
    run.subject.set_replies_lost(false).await;
    match step {
        Ok(step) => Ok(step.is_ok()),
        Err(_) => fail("a store whose replies were lost returned no error within 120 seconds"),
    }
}

pub(super) async fn lost_replies(run: &Run<'_>) -> Checked {
    let key = run.key("lost-replies");
    let (store, other) = (run.subject.open(1), run.subject.open(2));
    run.log_in(&*store, &key, "first").await?;

    // Of a lock: it is free after a lease.
    without_reply(run, async { store.lock(&key).await.map(drop) }).await?;
    if run.lease.is_some() {
        run.end_of_lease().await?;
    }

    // Of a mark: nothing was sent, so the same token is saved, and anybody can refresh at once.
    let (mut locked, first) = run.lock_and_load(&*store, &key).await?;
    without_reply(run, locked.begin(&first)).await?;
    locked.save(&first).await.must("save of a token whose mark was not confirmed")?;
    locked.release().await;
    if marked(&*other, &key).await? {
        return fail("a mark that was not confirmed remains after its token was saved");
    }
    let (mut locked, first) = run.lock_and_load(&*other, &key).await?;
    match tokio::time::timeout(Duration::from_secs(20), locked.begin(&first)).await {
        Ok(begun) => begun.must("begin after a mark that was not confirmed")?,
        Err(_) => return fail("no refresh begins after a mark that was not confirmed"),
    };

    // Of a new pair: it is saved once.
    let second = next(&first, "second");
    without_reply(run, locked.save(&second)).await?;
    locked.save(&second).await.must("a repeated save whose first reply was lost")?;
    run.must_be_stored(&*store, &key, "second").await?;
    if marked(&*store, &key).await? {
        return fail("the mark of a refresh remains after a repeated save");
    }
    locked.release().await;

    // A repetition that comes too late replaces nothing.
    if run.lease.is_some() {
        let (mut late, second) = run.lock_and_load(&*other, &key).await?;
        late.begin(&second).await.must("begin")?;
        let third = next(&second, "third");
        let is_saved = without_reply(run, late.save(&third)).await?;
        run.end_of_lease().await?;
        run.refresh(&*store, &key, "fourth").await?;
        if !is_saved && late.save(&third).await.is_err_and(|error| !error.is_superseded()) {
            return fail("a save that was retried after the next refresh failed with another error");
        }
        run.must_be_stored(&*run.subject.open(3), &key, "fourth").await?;
    }

    // Of a logout and of a login.
    let (mut locked, last) = run.lock_and_load(&*store, &key).await?;
    without_reply(run, locked.clear()).await?;
    locked.clear().await.must("a repeated logout whose first reply was lost")?;
    locked.release().await;
    run.must_be_absent(&*other, &key, "a token remains after a repeated logout").await?;
    let mut locked = run.lock(&*other, &key).await?;
    locked.load().await.must("load")?;
    let login = token(last.generation.saturating_add(2), "login");
    without_reply(run, locked.save(&login)).await?;
    locked.save(&login).await.must("a repeated login whose first reply was lost")?;
    locked.release().await;
    run.must_be_stored(&*store, &key, "login").await
}

pub(super) async fn lost_writes(run: &Run<'_>) -> Checked {
    run.lease()?;
    let needed = "needs `Subject::fall_behind` and `Subject::fail_over`";

    // The mark: its refresh is under way, and the response is saved.
    let key = run.key("lost-writes");
    let store = run.subject.open(1);
    run.log_in(&*store, &key, "first").await?;
    let (mut locked, first) = run.lock_and_load(&*store, &key).await?;
    possible(run.subject.fall_behind().await, needed)?;
    let begun = locked.begin(&first).await;
    run.subject.fail_over().await;
    begun.must("begin")?;
    let saved = locked.save(&next(&first, "second")).await;
    saved.must("save of a refresh whose mark was lost in a failover")?;
    locked.release().await;
    run.must_be_stored(&*run.subject.open(2), &key, "second").await?;

    // The new pair: the token that was spent for it remains marked.
    let key = run.key("lost-writes");
    run.log_in(&*store, &key, "first").await?;
    let (mut locked, first) = run.lock_and_load(&*store, &key).await?;
    locked.begin(&first).await.must("begin")?;
    possible(run.subject.fall_behind().await, needed)?;
    let saved = locked.save(&next(&first, "second")).await;
    run.subject.fail_over().await;
    saved.must("save")?;
    match run.subject.open(2).load(&key).await.must("load after a failover")? {
        Some(stored) if stored.access.expose_secret() == access("second") || stored.is_refreshing() => {}
        Some(_) => {
            return fail("a token was spent, and is not marked after a failover that lost the new pair");
        }
        None => return fail("no token is left after a failover that lost the last write"),
    }
    locked.release().await;
    run.end_of_lease().await?;
    run.log_in(&*run.subject.open(3), &key, "login").await?;
    run.must_be_stored(&*store, &key, "login").await
}

pub(super) async fn damaged_record(run: &Run<'_>) -> Checked {
    let (key, other) = (run.key("damaged-record"), run.key("damaged-record"));
    let store = run.subject.open(1);
    for key in [&key, &other] {
        run.log_in(&*store, key, "first").await?;
    }
    possible(run.subject.damage(&key).await, "needs `Subject::damage`")?;
    for store in [run.subject.open(2), store] {
        // A store may know the token from elsewhere.
        if let Ok(loaded) = store.load(&key).await
            && loaded.is_none_or(|token| token.access.expose_secret() != access("first"))
        {
            return fail("a record that can't be read is loaded as if it could");
        }
        if let Ok(mut locked) = store.lock(&key).await {
            if matches!(locked.load().await, Ok(None)) {
                return fail("the holder of a lock takes a record that can't be read for none");
            }
            locked.release().await;
        }
        run.must_be_stored(&*store, &other, "first").await?;
    }
    Ok(())
}
