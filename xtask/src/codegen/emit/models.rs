//! Models: what is read from answers, what is sent in bodies, and open enumerations.

use super::super::description::{Object, Property, Shape, Type, Variant};
use super::super::plan::{Construction, Model, Plan};
use super::construct::{Field, chain, from, new, setter, staged};
use super::convert::conversion;
use super::docs::doc;
use super::rust::Piece;
use super::types::{ident, owned};
use heck::{ToLowerCamelCase as _, ToUpperCamelCase as _};
use proc_macro2::TokenStream;
use quote::quote;

/// The items of one schema.
pub(crate) fn pieces(plan: &Plan<'_>, model: &Model<'_>) -> Vec<Piece> {
    match &model.schema.shape {
        Shape::Enumeration(variants) => vec![Piece::OpenEnum(enumeration(model, variants))],
        Shape::Object(object) => structure(plan, model, object).into_iter().map(Piece::Items).collect(),
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

fn structure(plan: &Plan<'_>, model: &Model<'_>, object: &Object) -> Vec<TokenStream> {
    let name = ident(&model.schema.name);
    let (construction, private) = (model.construction(), model.private);
    let style = Style::of(object);
    let lenient = plan.api.lenient && model.read;
    let fields = object.properties.iter().map(|property| field(model, property, style, lenient));
    let unknown = (object.keep_unknown && !lenient).then(|| {
        quote! {
            /// Fields that this version of the crate doesn't know. They are sent back unchanged.
            #[serde(flatten)]
            pub unknown: Map<String, Value>,
        }
    });
    let unknown_read = lenient.then(|| {
        let skip = model.sent.then(|| quote!(#[serde(skip)]));
        quote! {
            /// Fields that this version of the crate doesn't know.
            #skip
            pub unknown: Map<String, Value>,
        }
    });
    let derives = derives(plan, model);
    let rename = style.attribute().filter(|_| !lenient || model.sent);
    let docs = doc(&documentation(model, construction.as_ref()), 0);
    if private {
        return vec![quote! {
            #docs
            #[derive(Serialize)]
            #rename
            pub(crate) struct #name { #(#fields,)* }
        }];
    }
    let mut pieces = vec![quote! {
        #docs
        #derives
        #rename
        #[non_exhaustive]
        pub struct #name { #(#fields,)* #unknown #unknown_read }
    }];
    if lenient {
        pieces.push(record(model, object));
    }
    pieces.extend(conversion(plan, model, object));
    if let Some(construction) = construction {
        let others: Vec<Field<'_>> = object
            .properties
            .iter()
            .filter(|property| !property.is_argument())
            .map(Field::of_property)
            .collect();
        let unknown = object.keep_unknown || lenient;
        pieces.extend(constructors(&model.schema.name, &construction, &others, unknown));
        if let Construction::New(required) = &construction
            && let [only] = required.as_slice()
            && plan.is_body(model)
        {
            pieces.push(from(&model.schema.name, &Field::of_property(only)));
        }
    }
    pieces
}

fn constructors(
    name: &str,
    construction: &Construction<'_>,
    others: &[Field<'_>],
    unknown: bool,
) -> Vec<TokenStream> {
    let target = ident(name);
    let setters: Vec<_> = others.iter().map(setter).collect();
    match construction {
        Construction::New(required) => {
            let required: Vec<_> = required.iter().map(|property| Field::of_property(property)).collect();
            let new = new(name, &required, others, unknown);
            vec![quote!(impl #target { #new #(#setters)* })]
        }
        Construction::Staged(required) => {
            let required: Vec<_> = required.iter().map(|property| Field::of_property(property)).collect();
            let (first, _) = staged(name, &required, others, unknown);
            vec![quote!(impl #target { #first #(#setters)* })]
        }
    }
}

/// The steps between, to a model with several required values of one type.
pub(crate) fn steps(plan: &Plan<'_>, model: &Model<'_>) -> Option<TokenStream> {
    let (object, Some(Construction::Staged(required))) = (model.object()?, model.construction()) else {
        return None;
    };
    let others: Vec<Field<'_>> =
        object.properties.iter().filter(|property| !property.is_argument()).map(Field::of_property).collect();
    let required: Vec<_> = required.iter().map(|property| Field::of_property(property)).collect();
    let unknown = object.keep_unknown || (plan.api.lenient && model.read);
    Some(staged(&model.schema.name, &required, &others, unknown).1)
}

/// The description of the schema, and how to create a value.
fn documentation(model: &Model<'_>, construction: Option<&Construction<'_>>) -> String {
    let mut text = model.schema.docs.clone();
    match construction {
        Some(Construction::Staged(required)) => {
            let required: Vec<_> = required.iter().map(|property| Field::of_property(property)).collect();
            let chain = chain(&model.schema.name, &required);
            text.push_str(&format!(
                "\n\nRequired fields are set by name, so that two of the same type can't be swapped: `{chain}`."
            ));
            let all = model.object().map_or(0, |object| object.properties.len());
            if all > required.len() {
                text.push_str(" Optional fields follow.");
            }
        }
        _ if model.whole => {
            text.push_str(
                "\n\nTo update the object, read it, change it and send it back: the vendor replaces the whole object.",
            );
        }
        _ => {}
    }
    text
}

fn derives(plan: &Plan<'_>, model: &Model<'_>) -> TokenStream {
    let default = has_default(plan, model, &mut Vec::new()).then(|| quote!(Default,));
    let read = (model.read && !plan.api.lenient).then(|| quote!(Deserialize,));
    let sent = model.sent.then(|| quote!(Serialize,));
    quote!(#[derive(Clone, Debug, #default #read #sent)])
}

/// Whether every field has a default. A request has one when nothing in it is required, an answer whenever it can.
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

fn field(model: &Model<'_>, property: &Property, style: Style, lenient: bool) -> TokenStream {
    let name = ident(&property.rust);
    let docs = property.docs.clone().unwrap_or_else(|| format!("The `{}` field.", property.wire));
    let docs = doc(&docs, 4);
    let serde = serde_attribute(model, property, style, lenient);
    let ty = owned(&property.ty);
    let ty = if property.is_option() { quote!(Option<#ty>) } else { ty };
    let visibility = if model.private { quote!(pub(crate)) } else { quote!(pub) };
    quote!(#docs #serde #visibility #name: #ty)
}

fn serde_attribute(
    model: &Model<'_>,
    property: &Property,
    style: Style,
    lenient: bool,
) -> Option<TokenStream> {
    let mut parts: Vec<TokenStream> = Vec::new();
    // Records are read without serde's attributes.
    if lenient && !model.sent {
        return None;
    }
    if style.wire(&property.rust) != property.wire {
        let wire = &property.wire;
        parts.push(quote!(rename = #wire));
    }
    if model.read && !lenient {
        parts.extend(property.aliases.iter().map(|alias| quote!(alias = #alias)));
    }
    let (option, secret) = (property.is_option(), property.ty == Type::Secret);
    if model.read && !lenient {
        match (secret, option) {
            (true, true) => {
                parts.push(quote!(default));
                parts.push(quote!(deserialize_with = "auth_client_core::provider::model::optional_secret"));
            }
            (true, false) => {
                parts.push(quote!(deserialize_with = "auth_client_core::provider::model::secret"))
            }
            _ if property.defaulted => {
                parts.push(quote!(default));
                parts.push(quote!(deserialize_with = "auth_client_core::provider::model::null_as_default"));
            }
            _ => {}
        }
    }
    if model.sent {
        if option && !property.required {
            parts.push(quote!(skip_serializing_if = "Option::is_none"));
        }
        parts.extend(property.write.as_ref().map(|path| quote!(serialize_with = #path)));
        match (secret, option) {
            (true, true) => {
                parts.push(quote!(serialize_with = "auth_client_core::provider::model::expose_optional"))
            }
            (true, false) => parts.push(quote!(serialize_with = "auth_client_core::provider::model::expose")),
            _ => {}
        }
    }
    (!parts.is_empty()).then(|| quote!(#[serde(#(#parts),*)]))
}

/// How a response fills its fields.
fn record(model: &Model<'_>, object: &Object) -> TokenStream {
    let name = ident(&model.schema.name);
    let members = object.properties.iter().map(|property| {
        let names = std::iter::once(&property.wire).chain(&property.aliases);
        let field = ident(&property.rust);
        quote!(#(#names)|* => &mut self.#field)
    });
    let required: Vec<&String> = object
        .properties
        .iter()
        .filter(|property| property.required && !property.is_option() && !property.defaulted)
        .map(|property| &property.wire)
        .collect();
    let required = (!required.is_empty()).then(|| {
        quote! {
            fn required(&self) -> &'static [&'static str] {
                &[#(#required),*]
            }
        }
    });
    quote! {
        impl Record for #name {
            fn member(&mut self, name: &str) -> Option<&mut dyn Field> {
                Some(match name {
                    #(#members,)*
                    _ => return None,
                })
            }

            fn unknown(&mut self) -> &mut Map<String, Value> {
                &mut self.unknown
            }

            #required
        }
    }
}

/// What makes the types of one file readable.
pub(crate) fn reading(plan: &Plan<'_>, models: &[&Model<'_>]) -> Vec<TokenStream> {
    let read = || models.iter().filter(|model| plan.api.lenient && model.read);
    let records: Vec<_> =
        read().filter(|model| model.object().is_some()).map(|model| ident(&model.schema.name)).collect();
    let enumerations: Vec<_> =
        read().filter(|model| model.object().is_none()).map(|model| ident(&model.schema.name)).collect();
    let records = (!records.is_empty())
        .then(|| quote!(auth_client_core::provider::deserialize_records!(#(#records),*);));
    let enumerations = (!enumerations.is_empty())
        .then(|| quote!(auth_client_core::provider::record_enums!(#(#enumerations),*);));
    records.into_iter().chain(enumerations).collect()
}

/// How the names of most fields differ from those on the wire, so that few need an attribute of their own.
#[derive(Clone, Copy, PartialEq)]
enum Style {
    Same,
    Camel,
    Pascal,
}

impl Style {
    fn of(object: &Object) -> Self {
        let misses = |style: Self| {
            object.properties.iter().filter(|property| style.wire(&property.rust) != property.wire).count()
        };
        [Self::Same, Self::Camel, Self::Pascal]
            .into_iter()
            .min_by_key(|style| misses(*style))
            .unwrap_or(Self::Same)
    }

    /// What serde makes of a name.
    fn wire(self, rust: &str) -> String {
        match self {
            Self::Same => rust.to_owned(),
            Self::Pascal => rust.split('_').map(|part| part.to_upper_camel_case()).collect(),
            Self::Camel => {
                let mut parts = rust.split('_');
                let first = parts.next().unwrap_or_default().to_lower_camel_case();
                std::iter::once(first).chain(parts.map(|part| part.to_upper_camel_case())).collect()
            }
        }
    }

    fn attribute(self) -> Option<TokenStream> {
        let name = match self {
            Self::Same => return None,
            Self::Camel => "camelCase",
            Self::Pascal => "PascalCase",
        };
        Some(quote!(#[serde(rename_all = #name)]))
    }
}
