//! `authctl list [PROVIDER] [WORD]`: finds operations by name, summary, path, synonyms, and fields.

use crate::failure::Failure;
use crate::globals::Globals;
use crate::index::{self, Class, Operation, PROVIDERS, synonyms};
use crate::json::Line;
use crate::{output, resolve, words};

/// List operations: all, those of a provider, or those that words lead to.
#[derive(clap::Args, Debug)]
pub(crate) struct Arguments {
    /// A provider, then words to look for in names, summaries and paths, such as "find a donor". Common other words for the
    /// vendor's names are understood. If nothing has them, fields of requests and responses are searched too.
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
    let wanted: Vec<Vec<String>> = synonyms::words(wanted).iter().map(|word| synonyms::forms(word)).collect();
    let operations: Vec<(Operation, String)> = providers
        .iter()
        .flat_map(|provider| index::operations(provider))
        .filter_map(index::Key::operation)
        .filter_map(|operation| command(&operation).map(|command| (operation, command)))
        .collect();
    let mut found = search(&operations, &wanted, false);
    if found.is_empty() && !wanted.is_empty() {
        found = search(&operations, &wanted, true);
        if !found.is_empty() {
            output::note("No name or summary has all of these words; these operations have them in a field.");
        }
    }
    if let Some(word) = arguments.words.first().filter(|_| found.is_empty() && providers.len() > 1) {
        // An empty list is a success, unless the word was meant as a provider.
        if !words::nearest(word, PROVIDERS.into_iter()).is_empty() {
            resolve::provider(word)?;
        }
    }
    let rows: Vec<String> = found.iter().map(|(operation, command)| row(operation, command)).collect();
    output::rows(globals, &COLUMNS, &rows)
}

/// The words that call an operation. `None` if nothing does.
fn command(operation: &Operation) -> Option<String> {
    let id = operation.id();
    let words = match (operation.provider(), id.as_str()) {
        // The chain of VISE has its own commands.
        ("vise", "domains.list") => "domains".to_owned(),
        ("vise", "vise_domains.list") => "HOST get /domains".to_owned(),
        ("vise", _) => return None,
        _ => id.replacen('.', " ", 1),
    };
    Some(format!("{} {words}", operation.provider()))
}

fn row(operation: &Operation, command: &str) -> String {
    let row = Line::default()
        .text("operation", command)
        .text("class", operation.class.as_str())
        .text("summary", operation.summary.as_str())
        .text("method", operation.method.as_str())
        .text("path", operation.path.as_str());
    row.text("source", operation.source.as_deref()).end()
}

/// The operations that all words lead to, the nearest first.
fn search<'o>(
    operations: &'o [(Operation, String)],
    wanted: &[Vec<String>],
    fields: bool,
) -> Vec<&'o (Operation, String)> {
    let ranked = operations.iter().filter_map(|listed| Some((rank(&listed.0, wanted, fields)?, listed)));
    let mut ranked: Vec<_> = ranked.collect();
    // What most questions are about comes first.
    let is_lookup = |name: &str| ["search", "find", "query", "list", "get"].contains(&name);
    ranked.sort_by_key(|(rank, (operation, _))| {
        (*rank, operation.class != Class::Read, !is_lookup(operation.key.name))
    });
    ranked.into_iter().map(|(_, listed)| listed).collect()
}

/// How far an operation is from the words: 0 if its name has all of them. `None` if one doesn't lead to it.
fn rank(operation: &Operation, wanted: &[Vec<String>], fields: bool) -> Option<usize> {
    let (resource, name) = (operation.key.resource, operation.key.name);
    let id = operation.id();
    let text =
        format!("{} {id} {} {}", operation.provider(), operation.summary, operation.path).to_lowercase();
    let mut sum = 0;
    for forms in wanted {
        let synonym = synonyms::resources(forms).iter().position(|target| *target == resource);
        let verb = synonyms::verbs(forms).iter().position(|target| name.starts_with(target));
        let is_in = |text: &str| forms.iter().any(|form| text.contains(form.as_str()));
        sum += match (synonym, verb) {
            _ if is_in(&id) => 0,
            (Some(at), _) | (None, Some(at)) => at + 1,
            _ if is_in(&text) => 5,
            _ if fields && has_field(operation, forms) => 10,
            _ => return None,
        };
    }
    Some(sum)
}

/// Whether a word is in the name of a parameter, of a field of the body, or of a column of the response: `birthday` is in
/// `birthDay`.
fn has_field(operation: &Operation, forms: &[String]) -> bool {
    let body = operation.body.as_ref().map(|body| index::resolve(operation.provider(), &body.schema));
    let properties = body.iter().flat_map(|schema| &schema.properties).map(|(name, _)| name);
    let names = operation.parameters.iter().map(|parameter| &parameter.name).chain(properties);
    let names = names.chain(&operation.columns).chain(operation.fields.iter().map(|(name, _)| name));
    let plain = |name: &String| name.replace(['_', '-', '.'], "").to_lowercase();
    let names: Vec<String> = names.map(plain).collect();
    forms.iter().any(|form| names.iter().any(|name| name.contains(form.as_str())))
}
