//! What the generator writes for a sample, against what is committed.

use std::path::Path;
use xtask::{codegen, workspace};

/// Set to write the samples' files instead of comparing them.
const UPDATE: &str = "UPDATE_SAMPLE";

pub(crate) fn check(sample: &str) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join(sample);
    let files = codegen::generate(&workspace::root(), &folder, &format!("{sample}-client")).unwrap();
    let update = std::env::var_os(UPDATE).is_some();
    for (path, text) in &files {
        let path = folder.join(path);
        if update {
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(&path, text).unwrap();
        }
        let there = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(
            there == *text,
            "{} differs; next: {UPDATE}=1 cargo test -p xtask --test {sample}, then look at the difference",
            path.display()
        );
    }
}
