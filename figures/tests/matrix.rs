//! R18: the survival matrix. Every fault, at every class of operation, of every provider.
//!
//! Alone in its program: open files are counted for the whole process.

#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "tests")]

use figures::matrix::{Class, Place, Run, Vendor, ids, impossible, run, runs};
use figures::report;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Most runs wait for time limits, so there are more threads than processors.
const THREADS: usize = 10;

/// The number of cells that exist, of 36 × 5 × 5; a fault, class or provider that is left out by mistake changes it.
const CELLS: usize = 561;

fn place(name: &str) -> Place {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(Place::start(name)).unwrap()
}

/// The number of open files, once it is not above `wanted` or does not change any more: servers that were dropped close theirs
/// in the background.
fn settled(wanted: usize) -> usize {
    let files = || std::fs::read_dir("/proc/self/fd").map_or(0, Iterator::count);
    let (mut last, mut same) = (files(), 0);
    while last > wanted && same < 20 {
        std::thread::sleep(std::time::Duration::from_millis(50));
        let now = files();
        same = if now == last { same + 1 } else { 0 };
        last = now;
    }
    last
}

/// Makes all runs, and returns what was wrong with those that did not end as they had to.
fn failures(runs: &[Run]) -> Vec<(Run, String)> {
    let (next, failed) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for thread in 0..THREADS {
            let (next, failed) = (&next, &failed);
            scope.spawn(move || {
                let place = place(&thread.to_string());
                while let Some(one) = runs.get(next.fetch_add(1, Ordering::Relaxed)) {
                    if let Err(why) = run(one, &place) {
                        failed.lock().unwrap().push((one.clone(), why));
                    }
                }
            });
        }
    });
    failed.into_inner().unwrap()
}

#[test]
fn every_fault_is_survived_by_every_class_of_every_provider() {
    let all = runs();
    let mut cells: BTreeMap<(&str, Vendor, Class), u64> = BTreeMap::new();
    for run in &all {
        *cells.entry((run.variant.id, run.vendor, run.class)).or_default() += 1;
    }
    // Addresses at which nothing can be reached are made once and kept.
    let first: Vec<Run> = all.iter().filter(|run| run.variant.id < "F04").cloned().collect();
    drop(failures(&first));
    let open = settled(0);
    let mut failed = failures(&all);
    // On a busy machine an attempt can meet its limit of 400 ms. Alone, each run has to end as it must, three times in a row.
    let (place, again) = (place("again"), failed.len());
    failed.retain_mut(|(one, why)| match (0..3).find_map(|_| run(one, &place).err()) {
        Some(again) => {
            *why = again;
            true
        }
        None => false,
    });
    drop(place);
    for (run, why) in &failed {
        println!("{}: {why}", run.name());
    }
    let lost: BTreeSet<_> = failed.iter().map(|(run, _)| (run.variant.id, run.vendor, run.class)).collect();

    println!("| | {} |", Vendor::ALL.map(Vendor::name).join(" | "));
    println!("| --- |{}", " --- |".repeat(5));
    let (mut existing, mut impossibles) = (0, 0);
    for id in ids() {
        let row = Vendor::ALL.map(|vendor| {
            let letters = Class::ALL.map(|class| {
                let cell = (id.as_str(), vendor, class);
                match (impossible(&id, vendor, class), cells.contains_key(&cell)) {
                    (Some(_), false) => {
                        impossibles += 1;
                        "·".to_owned()
                    }
                    (None, true) => {
                        existing += 1;
                        if lost.contains(&cell) {
                            format!("~~{}~~", class.letter())
                        } else {
                            class.letter().to_string()
                        }
                    }
                    _ => panic!("{cell:?} is neither tried nor impossible"),
                }
            });
            letters.concat()
        });
        println!("| {id} | {} |", row.join(" | "));
    }
    assert_eq!((existing, impossibles), (CELLS, 36 * 25 - CELLS));
    let left = settled(open);
    assert!(left <= open, "{left} open files instead of {open}");
    assert!(
        failed.is_empty(),
        "{} of {} runs in {} of {existing} cells failed",
        failed.len(),
        all.len(),
        lost.len()
    );
    report(
        "R18",
        existing as u64,
        CELLS as u64,
        &format!(
            "all cells survive, in {} runs, {again} of them again, alone; {impossibles} cells can't exist",
            all.len()
        ),
    );
}
