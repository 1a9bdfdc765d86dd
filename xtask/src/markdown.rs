//! Markdown, as pulldown-cmark reads it: links and code, each with its line.

use crate::Failure;
use pulldown_cmark::{CodeBlockKind, Event, Parser, Tag, TagEnd};

/// How a host addresses a file of the main branch, behind the address of the repository.
pub(crate) const BRANCH: &str = "/blob/main/";

/// What checks look at.
#[derive(Debug, Default)]
pub(crate) struct Markdown {
    /// The targets of links and images.
    pub(crate) links: Vec<(usize, String)>,
    /// Code: the language of a block, none for code in prose.
    pub(crate) code: Vec<(usize, Option<String>, String)>,
}

pub(crate) fn read(text: &str) -> Markdown {
    let mut found = Markdown::default();
    let mut block: Option<(usize, String, String)> = None;
    let ends: Vec<usize> = text.match_indices('\n').map(|(at, _)| at).collect();
    for (event, range) in Parser::new(text).into_offset_iter() {
        let line = ends.partition_point(|end| *end < range.start) + 1;
        match event {
            Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) => {
                found.links.push((line, dest_url.to_string()));
            }
            Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(language))) => {
                block = Some((line, language.to_string(), String::new()));
            }
            Event::End(TagEnd::CodeBlock) => {
                let block = block.take().map(|(line, language, code)| (line + 1, Some(language), code));
                found.code.extend(block);
            }
            Event::Text(part) => block.iter_mut().for_each(|(.., code)| code.push_str(&part)),
            Event::Code(part) => found.code.push((line, None, part.to_string())),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_and_code_are_found_with_their_lines() {
        let text = "# What is *it*?\n## More\n[a](one.md) and [`b`](two.md#x)\n\n```sh\n[c](three.md)\n```\n\
            `[d](four.md)` ![e](five.png)\n";
        let found = read(text);
        let links: Vec<&str> = found.links.iter().map(|(_, link)| link.as_str()).collect();
        assert_eq!(links, ["one.md", "two.md#x", "five.png"]);
        assert_eq!(found.links[1].0, 3);
        assert_eq!(found.code[1], (6, Some("sh".to_owned()), "[c](three.md)\n".to_owned()));
        assert_eq!(found.code[2], (8, None, "[d](four.md)".to_owned()));
    }
}
