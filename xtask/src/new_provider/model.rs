//! What a new provider takes from the crate that is the model of all: features and re-exports, so that it has those that
//! all have today.

use crate::Failure;
use std::fs;
use std::path::Path;

/// The smallest complete provider crate.
const MODEL: &str = "verigator-client";

/// Pieces of the model, as text.
#[derive(Clone, Debug)]
pub(super) struct Model {
    /// The table `[features]`, from its head to the empty line.
    pub(super) features: String,
    /// What its `lib.rs` re-exports from the engine.
    pub(super) re_exports: String,
}

impl Model {
    pub(super) fn read(root: &Path) -> Result<Self, Failure> {
        let manifest = text(root, "Cargo.toml")?;
        let code = text(root, "src/lib.rs")?;
        Ok(Self {
            features: found(
                paragraph(&manifest, |first| first == "[features]"),
                "Cargo.toml",
                "table [features]",
            )?,
            re_exports: found(
                paragraphs(&code)
                    .find(|lines| lines.iter().any(|line| line.starts_with("pub use auth_client_core::"))),
                "src/lib.rs",
                "paragraph that re-exports auth_client_core",
            )?,
        })
    }

    /// The names of its features, which are those that every provider has.
    pub(super) fn feature_names(&self) -> Vec<&str> {
        self.features.lines().filter_map(|line| line.split_once(" = [")).map(|(name, _)| name).collect()
    }
}

fn text(root: &Path, file: &str) -> Result<String, Failure> {
    let path = format!("crates/{MODEL}/{file}");
    fs::read_to_string(root.join(&path)).map_err(|error| {
        Failure::new(format!("{path} can't be read: {error}"), format!("git checkout {path}"))
    })
}

fn paragraphs(text: &str) -> impl Iterator<Item = Vec<&str>> {
    text.split("\n\n").map(|paragraph| paragraph.trim_matches('\n').lines().collect())
}

fn paragraph(text: &str, wanted: impl Fn(&str) -> bool) -> Option<Vec<&str>> {
    paragraphs(text).find(|lines| lines.first().is_some_and(|first| wanted(first)))
}

fn found(lines: Option<Vec<&str>>, file: &str, what: &str) -> Result<String, Failure> {
    lines.map(|lines| lines.join("\n")).ok_or_else(|| {
        Failure::new(
            format!("crates/{MODEL}/{file} has no {what}"),
            "make it as in the other providers, or change xtask/src/new_provider/model.rs",
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_model_has_what_is_taken_from_it() {
        let model = Model::read(&crate::workspace::root()).unwrap();
        assert!(model.features.starts_with("[features]\n") && model.feature_names().contains(&"rustls-ring"));
        assert!(model.re_exports.contains("pub use auth_client_core::"), "{}", model.re_exports);
        assert!(!model.re_exports.contains("mod ") && !model.features.contains("[dependencies]"));
    }
}
