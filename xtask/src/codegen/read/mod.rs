//! Reading a description: a strict subset of OpenAPI 3.1 and our additions, each unknown construct refused by its place.

mod enumeration;
mod operation;
mod parameter;
mod schema;

use super::description::{Api, PageType, Parameter, Resource, Schema, Shape, Type};
use super::json::Node;
use super::walk::{Members, Place, Refusal};

type Result<T> = std::result::Result<T, Refusal>;

/// Reads a whole description.
pub(crate) fn api(document: &Node) -> Result<Api> {
    let mut root = Place::root(document).members("a description")?;
    let version = root.need("openapi", "write \"3.1.0\"")?;
    if !version.text()?.starts_with("3.1.") {
        return Err(version.refuse("only OpenAPI 3.1 is read; write \"3.1.0\""));
    }
    info(&root.need("info", "give a title, a version and a description")?)?;
    servers(&root.need("servers", "give the vendor's base URL, one server")?)?;
    // How calls are authenticated is written by hand; these two are there for other readers of the file.
    root.take("security");
    if let Some(docs) = root.take("externalDocs") {
        let mut docs = docs.members("external documentation")?;
        docs.need("url", "give the address of the vendor's documentation")?.text()?;
        docs.text("description")?;
        docs.finish()?;
    }
    let vendor = root.need("x-sdk-vendor", "give the vendor's name, as in the name of the crate")?;
    let vendor = vendor.text()?.to_owned();
    let (decoder, empty_decoder) = decoders(root.take("x-sdk-decode"))?;
    let lenient = root.flag("x-sdk-lenient")?;
    let page = root.take("x-sdk-page").map(|place| page_type(&place)).transpose()?;
    let tags = root.take("tags").map(|place| tags(&place)).transpose()?.unwrap_or_default();
    let resources = resources(&root.need("x-sdk-resources", "name the resource handles")?, &tags)?;
    let (mut schemas, mut shared) = match root.take("components") {
        Some(place) => components(&place)?,
        None => (Vec::new(), Shared::default()),
    };
    let operations = operation::all(&root.need("paths", "describe the operations")?, &shared, &mut schemas)?;
    root.finish()?;
    let mut api = Api { vendor, decoder, empty_decoder, lenient, page, resources, operations, schemas };
    put_customs_in(&mut api, &mut shared.customs);
    match shared.customs.iter().find(|custom| !custom.used) {
        Some(custom) => Err(Refusal::new(&custom.pointer, "nothing refers to it; remove it")),
        None => Ok(api),
    }
}

/// A schema with a hand-written Rust type.
struct Custom {
    pointer: String,
    name: String,
    path: String,
    used: bool,
}

/// Puts hand-written types where the description refers to their schemas.
fn put_customs_in(api: &mut Api, customs: &mut [Custom]) {
    let mut replace = |ty: &mut Type| replace(ty, customs);
    for operation in &mut api.operations {
        operation.path_parameters.iter_mut().chain(&mut operation.query).for_each(|p| replace(&mut p.ty));
        operation.body.iter_mut().for_each(|body| replace(&mut body.ty));
        operation.answer.ty.iter_mut().for_each(&mut replace);
    }
    for schema in &mut api.schemas {
        if let Shape::Object(object) = &mut schema.shape {
            object.properties.iter_mut().for_each(|property| replace(&mut property.ty));
        }
    }
}

fn replace(ty: &mut Type, customs: &mut [Custom]) {
    match ty {
        Type::List(inner) | Type::Map(inner) | Type::Page(inner) => replace(inner, customs),
        Type::Named(name) => {
            if let Some(custom) = customs.iter_mut().find(|custom| custom.name == *name) {
                custom.used = true;
                *ty = Type::Custom(custom.path.clone());
            }
        }
        _ => {}
    }
}

/// The result of reading a schema of the components.
enum Component {
    Read(Schema),
    /// The path of the Rust type that stands for it.
    Custom(String),
    /// Hand-written code reads it, such as the body of errors; only other readers of the file need it.
    ByHand,
}

/// What operations refer to beside schemas.
#[derive(Default)]
struct Shared {
    parameters: Vec<(String, Parameter, bool)>,
    responses: Vec<(String, String)>,
    customs: Vec<Custom>,
}

fn info(place: &Place<'_>) -> Result<()> {
    let mut info = place.members("the info")?;
    info.need("title", "name the API")?.text()?;
    info.need("version", "give the vendor's version of the API")?.text()?;
    info.need("description", "say in a sentence what the API is")?.text()?;
    info.text("summary")?;
    // For other readers of the file.
    info.take("contact");
    info.take("license");
    info.finish()
}

fn servers(place: &Place<'_>) -> Result<()> {
    let items = place.items()?;
    let [server] = items.as_slice() else {
        return Err(place.refuse("one server is wanted; other addresses are settings of the client"));
    };
    let mut server = server.members("a server")?;
    let url = server.need("url", "give the base URL to which the paths are joined")?;
    if url.text()?.ends_with('/') {
        return Err(url.refuse("the paths begin with a slash, so the base URL must not end with one"));
    }
    server.text("description")?;
    server.finish()
}

fn decoders(place: Option<Place<'_>>) -> Result<(Option<String>, Option<String>)> {
    let Some(place) = place else { return Ok((None, None)) };
    let mut members = place.members("x-sdk-decode")?;
    let (json, nothing) = (members.text("json")?, members.text("nothing")?);
    members.finish()?;
    Ok((json, nothing))
}

fn page_type(place: &Place<'_>) -> Result<PageType> {
    let mut members = place.members("x-sdk-page")?;
    let path =
        members.need("type", "give the path of the type of pages, which has one parameter: its rows")?;
    let decoder = members.need("decode", "give the path of the function that reads pages")?;
    let page = PageType { path: path.text()?.to_owned(), decoder: decoder.text()?.to_owned() };
    members.finish()?;
    Ok(page)
}

/// The tags by which other readers of the file group operations: names and descriptions.
fn tags(place: &Place<'_>) -> Result<Vec<(String, String)>> {
    let mut tags = Vec::new();
    for place in place.items()? {
        let mut members = place.members("a tag")?;
        let name = members.need("name", "write the name of a resource")?.text()?.to_owned();
        let description = members.need("description", "say in a sentence what the resource is")?;
        tags.push((name, description.text()?.to_owned()));
        members.finish()?;
    }
    Ok(tags)
}

/// The resources; those with a tag are described there.
fn resources(place: &Place<'_>, tags: &[(String, String)]) -> Result<Vec<Resource>> {
    let mut resources = Vec::new();
    for (name, place) in place.members("the resources")?.all() {
        let mut members = place.members("a resource")?;
        let summary = match tags.iter().find(|(tag, _)| tag == name) {
            Some((_, description)) => description.clone(),
            None => {
                let why = "say in a sentence what it is; it documents the handle";
                members.need("summary", why)?.text()?.to_owned()
            }
        };
        let parent = members.text("parent")?;
        let binds = members.take("binds").map(|place| one_bound(&place)).transpose()?;
        members.finish()?;
        if !is_rust_name(name) {
            return Err(
                place.refuse(format!("`{name}` is the name of a Rust method: write it in snake case"))
            );
        }
        resources.push(Resource {
            pointer: place.pointer.clone(),
            name: name.to_owned(),
            summary,
            parent,
            binds,
        });
    }
    Ok(resources)
}

fn one_bound(place: &Place<'_>) -> Result<String> {
    match place.items()?.as_slice() {
        [parameter] => Ok(parameter.text()?.to_owned()),
        _ => Err(place.refuse(
            "a handle binds one path parameter, so that no two can be swapped; put the others into a parent or child",
        )),
    }
}

fn components(place: &Place<'_>) -> Result<(Vec<Schema>, Shared)> {
    let mut members = place.members("the components")?;
    // For other readers of the file.
    members.take("securitySchemes");
    let mut shared = Shared::default();
    let mut schemas = Vec::new();
    if let Some(place) = members.take("schemas") {
        for (name, place) in place.members("the schemas")?.all() {
            match schema::component(name, &place)? {
                Component::Read(schema) => schemas.push(schema),
                Component::ByHand => {}
                Component::Custom(path) => shared.customs.push(Custom {
                    pointer: place.pointer,
                    name: name.to_owned(),
                    path,
                    used: false,
                }),
            }
        }
    }
    if let Some(place) = members.take("parameters") {
        for (name, place) in place.members("the shared parameters")?.all() {
            let (parameter, in_path) = parameter::parameter(&place)?;
            shared.parameters.push((name.to_owned(), parameter, in_path));
        }
    }
    if let Some(place) = members.take("responses") {
        for (name, place) in place.members("the shared responses")?.all() {
            shared.responses.push((name.to_owned(), operation::error_text(&place)?));
        }
    }
    members.finish()?;
    Ok((schemas, shared))
}

/// The name behind a reference such as `#/components/schemas/User`; `kind` is the folder.
fn reference<'a>(place: &Place<'a>, kind: &str) -> Result<&'a str> {
    let text = place.text()?;
    text.strip_prefix("#/components/")
        .and_then(|rest| rest.strip_prefix(kind))
        .and_then(|rest| rest.strip_prefix('/'))
        .filter(|name| !name.contains('/'))
        .ok_or_else(|| place.refuse(format!("a reference here is to #/components/{kind}/… of this file")))
}

/// The Rust name of something: the given one, or the wire's in snake case. Keywords are refused.
fn rust_name(members: &mut Members<'_>, wire: &str) -> Result<String> {
    use heck::ToSnakeCase as _;
    let given = members.text("x-sdk-name")?;
    let name = given.unwrap_or_else(|| wire.to_snake_case());
    if is_rust_name(&name) {
        return Ok(name);
    }
    Err(members.refuse(format!("`{name}` can't be a name in Rust; give one with x-sdk-name")))
}

/// Snake case, and no keyword.
fn is_rust_name(name: &str) -> bool {
    let snake = name.starts_with(|first: char| first.is_ascii_lowercase())
        && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
    snake && syn::parse_str::<syn::Ident>(name).is_ok()
}

/// Upper camel case, and no keyword.
fn is_type_name(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_uppercase())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric())
        && syn::parse_str::<syn::Ident>(name).is_ok()
}
