//! Ctrl-C ends the program with exit code 130, unless a section handles the key: while a call is under way, a filter runs, or
//! deliveries are received. A second Ctrl-C always ends the program.

use crate::failure::Failure;
use crate::index::Class;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

/// Sections that handle the key.
static HANDLED: AtomicUsize = AtomicUsize::new(0);
/// How often the key was pressed.
static PRESSED: AtomicUsize = AtomicUsize::new(0);
/// The key is for another program.
static PASSED_ON: AtomicBool = AtomicBool::new(false);
/// Whether a write may have been sent.
static WRITES: AtomicBool = AtomicBool::new(false);

/// Listens for Ctrl-C from now on, on its own thread, because this one may wait for input.
pub(crate) fn watch() {
    std::thread::spawn(|| {
        // Without a runtime, Ctrl-C ends the process as usual.
        let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build() else { return };
        while runtime.block_on(tokio::signal::ctrl_c()).is_ok() {
            let again = PRESSED.fetch_add(1, Ordering::SeqCst) > 0;
            let ends = again || HANDLED.load(Ordering::SeqCst) == 0;
            if ends && !PASSED_ON.load(Ordering::SeqCst) {
                let class = if WRITES.load(Ordering::SeqCst) { Class::Write } else { Class::Read };
                terminal::restore();
                std::process::exit(crate::report(&Failure::interrupted(class)).into());
            }
        }
    });
}

/// The state of the terminal before a question without an echo, which the end of the program restores.
#[cfg(unix)]
pub(crate) mod terminal {
    use rustix::termios::{OptionalActions, Termios, tcgetattr, tcsetattr};
    use std::fs::File;
    use std::sync::{Mutex, PoisonError};

    static SAVED: Mutex<Option<(File, Termios)>> = Mutex::new(None);

    pub(crate) fn save() {
        let saved = File::open("/dev/tty").ok().and_then(|file| {
            let state = tcgetattr(&file).ok()?;
            Some((file, state))
        });
        *SAVED.lock().unwrap_or_else(PoisonError::into_inner) = saved;
    }

    pub(super) fn restore() {
        if let Some((file, state)) = SAVED.lock().unwrap_or_else(PoisonError::into_inner).take() {
            // Ignored: the terminal may be gone.
            let _ = tcsetattr(&file, OptionalActions::Now, &state);
        }
    }
}

/// Elsewhere the console belongs to the function that asks.
#[cfg(not(unix))]
pub(crate) mod terminal {
    pub(crate) fn save() {}
    pub(super) fn restore() {}
}

/// A section that handles the key. It ends when dropped.
#[derive(Debug)]
pub(crate) struct Handled(());

pub(crate) fn handled() -> Handled {
    HANDLED.fetch_add(1, Ordering::SeqCst);
    Handled(())
}

impl Drop for Handled {
    fn drop(&mut self) {
        HANDLED.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Handled {
    /// Waits for the key. It was perhaps pressed before, so this looks instead of listening.
    pub(crate) async fn pressed(&self) {
        while !self.was_pressed() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    pub(crate) fn was_pressed(&self) -> bool {
        PRESSED.load(Ordering::SeqCst) > 0
    }
}

/// Does work until Ctrl-C, which drops it. A write that may have been sent is reported as unclear.
pub(crate) async fn until<T>(class: Class, work: impl IntoFuture<Output = T>) -> Result<T, Failure> {
    let handled = handled();
    tokio::select! {
        // Polled first, so that Ctrl-C is caught before anything is sent.
        biased;
        () = handled.pressed() => Err(Failure::interrupted(class)),
        done = async {
            WRITES.fetch_or(class != Class::Read, Ordering::SeqCst);
            work.await
        } => Ok(done),
    }
}

/// Waits for SIGTERM, which ends a server gracefully. Elsewhere there is none.
pub(crate) async fn terminated() {
    #[cfg(unix)]
    if let Ok(mut signal) = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
        signal.recv().await;
        return;
    }
    std::future::pending().await
}

/// A signal for a command that runs until it is ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Signal {
    Interrupt,
    #[cfg(unix)]
    Terminate,
    #[cfg(unix)]
    HangUp,
}

/// Handles all signals from its creation on. A second Ctrl-C ends the program nevertheless, unless the key is passed on.
#[derive(Debug)]
pub(crate) struct Signals {
    _keys: Handled,
    /// How many of the presses were returned.
    returned: usize,
    #[cfg(unix)]
    terminate: tokio::signal::unix::Signal,
    #[cfg(unix)]
    hang_up: tokio::signal::unix::Signal,
}

impl Signals {
    /// For a program that passes every Ctrl-C on to another one, and ends with it.
    pub(crate) fn passed_on() -> Result<Self, Failure> {
        PASSED_ON.store(true, Ordering::SeqCst);
        Self::new()
    }

    #[cfg(unix)]
    pub(crate) fn new() -> Result<Self, Failure> {
        use tokio::signal::unix::{SignalKind, signal};
        let failed = |error| Failure::local(format!("signals can't be handled: {error}"));
        let terminate = signal(SignalKind::terminate()).map_err(failed)?;
        let hang_up = signal(SignalKind::hangup()).map_err(failed)?;
        Ok(Self { _keys: handled(), returned: 0, terminate, hang_up })
    }

    #[cfg(not(unix))]
    pub(crate) fn new() -> Result<Self, Failure> {
        Ok(Self { _keys: handled(), returned: 0 })
    }

    /// Waits for the next signal.
    pub(crate) async fn next(&mut self) -> Signal {
        let returned = self.returned;
        let interrupt = async {
            while PRESSED.load(Ordering::SeqCst) == returned {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        #[cfg(unix)]
        let signal = tokio::select! {
            () = interrupt => Signal::Interrupt,
            _ = self.terminate.recv() => Signal::Terminate,
            _ = self.hang_up.recv() => Signal::HangUp,
        };
        #[cfg(not(unix))]
        let signal = {
            interrupt.await;
            Signal::Interrupt
        };
        self.returned += usize::from(signal == Signal::Interrupt);
        signal
    }
}
