//! What came and what went, between two lists of lines.

use std::collections::BTreeMap;

/// More would scroll the command away that is to be run next.
const MOST: usize = 60;

/// The lines that differ, with `-` and `+`; none when the lists have the same lines in the same order.
pub(super) fn show(committed: &[String], found: &[String]) -> Option<String> {
    if committed == found {
        return None;
    }
    let mut balance: BTreeMap<&str, i64> = BTreeMap::new();
    for line in committed {
        *balance.entry(line).or_default() -= 1;
    }
    for line in found {
        *balance.entry(line).or_default() += 1;
    }
    let changed: Vec<String> = balance
        .iter()
        .filter_map(|(line, balance)| match balance {
            0 => None,
            1.. => Some(format!("  + {line}")),
            _ => Some(format!("  - {line}")),
        })
        .collect();
    if changed.is_empty() {
        return Some("  the same lines in another order".to_owned());
    }
    let removed = changed.iter().filter(|line| line.starts_with("  -")).count();
    let mut shown: Vec<String> = changed.iter().take(MOST).cloned().collect();
    if changed.len() > MOST {
        shown.push(format!("  … and {} more", changed.len() - MOST));
    }
    shown.push(format!("  {} went away, {} came", removed, changed.len() - removed));
    Some(shown.join("\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> Vec<String> {
        text.split(' ').map(str::to_owned).collect()
    }

    #[test]
    fn what_went_and_what_came_is_shown_and_counted() {
        assert_eq!(show(&lines("a b"), &lines("a b")), None);
        assert_eq!(
            show(&lines("a b c"), &lines("a c d e")).unwrap(),
            "  - b\n  + d\n  + e\n  1 went away, 2 came"
        );
        assert!(show(&lines("a b"), &lines("b a")).unwrap().contains("another order"));
        assert!(show(&lines("a a"), &lines("a")).unwrap().contains("- a"));
    }

    #[test]
    fn a_long_difference_is_cut() {
        let many: Vec<String> = (0..100).map(|number| number.to_string()).collect();
        let shown = show(&[], &many).unwrap();
        assert!(shown.lines().count() == MOST + 2 && shown.contains("… and 40 more"), "{shown}");
        assert!(shown.ends_with("0 went away, 100 came"), "{shown}");
    }
}
