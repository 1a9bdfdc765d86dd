//! Checks of what a store does while its data, its replicas or its connection are lost.

use super::{Checked, Must as _, Run, Stop, fail, next};
use std::time::Duration;

pub(super) async fn loss_is_no_logout(run: &Run<'_>) -> Checked {
    let key = run.key("loss-is-no-logout");
    let store = run.subject.open(1);
    run.log_in(&*store, &key, "first").await?;
    run.must_be_stored(&*store, &key, "first").await?;
    if !run.subject.lose_everything().await {
        return Err(Stop::Skip("the store's data can't be removed"));
    }
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
    if !run.subject.set_replicated(false).await {
        return Err(Stop::Skip("the store has no replicas that can be separated"));
    }
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
    if !run.subject.set_replicated(false).await {
        return Err(Stop::Skip("the store has no replicas that can be separated"));
    }
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
    if !run.subject.set_reachable(false).await {
        return Err(Stop::Skip("the store can't be made unreachable"));
    }
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
