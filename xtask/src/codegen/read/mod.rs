//! Reading a description: a strict subset of OpenAPI 3.1 and our additions, each unknown construct refused by its place.

mod operation;
mod parameter;
mod schema;

use super::description::{Api, PageType, Resource, Schema};
use super::json::Node;
use super::walk::{Members, Place, Read, Result, ensure};

/// Reads a whole description.
pub(crate) fn api(document: &Node) -> Result<Api> {
    let place = Place::root(document);
    place.object("a description", |root| {
        let version: Place<'_> = root.need("openapi", "write \"3.1.0\"")?;
        ensure!(version.text()?.starts_with("3.1."), version, "only OpenAPI 3.1 is read; write \"3.1.0\"");
        info(&root.need("info", "give a title, a version and a description")?)?;
        servers(&root.need("servers", "give the vendor's base URL, one server")?)?;
        // How calls are authenticated is written by hand.
        root.skip(&["security", "externalDocs"]);
        let vendor = root.need("x-sdk-vendor", "give the vendor's name, as in the name of the crate")?;
        let (decoder, empty_decoder) = match root.take("x-sdk-decode") {
            Some(place) => place.object("x-sdk-decode", |it| Ok((it.get("json")?, it.get("nothing")?)))?,
            None => (None, None),
        };
        let lenient = root.or_default("x-sdk-lenient")?;
        let page = root.get("x-sdk-page")?;
        let tags = root.or_default::<Vec<Tag>>("tags")?;
        let resources = resources(&root.need("x-sdk-resources", "name the resource handles")?, &tags)?;
        let mut schemas = root.take("components").map_or(Ok(Vec::new()), |place| components(&place))?;
        let operations = operation::all(&root.need("paths", "describe the operations")?, &mut schemas)?;
        Ok(Api { vendor, decoder, empty_decoder, lenient, page, resources, operations, schemas })
    })
}

fn info(place: &Place<'_>) -> Result<()> {
    place.object("the info", |info| {
        info.skip(&["summary", "contact", "license"]);
        info.need::<String>("title", "name the API")?;
        info.need::<String>("version", "give the vendor's version of the API")?;
        info.need::<String>("description", "say in a sentence what the API is").map(drop)
    })
}

fn servers(place: &Place<'_>) -> Result<()> {
    let items = Vec::<Place<'_>>::read(place)?;
    let [server] = items.as_slice() else {
        return Err(place.refuse("one server is wanted; other addresses are settings of the client"));
    };
    server.object("a server", |server| {
        let url: Place<'_> = server.need("url", "give the base URL to which the paths are joined")?;
        let no_slash = !url.text()?.ends_with('/');
        ensure!(no_slash, url, "the paths begin with a slash, so the base URL must not end with one");
        server.skip(&["description"]);
        Ok(())
    })
}

impl<'a> Read<'a> for PageType {
    fn read(place: &Place<'a>) -> Result<Self> {
        place.object("x-sdk-page", |page| {
            let path =
                page.need("type", "give the path of the type of pages, which has one parameter: its rows")?;
            Ok(Self { path, decoder: page.need("decode", "give the path of the function that reads pages")? })
        })
    }
}

/// Name and description: by tags, other readers of the file group operations.
struct Tag(String, String);

impl<'a> Read<'a> for Tag {
    fn read(place: &Place<'a>) -> Result<Self> {
        place.object("a tag", |tag| {
            let name = tag.need("name", "write the name of a resource")?;
            Ok(Self(name, tag.need("description", "say in a sentence what the resource is")?))
        })
    }
}

/// The resources; those with a tag are described there.
fn resources(place: &Place<'_>, tags: &[Tag]) -> Result<Vec<Resource>> {
    let resource = |(name, place): (&str, Place<'_>)| {
        ensure!(is_rust_name(name), place, "`{name}` is the name of a Rust method: write it in snake case");
        place.object("a resource", |members| {
            let summary = match tags.iter().find(|tag| tag.0 == name) {
                Some(tag) => tag.1.clone(),
                None => members.need("summary", "say in a sentence what it is; it documents the handle")?,
            };
            let parent = members.get("parent")?;
            let binds = members.take("binds").map(|place| one_bound(&place)).transpose()?;
            Ok(Resource { pointer: place.pointer.clone(), name: name.to_owned(), summary, parent, binds })
        })
    };
    place.entries()?.into_iter().map(resource).collect()
}

fn one_bound(place: &Place<'_>) -> Result<String> {
    let mut parameters = Vec::<String>::read(place)?;
    let first = parameters.pop().filter(|_| parameters.is_empty());
    let one = "a handle binds one path parameter, so that no two can be swapped; put the others into a parent or child";
    first.ok_or_else(|| place.refuse(one))
}

fn components(place: &Place<'_>) -> Result<Vec<Schema>> {
    place.object("the components", |members| {
        // Parameters and responses are read where they are used.
        members.skip(&["securitySchemes", "parameters", "responses"]);
        let schemas = entries(members, "schemas")?.into_iter();
        let schemas = schemas.map(|(name, place)| schema::component(name, &place));
        Ok(schemas.collect::<Result<Vec<_>>>()?.into_iter().flatten().collect())
    })
}

fn entries<'a>(members: &mut Members<'a>, name: &'static str) -> Result<Vec<(&'a str, Place<'a>)>> {
    members.take(name).map_or(Ok(Vec::new()), |place| place.entries())
}

/// The Rust name of something: the given one, or the wire's in snake case. Keywords are refused.
fn rust_name(members: &mut Members<'_>, wire: &str) -> Result<String> {
    use heck::ToSnakeCase as _;
    let name = members.get("x-sdk-name")?.unwrap_or_else(|| wire.to_snake_case());
    ensure!(is_rust_name(&name), members, "`{name}` can't be a name in Rust; give one with x-sdk-name");
    Ok(name)
}

/// Snake case, and no keyword.
fn is_rust_name(name: &str) -> bool {
    let snake = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    name.starts_with(|first: char| first.is_ascii_lowercase()) && name.bytes().all(snake) && is_ident(name)
}

/// Upper camel case, and no keyword.
fn is_type_name(name: &str) -> bool {
    let plain = name.bytes().all(|byte| byte.is_ascii_alphanumeric());
    name.starts_with(|first: char| first.is_ascii_uppercase()) && plain && is_ident(name)
}

fn is_ident(name: &str) -> bool {
    syn::parse_str::<syn::Ident>(name).is_ok()
}

fn is_path(path: &str) -> bool {
    syn::parse_str::<syn::Path>(path).is_ok()
}
