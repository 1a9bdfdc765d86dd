//! `authctl list [PROVIDER] [WORD]`: finds operations by name, summary or path.

use crate::failure::Failure;
use crate::globals::Globals;
use crate::index::{self, PROVIDERS};
use crate::json::quote;
use crate::output::Printer;
use crate::words;

/// List operations: all, those of a provider, or those that a word leads to.
#[derive(clap::Args, Debug)]
pub(crate) struct Arguments {
    /// A provider, then words to look for in names, summaries and paths.
    #[arg(value_name = "PROVIDER|WORD")]
    words: Vec<String>,
}

pub(crate) fn run(arguments: &Arguments, globals: &Globals) -> Result<(), Failure> {
    let (providers, wanted): (Vec<&'static str>, &[String]) = match arguments.words.split_first() {
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
        if wanted.iter().all(|word| text.contains(&word.to_lowercase())) {
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
    if let Some(word) = arguments.words.first().filter(|_| rows.is_empty() && providers.len() > 1) {
        // An empty list is a success, unless the word was meant as a provider.
        let near = words::did_you_mean(word, PROVIDERS.into_iter());
        if !near.is_empty() {
            return Err(Failure::usage(format!("there is no provider {word:?}{near}")));
        }
    }
    let columns = ["operation", "class", "summary", "method", "path"].map(str::to_owned);
    Printer::new(globals, &columns, &[], None).body(
        format!("[{}]", rows.join(",")).as_bytes(),
        None,
        globals.limit,
    )
}
