//! What callgrind counted, from the file that it writes.

/// The instructions of a whole run: the first number of the line `summary:` or, where there is none, `totals:`.
pub(super) fn instructions(file: &str) -> Option<u64> {
    let number = |key: &str| {
        let line = file.lines().find_map(|line| line.strip_prefix(key))?;
        line.split_whitespace().next()?.parse().ok()
    };
    number("summary:").or_else(|| number("totals:"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "# callgrind format\nversion: 1\ncreator: callgrind-3.22.0\npid: 7\ncmd: ./calls run\npart: 1\n\n\
        desc: Trigger: Program termination\n\npositions: line\nevents: Ir\nsummary: 40902945\n\n\nob=(1) calls\n\
        fn=(0) summary: 9\n16 3\ntotals: 40902901\n";

    #[test]
    fn the_summary_is_found() {
        assert_eq!(instructions(FILE), Some(40_902_945));
    }

    #[test]
    fn older_files_have_totals_only() {
        assert_eq!(instructions("events: Ir Dr\nfn=(1) a\n1 2\ntotals: 12 5\n"), Some(12));
    }

    #[test]
    fn a_file_without_a_number_has_none() {
        for file in ["", "summary:", "summary: many", "fn=(1) summary: 3"] {
            assert_eq!(instructions(file), None, "{file:?}");
        }
    }
}
