//! The description that `docs/adding-a-provider.md` shows is one that the generator takes, and a README without a position for
//! the table of operations is one that it doesn't.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "in a test, a panic is the report"
)]

use std::fs;
use xtask::{codegen, workspace};

#[test]
fn the_guides_description_becomes_a_client() {
    let root = workspace::root();
    let guide = fs::read_to_string(root.join("docs/adding-a-provider.md")).unwrap();
    let description = guide.split("```json\n").nth(1).and_then(|rest| rest.split("```").next());
    let folder = std::env::temp_dir().join(format!("guide-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("openapi.json"), description.expect("a block of JSON")).unwrap();
    fs::write(folder.join("README.md"), "<!-- operations: begin -->\n<!-- operations: end -->\n").unwrap();

    let files = codegen::generate(&root, &folder, "acme-client");
    fs::write(folder.join("README.md"), "<!-- operations: begin -->\n").unwrap();
    let failure = codegen::generate(&root, &folder, "acme-client").unwrap_err().to_string();
    assert!(failure.contains("add the lines `<!-- operations: begin -->` and"), "{failure}");
    fs::remove_dir_all(&folder).unwrap();
    let files = files.unwrap_or_else(|failure| panic!("{failure}"));
    let all: String = files.into_values().collect();
    assert!(all.contains("pub fn get(&self, key_id: &str) -> Call<Key>"), "{all}");
    assert!(all.contains("client.keys().get(key_id)"), "{all}");
}
