//! Ctrl-C ends the program with exit code 130, unless a section handles the key: while a call is under way, a filter runs, or
//! deliveries are received. A second Ctrl-C ends the program, unless all signals are handled.

use crate::failure::Failure;
use crate::index::Class;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use tokio::sync::Notify;

/// Sections that handle the key.
static HANDLED: AtomicUsize = AtomicUsize::new(0);
/// How often the key was pressed.
static PRESSED: AtomicUsize = AtomicUsize::new(0);
/// Wakes who waits for the next time.
static AGAIN: Notify = Notify::const_new();
/// The program handles every press itself, also the second one.
static EVERY: AtomicBool = AtomicBool::new(false);
/// Whether a write may have been sent.
static WRITES: AtomicBool = AtomicBool::new(false);

/// Listens for Ctrl-C from now on, on its own thread, because this one may wait for input.
pub(crate) fn watch() {
    std::thread::spawn(|| {
        // Without a runtime, Ctrl-C ends the process as usual.
        let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build() else { return };
        while runtime.block_on(tokio::signal::ctrl_c()).is_ok() {
            let again = PRESSED.fetch_add(1, Ordering::SeqCst) > 0;
            AGAIN.notify_waiters();
            let ends = again || HANDLED.load(Ordering::SeqCst) == 0;
            if ends && !EVERY.load(Ordering::SeqCst) {
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

/// Waits until the key was pressed more often than this.
async fn pressed(before: usize) {
    loop {
        let mut next = pin!(AGAIN.notified());
        // From here on, no press is missed.
        next.as_mut().enable();
        if PRESSED.load(Ordering::SeqCst) > before {
            return;
        }
        next.await;
    }
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
    /// Waits for the key. It was perhaps pressed before.
    pub(crate) async fn pressed(&self) {
        pressed(0).await;
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

/// A signal for a command that runs until it is ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Signal {
    Interrupt,
    #[cfg(unix)]
    Terminate,
    #[cfg(unix)]
    HangUp,
}

impl Signal {
    /// The exit code of a program that the signal ends.
    pub(crate) fn code(self) -> i32 {
        match self {
            Self::Interrupt => 130,
            #[cfg(unix)]
            Self::Terminate => 143,
            #[cfg(unix)]
            Self::HangUp => 129,
        }
    }
}

/// Handles all signals from its creation on, also a second Ctrl-C.
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
    #[cfg(unix)]
    pub(crate) fn new() -> Result<Self, Failure> {
        use tokio::signal::unix::{SignalKind, signal};
        let failed = |error| Failure::local(format!("signals can't be handled: {error}"));
        let terminate = signal(SignalKind::terminate()).map_err(failed)?;
        let hang_up = signal(SignalKind::hangup()).map_err(failed)?;
        EVERY.store(true, Ordering::SeqCst);
        Ok(Self { _keys: handled(), returned: 0, terminate, hang_up })
    }

    #[cfg(not(unix))]
    pub(crate) fn new() -> Result<Self, Failure> {
        EVERY.store(true, Ordering::SeqCst);
        Ok(Self { _keys: handled(), returned: 0 })
    }

    /// Waits for the next signal.
    pub(crate) async fn next(&mut self) -> Signal {
        let interrupt = pressed(self.returned);
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
