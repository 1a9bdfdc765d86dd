//! `auth-emulator env`: prints the variables of a running emulator, for shells and for programs.

use std::collections::BTreeMap;
use std::io::Write as _;

use serde_json::json;

use super::args::{Env, Format};
use super::client::Client;
use super::failure::Failure;
use super::ready;

pub(crate) fn run(args: &Env) -> Result<(), Failure> {
    let mut ready = ready::read(args.ready_file.as_deref())?;
    let client = Client::new(ready.control.url.clone(), ready.control.token.clone());
    match args.namespace.as_deref().filter(|name| !name.is_empty()) {
        // A file can outlive its emulator.
        None => client.check()?,
        Some(name) => {
            let made = client.call("POST", "/namespaces", Some(&json!({ "name": name })))?;
            ready = serde_json::from_value(made).map_err(|error| Failure::not_running(error.to_string()))?;
        }
    }
    if let Some(unknown) = args.provider.iter().find(|name| !ready.providers.contains_key(*name)) {
        let known: Vec<_> = ready.providers.keys().map(String::as_str).collect();
        return Err(Failure::usage(format!("unknown provider {unknown:?}; known are: {}", known.join(", "))));
    }
    let chosen = ready
        .providers
        .iter()
        .filter(|(name, _)| args.provider.is_empty() || args.provider.contains(name))
        .flat_map(|(_, provider)| &provider.env);
    let mut variables: Vec<(&str, &str)> =
        chosen.map(|(variable, value)| (variable.as_str(), value.as_str())).collect();
    if let Some(tls) = &ready.tls {
        // Node.js trusts it in addition to its own authorities; others replace theirs, so that nothing is set for them.
        variables.push(("AUTH_EMULATOR_CA_FILE", &tls.ca_file));
        variables.push(("NODE_EXTRA_CA_CERTS", &tls.ca_file));
    }
    let text = formatted(&variables, args.format)?;
    std::io::stdout()
        .write_all(text.as_bytes())
        .map_err(|error| Failure::not_running(format!("standard output: {error}")))
}

fn formatted(variables: &[(&str, &str)], format: Format) -> Result<String, Failure> {
    if let Some((variable, _)) = variables.iter().find(|(variable, value)| !is_safe(variable, value)) {
        return Err(Failure::not_running(format!("{variable:?} can't be exported")));
    }
    // Within double quotes, readers of such files disagree about what a backslash does.
    let is_ambiguous = |value: &str| value.contains('\'') && value.contains(['\\', '"', '$']);
    if let (Format::Dotenv, Some((variable, _))) =
        (format, variables.iter().find(|(_, value)| is_ambiguous(value)))
    {
        let message = format!("{variable} has quotes that no .env file can contain; use --format json");
        return Err(Failure::usage(message));
    }
    if format == Format::Json {
        let map: BTreeMap<_, _> = variables.iter().copied().collect();
        let json = serde_json::to_string_pretty(&map);
        return json.map(|json| json + "\n").map_err(|error| Failure::usage(error.to_string()));
    }
    Ok(variables.iter().map(|(variable, value)| line(variable, value, format)).collect())
}

/// One line that sets a variable; every special character of the format is quoted.
fn line(variable: &str, value: &str, format: Format) -> String {
    match format {
        Format::Sh | Format::Json => format!("export {variable}='{}'\n", value.replace('\'', r"'\''")),
        // Single quotes are literal in every reader of such files; a value with one needs the other kind.
        Format::Dotenv if value.contains('\'') => format!("{variable}=\"{value}\"\n"),
        Format::Dotenv => format!("{variable}='{value}'\n"),
        Format::Powershell => format!("$Env:{variable} = '{}'\n", value.replace('\'', "''")),
    }
}

/// Whether the name is the name of a variable, and the value is one line.
fn is_safe(variable: &str, value: &str) -> bool {
    variable.starts_with(|c: char| c.is_ascii_uppercase() || c == '_')
        && variable.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_')
        && !value.contains(['\0', '\n', '\r'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_quoted_so_that_they_are_read_back() {
        for (format, expected) in [
            (Format::Sh, "export A_1='b'\nexport B='it'\\''s $HOME `x` \\'\n"),
            (Format::Powershell, "$Env:A_1 = 'b'\n$Env:B = 'it''s $HOME `x` \\'\n"),
            (Format::Json, "{\n  \"A_1\": \"b\",\n  \"B\": \"it's $HOME `x` \\\\\"\n}\n"),
        ] {
            let text = formatted(&[("A_1", "b"), ("B", r"it's $HOME `x` \")], format).unwrap();
            assert_eq!(text, expected, "{format:?}");
        }
        let dotenv = formatted(&[("A_1", r#"b"$\"#), ("B", "it's")], Format::Dotenv).unwrap();
        assert_eq!(dotenv, "A_1='b\"$\\'\nB=\"it's\"\n");
        for ambiguous in ["'\"", "'$", "'\\"] {
            assert!(formatted(&[("A", ambiguous)], Format::Dotenv).is_err(), "{ambiguous}");
        }
    }

    #[test]
    fn invalid_variables_are_not_exported() {
        for name in ["", "a", "1A", "A-B", "A;rm", "A B", "A=B"] {
            assert!(!is_safe(name, "x"), "{name}");
        }
        assert!(!is_safe("A", "\0") && !is_safe("A", "a\nb") && is_safe("A", "a b"));
    }
}
