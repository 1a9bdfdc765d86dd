//! Writing code, tests and the table of operations from a plan.

mod arguments;
mod construct;
mod convert;
mod docs;
mod example;
mod handles;
mod lenient_tests;
mod models;
mod modify;
mod names;
mod operations;
mod readme;
mod rust;
mod types;
mod values;
mod wire_json;
mod wire_tests;

use super::description::{Operation, Type};
use super::plan::{Construction, Model, Plan};
use super::walk::Refusal;
use crate::Failure;
use heck::ToUpperCamelCase as _;
use quote::quote;
use rust::{Names, RustFile};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use types::ident;

pub(crate) use readme::update as update_readme;

/// From this many schemas on, models stand in one file per resource.
const SPLIT_MODELS_AT: usize = 25;

/// Why nothing was written: the description, or the tools.
#[derive(Debug)]
pub(crate) enum Stop {
    Refused(Refusal),
    Failed(Failure),
}

impl From<Refusal> for Stop {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<Failure> for Stop {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

/// Where the files of one crate come from.
pub(crate) struct Origin<'a> {
    pub(crate) root: &'a Path,
    pub(crate) crate_name: &'a str,
    /// The digest of the description, shown in two of the files: in all of them, every change would touch all.
    pub(crate) digest: &'a str,
}

/// The text of every generated file, by its path in the crate.
pub(crate) fn files(plan: &Plan<'_>, origin: &Origin<'_>) -> Result<BTreeMap<PathBuf, String>, Stop> {
    if let Some(refusal) = plan.models().find_map(|model| convert::unconvertible(plan, model)) {
        return Err(refusal.into());
    }
    let mut writer = Writer { origin, names: names(plan), files: BTreeMap::new() };
    let mut modules = Vec::new();
    for resource in &plan.api.resources {
        let file = handles::file(plan, resource, origin.crate_name, origin.root)?;
        writer.add(&format!("src/generated/{}.rs", resource.name), &file)?;
        modules.push(resource.name.clone());
    }
    writer.add("src/generated/operations.rs", &operations::file(plan.api))?;
    model_files(plan, &mut writer)?;
    let arguments = arguments_file(plan);
    if let Some(file) = &arguments {
        writer.add("src/generated/arguments.rs", file)?;
    }
    let steps = steps_file(plan);
    if let Some(file) = &steps {
        writer.add("src/generated/steps.rs", file)?;
    }
    // It names what it exports and imports nothing.
    let text = root_module(plan, &modules, arguments.is_some(), steps.is_some(), origin.digest)
        .render(&Names::new(), origin.root)?;
    writer.files.insert(PathBuf::from("src/generated/mod.rs"), text);

    let module = origin.crate_name.replace('-', "_");
    let mut modules = Vec::new();
    let mut add = |writer: &mut Writer<'_>, name: &str, file: &RustFile| {
        let used =
            file.used.iter().map(|name| (name.clone(), format!("{module}::{}", public_path(plan, name))));
        let shared =
            ["Exchange", "lenient"].map(|name| (name.to_owned(), format!("crate::exchange::{name}")));
        let text = file.render(&used.chain(shared).collect(), origin.root)?;
        writer.files.insert(PathBuf::from(format!("tests/generated/{name}.rs")), text);
        modules.push(name.to_owned());
        Ok::<_, Stop>(())
    };
    let tested = plan.api.resources.iter().filter(|resource| plan.operations_of(resource).next().is_some());
    for resource in tested {
        add(&mut writer, &resource.name, &wire_tests::file(plan, resource)?)?;
    }
    if let Some(file) = lenient_tests::file(plan) {
        add(&mut writer, "lenient", &file)?;
    }
    let mut shared = wire_tests::module(&modules);
    shared.head.push(format!("Input: {}", origin.digest));
    let text = shared.render(&Names::new(), origin.root)?;
    writer.files.insert(PathBuf::from("tests/generated/mod.rs"), text);
    Ok(writer.files)
}

struct Writer<'a> {
    origin: &'a Origin<'a>,
    names: Names,
    files: BTreeMap<PathBuf, String>,
}

impl Writer<'_> {
    fn add(&mut self, path: &str, file: &RustFile) -> Result<(), Failure> {
        // What a file defines it doesn't import.
        let own = path.trim_start_matches("src/generated/").trim_end_matches(".rs").replace('/', "::");
        let own = format!("crate::generated::{own}::");
        let names: Names = self
            .names
            .iter()
            .filter(|(name, path)| **path != format!("{own}{name}"))
            .map(|(name, path)| (name.clone(), path.clone()))
            .collect();
        let text = file.render(&names, self.origin.root)?;
        self.files.insert(PathBuf::from(path), text);
        Ok(())
    }
}

/// Where the names in generated code come from.
fn names(plan: &Plan<'_>) -> Names {
    let mut names: Names = [
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
    ]
    .into_iter()
    .map(|(name, path)| (name.to_owned(), path.to_owned()))
    .collect();
    if let Some(page) = &plan.api.page {
        names.insert("Page".to_owned(), page.path.clone());
    }
    for model in plan.models() {
        let module = module_of(plan, model);
        names.insert(model.schema.name.clone(), format!("crate::generated::{module}::{}", model.schema.name));
    }
    for ty in plan.api.types() {
        if let Type::Custom(path) = ty
            && let Some(name) = types::root_name(path)
        {
            names.insert(name.to_owned(), path.clone());
        }
    }
    for resource in &plan.api.resources {
        let handle = handles::handle_name(resource).to_string();
        names.insert(handle.clone(), format!("crate::generated::{}::{handle}", resource.name));
    }
    for operation in &plan.api.operations {
        for name in argument_types(plan, operation) {
            names.insert(name.clone(), format!("crate::generated::arguments::{name}"));
        }
    }
    for (type_name, fields) in staged_types(plan) {
        let between = fields.iter().take(fields.len().saturating_sub(1));
        for name in between.map(|field| format!("{type_name}With{}", field.to_upper_camel_case())) {
            names.insert(name.clone(), format!("crate::generated::steps::{name}"));
        }
    }
    names
}

/// The types that are made in steps, and the fields that the steps set.
fn staged_types<'p>(plan: &'p Plan<'_>) -> Vec<(String, Vec<&'p str>)> {
    let operations = plan.api.operations.iter().filter(|operation| operation.named_arguments);
    let arguments = operations.map(|operation| {
        let arguments = plan.arguments(operation);
        let fields = arguments.iter().map(|argument| argument.parameter.rust.as_str());
        (operation.arguments_type(), fields.collect())
    });
    let models = plan.models().filter_map(|model| {
        let Some(Construction::Staged(steps)) = model.construction() else { return None };
        Some((model.schema.name.clone(), steps.iter().map(|step| step.rust.as_str()).collect()))
    });
    arguments.chain(models).collect()
}

/// The types of an operation's arguments, of which it is the owner.
fn argument_types(plan: &Plan<'_>, operation: &Operation) -> Vec<String> {
    let mut names = Vec::new();
    if operation.named_arguments {
        names.push(operation.arguments_type());
    }
    if arguments::owns_options(plan.api, operation) {
        names.push(operation.options_type());
    }
    names
}

/// The path below the crate by which users name a type.
fn public_path(plan: &Plan<'_>, name: &str) -> String {
    if plan.models().any(|model| model.schema.name == name) {
        return format!("models::{name}");
    }
    if plan.api.operations.iter().any(|operation| argument_types(plan, operation).iter().any(|ty| ty == name))
    {
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
            arguments::named_arguments(plan, operation).into_iter().for_each(|piece| file.items(piece));
        }
        if arguments::owns_options(plan.api, operation) {
            arguments::options(plan, operation).into_iter().for_each(|piece| file.items(piece));
        }
    }
    (!file.pieces.is_empty()).then_some(file)
}

fn steps_file(plan: &Plan<'_>) -> Option<RustFile> {
    let mut file = RustFile::new(
        "Steps between the first and the last required value of a type. They are private: users reach them by method \
         calls alone.",
    );
    for steps in plan.models().filter(|model| !model.private).filter_map(|model| models::steps(plan, model)) {
        file.items(steps);
    }
    for operation in plan.api.operations.iter().filter(|operation| operation.named_arguments) {
        file.items(arguments::steps(plan, operation));
    }
    (!file.pieces.is_empty()).then_some(file)
}

/// The module of a model: one for all, or, where there are many, that of the first resource that uses it.
fn module_of(plan: &Plan<'_>, model: &Model<'_>) -> String {
    if plan.api.schemas.len() < SPLIT_MODELS_AT {
        return "models".to_owned();
    }
    match plan.first_user(&model.schema.name) {
        Some(resource) => format!("models::{resource}"),
        None => "models::other".to_owned(),
    }
}

fn model_files(plan: &Plan<'_>, writer: &mut Writer<'_>) -> Result<(), Failure> {
    let mut files: BTreeMap<String, RustFile> = BTreeMap::new();
    let mut public: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for model in plan.models() {
        let module = module_of(plan, model);
        let file = files.entry(module.clone()).or_insert_with(|| {
            RustFile::new(match module.strip_prefix("models::") {
                Some(resource) => format!("Models used by `{resource}` first."),
                None => "Models: request and response bodies.".to_owned(),
            })
        });
        let pieces = models::pieces(plan, model);
        if !model.private {
            public.entry(module).or_default().push(model.schema.name.clone());
        }
        file.pieces.extend(pieces);
    }
    if plan.api.schemas.is_empty() {
        // All types are written by hand.
        return Ok(());
    }
    if !files.contains_key("models") {
        let mut parent = RustFile::new("Models: request and response bodies.");
        let modules = files.keys().filter_map(|module| module.strip_prefix("models::")).map(ident);
        parent.items(quote!(#(pub(crate) mod #modules;)*));
        let reexports = public.iter().filter_map(|(module, names)| {
            let (module, names) =
                (ident(module.strip_prefix("models::")?), names.iter().map(|name| ident(name)));
            Some(quote!(pub use #module::{#(#names),*};))
        });
        parent.items(quote!(#(#reexports)*));
        let text = parent.render(&Names::new(), writer.origin.root)?;
        writer.files.insert(PathBuf::from("src/generated/models/mod.rs"), text);
    }
    for (module, file) in &mut files {
        let own: Vec<&Model<'_>> = plan.models().filter(|model| module_of(plan, model) == *module).collect();
        file.pieces.extend(models::records(plan, &own));
        writer.add(&format!("src/generated/{}.rs", module.replace("::", "/")), file)?;
    }
    Ok(())
}

fn root_module(
    plan: &Plan<'_>,
    resources: &[String],
    arguments: bool,
    steps: bool,
    digest: &str,
) -> RustFile {
    let mut file = RustFile::new(format!(
        "Generated from the API description: {} operations on {} resource handles, and their models.",
        plan.api.operations.len(),
        resources.len()
    ));
    file.head.push(format!("Input: {digest}"));
    let modules = resources.iter().map(|name| ident(name));
    let [arguments, models, steps] = [
        (
            arguments,
            quote!(
                pub mod arguments;
            ),
        ),
        (
            !plan.api.schemas.is_empty(),
            quote!(
                pub(crate) mod models;
            ),
        ),
        (
            steps,
            quote!(
                mod steps;
            ),
        ),
    ]
    .map(|(there, module)| {
        there.then(|| {
            quote! {
                #[allow(missing_docs, reason = "a field without a description is what its name says")]
                #module
            }
        })
    });
    file.items(quote! {
        #(mod #modules;)*
        #steps

        #arguments
        #models
        pub(crate) mod operations;
    });
    let handles = plan.api.resources.iter().map(|resource| {
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
