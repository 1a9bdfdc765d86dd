//! The file, in Markdown, and a summary for the terminal.

use super::matching::Provider;
use std::fmt::Write as _;

const HEAD: &str = "\
<!-- Written by `cargo xtask coverage` from the API descriptions and the emulator's own routes. Do not edit. -->

# What the emulator carries out

Operations of the API descriptions, and whether the emulator does what the vendor would: keeps state, checks what it is
sent, and answers. What it knows and does not carry out is answered with status 501 and the header
`x-emulator-unimplemented`. Paths that no description has are those of logins, and those of providers whose clients are
written by hand.

";

pub(super) fn write(providers: &[Provider]) -> String {
    let mut text = HEAD.to_owned();
    text.push_str("| provider | described | carried out | answered with 501 | besides |\n| --- | --- | --- | --- | --- |\n");
    for provider in providers {
        // Writing to a String can't fail.
        let _ = writeln!(
            text,
            "| [{0}](#{0}) | {1} | {2} | {3} | {4} |",
            provider.name,
            provider.operations.len(),
            provider.count(Some(true)),
            provider.count(Some(false)),
            provider.others.len()
        );
    }
    for provider in providers {
        let _ = writeln!(text, "\n## {}", provider.name);
        if !provider.operations.is_empty() {
            text.push_str("\n| operation | method and path | carried out |\n| --- | --- | --- |\n");
        }
        for one in &provider.operations {
            let _ = writeln!(
                text,
                "| `{}` | `{} {}` | {} |",
                one.id,
                one.method,
                one.path,
                word(one.implemented)
            );
        }
        if provider.others.is_empty() {
            continue;
        }
        text.push_str("\nIn no description:\n\n| name in the emulator | method and path | carried out |\n| --- | --- | --- |\n");
        for other in &provider.others {
            let implemented = word(Some(other.implemented));
            let _ = writeln!(
                text,
                "| `{}` | `{} {}` | {implemented} |",
                other.operation, other.method, other.path
            );
        }
    }
    text
}

fn word(implemented: Option<bool>) -> &'static str {
    match implemented {
        Some(true) => "yes",
        Some(false) => "no",
        None => "not known",
    }
}

pub(super) fn summary(providers: &[Provider]) -> String {
    let line = |provider: &Provider| {
        let all = provider.operations.len();
        let done = provider.count(Some(true));
        let besides = provider.others.len();
        format!(
            "{:<12} {done} of {all} operations carried out, {besides} paths in no description",
            provider.name
        )
    };
    providers.iter().map(line).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::super::matching::{Route, bring_together};
    use super::*;

    #[test]
    fn every_operation_has_a_line_and_every_provider_a_total() {
        let triple = |id: &str, path: &str| (id.to_owned(), "GET".to_owned(), path.to_owned());
        let described =
            Provider::described("a".to_owned(), vec![triple("x.get", "/x"), triple("y.get", "/y/{id}")]);
        let routes: Vec<Route> = serde_json::from_str(
            r#"[{"provider":"a","operation":"x","method":"GET","path":"/x","implemented":true},
                {"provider":"a","operation":"y","method":"GET","path":"/y/{n:int}","implemented":false},
                {"provider":"a","operation":"token","method":"POST","path":"/token","implemented":true}]"#,
        )
        .unwrap();
        let providers = bring_together(vec![described], routes);
        let text = write(&providers);
        for line in [
            "| [a](#a) | 2 | 1 | 1 | 1 |",
            "| `x.get` | `GET /x` | yes |",
            "| `y.get` | `GET /y/{id}` | no |",
            "| `token` | `POST /token` | yes |",
        ] {
            assert!(text.lines().any(|there| there == line), "{line}\n{text}");
        }
        assert!(summary(&providers).contains("1 of 2 operations carried out, 1 paths in no description"));
    }
}
