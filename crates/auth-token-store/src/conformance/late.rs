//! Checks of saves and logouts that come after those of another process.

use super::renewals::begun;
use super::{Checked, Must as _, Run, TRY_LIMIT, fail, next};
use auth_core::store::StoreError;

pub(super) async fn stale_save(run: &Run<'_>) -> Checked {
    let key = run.key("stale-save");
    let (mut late, first, _) = begun(run, &key).await?;
    run.end_of_lease().await?;
    run.log_in(&*run.subject.open(2), &key, "login").await?;
    superseded(late.save(&next(&first, "second")).await, "a later login")?;
    run.must_be_stored(&*run.subject.open(3), &key, "login").await
}

pub(super) async fn logout_stays(run: &Run<'_>) -> Checked {
    let key = run.key("logout-stays");
    let (mut late, first, _) = begun(run, &key).await?;
    run.end_of_lease().await?;
    let other = run.subject.open(2);
    run.log_out(&*other, &key).await?;
    superseded(late.save(&next(&first, "second")).await, "a logout")?;
    run.must_be_absent(&*run.subject.open(3), &key, "a late save has undone a logout").await
}

/// A login that was slow to be saved: another process has logged in or out since.
pub(super) async fn late_login(run: &Run<'_>) -> Checked {
    run.lease()?;
    for is_login in [true, false] {
        let key = run.key("late-login");
        let (store, other) = (run.subject.open(1), run.subject.open(2));
        run.log_in(&*store, &key, "first").await?;
        let (mut late, first) = run.lock_and_load(&*store, &key).await?;
        run.end_of_lease().await?;
        if is_login {
            run.log_in(&*other, &key, "later").await?;
        } else {
            run.log_out(&*other, &key).await?;
        }
        let later = if is_login { "login" } else { "logout" };
        if late.save(&next(&first, "late")).await.is_ok() {
            return fail(format!("a login whose lease had ended was saved after a later {later}"));
        }
        match is_login {
            true => run.must_be_stored(&*run.subject.open(3), &key, "later").await?,
            false => {
                run.must_be_absent(&*run.subject.open(3), &key, "a late login has undone a logout").await?
            }
        }
    }
    Ok(())
}

/// A logout that was slow may lock again and come last, but not while another process holds the lock.
pub(super) async fn late_logout(run: &Run<'_>) -> Checked {
    run.lease()?;
    let key = run.key("late-logout");
    let (store, other) = (run.subject.open(1), run.subject.open(2));
    run.log_in(&*store, &key, "first").await?;
    let (mut late, _) = run.lock_and_load(&*store, &key).await?;
    run.end_of_lease().await?;
    let (mut locked, first) = run.lock_and_load(&*other, &key).await?;
    locked.save(&next(&first, "later")).await.must("save of a login")?;
    if let Ok(Ok(())) = tokio::time::timeout(TRY_LIMIT, late.clear()).await {
        return fail("a logout whose lease had ended succeeded while another process held the lock");
    }
    run.must_be_stored(&*run.subject.open(3), &key, "later").await?;
    locked.release().await;
    Ok(())
}

pub(super) fn superseded(saved: Result<(), StoreError>, what: &str) -> Checked {
    match saved {
        Ok(()) => fail(format!("the response to an old refresh was saved after {what}")),
        Err(error) if error.is_superseded() => Ok(()),
        Err(error) => fail(format!("the save after {what} failed with another error: {error}")),
    }
}
