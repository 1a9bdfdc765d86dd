//! Rust examples in Markdown files and doc comments, with the line that each of their lines comes from.

/// One example.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Example {
    /// The line of its opening fence, counted from 1.
    pub(super) line: usize,
    /// Its lines without the marks of a comment and of hidden lines.
    pub(super) lines: Vec<String>,
}

impl Example {
    /// Whether a line contains the text.
    pub(super) fn names(&self, text: &str) -> bool {
        self.lines.iter().any(|line| line.contains(text))
    }
}

/// Returns the examples of a Markdown file.
pub(super) fn of_markdown(text: &str) -> Vec<Example> {
    examples(text.lines().enumerate().map(|(index, line)| (index + 1, Some(line))))
}

/// Returns the examples of the doc comments of a Rust file.
pub(super) fn of_rust(text: &str) -> Vec<Example> {
    let comments = text.lines().enumerate().map(|(index, line)| {
        let line = line.trim_start();
        let comment = line.strip_prefix("//!").or_else(|| line.strip_prefix("///"));
        (index + 1, comment.map(|comment| comment.strip_prefix(' ').unwrap_or(comment)))
    });
    examples(comments)
}

/// `None` is a line outside any comment, which ends an example whose closing fence is missing.
fn examples<'a>(lines: impl Iterator<Item = (usize, Option<&'a str>)>) -> Vec<Example> {
    let mut found = Vec::new();
    // The example that is open, and whether it is one to compile.
    let mut open: Option<(Example, bool)> = None;
    for (number, line) in lines {
        let fence = line.map(str::trim_start).and_then(|line| line.strip_prefix("```"));
        open = match (open.take(), line, fence) {
            (Some(_), None, _) => None,
            (Some((example, compiled)), _, Some(_)) => {
                if compiled {
                    found.push(example);
                }
                None
            }
            (Some((mut example, compiled)), Some(line), None) => {
                example.lines.push(shown(line));
                Some((example, compiled))
            }
            (None, _, Some(tags)) => Some((Example { line: number, lines: Vec::new() }, is_compiled(tags))),
            (None, _, None) => None,
        };
    }
    found
}

/// Rust is what has no tag in a doc comment, and what says so everywhere. Both are written `rust` in Markdown files here.
fn is_compiled(tags: &str) -> bool {
    tags.split(',')
        .map(str::trim)
        .filter(|tag| !tag.is_empty())
        .all(|tag| matches!(tag, "rust" | "no_run" | "should_panic") || tag.starts_with("edition"))
}

/// A hidden line counts, because it has what surrounds the visible ones; a hidden `use` doesn't, because readers would
/// copy the example without it. An empty line takes its place, so that line numbers stay.
fn shown(line: &str) -> String {
    let trimmed = line.trim_start();
    if let Some(escaped) = trimmed.strip_prefix("##") {
        return format!("#{escaped}");
    }
    match trimmed.strip_prefix("# ") {
        Some(hidden) if hidden.trim_start().starts_with("use ") => String::new(),
        Some(hidden) => hidden.to_owned(),
        None if trimmed == "#" => String::new(),
        None => line.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn example(line: usize, lines: &[&str]) -> Example {
        Example { line, lines: lines.iter().map(|line| (*line).to_owned()).collect() }
    }

    #[test]
    fn rust_blocks_of_a_markdown_file_are_found_with_their_lines() {
        let text =
            "A\n```rust,no_run\nlet a = 1;\n\n# hidden();\n#[cfg(x)]\n```\n```sh\nls\n```\n```text\n```\n";
        assert_eq!(of_markdown(text), [example(2, &["let a = 1;", "", "hidden();", "#[cfg(x)]"])]);
    }

    #[test]
    fn examples_of_doc_comments_are_found_in_any_depth() {
        let text = "//! ```\n//! one();\n//! ```\nimpl A {\n    /// ```no_run\n    ///   two();\n    /// ```\n    fn a() {}\n}\n";
        assert_eq!(of_rust(text), [example(1, &["one();"]), example(5, &["  two();"])]);
    }

    #[test]
    fn a_fence_that_is_not_closed_ends_with_its_comment() {
        let text = "/// ```\n/// one();\nfn a() {}\n/// ```\n/// two();\n/// ```\n";
        assert_eq!(of_rust(text), [example(4, &["two();"])]);
    }

    #[test]
    fn a_hidden_import_is_left_out_and_what_does_not_compile_is_no_example() {
        let text = "```rust\n# use a::B;\nuse a::C;\n##[d]\n#\n```\n```rust,ignore\nx\n```\n```compile_fail\ny\n```\n";
        assert_eq!(of_markdown(text), [example(1, &["", "use a::C;", "#[d]", ""])]);
    }
}
