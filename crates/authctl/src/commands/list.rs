//! `authctl list [PROVIDER] [WORD]`: finds operations by name, summary or path.

use crate::failure::Failure;
use crate::globals::Globals;
use crate::index::{self, PROVIDERS};
use crate::json::quote;
use crate::output::Printer;
use crate::resolve;

/// List operations: all, those of a provider, or those that a word leads to.
#[derive(clap::Args, Debug)]
pub(crate) struct Arguments {
    /// A provider, then words to look for in names, summaries and paths.
    #[arg(value_name = "PROVIDER|WORD")]
    words: Vec<String>,
}

pub(crate) fn run(arguments: &Arguments, globals: &Globals) -> Result<(), Failure> {
    let (providers, words): (Vec<&'static str>, &[String]) = match arguments.words.split_first() {
        Some((first, rest)) => match PROVIDERS.into_iter().find(|provider| provider == first) {
            Some(provider) => (vec![provider], rest),
            None => (PROVIDERS.to_vec(), &arguments.words),
        },
        None => (PROVIDERS.to_vec(), &[]),
    };
    let mut rows = Vec::new();
    for operation in
        providers.iter().flat_map(|provider| index::operations(provider)).filter_map(index::Key::operation)
    {
        let id = operation.id();
        let text =
            format!("{} {id} {} {}", operation.provider(), operation.summary, operation.path).to_lowercase();
        if words.iter().all(|word| text.contains(&word.to_lowercase())) {
            let command = match (operation.provider(), id.as_str()) {
                // The chain of VISE has commands of its own.
                ("vise", "domains.list") => "domains".to_owned(),
                ("vise", "vise_domains.list") => "HOST get /domains".to_owned(),
                ("vise", _) => continue,
                _ => id.replacen('.', " ", 1),
            };
            rows.push(format!(
                "{{\"operation\":{},\"class\":{},\"summary\":{},\"method\":{},\"path\":{},\"source\":{}}}",
                quote(&format!("{} {command}", operation.provider())),
                quote(operation.class.as_str()),
                quote(&operation.summary),
                quote(&operation.method),
                quote(&operation.path),
                operation.source.as_deref().map_or("null".to_owned(), quote),
            ));
        }
    }
    if rows.is_empty() && !words.is_empty() {
        // An empty list is a success for programs; people get the nearest name.
        let names: Vec<&str> = providers.iter().flat_map(|provider| index::resources(provider)).collect();
        let word = words.first().map(String::as_str).unwrap_or_default();
        if !arguments.words.is_empty() && providers.len() > 1 && names.iter().all(|name| *name != word) {
            return Err(resolve::no_command(word, names.into_iter()));
        }
    }
    let columns = ["operation", "class", "summary", "method", "path"].map(str::to_owned);
    Printer::new(globals, &columns, &[], None).body(
        format!("[{}]", rows.join(",")).as_bytes(),
        None,
        globals.limit,
    )
}
