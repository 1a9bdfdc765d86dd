//! `auth-emulator env`: prints the variables of a running emulator as shell exports.

use std::io::Write as _;

use crate::args::Env;
use crate::client::Client;
use crate::failure::Failure;
use crate::ready;

pub(crate) fn run(args: &Env) -> Result<(), Failure> {
    let ready = ready::read(args.ready_file.as_deref())?;
    // A file can outlive its emulator.
    Client::new(ready.control.url, ready.control.token).check()?;
    if let Some(unknown) = args.provider.iter().find(|name| !ready.providers.contains_key(*name)) {
        let known: Vec<_> = ready.providers.keys().map(String::as_str).collect();
        return Err(Failure::usage(format!("unknown provider {unknown:?}; known are: {}", known.join(", "))));
    }
    let mut lines = String::new();
    for (name, provider) in &ready.providers {
        if args.provider.is_empty() || args.provider.contains(name) {
            for (variable, value) in &provider.env {
                let line = export(variable, value)
                    .ok_or_else(|| Failure::not_running(format!("{variable:?} can't be exported")))?;
                lines.push_str(&line);
            }
        }
    }
    std::io::stdout()
        .write_all(lines.as_bytes())
        .map_err(|error| Failure::not_running(format!("standard output: {error}")))
}

/// One line for `eval` in a POSIX shell. `None` if the name is not a variable name or the value can't be exported.
fn export(variable: &str, value: &str) -> Option<String> {
    let is_name = variable.starts_with(|c: char| c.is_ascii_uppercase() || c == '_')
        && variable.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_');
    (is_name && !value.contains('\0'))
        .then(|| format!("export {variable}='{}'\n", value.replace('\'', r"'\''")))
}

#[cfg(test)]
mod tests {
    use super::export;

    #[test]
    fn values_are_quoted_so_that_a_shell_reads_them_back() {
        assert_eq!(export("A_1", "b").unwrap(), "export A_1='b'\n");
        assert_eq!(export("A", "it's $HOME `x` \\").unwrap(), "export A='it'\\''s $HOME `x` \\'\n");
    }

    #[test]
    fn invalid_variables_are_not_exported() {
        for name in ["", "a", "1A", "A-B", "A;rm", "A B", "A=B"] {
            assert_eq!(export(name, "x"), None, "{name}");
        }
        assert_eq!(export("A", "\0"), None);
    }
}
