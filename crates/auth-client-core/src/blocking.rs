//! Blocking calls for programs without an async runtime: scripts, login modules, plug-ins.
//!
//! There is no separate blocking client. The calling thread polls the same calls as async code, so retries, deadlines,
//! renewals, errors and redaction are identical.
//!
//! ```
//! # use auth_client_core::{Call, Error};
//! # fn example(call: Call<String, Error>) -> Result<(), Error> {
//! let text = call.timeout(std::time::Duration::from_secs(5)).wait()?;
//! # let _ = text;
//! # Ok(())
//! # }
//! ```
//!
//! [`Call::wait`] sends a call. [`Pages::wait_next`] and [`Items::wait_next`] step through lists, and
//! [`Pages::blocking`] and [`Items::blocking`] turn lists into iterators. [`wait`] waits for any other future:
//! logins, challenges, helpers that make several calls.
//!
//! # Background thread
//!
//! The first blocking call of a process starts one thread, which runs until the process ends. It keeps connections open
//! between calls and completes renewals whose call has returned. (Name resolution temporarily uses another thread.) Any
//! number of threads can wait at the same time.
//!
//! A program that **forks** must build its clients and make its first blocking call in the child process, because a
//! fork copies neither threads nor usable connections. A forked process starts its own thread with its next call. For
//! login modules (PAM): build the client when the module is called, not when it is loaded, and prevent the module from
//! being unloaded (`-Wl,-z,nodelete`), because the thread runs its code.
//!
//! # Inside a runtime
//!
//! On a thread of a tokio runtime, blocking calls return an error, because they would block the runtime; the error
//! suggests `.await`. The same applies inside `spawn_blocking`; use `Handle::current().block_on(call.send())` there.

use crate::call::{Call, Reply};
use crate::error::Error;
use crate::page::{Items, Pages};
use std::fmt;
use std::hash::Hash;
use std::mem;
use std::sync::{Mutex, PoisonError};
use tokio::runtime::{Builder, Handle, Runtime};

/// The runtime of this process, and the id of the process that started it.
static BACKGROUND: Mutex<Option<(u32, Runtime)>> = Mutex::new(None);

/// Waits for a call, a login, or any other fallible future of this SDK.
///
/// The calling thread sleeps while it waits. The future needs to be neither `Send` nor `'static`.
///
/// ```
/// use auth_client_core::{Call, Error, blocking};
///
/// # fn example(call: Call<String, Error>) -> Result<(), Error> {
/// let text = blocking::wait(call)?;
/// let length = blocking::wait(async { Ok::<_, Error>(text.len()) })?;
/// # let _ = length;
/// # Ok(())
/// # }
/// ```
///
/// # Errors
///
/// The errors of the future, and [`Configuration`](crate::ErrorKind::Configuration) on a thread of a tokio
/// runtime or if no thread can be started.
pub fn wait<T, E: From<Error>>(future: impl IntoFuture<Output = Result<T, E>>) -> Result<T, E> {
    run(future)?
}

/// Waits for any future and returns its output. Use it for infallible futures, and for futures with another error type,
/// such as `run(login.discover())??` of an OpenID Connect login.
///
/// ```
/// assert_eq!(auth_client_core::blocking::run(async { 1 + 1 })?, 2);
/// # Ok::<(), auth_client_core::Error>(())
/// ```
///
/// # Errors
///
/// [`Configuration`](crate::ErrorKind::Configuration) on a thread of a tokio runtime, or if no thread can be
/// started.
pub fn run<F: IntoFuture>(future: F) -> Result<F::Output, Error> {
    if Handle::try_current().is_ok() {
        return Err(Error::configuration(
            "blocking call",
            "not allowed on a thread of a tokio runtime; use `.await` instead",
        ));
    }
    Ok(background(std::process::id())?.block_on(future.into_future()))
}

/// Returns the background runtime, and starts it if this process has none yet.
fn background(process: u32) -> Result<Handle, Error> {
    let mut background = BACKGROUND.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some((owner, runtime)) = &*background
        && *owner == process
    {
        return Ok(runtime.handle().clone());
    }
    // One worker is enough: waiting threads poll their calls, and the worker serves connections and timers.
    let runtime = Builder::new_multi_thread()
        .worker_threads(1)
        .thread_name("auth-client-core")
        .enable_all()
        .build()
        .map_err(|error| {
            Error::configuration("blocking call", "could not start the background thread").with_source(error)
        })?;
    let handle = runtime.handle().clone();
    // After a fork, the threads of the parent's runtime are gone, and dropping it would wait for them.
    mem::forget(background.replace((process, runtime)));
    Ok(handle)
}

impl<T: 'static, E: From<Error> + 'static> Call<T, E> {
    /// Sends the call and waits for its result; the blocking equivalent of `.await`.
    ///
    /// ```
    /// # use auth_client_core::{Call, Error, RetryPolicy};
    /// # fn example(call: Call<String, Error>) -> Result<(), Error> {
    /// let text = call.retry(RetryPolicy::none()).wait()?;
    /// # let _ = text;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// The errors of [`send`](Self::send), and [`Configuration`](crate::ErrorKind::Configuration) on a thread of
    /// a tokio runtime; see [`blocking`](self).
    pub fn wait(self) -> Result<T, E> {
        wait(self.send())
    }

    /// Sends the call and waits for its result; the blocking equivalent of [`reply`](Self::reply).
    ///
    /// ```
    /// # use auth_client_core::{Error, decode, testing::ScriptedTransport};
    /// # use auth_client_core::provider::{BaseUrl, Engine, Settings, ProviderRules};
    /// # #[derive(Debug)]
    /// # struct Shop;
    /// # impl ProviderRules for Shop { fn name(&self) -> &'static str { "shop" } }
    /// # let transport = ScriptedTransport::new().json(200, "\"lamp\"");
    /// # let mut settings = Settings::new("shop-client/1.0");
    /// # settings.set_transport(std::sync::Arc::new(transport.clone()));
    /// # let engine = Engine::new(&settings, BaseUrl::parse("base URL", "https://shop.example")?, Shop, None)?;
    /// # let call = engine.raw(http::Method::GET, "/items/7").call::<String, Error>(decode::json);
    /// let reply = call.wait_reply()?;
    /// assert_eq!((reply.value.as_str(), reply.status.as_u16(), reply.attempts), ("lamp", 200, 1));
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// The errors of [`wait`](Self::wait).
    pub fn wait_reply(self) -> Result<Reply<T>, E> {
        wait(self.reply())
    }
}

impl<P: 'static, C: Hash + Unpin, E: From<Error> + 'static> Pages<P, C, E> {
    /// Waits for the next page; `None` at the end. After an error, the next call requests the same page again.
    ///
    /// ```
    /// # use auth_client_core::{Error, Pages, decode, testing::ScriptedTransport};
    /// # use auth_client_core::provider::{BaseUrl, Engine, Settings, ProviderRules};
    /// # #[derive(Debug)]
    /// # struct Shop;
    /// # impl ProviderRules for Shop { fn name(&self) -> &'static str { "shop" } }
    /// # let transport = ScriptedTransport::new().json(200, "[1,2]").json(200, "[]");
    /// # let mut settings = Settings::new("shop-client/1.0");
    /// # settings.set_transport(std::sync::Arc::new(transport.clone()));
    /// # let engine = Engine::new(&settings, BaseUrl::parse("base URL", "https://shop.example")?, Shop, None)?;
    /// # let pages: Pages<Vec<u32>, u64, Error> = Pages::new(
    /// #     "items.list",
    /// #     0,
    /// #     move |at| engine.raw(http::Method::GET, "/items").query("offset", *at).call(decode::json),
    /// #     |at, page, _| Ok((!page.is_empty()).then_some(at + page.len() as u64).into()),
    /// # );
    /// let mut pages = pages.limit_pages(1);
    /// while let Some(page) = pages.wait_next() {
    ///     assert_eq!(page?, [1, 2]);
    /// }
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// The errors of [`Call::wait`].
    pub fn wait_next(&mut self) -> Option<Result<P, E>> {
        run(self.next_page()).unwrap_or_else(|error| Some(Err(error.into())))
    }

    /// Returns a blocking iterator over the pages.
    ///
    /// ```
    /// # use auth_client_core::{Error, Pages};
    /// # fn example(pages: Pages<Vec<String>, u64, Error>) -> Result<(), Error> {
    /// for page in pages.blocking() {
    ///     println!("{} rows", page?.len());
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn blocking(self) -> BlockingIter<Self> {
        BlockingIter { list: self, finished: false }
    }
}

impl<P: 'static, C: Hash + Unpin, T: Unpin, E: From<Error> + 'static> Items<P, C, T, E> {
    /// Waits for the next item; `None` at the end. After an error, the next call requests the same page again.
    ///
    /// ```
    /// # use auth_client_core::{Error, Pages, decode, testing::ScriptedTransport};
    /// # use auth_client_core::provider::{BaseUrl, Engine, Settings, ProviderRules};
    /// # #[derive(Debug)]
    /// # struct Shop;
    /// # impl ProviderRules for Shop { fn name(&self) -> &'static str { "shop" } }
    /// # let transport = ScriptedTransport::new().json(200, "[1,2]").json(200, "[]");
    /// # let mut settings = Settings::new("shop-client/1.0");
    /// # settings.set_transport(std::sync::Arc::new(transport.clone()));
    /// # let engine = Engine::new(&settings, BaseUrl::parse("base URL", "https://shop.example")?, Shop, None)?;
    /// # let pages: Pages<Vec<u32>, u64, Error> = Pages::new(
    /// #     "items.list",
    /// #     0,
    /// #     move |at| engine.raw(http::Method::GET, "/items").query("offset", *at).call(decode::json),
    /// #     |at, page, _| Ok((!page.is_empty()).then_some(at + page.len() as u64).into()),
    /// # );
    /// let mut rows = pages.items(|page| page);
    /// assert_eq!(rows.wait_next().transpose()?, Some(1));
    /// assert_eq!(rows.wait_next().transpose()?, Some(2));
    /// assert!(rows.wait_next().is_none());
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// The errors of [`Call::wait`].
    pub fn wait_next(&mut self) -> Option<Result<T, E>> {
        run(self.next()).unwrap_or_else(|error| Some(Err(error.into())))
    }

    /// Returns a blocking iterator over the items.
    ///
    /// ```
    /// # use auth_client_core::{Error, Items};
    /// # fn example(users: Items<Vec<String>, u64, String, Error>) -> Result<(), Error> {
    /// let users: Vec<String> = users.blocking().collect::<Result<_, _>>()?;
    /// # let _ = users;
    /// # Ok(())
    /// # }
    /// ```
    pub fn blocking(self) -> BlockingIter<Self> {
        BlockingIter { list: self, finished: false }
    }
}

/// A blocking iterator over a list; returned by [`Pages::blocking`] and [`Items::blocking`].
///
/// It ends at the end of the list or after the first error, so that a loop that ignores errors ends too.
///
/// ```
/// # use auth_client_core::{Error, Pages, decode, testing::ScriptedTransport};
/// # use auth_client_core::provider::{BaseUrl, Engine, Settings, ProviderRules};
/// # #[derive(Debug)]
/// # struct Shop;
/// # impl ProviderRules for Shop { fn name(&self) -> &'static str { "shop" } }
/// # let transport = ScriptedTransport::new().json(200, "[1,2]").status(404).json(200, "[]");
/// # let mut settings = Settings::new("shop-client/1.0");
/// # settings.set_transport(std::sync::Arc::new(transport.clone()));
/// # let engine = Engine::new(&settings, BaseUrl::parse("base URL", "https://shop.example")?, Shop, None)?;
/// # let pages: Pages<Vec<u32>, u64, Error> = Pages::new(
/// #     "items.list",
/// #     0,
/// #     move |at| engine.raw(http::Method::GET, "/items").query("offset", *at).call(decode::json),
/// #     |at, page, _| Ok((!page.is_empty()).then_some(at + page.len() as u64).into()),
/// # );
/// let mut pages = pages.blocking();
/// assert_eq!(pages.by_ref().filter_map(Result::ok).count(), 1, "the second page failed");
///
/// // Requests the second page again.
/// assert!(pages.into_inner().wait_next().is_some_and(|page| page.is_ok()));
/// # Ok::<(), Error>(())
/// ```
#[must_use = "nothing is sent until pages are requested"]
pub struct BlockingIter<L> {
    list: L,
    finished: bool,
}

impl<L> BlockingIter<L> {
    /// Returns the list, which can continue after an error.
    pub fn into_inner(self) -> L {
        self.list
    }

    fn ask<T, E>(&mut self, next: impl FnOnce(&mut L) -> Option<Result<T, E>>) -> Option<Result<T, E>> {
        if self.finished {
            return None;
        }
        let item = next(&mut self.list);
        self.finished = !matches!(item, Some(Ok(_)));
        item
    }
}

impl<P: 'static, C: Hash + Unpin, E: From<Error> + 'static> Iterator for BlockingIter<Pages<P, C, E>> {
    type Item = Result<P, E>;

    fn next(&mut self) -> Option<Self::Item> {
        self.ask(Pages::wait_next)
    }
}

impl<P: 'static, C: Hash + Unpin, T: Unpin, E: From<Error> + 'static> Iterator
    for BlockingIter<Items<P, C, T, E>>
{
    type Item = Result<T, E>;

    fn next(&mut self) -> Option<Self::Item> {
        self.ask(Items::wait_next)
    }
}

impl<L: fmt::Debug> fmt::Debug for BlockingIter<L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BlockingIter").field("list", &self.list).field("finished", &self.finished).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_forked_process_starts_a_runtime_of_its_own() {
        let id = |handle: &Handle| handle.id();
        // Process ids that don't exist.
        let parent = background(u32::MAX).unwrap();
        assert_eq!(id(&parent), id(&background(u32::MAX).unwrap()), "one per process");
        let child = background(u32::MAX - 1).unwrap();
        assert_ne!(id(&parent), id(&child));
        assert_eq!(child.block_on(async { 1 }), 1);
    }
}
