//! `authctl completions SHELL` prints a script, which asks the hidden `authctl __complete SHELL WORDS…` for candidates. They come from
//! the index, so script and program never disagree about the operations.

use crate::arguments::{self, Where};
use crate::commands::{export, webhooks};
use crate::failure::Failure;
use crate::globals::{Globals, Known};
use crate::index::{self, Operation, PROVIDERS};
use crate::output::Out;
use crate::target::METHODS;
use crate::words::unquoted;
use clap::{Command, ValueEnum};

/// Print a completion script.
///
/// bash: source <(authctl completions bash). zsh: authctl completions zsh > a file _authctl in $fpath. fish: authctl completions fish |
/// source. PowerShell: authctl completions powershell | Out-String | Invoke-Expression.
#[derive(clap::Args, Debug)]
pub(crate) struct Arguments {
    shell: Shell,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Shell {
    Bash,
    Zsh,
    Fish,
    Powershell,
}

const BASH: &str = r#"_authctl() {
    local word
    COMPREPLY=()
    while IFS= read -r word; do
        COMPREPLY+=("$word")
    done < <(authctl __complete bash "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -o default -F _authctl authctl
"#;
const ZSH: &str = r#"#compdef authctl
_authctl() {
    local -a candidates
    candidates=("${(@f)$(authctl __complete zsh "${(@)words[2,CURRENT]}" 2>/dev/null)}")
    [[ -n "$candidates" ]] && _describe authctl candidates || _files
}
compdef _authctl authctl
"#;
const FISH: &str = r#"complete -c authctl -f -a '(authctl __complete fish (commandline -opc)[2..] (commandline -ct) 2>/dev/null)'
"#;
const POWERSHELL: &str = r#"Register-ArgumentCompleter -Native -CommandName authctl -ScriptBlock {
    param($word, $ast, $position)
    $words = @($ast.CommandElements | Select-Object -Skip 1 | ForEach-Object { $_.ToString() })
    if ($word -eq '') { $words += '""' }
    authctl __complete powershell @words 2>$null | ForEach-Object {
        $name, $help = $_ -split "`t", 2
        [System.Management.Automation.CompletionResult]::new($name, $name, 'ParameterValue', $(if ($help) { $help } else { $name }))
    }
}
"#;

pub(crate) fn run(arguments: &Arguments, globals: &Globals) -> Result<(), Failure> {
    globals.refuse_all("a script has one form")?;
    let script = match arguments.shell {
        Shell::Bash => BASH,
        Shell::Zsh => ZSH,
        Shell::Fish => FISH,
        Shell::Powershell => POWERSHELL,
    };
    Out::default().write(script.as_bytes())
}

/// A word that can stand next, with a description.
type Candidate = (String, String);

/// Prints the candidates for the last word, if the first word asks for them. Never fails, because a shell would show it.
pub(crate) fn respond(arguments: &[String], program: fn() -> Command) -> Option<Result<(), Failure>> {
    let (first, rest) = arguments.split_first()?;
    if first != "__complete" {
        return None;
    }
    let Some((shell, words)) = rest.split_first() else { return Some(Ok(())) };
    let (words, quotes): (Vec<String>, Vec<Option<char>>) = words.iter().map(|word| unquoted(word)).unzip();
    let quote = quotes.last().copied().flatten();
    let separator = match shell.as_str() {
        "zsh" => Some(':'),
        "fish" | "powershell" => Some('\t'),
        _ => None,
    };
    let mut text = String::new();
    for (word, help) in candidates(&words, program) {
        text.push_str(&quoted(shell, &word, quote));
        if let Some(separator) = separator.filter(|_| !help.is_empty()) {
            text.push(separator);
            text.push_str(help.lines().next().unwrap_or_default());
        }
        text.push('\n');
    }
    Some(Out::default().write(text.as_bytes()))
}

/// A word as its shell inserts it, after the quote that is open. zsh and fish quote it themselves.
fn quoted(shell: &str, word: &str, quote: Option<char>) -> String {
    let escaped = |special: &dyn Fn(char) -> bool| {
        let escape = |c| if special(c) { vec!['\\', c] } else { vec![c] };
        word.chars().flat_map(escape).collect::<String>()
    };
    let is_plain = |c: char| c.is_alphanumeric() || "-_./:=@%+,".contains(c);
    match (shell, quote) {
        ("bash", None) => escaped(&|c| !is_plain(c)),
        ("bash", Some('"')) => escaped(&|c| "\\\"$`".contains(c)),
        ("bash", Some(_)) => word.replace('\'', "'\\''"),
        ("zsh", _) => escaped(&|c| "\\:".contains(c)),
        ("powershell", _) if !word.chars().all(is_plain) => format!("'{}'", word.replace('\'', "''")),
        _ => word.to_owned(),
    }
}

fn candidates(words: &[String], program: fn() -> Command) -> Vec<Candidate> {
    let (last, before) = words.split_last().map_or(("", words), |(last, before)| (last.as_str(), before));
    if before.first().is_some_and(|word| word == "man") {
        return candidates(words.get(1..).unwrap_or_default(), program);
    }
    let known = Known::new();
    let positions = known.words(before, 6);
    let named: Vec<&str> = positions.iter().filter_map(|at| before.get(*at)).map(String::as_str).collect();
    let provider = named.first().and_then(|word| PROVIDERS.into_iter().find(|provider| provider == word));
    // A command of this program; what its flags are is known to it only.
    let own = match named.as_slice() {
        ["virtuous", "export", ..] => Some(export::command()),
        ["virtuous", "webhooks", name, ..] => webhooks::command(name),
        ["emulator", rest @ ..] => Some(descend(auth_emulator::cli::command("authctl emulator"), rest)),
        [name, rest @ ..] => program().find_subcommand(name).cloned().map(|command| descend(command, rest)),
        [] => None,
    };
    let is_emulator = named.first() == Some(&"emulator");
    let globals = if is_emulator { Command::new("none") } else { program() };
    let operation = match (provider, named.get(1), named.get(2)) {
        (Some(provider), Some(resource), Some(name)) => {
            index::find(provider, &resource.replace('-', "_"), &name.replace('-', "_"))
                .and_then(index::Key::operation)
        }
        _ => None,
    };
    let previous = before.last().map(String::as_str).unwrap_or_default();
    let all: Vec<Candidate> =
        if let Some(values) = values_of(previous, operation.as_ref(), own.as_ref(), &globals) {
            values
        } else if last.starts_with('-') {
            flags(operation.as_ref(), own.as_ref(), &globals)
        } else {
            match (provider, named.as_slice()) {
                (_, []) => {
                    let commands = following(&program());
                    let providers = PROVIDERS.into_iter().filter(|provider| *provider != "vise");
                    commands
                        .into_iter()
                        .chain(providers.map(|provider| (provider.to_owned(), "a provider".to_owned())))
                        .collect()
                }
                (Some("vise"), [_, host]) if *host != "domains" => methods(),
                (Some("vise"), [_]) => [("domains", "list the domains"), ("each", "call every host")]
                    .map(|(word, help)| (word.to_owned(), help.to_owned()))
                    .into(),
                (Some(provider), [_]) => {
                    let export = Some("export").filter(|_| provider == "virtuous");
                    let words = index::resources(provider).into_iter().chain(export);
                    words.map(|word| (word.to_owned(), String::new())).collect()
                }
                (Some("virtuous"), [_, "export"]) => {
                    export::names().map(|name| (name.to_owned(), String::new())).collect()
                }
                (Some(provider), [_, resource]) => {
                    let resource = resource.replace('-', "_");
                    let by_hand = if (provider, resource.as_str()) == ("virtuous", "webhooks") {
                        webhooks::COMMANDS.map(|name| (name.to_owned(), String::new())).to_vec()
                    } else {
                        Vec::new()
                    };
                    let of_resource = index::operations(provider).filter(|key| key.resource == resource);
                    of_resource
                        .filter_map(|key| {
                            key.operation().map(|operation| (key.name.to_owned(), operation.summary))
                        })
                        .chain(by_hand)
                        .collect()
                }
                (None, ["list" | "status" | "doctor"]) => {
                    PROVIDERS.map(|provider| (provider.to_owned(), String::new())).into()
                }
                (None, ["api"]) => {
                    let with = PROVIDERS.into_iter().filter(|provider| *provider != "vise");
                    with.map(|provider| (provider.to_owned(), String::new())).collect()
                }
                (None, ["api", _]) => methods(),
                (None, ["login" | "logout"]) => vec![("virtuous".to_owned(), String::new())],
                (Some("virtuous"), [_, "webhooks", "trigger"]) => {
                    webhooks::EVENTS.map(|event| (event.to_owned(), String::new())).into()
                }
                (None, _) => own.iter().flat_map(following).collect(),
                _ => Vec::new(),
            }
        };
    all.into_iter().filter(|(word, _)| word.starts_with(last)).collect()
}

/// The command that words lead to from another one. Further words are its values.
fn descend(command: Command, words: &[&str]) -> Command {
    match words.split_first().and_then(|(word, rest)| Some((command.find_subcommand(word)?.clone(), rest))) {
        Some((inner, rest)) => descend(inner, rest),
        None => command,
    }
}

/// The subcommands of a command, and the values of its first argument.
fn following(command: &Command) -> Vec<Candidate> {
    let subcommands = command.get_subcommands().filter(|one| !one.is_hide_set());
    let subcommands = subcommands.map(|one| (one.get_name().to_owned(), about(one)));
    let values = command.get_positionals().take(1).flat_map(clap::Arg::get_possible_values);
    let values = values.map(|value| (value.get_name().to_owned(), String::new()));
    subcommands.chain(values).collect()
}

fn methods() -> Vec<Candidate> {
    METHODS.map(|method| (method.to_lowercase(), String::new())).into()
}

fn about(command: &Command) -> String {
    command.get_about().map(ToString::to_string).unwrap_or_default()
}

/// The values of the flag before, if it has a list of them.
fn values_of(
    flag: &str,
    operation: Option<&Operation>,
    own: Option<&Command>,
    globals: &Command,
) -> Option<Vec<Candidate>> {
    let name = flag.strip_prefix("--").or(flag.strip_prefix('-'))?;
    let plain = |values: Vec<String>| Some(values.into_iter().map(|value| (value, String::new())).collect());
    let slots = operation.map(arguments::slots).unwrap_or_default();
    if let Some(slot) = slots.iter().find(|slot| slot.place != Where::Path && slot.flag == name) {
        return match slot.plain.value_name() {
            "true|false" => plain(vec!["true".to_owned(), "false".to_owned()]),
            _ => plain(slot.plain.values.clone()),
        };
    }
    let mut arguments = own.into_iter().chain([globals]).flat_map(Command::get_arguments);
    let arg = arguments.find(|arg| {
        arg.get_long() == Some(name)
            || arg.get_short().is_some_and(|short| name.len() == 1 && name.starts_with(short))
    })?;
    let takes = arg.get_action().takes_values();
    takes.then(|| {
        let values = arg.get_possible_values();
        values
            .iter()
            .map(|value| {
                (value.get_name().to_owned(), value.get_help().map(ToString::to_string).unwrap_or_default())
            })
            .collect()
    })
}

fn flags(operation: Option<&Operation>, own: Option<&Command>, globals: &Command) -> Vec<Candidate> {
    let mut flags = Vec::new();
    if let Some(operation) = operation {
        let slots = arguments::slots(operation);
        let shown = slots.iter().filter(|slot| slot.place != Where::Path && !slot.plain.secret);
        flags.extend(shown.map(|slot| (format!("--{}", slot.flag), slot.help.clone())));
        if operation.body.is_some() {
            flags.push(("--data".to_owned(), "the body as JSON".to_owned()));
        }
    }
    for arg in own.into_iter().chain([globals]).flat_map(Command::get_arguments) {
        let Some(flag) = arg.get_long().map(|long| format!("--{long}")) else { continue };
        if !flags.iter().any(|(known, _)| *known == flag) {
            flags.push((flag, arg.get_help().map(ToString::to_string).unwrap_or_default()));
        }
    }
    flags
}
