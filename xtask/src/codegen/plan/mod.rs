//! The result of a description: which types are sent and which are read, how values are made, what methods take.
//!
//! Everything that depends on more than one place of the description is decided here, so that the code, the tests and
//! the documentation that are written from it agree.

mod check;

use super::description::{Api, Object, Operation, Parameter, Property, Resource, Schema, Shape, Type};
use super::walk::{Refusal, Result};
use std::collections::{BTreeMap, BTreeSet};

/// A description whose parts fit together.
pub(crate) struct Plan<'a> {
    pub(crate) api: &'a Api,
    models: BTreeMap<&'a str, Model<'a>>,
    /// The types of named arguments and of optional query parameters.
    pub(crate) argument_types: BTreeSet<String>,
}

/// A schema and how it is used.
pub(crate) struct Model<'a> {
    pub(crate) schema: &'a Schema,
    /// It is used in requests.
    pub(crate) sent: bool,
    /// It is used in responses.
    pub(crate) read: bool,
    /// It is read, changed and sent back as a whole, so it is never built from nothing.
    pub(crate) whole: bool,
    /// A body of one property, which the method takes itself.
    pub(crate) private: bool,
}

/// How a value of a model is made.
pub(crate) struct Construction<'a> {
    /// The required ones one after the other, so that none can be swapped; otherwise `new(…)` takes them.
    pub(crate) staged: bool,
    pub(crate) required: Vec<&'a Property>,
    /// Each has a setter.
    pub(crate) optional: Vec<&'a Property>,
}

/// How a method takes its body.
pub(crate) enum BodyForm<'a> {
    /// The only property of the body.
    Direct(&'a Model<'a>, &'a Property),
    /// Anything that becomes the model: it has one required property.
    Into(&'a Model<'a>),
    /// The model.
    Value(&'a Model<'a>),
    /// What was read before, by reference.
    Whole(&'a Model<'a>),
    /// A slice.
    List(&'a Model<'a>),
    /// A hand-written type, by reference.
    Custom(String),
}

impl<'a> BodyForm<'a> {
    /// The model of the body, or of each item of a list.
    pub(crate) fn model(&self) -> Option<&'a Model<'a>> {
        match self {
            Self::Direct(model, _) | Self::Into(model) | Self::Value(model) => Some(model),
            Self::Whole(model) | Self::List(model) => Some(model),
            Self::Custom(_) => None,
        }
    }
}

/// Where it is noted that a model is sent, or that it is read.
type Use<'a> = for<'m> fn(&'m mut Model<'a>) -> &'m mut bool;

impl<'a> Plan<'a> {
    /// Checks that the parts fit together.
    pub(crate) fn new(api: &'a Api) -> Result<Self> {
        let mut plan = Self { api, models: BTreeMap::new(), argument_types: BTreeSet::new() };
        for operation in &api.operations {
            let optional = operation.query.iter().any(|parameter| !parameter.required);
            plan.argument_types.extend(optional.then(|| operation.options_type()));
            plan.argument_types.extend(operation.named_arguments.then(|| operation.arguments_type()));
        }
        for schema in &api.schemas {
            let model = Model { schema, sent: false, read: false, whole: false, private: false };
            plan.models.insert(&schema.name, model);
        }
        plan.use_schemas()?;
        check::all(&plan)?;
        Ok(plan)
    }

    /// Follows the types from the operations, and notes for each schema where it is used.
    fn use_schemas(&mut self) -> Result<()> {
        for operation in &self.api.operations {
            if let Some(ty) = &operation.answer.ty {
                self.mark(ty, |model| &mut model.read, &operation.pointer)?;
            }
            if let Some(body) = &operation.body {
                self.mark(&body.ty, |model| &mut model.sent, &body.pointer)?;
            }
            for parameter in operation.path_parameters.iter().chain(&operation.query) {
                self.mark(&parameter.ty, |model| &mut model.sent, &parameter.pointer)?;
            }
        }
        for operation in &self.api.operations {
            let Some(Type::Named(name)) = operation.body.as_ref().map(|body| &body.ty) else { continue };
            let Some(model) = self.models.get_mut(name.as_str()) else { continue };
            model.whole = model.read;
            model.private = !model.read && only_property(model.schema).is_some();
        }
        // A type inside another is public, whatever else it does.
        for schema in &self.api.schemas {
            let Shape::Object(object) = &schema.shape else { continue };
            for property in &object.properties {
                if let Some(inner) = property.ty.names().and_then(|name| self.models.get_mut(name)) {
                    inner.private = false;
                }
            }
        }
        Ok(())
    }

    /// Notes that a type is sent or read, and so is all that is inside.
    fn mark(&mut self, ty: &'a Type, used: Use<'a>, pointer: &str) -> Result<()> {
        let Some(name) = ty.names() else { return Ok(()) };
        let Some(model) = self.models.get_mut(name) else {
            let what = format!("there is no `{name}` in components/schemas; add it or correct the reference");
            return Err(Refusal::new(pointer, what));
        };
        let seen = std::mem::replace(used(model), true);
        let properties = if seen { &[] } else { model.properties() };
        properties.iter().try_for_each(|property| self.mark(&property.ty, used, &property.pointer))
    }

    /// All models in the order of the description.
    pub(crate) fn models(&self) -> impl Iterator<Item = &Model<'a>> {
        self.api.schemas.iter().filter_map(|schema| self.model(&schema.name))
    }

    pub(crate) fn model(&self, name: &str) -> Option<&Model<'a>> {
        self.models.get(name)
    }

    pub(crate) fn resource(&self, name: &str) -> Option<&'a Resource> {
        self.api.resources.iter().find(|resource| resource.name == name)
    }

    /// The handles that lead to a resource, from the client's down to itself.
    pub(crate) fn chain(&self, resource: &'a Resource) -> Vec<&'a Resource> {
        let above = |link: &&'a Resource| self.resource(link.parent.as_deref()?);
        // A circle is refused by the checks, which also walk this way.
        let links = std::iter::successors(Some(resource), above).take(self.api.resources.len() + 1);
        let mut chain: Vec<_> = links.collect();
        chain.reverse();
        chain
    }

    /// The path parameters that a resource's handle holds, in the order in which they are given.
    pub(crate) fn bound(&self, resource: &'a Resource) -> Vec<&'a Parameter> {
        self.chain(resource).into_iter().filter_map(|link| self.bound_here(link)).collect()
    }

    /// The path parameter that this very handle takes.
    pub(crate) fn bound_here(&self, resource: &'a Resource) -> Option<&'a Parameter> {
        let wire = resource.binds.as_deref()?;
        let below = |operation: &&'a Operation| {
            let own = self.resource(&operation.resource);
            own.is_some_and(|own| self.chain(own).iter().any(|link| link.name == resource.name))
        };
        let below = self.api.operations.iter().filter(below);
        below.flat_map(|operation| &operation.path_parameters).find(|parameter| parameter.wire == wire)
    }

    /// The operations of which methods are generated.
    pub(crate) fn operations_of(&self, resource: &'a Resource) -> impl Iterator<Item = &'a Operation> {
        let own = self.api.operations.iter().filter(move |operation| operation.resource == resource.name);
        own.filter(|operation| operation.by_hand.is_none())
    }

    pub(crate) fn operation(&self, id: &str) -> Option<&'a Operation> {
        self.api.operations.iter().find(|operation| operation.id == id)
    }

    /// What a method takes beside its body: the path parameters that its handle lacks, then the required query.
    pub(crate) fn arguments(&self, operation: &'a Operation) -> Vec<&'a Parameter> {
        let bound = self.resource(&operation.resource).map(|own| self.bound(own)).unwrap_or_default();
        let path = operation.path_parameters.iter().filter(|parameter| {
            !bound.iter().any(|bound| bound.wire == parameter.wire)
                && !parameter.filled
                && operation.body_id.as_ref() != Some(&parameter.wire)
        });
        let query = operation.query.iter().filter(|parameter| parameter.required);
        path.chain(query).collect()
    }

    /// The first resource, in the order of the description, that has an operation with this schema in it.
    pub(crate) fn first_user(&self, name: &str) -> Option<&'a str> {
        let uses = |operation: &Operation| {
            let mut models = operation.types().filter_map(Type::names).flat_map(|used| self.inside(used));
            models.any(|model| model.schema.name == name)
        };
        let mut resources = self.api.resources.iter();
        let first = resources.find(|resource| self.operations_of(resource).any(uses));
        first.map(|resource| resource.name.as_str())
    }

    /// The model of a schema and those inside it, at any depth, each once.
    pub(crate) fn inside(&self, name: &str) -> Vec<&Model<'a>> {
        let mut found = Vec::from_iter(self.model(name));
        let mut next = 0;
        while let Some(&model) = found.get(next) {
            for inner in model.properties().iter().filter_map(|property| self.model(property.ty.names()?)) {
                if !found.iter().any(|known| std::ptr::eq(*known, inner)) {
                    found.push(inner);
                }
            }
            next += 1;
        }
        found
    }

    /// What an operation with `modify` reads, and the type that it makes of that.
    pub(crate) fn modified(&self, operation: &Operation) -> Option<(&'a Operation, &Model<'a>)> {
        let read = self.operation(operation.modify.as_deref()?)?;
        let Some(Type::Named(answer)) = &read.answer.ty else { return None };
        let Type::Named(body) = &operation.body.as_ref()?.ty else { return None };
        let model = self.model(body)?;
        let wires = |operation: &Operation| -> Vec<String> {
            operation.path_parameters.iter().map(|parameter| parameter.wire.clone()).collect()
        };
        let fits = model.schema.from.as_ref().is_some_and(|from| from.schema == *answer)
            && read.resource == operation.resource
            && read.query.is_empty()
            && wires(read) == wires(operation);
        fits.then_some((read, model))
    }

    pub(crate) fn optional_query(&self, operation: &'a Operation) -> Vec<&'a Parameter> {
        operation.query.iter().filter(|parameter| !parameter.required).collect()
    }

    /// Whether some method takes it, or what becomes it.
    pub(crate) fn is_body(&self, model: &Model<'_>) -> bool {
        let bodies = self.api.operations.iter().filter_map(|operation| operation.body.as_ref());
        bodies.into_iter().any(|body| body.ty == Type::Named(model.schema.name.clone()))
    }

    pub(crate) fn body(&self, operation: &Operation) -> Option<BodyForm<'_>> {
        let body = operation.body.as_ref()?;
        if let Type::Custom(path) = &body.ty {
            return Some(BodyForm::Custom(path.clone()));
        }
        let model = self.model(body.ty.names()?)?;
        if matches!(body.ty, Type::List(_)) {
            return Some(BodyForm::List(model));
        }
        if model.whole {
            return Some(BodyForm::Whole(model));
        }
        if let Some(property) = only_property(model.schema) {
            return Some(BodyForm::Direct(model, property));
        }
        match model.construction() {
            Some(made) if !made.staged && made.required.len() == 1 => Some(BodyForm::Into(model)),
            _ => Some(BodyForm::Value(model)),
        }
    }
}

impl<'a> Model<'a> {
    pub(crate) fn object(&self) -> Option<&'a Object> {
        match &self.schema.shape {
            Shape::Object(object) => Some(object),
            _ => None,
        }
    }

    /// The properties of an object; none of an enumeration.
    pub(crate) fn properties(&self) -> &'a [Property] {
        self.object().map_or(&[], |object| &object.properties)
    }

    pub(crate) fn property(&self, wire: &str) -> Option<&'a Property> {
        self.properties().iter().find(|property| property.wire == wire)
    }

    /// How its values are made; `None` when they only come from the vendor.
    pub(crate) fn construction(&self) -> Option<Construction<'a>> {
        if !self.sent || self.whole {
            return None;
        }
        let properties = self.object()?.properties.iter();
        let (required, optional): (Vec<_>, _) = properties.partition(|property| property.is_argument());
        let staged = has_twins(required.iter().map(|property| &property.ty));
        Some(Construction { staged, required, optional })
    }
}

/// The property of a body that has one, required and no secret: methods take it without the body around it.
fn only_property(schema: &Schema) -> Option<&Property> {
    let Shape::Object(object) = &schema.shape else { return None };
    match object.properties.as_slice() {
        [only] if only.is_argument() && only.ty != Type::Secret && !object.keep_unknown => Some(only),
        _ => None,
    }
}

/// Whether two of these could be given for each other unnoticed.
pub(crate) fn has_twins<'t>(types: impl Iterator<Item = &'t Type>) -> bool {
    // Both are given as strings.
    let types: Vec<_> = types.map(|ty| if *ty == Type::Secret { &Type::Text } else { ty }).collect();
    types.iter().enumerate().any(|(index, ty)| types.iter().skip(index + 1).any(|other| other == ty))
}
