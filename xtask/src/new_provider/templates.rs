//! The files of a new crate. In `templates/` they are a crate for `vendorname`, three spellings of which are replaced. The
//! manifest is the one of an existing crate, so that features and dependencies are those that all providers have today.

use super::name::Name;
use crate::Failure;
use crate::report::process;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

const FILES: &[(&str, &str)] = &[
    ("LICENSE-APACHE", include_str!("../../../LICENSE-APACHE")),
    ("LICENSE-MIT", include_str!("../../../LICENSE-MIT")),
    ("README.md", include_str!("templates/readme.md")),
    ("openapi.json", include_str!("templates/openapi.json")),
    ("src/auth.rs", include_str!("templates/src/auth.rs")),
    ("src/client.rs", include_str!("templates/src/client.rs")),
    ("src/error.rs", include_str!("templates/src/error.rs")),
    ("src/lib.rs", include_str!("templates/src/lib.rs")),
    ("tests/common/mod.rs", include_str!("templates/tests/common/mod.rs")),
    ("tests/environment.rs", include_str!("templates/tests/environment.rs")),
    ("tests/errors.rs", include_str!("templates/tests/errors.rs")),
    ("tests/secrets.rs", include_str!("templates/tests/secrets.rs")),
    ("tests/wire.rs", include_str!("templates/tests/wire.rs")),
];

const URL: &str = "https://api.vendorname.example/v1";

/// The smallest complete provider, whose manifest is copied, and its title in lists.
pub(super) const MODEL: &str = "verigator";
pub(super) const MODEL_TITLE: &str = "Messente Verigator";

/// The files, by their path in the crate; `url` is the vendor's server, if that is known.
pub(super) fn files(
    root: &Path,
    name: &Name,
    url: Option<&str>,
) -> Result<BTreeMap<PathBuf, String>, Failure> {
    let mut files: BTreeMap<PathBuf, String> =
        FILES.iter().map(|(path, text)| (PathBuf::from(path), filled(path, text, name, url))).collect();
    let manifest = process::read_text(&root.join(format!("crates/{MODEL}-client/Cargo.toml")))?;
    let lines = manifest.lines().map(|line| match line.split_once(" = ") {
        Some(("description", _)) => format!("description = \"Client for the {} API\"", name.title()),
        Some(("keywords", _)) => {
            format!("keywords = [\"api-client\", \"authentication\", \"{}\"]", name.word())
        }
        _ => line.replace(MODEL, name.word()),
    });
    files.insert(PathBuf::from("Cargo.toml"), lines.collect::<Vec<_>>().join("\n") + "\n");
    Ok(files)
}

fn filled(path: &str, text: &str, name: &Name, url: Option<&str>) -> String {
    let text = url.map_or_else(|| text.to_owned(), |url| text.replace(URL, url));
    // Prose has the title; code has the name of the type.
    let prose = text.lines().map(|line| {
        let comment = line.trim_start().starts_with("//");
        let told = comment || path.ends_with(".md") || line.contains("\"title\"");
        line.replace("VendorName", if told { name.title() } else { "VendorName" })
    });
    let text = prose.collect::<Vec<_>>().join("\n") + "\n";
    text.replace("VendorName", &name.type_name())
        .replace("VENDORNAME", &name.word().to_uppercase())
        .replace("vendorname", name.word())
}

/// Maps in models are those of serde_json.
pub(super) fn add_serde_json(files: &mut BTreeMap<PathBuf, String>) {
    if let Some(manifest) = files.get_mut(&PathBuf::from("Cargo.toml")) {
        let with = "serde.workspace = true\n# Values whose form is not known before they are read.\nserde_json.workspace = true\n";
        *manifest = manifest.replacen("serde.workspace = true\n", with, 1);
    }
}

/// The generated models are public in a module of their own, if there are any.
pub(super) fn add_models(files: &mut BTreeMap<PathBuf, String>) {
    if let Some(code) = files.get_mut(&PathBuf::from("src/lib.rs")) {
        code.push_str("\n/// Models: request and response bodies.\npub mod models {\n    pub use crate::generated::models::*;\n}\n");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workspace;

    #[test]
    fn nothing_of_the_placeholder_and_the_model_is_left() {
        let name = Name::checked(&workspace::root(), "acme", Some("Acme Identity")).unwrap();
        let mut files = files(&workspace::root(), &name, Some("https://id.acme.example/api")).unwrap();
        for (path, text) in &files {
            let text = text.to_lowercase();
            assert!(!text.contains("vendorname") && !text.contains(MODEL), "{}: {text}", path.display());
        }
        let client = &files[&PathBuf::from("src/client.rs")];
        assert!(client.contains("const DEFAULT_URL: &str = \"https://id.acme.example/api\";"), "{client}");
        assert!(client.contains("Acme Identity") && client.contains("{Error, Acme}"), "{client}");
        add_serde_json(&mut files);
        let manifest = &files[&PathBuf::from("Cargo.toml")];
        assert!(manifest.contains("\nrustls-ring = [\"hyper\", "), "{manifest}");
        let dependencies = manifest.split("[dev-dependencies]").next().unwrap();
        assert!(dependencies.contains("\nserde_json.workspace = true\n"), "{manifest}");
    }
}
