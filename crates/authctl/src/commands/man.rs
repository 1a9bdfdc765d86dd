//! `authctl man`: manual pages, of the program, of a command or of an operation.

use crate::arguments;
use crate::commands::{export, webhooks};
use crate::failure::{EXIT_CODES, Failure};
use crate::globals::Globals;
use crate::index::{self, PROVIDERS};
use crate::output::{Out, help, note};
use crate::resolve;
use crate::settings::{variables, webhook_variables};
use clap::Command;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// Print a manual page: of authctl, of a command, or of an operation.
#[derive(clap::Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Arguments {
    /// The words of a command or of an operation, without authctl.
    #[arg(value_name = "WORD")]
    words: Vec<String>,
    /// Write the pages of all commands and operations to this folder.
    #[arg(long, value_name = "FOLDER", conflicts_with = "words")]
    to: Option<PathBuf>,
}

const EXAMPLES: &str = "\
Examples:
  $ authctl man virtuous contacts get | man -l -
  $ authctl man virtuous export | man -l -
  $ authctl man --to ~/.local/share/man/man1";

/// Variables of every command but those of the emulator.
const VARIABLES: [(&str, &str); 5] = [
    ("AUTHCTL_CONFIG", "The configuration file with the profiles."),
    ("NO_COLOR", "Not empty: no color."),
    ("CI", "Not empty: never ask on the terminal."),
    ("COLUMNS", "The width of output and help, where there is no terminal."),
    (
        "XDG_CONFIG_HOME, XDG_STATE_HOME",
        "The folders of the files below, in place of ~/.config and ~/.local/state.",
    ),
];
const FILES: [(&str, &str); 3] = [
    ("~/.config/authctl/config.toml", "Profiles, which refer to secrets and contain none."),
    ("~/.local/state/authctl/logins.json", "Who is logged in, without secrets."),
    ("~/.local/state/authctl/PROFILE.virtuous.json", "The tokens of a login, readable by you alone."),
];
const OF_EMULATOR: [(&str, &str); 1] = [(
    "auth-emulator.json",
    "In the temporary directory: addresses and credentials of the running emulator.",
)];

pub(crate) fn run(arguments: &Arguments, globals: &Globals, program: fn() -> Command) -> Result<(), Failure> {
    globals.refuse_all("a page has one form")?;
    let Some(folder) = &arguments.to else {
        let words: Vec<&str> = arguments.words.iter().map(String::as_str).collect();
        return Out::default().write(page(&words, program)?.as_bytes());
    };
    let mut count = 0;
    let failed = |path: &Path, error: std::io::Error| {
        Failure::local(format!(
            "{} can't be written: {error}",
            crate::failure::visible(&path.display().to_string())
        ))
    };
    std::fs::create_dir_all(folder).map_err(|error| failed(folder, error))?;
    for words in all(program) {
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let path = folder.join(format!("{}.1", name(&words)));
        std::fs::write(&path, page(&words, program)?).map_err(|error| failed(&path, error))?;
        count += 1;
    }
    note(&format!("{count} pages are written."));
    Ok(())
}

/// The words of all pages.
fn all(program: fn() -> Command) -> Vec<Vec<String>> {
    fn add(command: &Command, before: &[String], all: &mut Vec<Vec<String>>) {
        for inner in
            command.get_subcommands().filter(|inner| inner.get_name() != "help" && !inner.is_hide_set())
        {
            let words = [before, &[inner.get_name().to_owned()]].concat();
            all.push(words.clone());
            add(inner, &words, all);
        }
    }
    let owned = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
    let mut all = vec![Vec::new(), owned(&["virtuous", "export"])];
    add(&program(), &[], &mut all);
    add(&auth_emulator::cli::command("authctl emulator"), &owned(&["emulator"]), &mut all);
    all.extend(webhooks::COMMANDS.iter().map(|name| owned(&["virtuous", "webhooks", name])));
    let keys = PROVIDERS.into_iter().filter(|provider| *provider != "vise").flat_map(index::operations);
    all.extend(keys.map(|key| owned(&[key.provider, key.resource, key.name])));
    all
}

fn name(words: &[&str]) -> String {
    [&["authctl"], words].concat().join("-")
}

/// Finds the command of the words.
fn command(words: &[&str], program: fn() -> Command) -> Result<Command, Failure> {
    let mut program = program();
    // Options of every command become options of each.
    program.build();
    let (mut command, rest) = match words {
        [] => return Ok(program),
        ["virtuous", "export"] => return Ok(export::command()),
        ["virtuous", "webhooks", name] if webhooks::COMMANDS.contains(name) => {
            return webhooks::command(name).ok_or_else(|| Failure::local("the command is missing"));
        }
        ["emulator", rest @ ..] => {
            let mut emulator = auth_emulator::cli::command("authctl emulator");
            emulator.build();
            (emulator, rest)
        }
        ["vise", _, ..] => {
            return Err(Failure::usage("VISE has no operations of this form: authctl vise --help"));
        }
        [provider, resource, name] if PROVIDERS.contains(provider) => {
            let operation = resolve::operation(resolve::provider(provider)?, resource, name)?.operation();
            let operation = operation.ok_or_else(|| Failure::local("the index of operations is damaged"))?;
            let slots = arguments::slots(&operation);
            let notes = arguments::notes(&operation, &slots);
            return Ok(arguments::command(&operation, &slots).after_help(notes));
        }
        [provider, ..] if PROVIDERS.contains(provider) && *provider != "vise" => {
            return Err(Failure::usage("an operation has three words: PROVIDER RESOURCE OPERATION"));
        }
        rest => (program, rest),
    };
    for word in rest {
        let inner = command.find_subcommand(word).cloned();
        let names: Vec<&str> = command.get_subcommands().map(Command::get_name).collect();
        command = inner.ok_or_else(|| resolve::no_command(word, names.into_iter()))?;
    }
    Ok(command)
}

/// Writes the page of a command.
fn page(words: &[&str], program: fn() -> Command) -> Result<String, Failure> {
    let name = name(words);
    let of_emulator = words.first() == Some(&"emulator");
    let bin_name = [&["authctl"], words].concat().join(" ");
    let mut command = command(words, program)?.bin_name(bin_name).display_name(&name);
    command = command.mut_args(|arg| arg.help_heading(None::<&str>));
    let usage = command.render_usage().to_string();
    let notes = command.get_after_long_help().or(command.get_after_help()).map(ToString::to_string);
    let (mut description, mut examples, mut codes) = (String::new(), String::new(), EXIT_CODES.to_owned());
    for paragraph in notes.unwrap_or_default().split("\n\n").map(|text| text.trim_matches('\n')) {
        match paragraph {
            _ if paragraph.starts_with("Exit codes") => paragraph.clone_into(&mut codes),
            _ if paragraph.starts_with("Example") || paragraph.starts_with("To try") => {
                examples = format!("{examples}{paragraph}\n");
            }
            _ => description = format!("{description}{paragraph}\n"),
        }
    }
    let codes = codes.lines().filter_map(|line| line.trim_start().split_once("  "));
    let codes: Vec<_> = codes.map(|(code, what)| (code.to_owned(), what.trim_start().to_owned())).collect();
    let mut environment: Vec<(String, String)> = Vec::new();
    for arg in command.get_arguments() {
        let env = arg.get_env().and_then(|name| name.to_str());
        let what = arg.get_long().map(|long| format!("The default of --{long}."));
        environment.extend(env.map(str::to_owned).zip(what));
    }
    let owned = |pair: &(&str, &str)| (pair.0.to_owned(), pair.1.to_owned());
    let mut files: Vec<(String, String)> = Vec::new();
    if of_emulator {
        environment.push(("AUTH_EMULATOR_TOKEN".to_owned(), "The token of the control API.".to_owned()));
        files.extend(OF_EMULATOR.iter().map(owned));
    } else {
        environment.extend(VARIABLES.iter().map(owned));
        let provider = words.first().filter(|word| PROVIDERS.contains(word));
        for provider in PROVIDERS.into_iter().filter(|own| provider.is_none_or(|one| own == one)) {
            let all = variables(provider).iter().chain(webhook_variables(provider));
            let names: Vec<&str> = all.map(|variable| variable.name).collect();
            environment.push((names.join(", "), format!("Address and credentials of {provider}.")));
        }
        files.extend(FILES.iter().map(owned));
    }
    if words.ends_with(&["export"]) {
        files.push((
            "FILE.export".to_owned(),
            "How much of FILE counts, and how far its export is.".to_owned(),
        ));
    }
    if examples.is_empty() {
        examples = format!("  $ {} --help\n", [&["authctl"], words].concat().join(" "));
    }
    let man = clap_mangen::Man::new(command.clone()).title(name.to_uppercase());
    let mut start = Vec::new();
    let rendered = man
        .render_title(&mut start)
        .and_then(|()| man.render_name_section(&mut start))
        .and_then(|()| {
            let usage = usage.strip_prefix("Usage: ").unwrap_or(&usage);
            let usage: String = usage.lines().map(|line| format!("  {}\n", line.trim())).collect();
            start.extend(section("SYNOPSIS", &usage).bytes());
            man.render_description_section(&mut start)
        })
        .and_then(|()| {
            start.extend(body(&description).bytes());
            man.render_options_section(&mut start)
        })
        .and_then(|()| match command.has_subcommands() {
            true => man.render_subcommands_section(&mut start),
            false => Ok(()),
        });
    rendered.map_err(|error| Failure::local(format!("the page could not be written: {error}")))?;
    let mut text = String::from_utf8(start).map_err(|_| Failure::local("the page is not UTF-8"))?;
    text += &list("EXIT STATUS", &codes);
    text += &list("ENVIRONMENT", &environment);
    text += &list("FILES", &files);
    text += &section("EXAMPLES", &examples);
    if !words.is_empty() {
        text += &section("SEE ALSO", "authctl(1)");
    }
    Ok(text)
}

/// A section with paragraphs, and with lines that stay as they are.
fn section(title: &str, text: &str) -> String {
    format!(".SH {}\n{}", quoted(title), body(text))
}

fn quoted(title: &str) -> String {
    if title.contains(' ') { format!("\"{title}\"") } else { title.to_owned() }
}

fn body(text: &str) -> String {
    let mut out = String::new();
    let mut is_code = false;
    for line in help::fit(text.trim_end(), usize::MAX).lines().filter(|line| !line.is_empty()) {
        let code = line.starts_with(' ');
        if code != is_code {
            out.push_str(if code { ".PP\n.nf\n" } else { ".fi\n" });
        }
        is_code = code;
        if !code {
            out.push_str(".PP\n");
        }
        // Writing to a String can't fail.
        let _ = writeln!(out, "{}", escaped(line));
    }
    if is_code {
        out.push_str(".fi\n");
    }
    out
}

/// A section with terms and what they mean.
fn list(title: &str, terms: &[(String, String)]) -> String {
    let terms = terms.iter().map(|(term, meaning)| format!(".TP\n{}\n{}\n", escaped(term), escaped(meaning)));
    format!(".SH {}\n{}", quoted(title), terms.collect::<String>())
}

/// A line of text for roff.
fn escaped(line: &str) -> String {
    let line = line.replace('\\', "\\e").replace('-', "\\-");
    if line.starts_with(['.', '\'']) { format!("\\&{line}") } else { line }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_has_a_page_with_the_usual_sections() {
        let program = <crate::Program as clap::CommandFactory>::command;
        let all = all(program);
        for wanted in ["list", "vise", "virtuous export", "policy check", "emulator tokens revoke"] {
            assert!(all.iter().any(|words| words.join(" ") == wanted), "{wanted}");
        }
        for words in all {
            let words: Vec<&str> = words.iter().map(String::as_str).collect();
            let page = page(&words, program).unwrap();
            assert!(page.contains(&format!("{} \\- ", name(&words).replace('-', "\\-"))), "{page}");
            let sections = ["NAME", "SYNOPSIS", "DESCRIPTION", "OPTIONS", "\"EXIT STATUS\"", "ENVIRONMENT"];
            for section in sections.iter().chain(&["FILES", "EXAMPLES"]) {
                assert_eq!(page.matches(&format!(".SH {section}\n")).count(), 1, "{section}: {page}");
            }
            assert!(!page.contains(".SH EXTRA"), "{page}");
        }
    }

    #[test]
    fn text_keeps_its_lines_and_characters() {
        assert_eq!(
            section("SEE ALSO", "One\nparagraph.\n\n  $ a -b \\c\n.x"),
            ".SH \"SEE ALSO\"\n.PP\nOne paragraph.\n.PP\n.nf\n  $ a \\-b \\ec\n.fi\n.PP\n\\&.x\n"
        );
    }
}
