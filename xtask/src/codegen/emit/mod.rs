//! Writing code, tests and the table of operations from a plan.

mod arguments;
mod construct;
mod convert;
mod docs;
mod example;
mod handles;
mod lenient_tests;
mod models;
mod operations;
mod readme;
mod rust;
mod types;
mod wire_json;
mod wire_tests;

use super::description::Type;
use super::plan::{Model, Plan};
use super::refused;
use super::walk::Refusal;
use crate::Failure;
use quote::quote;
use rust::{Names, RustFile};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use types::ident;

pub(crate) use readme::update as update_readme;

/// From this many schemas on, models stand in one file per resource.
const SPLIT_MODELS_AT: usize = 25;

/// Where the files of one crate come from.
pub(crate) struct Origin<'a> {
    pub(crate) root: &'a Path,
    pub(crate) crate_name: &'a str,
    /// The digest of the description, shown in two of the files: in all of them, every change would touch all.
    pub(crate) digest: &'a str,
}

/// The text of every generated file, by its path in the crate.
pub(crate) fn files(plan: &Plan<'_>, origin: &Origin<'_>) -> Result<BTreeMap<PathBuf, String>, Failure> {
    if let Some(refusal) = plan.models().find_map(|model| convert::unconvertible(plan, model)) {
        return Err(refused(origin.crate_name, &refusal));
    }
    let mut sources = Vec::new();
    for resource in &plan.api.resources {
        let file = handles::file(plan, resource, origin.crate_name, origin.root)?;
        sources.push((resource.name.clone(), file));
    }
    sources.push(("operations".to_owned(), operations::file(plan.api)));
    sources.extend(model_files(plan));
    let (arguments, steps) = (arguments_file(plan), steps_file(plan));
    let root = root_module(plan, arguments.is_some(), steps.is_some(), origin.digest);
    sources.extend(arguments.map(|file| ("arguments".to_owned(), file)));
    sources.extend(steps.map(|file| ("steps".to_owned(), file)));
    let names = names(plan, &sources);
    let mut files = BTreeMap::new();
    for (module, file) in &sources {
        // What a file defines it doesn't import.
        let own = |name: &str, path: &str| path == format!("crate::generated::{module}::{name}");
        let names = names.iter().filter(|(name, path)| !own(name, path));
        let names: Names = names.map(|(name, path)| (name.clone(), path.clone())).collect();
        let path = format!("src/generated/{}.rs", module.replace("::", "/"));
        files.insert(PathBuf::from(path), file.render(&names, origin.root)?);
    }
    // They name what they export and import nothing.
    let models = models_module(plan, &sources).map(|file| ("models/mod", file));
    for (path, file) in std::iter::once(("mod", root)).chain(models) {
        let text = file.render(&Names::new(), origin.root)?;
        files.insert(PathBuf::from(format!("src/generated/{path}.rs")), text);
    }

    let module = origin.crate_name.replace('-', "_");
    let tested = plan.api.resources.iter().filter(|resource| plan.operations_of(resource).next().is_some());
    let tests = tested.map(|resource| Ok((resource.name.clone(), wire_tests::file(plan, resource)?)));
    let tests = tests.collect::<Result<Vec<_>, Refusal>>();
    let mut tests = tests.map_err(|refusal| refused(origin.crate_name, &refusal))?;
    tests.extend(lenient_tests::file(plan).map(|file| ("lenient".to_owned(), file)));
    for (name, file) in &tests {
        let used =
            file.used.iter().map(|name| (name.clone(), format!("{module}::{}", public_path(plan, name))));
        let shared =
            ["Exchange", "lenient"].map(|name| (name.to_owned(), format!("crate::exchange::{name}")));
        let text = file.render(&used.chain(shared).collect(), origin.root)?;
        files.insert(PathBuf::from(format!("tests/generated/{name}.rs")), text);
    }
    let mut shared = wire_tests::module(tests.iter().map(|(name, _)| name.as_str()));
    shared.head.push(format!("Input: {}", origin.digest));
    files.insert(PathBuf::from("tests/generated/mod.rs"), shared.render(&Names::new(), origin.root)?);
    Ok(files)
}

/// Where the names in generated code come from.
fn names(plan: &Plan<'_>, sources: &[(String, RustFile)]) -> Names {
    let known = [
        ("BTreeMap", "std::collections::BTreeMap"),
        ("Call", "crate::Call"),
        ("Idempotency", "auth_client_core::Idempotency"),
        ("Client", "crate::Client"),
        ("Error", "crate::Error"),
        ("ExposeSecret", "auth_client_core::ExposeSecret"),
        ("Method", "http::Method"),
        ("Operation", "auth_client_core::provider::Operation"),
        ("SecretString", "auth_client_core::SecretString"),
        ("Serialize", "serde::Serialize"),
        ("Exposed", "auth_client_core::provider::record::Exposed"),
        ("UnknownFields", "auth_client_core::UnknownFields"),
        ("RawJson", "auth_client_core::RawJson"),
        ("check", "auth_client_core::provider::check"),
        ("decode", "auth_client_core::decode"),
        ("model", "auth_client_core::provider::model"),
        ("operations", "crate::generated::operations"),
    ];
    let mut names: Names = known.map(|(name, path)| (name.to_owned(), path.to_owned())).into();
    names.extend(plan.api.page.as_ref().map(|page| ("Page".to_owned(), page.path.clone())));
    for ty in plan.api.types() {
        if let Type::Custom(path) = ty
            && let Some(name) = types::root_name(path)
        {
            names.insert(name.to_owned(), path.clone());
        }
    }
    for (module, file) in sources {
        let types = file.types().into_iter();
        names.extend(types.map(|name| (name.clone(), format!("crate::generated::{module}::{name}"))));
    }
    names
}

/// The path below the crate by which users name a type.
fn public_path(plan: &Plan<'_>, name: &str) -> String {
    if plan.model(name).is_some() {
        return format!("models::{name}");
    }
    if plan.argument_types.contains(name) {
        return format!("arguments::{name}");
    }
    let custom = plan.api.types().find_map(|ty| match ty {
        Type::Custom(path) if types::root_name(path) == Some(name) => path.strip_prefix("crate::"),
        _ => None,
    });
    custom.unwrap_or(name).to_owned()
}

fn arguments_file(plan: &Plan<'_>) -> Option<RustFile> {
    let mut file = RustFile::new(
        "Arguments: optional query parameters, and required arguments of one type that could be swapped.",
    );
    for operation in &plan.api.operations {
        if operation.named_arguments {
            file.items(arguments::named_arguments(plan, operation));
        }
        if arguments::owns_options(plan.api, operation) {
            file.items(arguments::options(plan, operation));
        }
    }
    (!file.pieces.is_empty()).then_some(file)
}

fn steps_file(plan: &Plan<'_>) -> Option<RustFile> {
    let mut file = RustFile::new(
        "Steps between the first and the last required value of a type. They are private: users reach them by method \
         calls alone.",
    );
    let models = plan.models().filter(|model| !model.private).filter_map(models::constructor);
    let operations = plan.api.operations.iter().filter(|operation| operation.named_arguments);
    let operations = operations.map(|operation| arguments::named(plan, operation));
    for made in models.chain(operations).filter(|made| made.staged) {
        file.items(made.steps().1);
    }
    (!file.pieces.is_empty()).then_some(file)
}

/// The module of a model: one for all, or, where there are many, that of the first resource that uses it.
fn module_of(plan: &Plan<'_>, model: &Model<'_>) -> String {
    if plan.api.schemas.len() < SPLIT_MODELS_AT {
        return "models".to_owned();
    }
    format!("models::{}", plan.first_user(&model.schema.name).unwrap_or("other"))
}

/// The models, by their modules.
fn model_files(plan: &Plan<'_>) -> Vec<(String, RustFile)> {
    let mut modules: BTreeMap<String, Vec<&Model<'_>>> = BTreeMap::new();
    for model in plan.models() {
        modules.entry(module_of(plan, model)).or_default().push(model);
    }
    let file = |(module, models): (String, Vec<&Model<'_>>)| {
        let mut file = RustFile::new(match module.strip_prefix("models::") {
            Some(resource) => format!("Models used by `{resource}` first."),
            None => MODELS.to_owned(),
        });
        file.pieces.extend(models.iter().flat_map(|model| models::pieces(plan, model)));
        file.pieces.extend(models::records(plan, &models));
        (module, file)
    };
    modules.into_iter().map(file).collect()
}

const MODELS: &str = "Models: request and response bodies.";

/// The module of all models, where they are in one file per resource.
fn models_module(plan: &Plan<'_>, sources: &[(String, RustFile)]) -> Option<RustFile> {
    let modules: Vec<&str> =
        sources.iter().filter_map(|(module, _)| module.strip_prefix("models::")).collect();
    let mut parent = RustFile::new(MODELS);
    let names = modules.iter().map(|name| ident(name));
    parent.items(quote!(#(pub(crate) mod #names;)*));
    let reexports = modules.iter().filter_map(|module| {
        let path = format!("models::{module}");
        let public = plan.models().filter(|model| !model.private && module_of(plan, model) == path);
        let names: Vec<_> = public.map(|model| ident(&model.schema.name)).collect();
        let module = ident(module);
        (!names.is_empty()).then(|| quote!(pub use #module::{#(#names),*};))
    });
    parent.items(quote!(#(#reexports)*));
    (!modules.is_empty()).then_some(parent)
}

fn root_module(plan: &Plan<'_>, arguments: bool, steps: bool, digest: &str) -> RustFile {
    let resources = &plan.api.resources;
    let mut file = RustFile::new(format!(
        "Generated from the API description: {} operations on {} resource handles, and their models.",
        plan.api.operations.len(),
        resources.len()
    ));
    file.head.push(format!("Input: {digest}"));
    let modules = resources.iter().map(|resource| ident(&resource.name));
    let allow =
        quote!(#[allow(missing_docs, reason = "a field without a description is what its name says")]);
    let steps = steps.then(|| quote! { #allow mod steps; });
    let arguments = arguments.then(|| quote! { #allow pub mod arguments; });
    let models = (!plan.api.schemas.is_empty()).then(|| quote! { #allow pub(crate) mod models; });
    file.items(quote! {
        #(mod #modules;)*
        #steps
        #arguments
        #models
        pub(crate) mod operations;
    });
    let handles = resources.iter().map(|resource| {
        let (module, handle) = (ident(&resource.name), handles::handle_name(resource));
        quote!(pub use super::#module::#handle;)
    });
    file.items(quote! {
        /// Resource handles: one type per group of operations, with a method per operation.
        pub mod resources {
            #(#handles)*
        }
    });
    file
}
