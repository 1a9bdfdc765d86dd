//! `authctl list [PROVIDER] [WORD]`: finds operations by name, summary or path.

use crate::failure::Failure;
use crate::globals::Globals;
use crate::index::{self, PROVIDERS};
use crate::json::Line;
use crate::{output, resolve, words};

/// List operations: all, those of a provider, or those that a word leads to.
#[derive(clap::Args, Debug)]
pub(crate) struct Arguments {
    /// A provider, then words to look for in names, summaries and paths.
    #[arg(value_name = "PROVIDER|WORD")]
    words: Vec<String>,
}

const COLUMNS: [&str; 5] = ["operation", "class", "summary", "method", "path"];

pub(crate) fn run(arguments: &Arguments, globals: &Globals) -> Result<(), Failure> {
    globals.refuse(&["--all", "--dry-run"], "the list is complete, and calls nothing")?;
    output::check_rows(globals, &[&COLUMNS[..], &["source"]].concat())?;
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
                // The chain of VISE has its own commands.
                ("vise", "domains.list") => "domains".to_owned(),
                ("vise", "vise_domains.list") => "HOST get /domains".to_owned(),
                ("vise", _) => continue,
                _ => id.replacen('.', " ", 1),
            };
            let row = Line::default()
                .text("operation", format!("{} {command}", operation.provider()).as_str())
                .text("class", operation.class.as_str())
                .text("summary", operation.summary.as_str())
                .text("method", operation.method.as_str())
                .text("path", operation.path.as_str())
                .text("source", operation.source.as_deref());
            rows.push(row.end());
        }
    }
    if let Some(word) = arguments.words.first().filter(|_| rows.is_empty() && providers.len() > 1) {
        // An empty list is a success, unless the word was meant as a provider.
        if !words::nearest(word, PROVIDERS.into_iter()).is_empty() {
            resolve::provider(word)?;
        }
    }
    output::rows(globals, &COLUMNS, &rows)
}
