//! Counts what the program allocates and the processor time that it takes.
//!
//! The runtime has one thread, so the counters need no order and the totals are those of the calls.

use std::alloc::{GlobalAlloc, Layout, System};
use std::backtrace::Backtrace;
use std::cell::RefCell;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};

static ALLOCATIONS: AtomicU64 = AtomicU64::new(0);
static GROWN: AtomicU64 = AtomicU64::new(0);
static BYTES: AtomicU64 = AtomicU64::new(0);
static TRACING: AtomicBool = AtomicBool::new(false);

thread_local! {
    static TRACES: RefCell<Vec<(usize, String)>> = const { RefCell::new(Vec::new()) };
}

pub struct Counting;

/// What has been allocated since the program began.
pub struct Counters {
    pub allocations: u64,
    /// Allocations that were made larger in place or moved; not among `allocations`.
    pub grown: u64,
    pub bytes: u64,
}

pub fn counters() -> Counters {
    Counters {
        allocations: ALLOCATIONS.load(Relaxed),
        grown: GROWN.load(Relaxed),
        bytes: BYTES.load(Relaxed),
    }
}

pub fn start_trace() {
    TRACING.store(true, Relaxed);
}

pub fn stop_trace() -> Vec<(usize, String)> {
    TRACING.store(false, Relaxed);
    TRACES.with(RefCell::take)
}

fn note(size: usize) {
    ALLOCATIONS.fetch_add(1, Relaxed);
    BYTES.fetch_add(size as u64, Relaxed);
    // Off while the backtrace is taken, which allocates too.
    if TRACING.swap(false, Relaxed) {
        let text = Backtrace::force_capture().to_string();
        TRACES.with(|traces| traces.borrow_mut().push((size, text)));
        TRACING.store(true, Relaxed);
    }
}

// SAFETY: everything is handed on to the system's allocator as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        note(layout.size());
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        note(layout.size());
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        GROWN.fetch_add(1, Relaxed);
        BYTES.fetch_add(size.saturating_sub(layout.size()) as u64, Relaxed);
        unsafe { System.realloc(pointer, layout, size) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        unsafe { System.dealloc(pointer, layout) }
    }
}

/// Processor time of this process, user and system.
pub fn cpu_nanoseconds() -> u64 {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the pointer is to a live value of the right type.
    let answer = unsafe { libc::clock_gettime(libc::CLOCK_PROCESS_CPUTIME_ID, &mut time) };
    assert_eq!(answer, 0, "this system has no process clock");
    time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64
}
