//! Markdown, as pulldown-cmark reads it: links, headings and code, each with its line.

use crate::Failure;
use pulldown_cmark::{CodeBlockKind, Event, Parser, Tag, TagEnd};

/// How a host addresses a file of the main branch, behind the address of the repository.
pub(crate) const BRANCH: &str = "/blob/main/";

/// What checks look at.
#[derive(Debug, Default)]
pub(crate) struct Markdown {
    /// The targets of links and images.
    pub(crate) links: Vec<(usize, String)>,
    /// The anchors that a viewer makes of headings.
    pub(crate) anchors: Vec<String>,
    /// Code: the language of a block, none for code in prose.
    pub(crate) code: Vec<(usize, Option<String>, String)>,
}

pub(crate) fn read(text: &str) -> Markdown {
    let mut found = Markdown::default();
    let (mut heading, mut block): (Option<String>, Option<(usize, String, String)>) = (None, None);
    let ends: Vec<usize> = text.match_indices('\n').map(|(at, _)| at).collect();
    for (event, range) in Parser::new(text).into_offset_iter() {
        let line = ends.partition_point(|end| *end < range.start) + 1;
        match event {
            Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) => {
                found.links.push((line, dest_url.to_string()));
            }
            Event::Start(Tag::Heading { .. }) => heading = Some(String::new()),
            Event::End(TagEnd::Heading(_)) => found.anchors.extend(heading.take().map(|text| anchor(&text))),
            Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(language))) => {
                block = Some((line, language.to_string(), String::new()));
            }
            Event::End(TagEnd::CodeBlock) => {
                found
                    .code
                    .extend(block.take().map(|(line, language, code)| (line + 1, Some(language), code)));
            }
            Event::Text(part) => {
                heading.iter_mut().for_each(|heading| heading.push_str(&part));
                block.iter_mut().for_each(|(.., code)| code.push_str(&part));
            }
            Event::Code(part) => {
                heading.iter_mut().for_each(|heading| heading.push_str(&part));
                found.code.push((line, None, part.to_string()));
            }
            _ => {}
        }
    }
    found
}

/// A page with this between `<!-- name: begin -->` and `<!-- name: end -->`; `page` and `command` are for the failure.
pub(crate) fn renewed(
    text: &str,
    name: &str,
    new: &str,
    page: &str,
    command: &str,
) -> Result<String, Failure> {
    let [begin, end] = ["begin", "end"].map(|part| format!("<!-- {name}: {part} -->"));
    let parts = text.split_once(&begin).and_then(|(before, rest)| Some((before, rest.split_once(&end)?.1)));
    let (before, after) = parts.ok_or_else(|| {
        let next = format!("add the lines `{begin}` and `{end}` where it should stand, then run {command}");
        Failure::new(format!("{page} has no position for the table of {name}"), next)
    })?;
    Ok(format!("{before}{begin}\n\n{new}\n\n{end}{after}"))
}

/// Lower case, punctuation dropped, spaces as hyphens.
fn anchor(heading: &str) -> String {
    let kept = heading.to_lowercase();
    let kept = kept.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
    kept.map(|c| if c == ' ' { '-' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_headings_and_code_are_found_with_their_lines() {
        let text = "# What is *it*?\n## `cargo xtask` & more\n[a](one.md) and [`b`](two.md#x)\n\n```sh\n[c](three.md)\n```\n\
            `[d](four.md)` ![e](five.png)\n";
        let found = read(text);
        let links: Vec<&str> = found.links.iter().map(|(_, link)| link.as_str()).collect();
        assert_eq!(links, ["one.md", "two.md#x", "five.png"]);
        assert_eq!(found.links[1].0, 3);
        assert_eq!(found.anchors, ["what-is-it", "cargo-xtask--more"]);
        assert_eq!(found.code[2], (6, Some("sh".to_owned()), "[c](three.md)\n".to_owned()));
        assert_eq!(found.code[3], (8, None, "[d](four.md)".to_owned()));
    }
}
