//! Checks of processes on hosts that differ: by their clocks and by their connections to the store.

use super::late::superseded;
use super::renewals::{begun, must_exclude, must_refresh_later};
use super::{Checked, Must as _, Run, Stop, fail, next, possible};
use auth_core::store::{StoreKey, TokenStore};
use std::sync::Arc;
use std::time::Duration;

/// Seconds by which a clock is off.
const OFF: i64 = 3_600;

pub(super) async fn clock_skew(run: &Run<'_>) -> Checked {
    run.lease()?;
    for (ahead, how) in [(OFF, "ahead"), (-OFF, "behind")] {
        let Some(skewed) = run.subject.open_with_clock(1, ahead) else {
            return Err(Stop::Skip("needs `Subject::open_with_clock`"));
        };
        let other = run.subject.open(2);
        // Its own lease and mark, and those of another process.
        for (first, second, whose) in [(&skewed, &other, "of"), (&other, &skewed, "seen by")] {
            let who = format!("{whose} a process whose clock is {how}");
            lease_lasts(run, first, second, &who).await?;
            mark_lasts(run, first, second, &who).await?;
        }
        let key = run.key("clock-skew");
        run.log_in(&*other, &key, "first").await?;
        let (mut late, first) = run.lock_and_load(&*skewed, &key).await?;
        run.end_of_lease().await?;
        if late.begin(&first).await.is_ok() {
            return fail(format!("a refresh began under a lease that had ended, by a clock that is {how}"));
        }
    }
    Ok(())
}

async fn lease_lasts(
    run: &Run<'_>,
    first: &Arc<dyn TokenStore>,
    second: &Arc<dyn TokenStore>,
    who: &str,
) -> Checked {
    let key = run.key("clock-skew");
    std::mem::forget(run.lock(&**first, &key).await?);
    run.must_be_held(&**second, &key, &format!("within the lease {who}")).await?;
    run.subject.pass(run.lease()? / 2).await;
    run.must_be_held(&**second, &key, &format!("in the middle of the lease {who}")).await?;
    run.end_of_lease().await?;
    match tokio::time::timeout(Duration::from_secs(20), second.lock(&key)).await {
        Ok(locked) => locked.must("lock after a lease")?.release().await,
        Err(_) => return fail(format!("the lease {who} does not end")),
    }
    Ok(())
}

async fn mark_lasts(
    run: &Run<'_>,
    first: &Arc<dyn TokenStore>,
    second: &Arc<dyn TokenStore>,
    who: &str,
) -> Checked {
    let begin = async |name: &str| -> Result<_, Stop> {
        let key: StoreKey = run.key("clock-skew");
        run.log_in(&**first, &key, name).await?;
        let (mut locked, token) = run.lock_and_load(&**first, &key).await?;
        let limit = locked.begin(&token).await.must("begin")?;
        Ok((key, locked, token, limit))
    };
    let (key, locked, _, limit) = begin("first").await?;
    locked.release().await;
    must_exclude(run, Arc::clone(second), &key, limit, who).await?;
    let (key, dead, token, _) = begin("first").await?;
    std::mem::forget(dead);
    must_refresh_later(run, &**second, &key, &token).await
}

pub(super) async fn partition(run: &Run<'_>) -> Checked {
    for is_login in [false, true] {
        let key = run.key("partition");
        // In process 1.
        let (mut late, first, _) = begun(run, &key).await?;
        let (separated, other) = (run.subject.open(1), run.subject.open(2));
        let second = next(&first, "second");
        possible(
            run.subject.set_process_reachable(1, false).await,
            "needs `Subject::set_process_reachable`",
        )?;
        let steps = async { (late.save(&second).await.is_ok(), separated.load(&key).await.is_ok()) };
        let steps = tokio::time::timeout(Duration::from_secs(120), steps).await;
        let others = without_it(run, &*other, &key, is_login).await;
        run.subject.set_process_reachable(1, true).await;
        others?;
        match steps {
            Ok((false, false)) => {}
            Ok((true, _)) => return fail("a save succeeded while its process could not reach the store"),
            Ok((_, true)) => return fail("a token was loaded while its process could not reach the store"),
            Err(_) => return fail("a process that can't reach the store got no error within 120 seconds"),
        }
        let saved = late.save(&second).await;
        if is_login {
            superseded(saved, "a login during a partition")?;
            run.must_be_stored(&*separated, &key, "login").await?;
        } else {
            saved.must("a repeated save after a partition")?;
            run.must_be_stored(&*other, &key, "second").await?;
        }
        drop(late);
    }
    Ok(())
}

/// What the other processes do in the meantime.
async fn without_it(run: &Run<'_>, other: &dyn TokenStore, key: &StoreKey, is_login: bool) -> Checked {
    run.must_be_stored(other, key, "first").await?;
    run.end_of_lease().await?;
    if is_login {
        run.log_in(other, key, "login").await?;
        return Ok(());
    }
    let (locked, stored) = run.lock_and_load(other, key).await?;
    locked.release().await;
    match stored.is_refreshing() {
        true => Ok(()),
        false => fail("the mark of a process that can't reach the store is gone"),
    }
}

pub(super) async fn slow_store(run: &Run<'_>) -> Checked {
    let lease = run.lease()?;
    for part in [0.3, 0.6] {
        let key = run.key("slow-store");
        let store = run.subject.open(1);
        run.log_in(&*store, &key, "first").await?;
        let (mut locked, first) = run.lock_and_load(&*store, &key).await?;
        possible(run.subject.set_delay(lease.mul_f32(part)).await, "needs `Subject::set_delay`")?;
        let begun = locked.begin(&first).await;
        run.subject.set_delay(Duration::ZERO).await;
        // It may also be too late for a refresh.
        if let Ok(limit) = begun {
            must_exclude(run, run.subject.open(2), &key, limit, "whose mark was confirmed late").await?;
        }
        locked.release().await;
    }
    Ok(())
}
