//! R18: the survival matrix. Every fault, at every class of operation, of every provider.
//!
//! Alone in its program: open files are counted for the whole process.

#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "tests")]

use figures::matrix::{Address, Class, Place, Run, Vendor, Wrong, all, ids, impossible, run, runs};
use figures::{open_files, report, report_all};
use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

/// Many runs wait for time limits, so there are more threads than processors of a small machine; but not so many that an
/// attempt meets its limit while it waits for a processor.
const THREADS: usize = 4;

/// The number of cells that exist, of 36 × 5 × 5; a fault, class or provider that is left out by mistake changes it.
const CELLS: usize = 561;

fn wait<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

/// Makes runs at a place with this name, and stops it.
fn at<T>(name: &str, action: impl FnOnce(&Place) -> T) -> T {
    let place = wait(Place::start(name)).unwrap();
    let result = action(&place);
    wait(place.stop());
    result
}

/// Makes all runs. Returns what was wrong with those that did not end as they had to, and the number of those whose effects
/// at the server were counted.
fn failures(runs: &[Run]) -> (Vec<(Run, Wrong)>, u64) {
    let (next, counted, failed) = (AtomicUsize::new(0), AtomicU64::new(0), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for thread in 0..THREADS {
            let (next, counted, failed) = (&next, &counted, &failed);
            scope.spawn(move || {
                at(&thread.to_string(), |place| {
                    while let Some(one) = runs.get(next.fetch_add(1, Ordering::Relaxed)) {
                        match run(one, place) {
                            Ok(effects) => {
                                counted.fetch_add(u64::from(effects.is_some()), Ordering::Relaxed);
                            }
                            Err(wrong) => failed.lock().unwrap().push((one.clone(), wrong)),
                        }
                    }
                });
            });
        }
    });
    (failed.into_inner().unwrap(), counted.into_inner())
}

/// A run that exceeded a time limit has to end as it must three times in a row, alone. Anything else is wrong at once.
fn alone(one: &Run, wrong: Wrong, place: &Place) -> Result<Option<u64>, Wrong> {
    match wrong {
        Wrong::Rule(_) => Err(wrong),
        Wrong::Slow(_) => (0..3).try_fold(None, |_, _| run(one, place)),
    }
}

#[test]
fn every_fault_is_survived_by_every_class_of_every_provider() {
    let (variants, all) = (all(), runs());
    let mut cells: BTreeMap<(&str, Vendor, Class), u64> = BTreeMap::new();
    for run in &all {
        *cells.entry((run.variant.id, run.vendor, run.class)).or_default() += 1;
    }
    Address::ALL.into_iter().try_for_each(Address::prepare).unwrap();
    let open = open_files();
    let (failed, mut counted) = failures(&all);
    let again = failed.len() as u64;
    let mut lost = BTreeSet::new();
    at("again", |place| {
        for (one, wrong) in failed {
            match alone(&one, wrong, place) {
                Ok(effects) => counted += u64::from(effects.is_some()),
                Err(wrong) => {
                    println!("{}: {wrong}", one.name());
                    lost.insert((one.variant.id, one.vendor, one.class));
                }
            }
        }
    });
    println!("| | {} |", Vendor::ALL.map(Vendor::name).join(" | "));
    println!("| --- |{}", " --- |".repeat(5));
    let (mut existing, mut impossibles) = (0, 0);
    for id in ids() {
        let variant = variants.iter().find(|variant| variant.id == id).unwrap();
        let row = Vendor::ALL.map(|vendor| {
            let letters = Class::ALL.map(|class| {
                let cell = (id.as_str(), vendor, class);
                match (impossible(variant, vendor, class), cells.contains_key(&cell)) {
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
    let left = open_files();
    assert!(left.len() <= open.len(), "{left:?} instead of {open:?}");
    assert!(lost.is_empty(), "{} of {existing} cells do not survive", lost.len());
    report_all(
        "R18.matrix",
        existing as u64,
        CELLS as u64,
        &format!(
            "all cells survive, in {} runs, {again} of which exceeded a time limit and were made again, alone; {impossibles} cells can't exist",
            all.len()
        ),
    );
    report("R11.effects", counted, "no call with more effects than it may have");
}
