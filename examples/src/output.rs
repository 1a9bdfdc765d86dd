//! Prints the calls of an example: what was called, the result, and how long it took.

#![allow(clippy::print_stdout, reason = "this module prints to standard output")]

use std::fmt::Display;
use std::future::IntoFuture;
use std::time::{Duration, Instant};

/// Prints one line per call.
///
/// ```text
/// Verigator: emulator at http://127.0.0.1:40123
///   services.create(coffeeshop.com)        → id 8c1f…                                1.9 ms
/// ```
#[derive(Debug, Default)]
pub struct Output {
    calls: u32,
    elapsed: Duration,
}

impl Output {
    /// Prints a heading: a provider and the server that is called.
    pub fn heading(&self, provider: &str, server: &str) {
        println!("\n{provider}: {server}");
    }

    /// Prints a remark between the calls.
    pub fn note(&self, text: impl Display) {
        println!("  · {text}");
    }

    /// Awaits a call and prints its result in the words of `describe`.
    ///
    /// # Errors
    ///
    /// The error of the call, after it was printed.
    pub async fn call<T, E, C, D>(
        &mut self,
        what: &str,
        call: C,
        describe: impl FnOnce(&T) -> D,
    ) -> Result<T, E>
    where
        C: IntoFuture<Output = Result<T, E>>,
        E: Display,
        D: Display,
    {
        let (result, elapsed) = self.time(call).await;
        match &result {
            Ok(value) => line(what, &describe(value).to_string(), elapsed),
            Err(error) => line(what, &format!("failed: {error}"), elapsed),
        }
        result
    }

    /// Awaits a call that has to fail, prints its error and returns it.
    ///
    /// # Errors
    ///
    /// If the call succeeds.
    pub async fn expect_error<T, E, C>(&mut self, what: &str, call: C) -> crate::Result<E>
    where
        C: IntoFuture<Output = Result<T, E>>,
        E: Display,
    {
        match self.time(call).await {
            (Err(error), elapsed) => {
                line(what, &format!("expected error: {error}"), elapsed);
                Ok(error)
            }
            (Ok(_), _) => Err(format!("{what} succeeded, but an error was expected").into()),
        }
    }

    /// Prints the number of calls and their total duration.
    pub(crate) fn summary(&self) {
        println!("\n{} calls in {}", self.calls, human(self.elapsed));
    }

    /// Prints the error that ended the example, and its causes.
    pub(crate) fn failure(&self, error: &(dyn std::error::Error + 'static)) {
        println!("\nfailed: {error}");
        for cause in std::iter::successors(error.source(), |cause| cause.source()) {
            println!("  caused by: {cause}");
        }
    }

    async fn time<C: IntoFuture>(&mut self, call: C) -> (C::Output, Duration) {
        #[expect(clippy::disallowed_methods, reason = "the output shows real durations")]
        let start = Instant::now();
        let output = call.await;
        let elapsed = start.elapsed();
        self.calls += 1;
        self.elapsed += elapsed;
        (output, elapsed)
    }
}

fn line(what: &str, result: &str, elapsed: Duration) {
    println!("  {what:<44} → {result:<58} {:>9}", human(elapsed));
}

fn human(duration: Duration) -> String {
    let millis = duration.as_secs_f64() * 1_000.0;
    if millis < 1_000.0 { format!("{millis:.1} ms") } else { format!("{:.2} s", duration.as_secs_f64()) }
}
