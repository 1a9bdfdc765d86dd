//! Words in lines of the terminal.

use std::io::IsTerminal as _;
use unicode_width::UnicodeWidthStr as _;

/// Breaks a paragraph between words, so that its lines fit a width. The first line begins after `used` cells, further ones are
/// indented by `hanging`. A word that is too long for a line stays whole.
pub(crate) fn words(text: &str, mut used: usize, hanging: usize, width: usize) -> String {
    let mut out = String::new();
    let mut is_first = true;
    for word in text.split(' ') {
        let length = word.width();
        if !is_first && used + 1 + length > width {
            out.push('\n');
            out.push_str(&" ".repeat(hanging));
            used = hanging;
            is_first = true;
        }
        if !is_first {
            out.push(' ');
            used += 1;
        }
        out.push_str(word);
        used += length;
        is_first = false;
    }
    out
}

/// The text for standard error: on a terminal, prose is wrapped, and indented lines, which are there to be copied, stay whole.
pub(crate) fn fitted(text: &str) -> String {
    if !std::io::stderr().is_terminal() {
        return text.to_owned();
    }
    let width = super::table::width();
    let lines = text.lines().map(|line| match line.starts_with(' ') {
        true => line.to_owned(),
        false => words(line, 0, 2, width),
    });
    lines.collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_break_between_words() {
        assert_eq!(words("hint: one two three", 0, 2, 10), "hint: one\n  two\n  three");
        assert_eq!(words("a-very-long-word b", 4, 4, 10), "a-very-long-word\n    b");
        assert_eq!(words("李小 龍", 0, 0, 5), "李小\n龍");
        assert_eq!(words("a  b", 0, 0, 10), "a  b");
        assert_eq!(words("", 3, 1, 2), "");
    }
}
