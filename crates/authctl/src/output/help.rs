//! Help that fits the terminal. Its notes are written in lines of the source; here, their paragraphs are wrapped once, and
//! commands to copy are never broken.

use super::wrap;
use clap::Command;

/// The width without a terminal, as clap has it for everything else.
const USUAL: usize = 100;
/// A space where clap must not break a line.
const FIXED: char = '\u{a0}';

/// The width of help: that of the terminal or of `COLUMNS`.
pub(crate) fn width() -> usize {
    let size = terminal_size::terminal_size().map(|(width, _)| usize::from(width.0));
    let columns = || std::env::var("COLUMNS").ok()?.parse().ok();
    size.or_else(columns).filter(|width| *width > 0).unwrap_or(USUAL)
}

/// Wraps the notes after the help of a command and its subcommands.
pub(crate) fn epilogues(mut command: Command) -> Command {
    let fitted = |text: String| fixed(&fit(&text, width()));
    if let Some(text) = command.get_after_help().map(ToString::to_string) {
        command = command.after_help(fitted(text));
    }
    if let Some(text) = command.get_after_long_help().map(ToString::to_string) {
        command = command.after_long_help(fitted(text));
    }
    let names: Vec<String> = command.get_subcommands().map(|one| one.get_name().to_owned()).collect();
    names.into_iter().fold(command, |command, name| command.mut_subcommand(name, epilogues))
}

/// The help that clap has made of a command with wrapped notes.
pub(crate) fn rendered(text: &str) -> String {
    text.replace(FIXED, " ")
}

fn fixed(text: &str) -> String {
    let lines = text.lines().map(|line| match is_command(line) {
        true => line.replace(' ', &FIXED.to_string()),
        false => line.to_owned(),
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// Wraps paragraphs at a width. Words in a second column stay there, if it has enough space.
pub(crate) fn fit(text: &str, width: usize) -> String {
    let mut lines: Vec<String> = Vec::new();
    for line in text.lines() {
        match lines.last_mut() {
            Some(last) if continues(last, line) => {
                last.push(' ');
                last.push_str(line);
            }
            _ => lines.push(line.to_owned()),
        }
    }
    let end = if text.ends_with('\n') { "\n" } else { "" };
    lines.iter().map(|line| wrapped(line, width)).collect::<Vec<_>>().join("\n") + end
}

/// Whether a line of the source continues the paragraph.
fn continues(last: &str, line: &str) -> bool {
    let is_text = |line: &str| !line.is_empty() && !line.starts_with(' ');
    let is_label = line.starts_with(|c: char| c.is_ascii_uppercase())
        && line.split_once(':').is_some_and(|(label, _)| label.len() < 40 && !label.contains(['.', ',']));
    is_text(last) && is_text(line) && !last.ends_with(':') && !is_label
}

fn is_command(line: &str) -> bool {
    line.trim_start().starts_with("$ ")
}

fn wrapped(line: &str, width: usize) -> String {
    if line.chars().count() <= width || is_command(line) {
        return line.to_owned();
    }
    let indent = line.len() - line.trim_start().len();
    let (out, rest, hanging) = match second_column(line, indent) {
        Some(column) if column <= width / 2 => {
            let (first, rest) = line.split_at(column);
            (first.to_owned(), rest, column)
        }
        Some(column) => {
            let (first, rest) = line.split_at(column);
            let hanging = indent + 4;
            (format!("{}\n{}", first.trim_end(), " ".repeat(hanging)), rest, hanging)
        }
        None => (" ".repeat(indent), line.trim_start(), indent),
    };
    let used = out.rsplit('\n').next().map_or(0, |line| line.chars().count());
    let rest = wrap::words(rest, used, hanging, width);
    out + &rest
}

/// Where the words after a gap of spaces begin.
fn second_column(line: &str, indent: usize) -> Option<usize> {
    let (first, rest) = line.get(indent..)?.split_once("  ")?;
    let spaces = rest.len() - rest.trim_start().len();
    Some(indent + first.len() + 2 + spaces)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "\
A paragraph of
two lines. See
Names: the second one.

Codes:
  0    success, also with an empty list
  130  interrupted
  a long name of a thing   what it is
  $ authctl --emulator virtuous contacts get 17";

    #[test]
    fn paragraphs_are_wrapped_once() {
        assert_eq!(
            fit(TEXT, 28),
            "\
A paragraph of two lines.
See
Names: the second one.

Codes:
  0    success, also with an
       empty list
  130  interrupted
  a long name of a thing
      what it is
  $ authctl --emulator virtuous contacts get 17"
        );
        assert!(fit(TEXT, 100).contains("A paragraph of two lines. See\nNames"));
    }

    #[test]
    fn clap_breaks_no_command() {
        let command = Command::new("x").term_width(30).after_help(fixed(&fit(TEXT, 30)));
        let help = rendered(&command.clone().render_help().to_string());
        assert!(help.ends_with("  $ authctl --emulator virtuous contacts get 17\n"), "{help}");
        assert!(help.contains("\n  0    success, also with an\n       empty list\n"), "{help}");
    }
}
