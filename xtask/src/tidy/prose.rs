//! Words that the project doesn't use in prose: `xtask/words.txt` lists them, each with the word of the field.

use super::tree::{Finding, Tree};

const WORDS: &str = "xtask/words.txt";
/// Every use of one.
pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let words: Vec<Word<'_>> = tree.text(WORDS).unwrap_or_default().lines().filter_map(Word::read).collect();
    let mut findings = Vec::new();
    // The tests of this rule have what it looks for.
    for (path, text) in tree.by_hand().filter(|(path, _)| !path.starts_with("xtask/src/tidy/")) {
        // Most files have none of most words; only what may be there is looked for line by line.
        let lower = text.to_lowercase();
        let words: Vec<&Word<'_>> = words.iter().filter(|word| lower.contains(word.phrase)).collect();
        let lines = if words.is_empty() { Vec::new() } else { prose(path, &lower) };
        for (line, prose) in lines {
            for word in words.iter().filter(|word| word.is_in(&prose)) {
                let what = format!("says \"{}\"", word.phrase);
                findings.push(Finding::new(path, line, what, format!("write: {}", word.instead)));
            }
        }
    }
    findings
}

struct Word<'a> {
    phrase: &'a str,
    any_ending: bool,
    instead: &'a str,
    right_in: Vec<&'a str>,
}

impl<'a> Word<'a> {
    /// `phrase = instead; right in this, and in that`
    fn read(line: &'a str) -> Option<Self> {
        let (phrase, rest) = line.split_once(" = ").filter(|_| !line.starts_with('#'))?;
        let (instead, right_in) = rest.split_once(';').unwrap_or((rest, ""));
        let (phrase, any_ending) = phrase.strip_suffix('*').map_or((phrase, false), |phrase| (phrase, true));
        let right_in = right_in.split(',').map(str::trim).filter(|text| !text.is_empty()).collect();
        Some(Self { phrase, any_ending, instead, right_in })
    }

    fn is_in(&self, prose: &str) -> bool {
        if !prose.contains(self.phrase) {
            return false;
        }
        let cleaned = self.right_in.iter().fold(prose.to_owned(), |prose, right| prose.replace(right, ""));
        let part_of_word = |c: char| c.is_alphanumeric() || c == '_' || c == '-';
        cleaned.match_indices(self.phrase).any(|(at, _)| {
            let before = cleaned.get(..at).and_then(|text| text.chars().next_back());
            let after = cleaned.get(at + self.phrase.len()..).and_then(|text| text.chars().next());
            !before.is_some_and(part_of_word) && (self.any_ending || !after.is_some_and(part_of_word))
        })
    }
}

/// What people read in a file, with the numbers of the lines.
fn prose(path: &str, text: &str) -> Vec<(usize, String)> {
    // A template is read like the file that is made of it.
    let kind = path.trim_end_matches(".in").rsplit_once('.').map_or("", |(_, kind)| kind);
    let mut fenced = false;
    let mut found = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let line = line.trim();
        let read = match kind {
            "md" => {
                let fence = line.starts_with("```");
                fenced ^= fence;
                (!fenced && !fence).then(|| line.to_owned())
            }
            "toml" => line.starts_with('#').then(|| line.to_owned()),
            "json" => ["\"description\":", "\"summary\":"]
                .iter()
                .find_map(|key| line.strip_prefix(key))
                .map(str::to_owned),
            "rs" => match line.find("//") {
                Some(at) if !line.get(..at).unwrap_or_default().ends_with(':') => {
                    line.get(at..).map(str::to_owned)
                }
                _ => Some(messages(line)),
            },
            _ => None,
        };
        // Every second piece between back ticks is code.
        let read = read.map(|line| line.split('`').step_by(2).collect::<Vec<_>>().join("`"));
        found.extend(read.filter(|line| !line.is_empty()).map(|line| (index + 1, line)));
    }
    found
}

/// The string literals of a line that have a space in them: those are for people.
fn messages(line: &str) -> String {
    let literals = line.split('"').skip(1).step_by(2);
    literals.filter(|literal| literal.contains(' ')).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIST: (&str, &str) = (WORDS, "# why\nanswer* = response; security answer\nno good = invalid\n");

    fn uses(path: &str, text: &str) -> usize {
        check(&Tree::of(&[LIST, (path, text)])).len()
    }

    #[test]
    fn prose_is_searched_and_code_is_not() {
        for (path, text) in [
            ("a.md", "The Answers are"),
            ("a.rs", "let x = 1; // It is no good."),
            ("a.rs", "fail(\"the answer is empty\")"),
            ("a.toml", "# no good"),
            ("a.rs.in", "//! It is no good."),
            ("openapi.json", "  \"description\": \"The answer.\","),
        ] {
            assert_eq!(uses(path, text), 1, "{path}: {text}");
        }
        for (path, text) in [
            ("a.md", "`answer` and unanswered, and a security answer, no goods"),
            ("a.md", "```rust\n// answer\n```"),
            ("a.rs", "let answer = fetch(\"answer\");"),
            ("openapi.json", "\"answer\": 1"),
            ("crates/a/src/generated/a.rs", "// answer"),
        ] {
            assert_eq!(uses(path, text), 0, "{path}: {text}");
        }
    }
}
