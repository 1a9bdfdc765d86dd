//! `auth-emulator routes`: lists the operations of the vendors, and whether they are implemented.

use std::fmt::Write as _;
use std::io::Write as _;

use crate::{Builder, Operation};

use super::args::Routes;
use super::failure::Failure;

pub(crate) fn run(args: &Routes) -> Result<(), Failure> {
    let known = Builder::providers();
    if let Some(unknown) = args.provider.as_deref().filter(|name| !known.contains(name)) {
        let known = known.join(", ");
        return Err(Failure::usage(format!("unknown provider {unknown:?}; known are: {known}")));
    }
    let wanted =
        |operation: &Operation| args.provider.as_deref().is_none_or(|name| name == operation.provider);
    let operations: Vec<Operation> = crate::routes().into_iter().filter(wanted).collect();
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

/// A table for people, with a summary.
fn table(operations: &[Operation]) -> String {
    let header = ["PROVIDER", "METHOD", "PATH", "IMPLEMENTED", "OPERATION"];
    let rows: Vec<[&str; 5]> = operations
        .iter()
        .map(|one| {
            let implemented = if one.implemented { "yes" } else { "no" };
            [one.provider, one.method, &one.path, implemented, one.operation]
        })
        .collect();
    let mut widths = header.map(str::len);
    for row in &rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = cell.len().max(*width);
        }
    }
    let [provider, method, path, implemented, _] = widths;
    let mut text = String::new();
    for [a, b, c, d, e] in std::iter::once(&header).chain(&rows) {
        let _ = writeln!(text, "{a:provider$}  {b:method$}  {c:path$}  {d:implemented$}  {e}");
    }
    let count = operations.iter().filter(|one| one.implemented).count();
    let _ = writeln!(text, "{count} of {} operations are implemented", operations.len());
    text
}
