//! Tells a person what was called, what came back and how long it took.

#![allow(clippy::print_stdout, reason = "printing is what this is for")]

use std::fmt::Display;
use std::future::IntoFuture;
use std::time::{Duration, Instant};

/// Prints the story of an example, one line per call.
///
/// ```text
/// Verigator – the emulator at http://127.0.0.1:40123
///   services.create(coffeeshop.com)        → id 8c1f…                                1.9 ms
/// ```
#[derive(Debug)]
pub struct Narrator {
    calls: u32,
    spent: Duration,
}

impl Default for Narrator {
    fn default() -> Self {
        Self::new()
    }
}

impl Narrator {
    /// A narrator who has told nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self { calls: 0, spent: Duration::ZERO }
    }

    /// Begins a chapter: a provider, and where its calls go.
    pub fn chapter(&self, provider: &str, place: &str) {
        println!("\n{provider} – {place}");
    }

    /// Says something between the calls.
    pub fn say(&self, text: impl Display) {
        println!("  · {text}");
    }

    /// Makes a call and tells about it; `tell` puts what came back into words.
    ///
    /// # Errors
    ///
    /// The call's own, after telling about it.
    pub async fn call<T, E, C, D>(&mut self, what: &str, call: C, tell: impl FnOnce(&T) -> D) -> Result<T, E>
    where
        C: IntoFuture<Output = Result<T, E>>,
        E: Display,
        D: Display,
    {
        let (result, took) = self.time(call).await;
        match &result {
            Ok(value) => line(what, &tell(value).to_string(), took),
            Err(error) => line(what, &format!("failed: {error}"), took),
        }
        result
    }

    /// Makes a call that is meant to fail, and tells how it did.
    ///
    /// # Errors
    ///
    /// When it does not fail.
    pub async fn refused<T, E, C>(&mut self, what: &str, call: C) -> crate::Result<E>
    where
        C: IntoFuture<Output = Result<T, E>>,
        E: Display,
    {
        match self.time(call).await {
            (Err(error), took) => {
                line(what, &format!("refused, as it should be: {error}"), took);
                Ok(error)
            }
            (Ok(_), _) => Err(format!("{what} succeeded, although it must not").into()),
        }
    }

    /// The sum of it all.
    pub fn finish(&self) {
        println!("\n{} calls in {}.", self.calls, human(self.spent));
    }

    /// The end of a story that did not go well.
    pub fn give_up(&self, error: &(dyn std::error::Error + 'static)) {
        println!("\nStopped: {error}");
        for cause in std::iter::successors(error.source(), |cause| cause.source()) {
            println!("  because: {cause}");
        }
    }

    async fn time<C: IntoFuture>(&mut self, call: C) -> (C::Output, Duration) {
        #[expect(clippy::disallowed_methods, reason = "a person is told how long a call took")]
        let start = Instant::now();
        let output = call.await;
        let took = start.elapsed();
        self.calls += 1;
        self.spent += took;
        (output, took)
    }
}

fn line(what: &str, outcome: &str, took: Duration) {
    // Long outcomes wrap by themselves in a terminal; only the common case is aligned.
    println!("  {what:<44} → {outcome:<58} {:>9}", human(took));
}

fn human(duration: Duration) -> String {
    let millis = duration.as_secs_f64() * 1_000.0;
    if millis < 1_000.0 { format!("{millis:.1} ms") } else { format!("{:.2} s", duration.as_secs_f64()) }
}
