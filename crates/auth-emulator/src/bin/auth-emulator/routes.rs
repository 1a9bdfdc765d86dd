//! `auth-emulator routes`: what the vendors have, and what of it is emulated.

use std::fmt::Write as _;
use std::io::Write as _;

use auth_emulator::{Builder, Operation};

use crate::Failure;
use crate::args::Routes;

pub(crate) fn run(args: &Routes) -> Result<(), Failure> {
    let known = Builder::providers();
    if let Some(unknown) = args.provider.as_deref().filter(|name| !known.contains(name)) {
        let known = known.join(", ");
        return Err(Failure::usage(format!("there is no provider {unknown:?}; there are: {known}")));
    }
    let wanted =
        |operation: &Operation| args.provider.as_deref().is_none_or(|name| name == operation.provider);
    let operations: Vec<Operation> = auth_emulator::routes().into_iter().filter(wanted).collect();
    let text = if args.json {
        let json = serde_json::to_string_pretty(&operations);
        json.map_err(|error| Failure::usage(error.to_string()))? + "\n"
    } else {
        table(&operations)
    };
    std::io::stdout()
        .write_all(text.as_bytes())
        .map_err(|error| Failure::not_running(format!("standard output: {error}")))
}

/// For a person: one line each, and the sums.
fn table(operations: &[Operation]) -> String {
    let width = |length: fn(&Operation) -> usize| operations.iter().map(length).max().unwrap_or_default();
    let (provider, method) = (width(|one| one.provider.len()), width(|one| one.method.len()));
    let path = width(|one| one.path.len());
    let mut text = String::new();
    for one in operations {
        let mark = if one.implemented { "yes" } else { "-" };
        let _ = writeln!(
            text,
            "{:provider$}  {:method$}  {:path$}  {mark:3}  {}",
            one.provider, one.method, one.path, one.operation
        );
    }
    let carried_out = operations.iter().filter(|one| one.implemented).count();
    let _ = writeln!(text, "{carried_out} of {} are carried out", operations.len());
    text
}
