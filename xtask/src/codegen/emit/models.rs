//! Models: what is read from responses, what is sent in bodies, and open enumerations.

use super::super::description::{Object, Property, Shape, Type, Variant};
use super::super::plan::{Construction, Model, Plan};
use super::construct::{Constructor, Field};
use super::convert::conversion;
use super::docs::{alias, described, doc};
use super::rust::Piece;
use super::types::{ident, owned};
use heck::{ToLowerCamelCase as _, ToUpperCamelCase as _};
use proc_macro2::TokenStream;
use quote::quote;

/// The items of one schema.
pub(crate) fn pieces(plan: &Plan<'_>, model: &Model<'_>) -> Vec<Piece> {
    match &model.schema.shape {
        Shape::Enumeration(variants) => vec![Piece::OpenEnum(enumeration(model, variants))],
        Shape::Object(object) => structure(plan, model, object),
    }
}

fn enumeration(model: &Model<'_>, variants: &[Variant]) -> TokenStream {
    let name = ident(&model.schema.name);
    let docs = doc(&model.schema.docs, 4);
    let variants = variants.iter().map(|variant| {
        let docs = variant.docs.clone().unwrap_or_else(|| format!("Wire value: `{}`.", variant.wire));
        let (docs, name, wire) = (doc(&docs, 8), ident(&variant.rust), &variant.wire);
        quote!(#docs #name = #wire)
    });
    quote! {
        #docs
        pub enum #name { #(#variants),* }
    }
}

fn structure(plan: &Plan<'_>, model: &Model<'_>, object: &Object) -> Vec<Piece> {
    let name = ident(&model.schema.name);
    let made = constructor(model);
    let style = Style::of(object);
    let fields = object.properties.iter().map(|property| field(model, property, style));
    let docs = doc(&documentation(model, made.as_ref()), 0);
    let rename = style.attribute().filter(|_| !model.read);
    if model.private {
        return vec![Piece::Items(quote! {
            #docs
            #[derive(Serialize)]
            #rename
            pub(crate) struct #name { #(#fields,)* }
        })];
    }
    let unknown = keeps_unknown(model).then(|| {
        let what = match (model.read, model.whole, &model.schema.from) {
            (true, true, _) => ". They are sent back unchanged.",
            (true, ..) => ".",
            (false, _, Some(_)) => ". They are sent unchanged.",
            (false, _, None) => ", to be sent.",
        };
        let of = if !model.read && model.schema.from.is_some() { " of the response" } else { "" };
        let docs = doc(&format!("Fields{of} that this version does not know by name{what}"), 4);
        let flatten = (!model.read).then(|| quote!(#[serde(flatten)]));
        quote!(#docs #flatten pub unknown: UnknownFields,)
    });
    let derives = derives(plan, model);
    let mut pieces = vec![Piece::Items(quote! {
        #docs
        #derives
        #rename
        #[non_exhaustive]
        pub struct #name { #(#fields,)* #unknown }
    })];
    pieces.extend(conversion(plan, model).map(Piece::Items));
    if let Some(made) = made {
        let (first, setters) = (made.first(), made.setters());
        pieces.push(Piece::Items(quote!(impl #name { #first #setters })));
        pieces.extend(made.impls_of_from().filter(|_| plan.is_body(model)).map(Piece::Items));
    }
    pieces
}

/// How a caller makes a value of it.
pub(crate) fn constructor<'a>(model: &Model<'a>) -> Option<Constructor<'a>> {
    let Construction { staged, required, optional } = model.construction()?;
    let (required, others) =
        (required.into_iter().map(Field::from).collect(), optional.into_iter().map(Field::from).collect());
    let (type_name, unknown) = (model.schema.name.clone(), keeps_unknown(model));
    Some(Constructor { type_name, staged, required, others, unknown })
}

fn keeps_unknown(model: &Model<'_>) -> bool {
    model.read || model.object().is_some_and(|object| object.keep_unknown)
}

/// The description of the schema, and how to create a value.
fn documentation(model: &Model<'_>, made: Option<&Constructor<'_>>) -> String {
    let mut text = model.schema.docs.clone();
    if let Some(made) = made.filter(|made| made.staged) {
        let chain = made.chain();
        let optional = if made.others.is_empty() { "" } else { " Optional fields follow." };
        let by_name = "Required fields are set by name, so that two of the same type can't be swapped";
        text += &format!("\n\n{by_name}: `{chain}`.{optional}");
    } else if model.whole {
        text += "\n\nTo update the object, read it, change it and send it back: the vendor replaces the whole object.";
    }
    text
}

/// What is read gets the rest from the description of its fields.
fn derives(plan: &Plan<'_>, model: &Model<'_>) -> TokenStream {
    if model.read {
        return quote!(#[derive(Clone, Default)]);
    }
    let default = has_default(plan, model, &mut Vec::new()).then(|| quote!(, Default));
    let equal = (!holds_secret(plan, model)).then(|| quote!(, PartialEq));
    quote!(#[derive(Clone, Debug #default #equal, Serialize)])
}

/// Whether it contains a secret, at any depth: two secrets are not compared. What is read compares itself.
fn holds_secret(plan: &Plan<'_>, model: &Model<'_>) -> bool {
    let sent = plan.inside(&model.schema.name).into_iter().filter(|inner| !inner.read);
    let mut properties = sent.flat_map(Model::properties);
    properties.any(|property| property.ty.parts().any(|ty| *ty == Type::Secret))
}

/// Whether every field of a request has a default: nothing in it is required.
fn has_default<'p>(plan: &'p Plan<'_>, model: &Model<'p>, above: &mut Vec<&'p str>) -> bool {
    let Some(object) = model.object() else { return false };
    if model.construction().is_some()
        && !object.properties.iter().all(|property| property.is_option() || property.defaulted)
    {
        return false;
    }
    if above.contains(&model.schema.name.as_str()) {
        return false;
    }
    above.push(&model.schema.name);
    let all = object.properties.iter().all(|property| {
        property.is_option()
            || match &property.ty {
                Type::Custom(_) => false,
                Type::Named(name) => plan.model(name).is_some_and(|inner| has_default(plan, inner, above)),
                _ => true,
            }
    });
    above.pop();
    all
}

fn field(model: &Model<'_>, property: &Property, style: Style) -> TokenStream {
    let name = ident(&property.rust);
    let docs = described(property.docs.as_deref(), 4);
    let alias = alias(&property.rust, &property.wire);
    let serde = serde_attribute(model, property, style);
    let ty = owned(&property.ty);
    let ty = if property.is_option() { quote!(Option<#ty>) } else { ty };
    let visibility = if model.private { quote!(pub(crate)) } else { quote!(pub) };
    quote!(#docs #alias #serde #visibility #name: #ty)
}

fn serde_attribute(model: &Model<'_>, property: &Property, style: Style) -> Option<TokenStream> {
    // Records have no use for serde's attributes.
    if model.read {
        return None;
    }
    let mut parts: Vec<TokenStream> = Vec::new();
    if style.wire(&property.rust) != property.wire {
        let wire = &property.wire;
        parts.push(quote!(rename = #wire));
    }
    let option = property.is_option();
    if option && !property.required {
        parts.push(quote!(skip_serializing_if = "Option::is_none"));
    }
    let secret = match option {
        true => "auth_client_core::provider::model::expose_optional",
        false => "auth_client_core::provider::model::expose",
    };
    let write = property.write.as_deref().or((property.ty == Type::Secret).then_some(secret));
    parts.extend(write.map(|path| quote!(serialize_with = #path)));
    (!parts.is_empty()).then(|| quote!(#[serde(#(#parts),*)]))
}

/// The descriptions of the models of one file that are read: all that their fields have in common is made of them.
pub(crate) fn records(plan: &Plan<'_>, models: &[&Model<'_>]) -> Option<Piece> {
    let (mut records, mut rows) = (Vec::new(), String::new());
    for model in models.iter().filter(|model| model.read) {
        let (Some(object), name) = (model.object(), &model.schema.name) else { continue };
        let reading = match (object.once, plan.api.lenient) {
            (true, _) => "Strict",
            (false, true) => "Lenient",
            (false, false) => "Typed",
        };
        if object.rows {
            rows += &format!("\n#[doc(hidden)]\nimpl auth_client_core::provider::Rows for {name} {{}}\n");
        }
        let fields = object.properties.iter().map(|property| {
            let names = std::iter::once(&property.wire).chain(&property.aliases);
            let names: Vec<String> = names.map(|name| format!("{name:?}")).collect();
            let mark = match (property.defaulted, property.is_option()) {
                (false, false) => " required",
                (true, _) if !plan.api.lenient => " default",
                _ => "",
            };
            format!("        {}{mark} => {},\n", names.join(" | "), property.rust)
        });
        records.push(format!("    {reading} {name} {{\n{}    }}\n", fields.collect::<String>()));
    }
    let text = records.join("\n");
    (!text.is_empty())
        .then(|| Piece::Text(format!("auth_client_core::provider::record! {{\n{text}}}\n{rows}")))
}

/// How the names of most fields differ from those on the wire, so that few need their own attribute.
#[derive(Clone, Copy, PartialEq)]
enum Style {
    Same,
    Camel,
    Pascal,
}

impl Style {
    fn of(object: &Object) -> Self {
        let fits = |style: Self| object.properties.iter().filter(move |it| style.wire(&it.rust) == it.wire);
        // Of several that fit as well, the last.
        let styles = [Self::Pascal, Self::Camel, Self::Same];
        styles.into_iter().max_by_key(|style| fits(*style).count()).unwrap_or(Self::Same)
    }

    /// What serde makes of a name.
    fn wire(self, rust: &str) -> String {
        match self {
            Self::Same => rust.to_owned(),
            Self::Pascal => rust.to_upper_camel_case(),
            Self::Camel => rust.to_lower_camel_case(),
        }
    }

    fn attribute(self) -> Option<TokenStream> {
        let name = if self == Self::Camel { "camelCase" } else { "PascalCase" };
        (self != Self::Same).then(|| quote!(#[serde(rename_all = #name)]))
    }
}
