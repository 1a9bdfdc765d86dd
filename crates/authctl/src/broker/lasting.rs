//! Calls that outlast their callers.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::thread;
use tokio::runtime::Handle;

/// A future that is continued in a task if it is dropped before it has ended. As with a task, its panic is a result. Most are never
/// dropped, and do without the cost of a task.
pub(super) struct Lasting<F: Future<Output: Send> + Send + 'static>(Option<Pin<Box<F>>>);

impl<F: Future<Output: Send> + Send + 'static> Lasting<F> {
    pub(super) fn new(future: F) -> Self {
        Self(Some(Box::pin(future)))
    }
}

impl<F: Future<Output: Send> + Send + 'static> Future for Lasting<F> {
    type Output = thread::Result<F::Output>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let Some(future) = &mut self.0 else { return Poll::Pending };
        let result = match catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(context))) {
            Ok(Poll::Pending) => return Poll::Pending,
            Ok(Poll::Ready(output)) => Ok(output),
            Err(panic) => Err(panic),
        };
        self.0 = None;
        Poll::Ready(result)
    }
}

impl<F: Future<Output: Send> + Send + 'static> Drop for Lasting<F> {
    fn drop(&mut self) {
        if let Some(future) = self.0.take()
            && let Ok(runtime) = Handle::try_current()
        {
            runtime.spawn(future);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::future::poll_fn;
    use tokio::sync::oneshot;

    #[tokio::test]
    async fn it_is_continued_if_it_is_dropped_and_a_panic_is_a_result() {
        assert_eq!(Lasting::new(async { 7 }).await.unwrap(), 7);
        assert!(Lasting::new(async { panic!("in a call") }).await.is_err());

        for polled in [false, true] {
            let (begin, begun) = oneshot::channel::<()>();
            let (end, ended) = oneshot::channel();
            let mut lasting = Box::pin(Lasting::new(async move {
                begun.await.unwrap();
                end.send(7).unwrap();
            }));
            if polled {
                poll_fn(|context| {
                    assert!(lasting.as_mut().poll(context).is_pending());
                    Poll::Ready(())
                })
                .await;
            }
            drop(lasting);
            begin.send(()).unwrap();
            assert_eq!(ended.await, Ok(7));
        }
    }
}
