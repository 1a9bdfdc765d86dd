//! An API description after reading: the content of the file, checked for form and not yet for sense.
//!
//! [`read`](super::read) makes it, [`plan`](super::plan) checks that its parts fit together, and [`emit`](super::emit)
//! writes code from it.

use super::json::Node;
use super::walk::Place;

#[derive(Debug)]
pub(crate) struct Api {
    /// The vendor's name as in the crate's name, such as `verigator`.
    pub(crate) vendor: String,
    /// What decodes responses with a body, when it is not `auth_client_core::decode::json`.
    pub(crate) decoder: Option<String>,
    /// What reads responses without a body, when it is not `auth_client_core::decode::empty`.
    pub(crate) empty_decoder: Option<String>,
    /// Responses are read field by field, by `auth_client_core::provider::record`, which takes values in every form that means the same.
    pub(crate) lenient: bool,
    /// The type of pages, and what decodes responses that are one.
    pub(crate) page: Option<PageType>,
    pub(crate) resources: Vec<Resource>,
    pub(crate) operations: Vec<Operation>,
    pub(crate) schemas: Vec<Schema>,
}

#[derive(Debug)]
pub(crate) struct PageType {
    pub(crate) path: String,
    pub(crate) decoder: String,
}

/// A resource handle: `client.users(service_id)`.
#[derive(Debug)]
pub(crate) struct Resource {
    pub(crate) pointer: String,
    pub(crate) name: String,
    pub(crate) summary: String,
    /// The handle whose method makes this one; without it the client's does.
    pub(crate) parent: Option<String>,
    /// The path parameter that the handle takes.
    pub(crate) binds: Option<String>,
}

#[derive(Debug)]
pub(crate) struct Operation {
    pub(crate) pointer: String,
    /// `users.create`.
    pub(crate) id: String,
    pub(crate) resource: String,
    /// The name of the Rust method.
    pub(crate) method: String,
    /// `POST`.
    pub(crate) verb: &'static str,
    pub(crate) path: String,
    /// In the order of the path.
    pub(crate) path_parameters: Vec<Parameter>,
    pub(crate) query: Vec<Parameter>,
    pub(crate) body: Option<Body>,
    pub(crate) answer: Answer,
    pub(crate) class: Class,
    /// The page of the vendor's documentation that describes it.
    pub(crate) source: Option<String>,
    pub(crate) sensitive: bool,
    pub(crate) not_executed_on: Vec<u16>,
    pub(crate) deprecated: bool,
    pub(crate) summary: String,
    pub(crate) description: Option<String>,
    /// Error statuses and what they mean here.
    pub(crate) errors: Vec<(u16, String)>,
    pub(crate) named_arguments: bool,
    /// The path of a function that refuses the values of its arguments before anything is sent.
    pub(crate) check: Option<String>,
    /// The path parameter whose value is the id of the body itself, so that the two can't disagree.
    pub(crate) body_id: Option<String>,
    /// The name of the type of its optional query parameters, when it is shared with others.
    pub(crate) options: Option<String>,
    /// How it is called when its method is written by hand: only its metadata is generated.
    pub(crate) by_hand: Option<String>,
    /// What decodes its response, when it is not what decodes the others'.
    pub(crate) decoder: Option<String>,
    /// Its list comes in pages.
    pub(crate) paging: Option<SkipTake>,
    /// The operation that reads what this one replaces: there is a method `modify` that does both.
    pub(crate) modify: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Class {
    Read,
    IdempotentWrite,
    Write,
}

impl Class {
    pub(crate) const ALL: [Self; 3] = [Self::Read, Self::IdempotentWrite, Self::Write];

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::IdempotentWrite => "idempotent-write",
            Self::Write => "write",
        }
    }
}

/// Pages by `skip` and `take`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SkipTake {
    pub(crate) max_take: Option<u16>,
}

#[derive(Clone, Debug)]
pub(crate) struct Parameter {
    pub(crate) pointer: String,
    pub(crate) wire: String,
    pub(crate) rust: String,
    pub(crate) docs: Option<String>,
    pub(crate) ty: Type,
    /// In the path, and not in the query.
    pub(crate) in_path: bool,
    pub(crate) required: bool,
    /// The client knows its value, which a method of this name gives; callers don't.
    pub(crate) filled: bool,
    pub(crate) example: Example,
}

/// A JSON request body.
#[derive(Debug)]
pub(crate) struct Body {
    pub(crate) pointer: String,
    /// The name of the argument, when it is not derived from the type's.
    pub(crate) argument: Option<String>,
    /// A schema by name, a list of it, or a hand-written type.
    pub(crate) ty: Type,
    /// The path of a function that refuses a body before it is sent.
    pub(crate) check: Option<String>,
    pub(crate) examples: Vec<Example>,
}

#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) ty: Option<Type>,
    /// The field that has the value, of a response that is described with its envelope.
    pub(crate) envelope: Option<String>,
    pub(crate) examples: Vec<Example>,
}

impl Answer {
    /// The value in an example, without the envelope.
    pub(crate) fn value<'a>(&self, example: &'a Node) -> &'a Node {
        self.envelope.as_ref().and_then(|name| example.get(name)).unwrap_or(example)
    }
}

#[derive(Clone, Debug)]
pub(crate) struct Example {
    pub(crate) pointer: String,
    pub(crate) name: String,
    pub(crate) node: Node,
    /// What a model writes that was read from it, where a hand-written type makes the two differ.
    pub(crate) decoded: Option<Node>,
}

impl Example {
    pub(crate) fn of(place: &Place<'_>, name: &str) -> Self {
        let (pointer, node) = (place.pointer.clone(), place.node.clone());
        Self { pointer, name: name.to_owned(), node, decoded: None }
    }

    pub(crate) fn place(&self) -> Place<'_> {
        let mut place = Place::root(&self.node);
        place.pointer.clone_from(&self.pointer);
        place
    }
}

/// A schema by name.
#[derive(Debug)]
pub(crate) struct Schema {
    pub(crate) pointer: String,
    pub(crate) name: String,
    pub(crate) docs: String,
    pub(crate) shape: Shape,
    /// What was read and becomes this, to be changed and sent back.
    pub(crate) from: Option<FromRead>,
}

/// How what was read becomes what is sent.
#[derive(Debug)]
pub(crate) struct FromRead {
    pub(crate) pointer: String,
    pub(crate) schema: String,
    /// Names in the request whose values stand under other names in the response.
    pub(crate) names: Vec<(String, String)>,
}

#[derive(Debug)]
pub(crate) enum Shape {
    Object(Object),
    Enumeration(Vec<Variant>),
}

#[derive(Debug)]
pub(crate) struct Object {
    pub(crate) properties: Vec<Property>,
    /// Keeps the fields that it doesn't know, and writes them back.
    pub(crate) keep_unknown: bool,
    /// Refused if a field comes twice.
    pub(crate) once: bool,
    /// Its list can be read without the rows that can't be read.
    pub(crate) rows: bool,
    /// The name in Rust of its first field, which the client fills in where the caller has not.
    pub(crate) filled: Option<String>,
}

#[derive(Debug)]
pub(crate) struct Property {
    pub(crate) pointer: String,
    pub(crate) wire: String,
    pub(crate) rust: String,
    pub(crate) docs: Option<String>,
    pub(crate) ty: Type,
    pub(crate) nullable: bool,
    pub(crate) required: bool,
    /// Absent and null are read as the type's default.
    pub(crate) defaulted: bool,
    pub(crate) aliases: Vec<String>,
    /// A string that is refused before it is sent when it is empty.
    pub(crate) not_empty: bool,
    /// The path of a function that writes the value of a hand-written type, where that has more than one form.
    pub(crate) write: Option<String>,
    /// The path of a function that makes it of what was read, where the two have different types.
    pub(crate) convert: Option<String>,
}

impl Api {
    /// Every type that is written in the description, anywhere.
    pub(crate) fn types(&self) -> impl Iterator<Item = &Type> {
        let of_operations = self.operations.iter().flat_map(Operation::types);
        let of_schemas = self.schemas.iter().flat_map(|schema| match &schema.shape {
            Shape::Object(object) => object.properties.as_slice(),
            Shape::Enumeration(_) => &[],
        });
        of_operations.chain(of_schemas.map(|property| &property.ty)).flat_map(Type::parts)
    }
}

impl Operation {
    /// The types of its parameters, its body and its response.
    pub(crate) fn types(&self) -> impl Iterator<Item = &Type> {
        let parameters = self.path_parameters.iter().chain(&self.query).map(|parameter| &parameter.ty);
        parameters.chain(self.body.as_ref().map(|body| &body.ty)).chain(&self.answer.ty)
    }
}

impl Property {
    /// Whether it is read from a field of this name.
    pub(crate) fn is_called(&self, name: &str) -> bool {
        self.wire == name || self.aliases.iter().any(|alias| alias == name)
    }

    /// Whether the field is an `Option`.
    pub(crate) fn is_option(&self) -> bool {
        !self.defaulted && (self.nullable || !self.required)
    }

    /// Whether a constructor must be given it.
    pub(crate) fn is_argument(&self) -> bool {
        self.required && !self.is_option() && !self.defaulted
    }
}

#[derive(Debug)]
pub(crate) struct Variant {
    pub(crate) wire: String,
    pub(crate) rust: String,
    pub(crate) docs: Option<String>,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Type {
    Text,
    Secret,
    Integer,
    Number,
    Boolean,
    List(Box<Type>),
    Map(Box<Type>),
    /// A page of a list.
    Page(Box<Type>),
    /// An object of anything.
    FreeMap,
    /// A schema of the description.
    Named(String),
    /// A hand-written Rust type.
    Custom(String),
}

impl Type {
    /// This type and those inside it.
    pub(crate) fn parts(&self) -> impl Iterator<Item = &Type> {
        std::iter::successors(Some(self), |ty| match ty {
            Self::List(inner) | Self::Map(inner) | Self::Page(inner) => Some(inner),
            _ => None,
        })
    }

    /// The schemas that it names.
    pub(crate) fn names(&self) -> Option<&str> {
        self.parts().find_map(|part| if let Self::Named(name) = part { Some(name.as_str()) } else { None })
    }
}
