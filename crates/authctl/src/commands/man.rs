//! `authctl man`: manual pages, of the program or of one operation.

use crate::arguments;
use crate::failure::Failure;
use crate::globals::Globals;
use crate::output::Out;
use crate::resolve;
use clap::Command;

/// Print a manual page: of authctl, or of an operation.
///
/// authctl man > authctl.1; authctl man virtuous contacts get | man -l -
#[derive(clap::Args, Debug)]
pub(crate) struct Arguments {
    /// An operation: PROVIDER RESOURCE OPERATION.
    #[arg(value_name = "WORD", num_args = 0..=3)]
    words: Vec<String>,
}

pub(crate) fn run(arguments: &Arguments, globals: &Globals, program: fn() -> Command) -> Result<(), Failure> {
    globals.refuse_all("a page has one form")?;
    let command = match arguments.words.as_slice() {
        [] => program(),
        [provider, ..] if provider == "vise" => {
            return Err(Failure::usage("VISE has no operations of this form: authctl vise --help"));
        }
        [provider, resource, name] => {
            let operation = resolve::operation(provider, resource, name)?;
            let title = format!("authctl-{}-{}-{}", operation.provider, operation.resource, operation.name);
            let operation =
                operation.operation().ok_or_else(|| Failure::local("the index of operations is damaged"))?;
            let slots = arguments::slots(&operation);
            arguments::command(&operation, &slots)
                .name(title)
                .after_help(arguments::notes(&operation, &slots))
        }
        _ => return Err(Failure::usage("authctl man takes no words, or PROVIDER RESOURCE OPERATION")),
    };
    let mut page = Vec::new();
    let rendered = clap_mangen::Man::new(command).render(&mut page);
    rendered.map_err(|error| Failure::local(format!("the page could not be written: {error}")))?;
    Out::default().write(&page)
}
