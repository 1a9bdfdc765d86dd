//! How long files are. 400 lines are read at one sitting; tests beside the code don't count, nor do files of tests.
//!
//! What is longer stands in `xtask/long-files.txt` with the length that it had, and may only become shorter.

use super::rust_files::is_generated;
use super::tree::{Finding, Tree, line_of};
use std::collections::BTreeMap;

/// The list of the files that are longer.
pub(super) const LIST: &str = "xtask/long-files.txt";
const MOST: usize = 400;

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let list = tree.text(LIST).unwrap_or_default();
    let listed = entries(list);
    let mut findings = Vec::new();
    for (path, text) in tree.iter().filter(|(path, _)| counts(path)) {
        let length = length(text);
        match listed.get(path) {
            None if length > MOST => {
                let what = format!("has {length} lines without its tests, which is more than {MOST}");
                findings.push(Finding::new(path, length, what, "move a part of it into a module of its own"));
            }
            Some(&before) if length > before => {
                let what = format!("grew from {before} to {length} lines");
                findings.push(Finding::new(path, length, what, "move a part of it into a module of its own"));
            }
            Some(&before) if length < before => {
                let what = format!("{path} has {length} lines by now, not {before}");
                let line = line_of(list, &format!("{before} {path}"));
                findings.push(Finding::new(LIST, line, what, "run cargo xtask tidy --fix"));
            }
            _ => {}
        }
    }
    for (path, before) in listed.iter().filter(|(path, _)| !tree.has(path)) {
        let line = line_of(list, &format!("{before} {path}"));
        findings.push(Finding::new(LIST, line, format!("{path} is gone"), "run cargo xtask tidy --fix"));
    }
    findings
}

/// The list with lower numbers, and without what is short enough by now. Nothing is ever added or raised.
pub(super) fn fixed(tree: &Tree) -> String {
    let list = tree.text(LIST).unwrap_or_default();
    let mut lines = Vec::new();
    for line in list.lines() {
        match entry(line) {
            None => lines.push(line.to_owned()),
            Some((before, path)) => {
                let now = tree.text(path).map_or(0, length).min(before);
                if now > MOST {
                    lines.push(format!("{now} {path}"));
                }
            }
        }
    }
    lines.join("\n") + "\n"
}

fn entries(list: &str) -> BTreeMap<&str, usize> {
    list.lines().filter_map(entry).map(|(length, path)| (path, length)).collect()
}

fn entry(line: &str) -> Option<(usize, &str)> {
    let (length, path) = line.trim().split_once(' ')?;
    Some((length.parse().ok()?, path.trim()))
}

/// Code that is written by hand: neither generated nor tests.
fn counts(path: &str) -> bool {
    let tests = path.contains("/tests/") || path.ends_with("/tests.rs");
    path.ends_with(".rs") && !tests && !is_generated(path)
}

/// Lines outside of `#[cfg(test)] mod … { … }`.
fn length(text: &str) -> usize {
    let mut count = 0;
    let mut inside = false;
    let mut lines = text.lines().peekable();
    while let Some(line) = lines.next() {
        let next = lines.peek().copied().unwrap_or_default();
        if line == "#[cfg(test)]" && next.starts_with("mod ") && next.ends_with('{') {
            inside = true;
        }
        if !inside {
            count += 1;
        }
        inside = inside && line != "}";
    }
    count
}

#[cfg(test)]
mod tests {
    use super::super::tree::assert_one;
    use super::*;

    fn lines(count: usize) -> String {
        "//! x\n".repeat(count)
    }

    #[test]
    fn tests_beside_the_code_do_not_count_and_what_follows_them_does() {
        let text = "a\n#[cfg(test)]\nmod tests {\n    b\n}\nc\n#[cfg(test)]\nmod other;\n";
        assert_eq!(length(text), 4);
    }

    #[test]
    fn a_long_file_is_found_unless_it_is_listed_or_all_tests() {
        let long = lines(401);
        assert_one(&check(&Tree::of(&[("a/src/b.rs", &long)])), "a/src/b.rs:401", "more than 400");
        assert!(check(&Tree::of(&[("a/src/b.rs", &lines(400))])).is_empty());
        assert!(check(&Tree::of(&[("a/tests/b.rs", &long), ("a/src/generated/b.rs", &long)])).is_empty());
        assert!(check(&Tree::of(&[("a/src/b.rs", &long), (LIST, "# why\n401 a/src/b.rs\n")])).is_empty());
    }

    #[test]
    fn a_listed_file_may_only_become_shorter_and_then_its_entry_too() {
        let list = (LIST, "# why\n410 a/src/b.rs\n");
        assert_one(&check(&Tree::of(&[("a/src/b.rs", &lines(411)), list])), "a/src/b.rs:411", "grew");
        let place = format!("{LIST}:2");
        assert_one(&check(&Tree::of(&[("a/src/b.rs", &lines(405)), list])), &place, "--fix");
        assert_one(&check(&Tree::of(&[("a/src/b.rs", &lines(9)), list])), &place, "--fix");
        assert_one(&check(&Tree::of(&[list])), &place, "gone");
    }

    #[test]
    fn the_fix_lowers_and_drops_and_never_raises() {
        let list = (LIST, "# why\n410 a/src/b.rs\n420 a/src/c.rs\n430 a/src/d.rs\n440 a/src/e.rs\n");
        let tree = Tree::of(&[
            ("a/src/b.rs", &lines(405)),
            ("a/src/c.rs", &lines(3)),
            ("a/src/d.rs", &lines(999)),
            list,
        ]);
        assert_eq!(fixed(&tree), "# why\n405 a/src/b.rs\n430 a/src/d.rs\n");
    }
}
