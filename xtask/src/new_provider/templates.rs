//! The files of a new crate. In `templates/` they are a crate for `vendorname`; three spellings of that word are replaced,
//! and two places are filled with what the model crate has there.

use super::model::Model;
use super::name::Name;
use std::collections::BTreeMap;
use std::path::PathBuf;

const FILES: &[(&str, &str)] = &[
    ("Cargo.toml", include_str!("templates/manifest.toml")),
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

const FEATURES: &str = "[features]\n# Those of the model crate are put here.";
const RE_EXPORTS: &str = "// The re-exports of the model crate are put here.";

/// The files, by their path in the crate; `url` is where the vendor is, if that is known.
pub(super) fn files(name: &Name, url: Option<&str>, model: &Model) -> BTreeMap<PathBuf, String> {
    FILES.iter().map(|(path, text)| (PathBuf::from(path), filled(path, text, name, url, model))).collect()
}

fn filled(path: &str, text: &str, name: &Name, url: Option<&str>, model: &Model) -> String {
    let text = text.replace(FEATURES, &model.features).replace(RE_EXPORTS, &model.re_exports);
    let text = url.map_or_else(|| text.clone(), |url| text.replace(URL, url));
    // Prose has the title; code has the name of the type.
    let prose = text.lines().map(|line| {
        let comment = line.trim_start().starts_with("//");
        let told = comment || path.ends_with(".md") || path.ends_with(".toml") || line.contains("\"title\"");
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workspace;

    fn model() -> Model {
        Model::read(&workspace::root()).unwrap()
    }

    #[test]
    fn nothing_of_the_placeholder_is_left() {
        let name = Name::checked(&workspace::root(), "acme", Some("Acme Identity")).unwrap();
        for (path, text) in files(&name, Some("https://id.acme.example/api"), &model()) {
            assert!(!text.to_lowercase().contains("vendorname"), "{}: {text}", path.display());
        }
        let files = files(&name, Some("https://id.acme.example/api"), &model());
        let client = &files[&PathBuf::from("src/client.rs")];
        assert!(client.contains("const DEFAULT_URL: &str = \"https://id.acme.example/api\";"), "{client}");
        assert!(client.contains("/// Calls Acme Identity.") && client.contains("{Error, Acme}"), "{client}");
        let manifest = &files[&PathBuf::from("Cargo.toml")];
        assert!(
            manifest.contains("\nrustls-ring = [\"hyper\", \"auth-client-core/rustls-ring\"]\n"),
            "{manifest}"
        );
    }

    #[test]
    fn serde_json_is_added_among_the_dependencies_only() {
        let name = Name::checked(&workspace::root(), "acme", None).unwrap();
        let mut files = files(&name, None, &model());
        add_serde_json(&mut files);
        let manifest = &files[&PathBuf::from("Cargo.toml")];
        let dependencies = manifest.split("[dev-dependencies]").next().unwrap();
        assert!(dependencies.contains("\nserde_json.workspace = true\n"), "{manifest}");
    }
}
