//! Descriptions as plain JSON, those of clients written by hand among them: what the emulator and `authctl` are made from.
//!
//! What a description means to a client is none of their business, so it is not read as strictly as there.

use super::json::Node;
use crate::report::process::read_text;
use crate::{Context as _, Failure, workspace};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

#[derive(Debug)]
pub(crate) struct Document(Node);

/// An operation that has an id, and where it is.
#[derive(Clone, Copy)]
pub(crate) struct Described<'n> {
    pub(crate) id: &'n str,
    pub(super) path: &'n str,
    /// `get`
    pub(super) method: &'n str,
    pub(super) node: &'n Node,
    /// What all operations of this path share.
    item: &'n Node,
}

/// Every description by the name of its table: `VERIGATOR`, or `VISE_HOST` for one of several.
pub(super) fn all(root: &Path) -> Result<BTreeMap<String, Document>, Failure> {
    let named = |path: PathBuf| {
        let document = Document::read(&path)?;
        let inner = path.strip_prefix(root.join("crates")).unwrap_or(&path).with_extension("");
        let name = inner.to_string_lossy().replace("-client/openapi", "").replace(['/', '\\'], "_");
        Ok((name.to_uppercase(), document))
    };
    workspace::descriptions(root)?.into_iter().map(named).collect()
}

impl Document {
    pub(crate) fn read(path: &Path) -> Result<Self, Failure> {
        let next = "correct it, then run cargo xtask codegen";
        Self::parse(&read_text(path)?).context(format!("{} is no JSON", path.display()), next)
    }

    pub(super) fn parse(text: &str) -> Result<Self, serde_json::Error> {
        Node::parse(text).map(Self)
    }

    pub(crate) fn operations(&self) -> impl Iterator<Item = Described<'_>> {
        self.0.members_of("paths").iter().flat_map(|(path, item)| {
            item.members().iter().filter_map(move |(method, node)| {
                Some(Described { id: node.text("operationId")?, path, method, node, item })
            })
        })
    }

    /// `/v1/service` of `https://api.example.com/v1/service`.
    pub(super) fn server_path(&self) -> String {
        let url =
            self.0.items_of("servers").first().and_then(|server| server.text("url")).unwrap_or_default();
        let path = url.split_once("://").and_then(|(_, rest)| rest.split_once('/'));
        path.map(|(_, path)| format!("/{}", path.trim_end_matches('/'))).unwrap_or_default()
    }

    /// What a reference such as `#/components/schemas/User` leads to.
    pub(super) fn follow(&self, reference: &str) -> Option<&Node> {
        reference.strip_prefix("#/")?.split('/').try_fold(&self.0, |node, name| node.get(name))
    }

    /// A value, or what it refers to.
    pub(super) fn resolve<'n>(&'n self, node: &'n Node) -> &'n Node {
        node.text("$ref").and_then(|to| self.follow(to)).unwrap_or(node)
    }

    /// The types of JSON that a value may have, those of every form.
    pub(super) fn types<'n>(&'n self, schema: &'n Node) -> Vec<&'n str> {
        let schema = self.resolve(schema);
        let forms = schema.items_of("anyOf").iter().flat_map(|form| self.types(form));
        match schema.get("type") {
            Some(Node::Text(name)) => vec![name.as_str()],
            Some(names) => names.items().iter().filter_map(Node::as_text).collect(),
            None if schema.get("anyOf").is_some() => forms.collect(),
            None => vec!["any"],
        }
    }

    /// Those of the path, then those of the operation, which replace others of their name.
    pub(super) fn parameters<'n>(&'n self, operation: &Described<'n>) -> Vec<&'n Node> {
        let lists = [operation.item, operation.node].map(|node| node.items_of("parameters"));
        let mut found: Vec<&Node> = Vec::new();
        for parameter in lists.into_iter().flatten().map(|parameter| self.resolve(parameter)) {
            found.retain(|other| other.text("name") != parameter.text("name"));
            found.push(parameter);
        }
        found
    }

    /// The schema of the first success.
    pub(super) fn success<'n>(&'n self, operation: &Described<'n>) -> Option<&'n Node> {
        schema_of(self.resolve(&operation.successes().next()?.1))
    }
}

impl<'n> Described<'n> {
    /// `read`, `write` or `idempotent-write`
    pub(super) fn class(&self) -> &'n str {
        let by_method = if self.method == "get" { "read" } else { "write" };
        self.node.text("x-sdk-class").unwrap_or(by_method)
    }

    pub(super) fn successes(&self) -> impl Iterator<Item = &'n (String, Node)> + use<'n> {
        self.node.members_of("responses").iter().filter(|(status, _)| status.starts_with('2'))
    }

    /// The schema of the body.
    pub(super) fn body(&self) -> Option<&'n Node> {
        schema_of(self.node.get("requestBody")?)
    }
}

fn schema_of(place: &Node) -> Option<&Node> {
    place.get("content")?.get("application/json")?.get("schema")
}
