//! Every refusal, as a change to a description that is good: what is written in its place, where the refusal points,
//! and a part of what it says.

use super::json::Node;
use super::plan::Plan;
use super::{emit, read};
use crate::workspace;
use std::path::Path;

const GOOD: &str = include_str!("description.json");

#[rustfmt::skip]
const REFUSED: &[(&str, &str, &str, &str)] = &[
    // The document.
    (r#""3.1.0""#, r#""3.0.3""#, "#/openapi", "only OpenAPI 3.1"),
    (r#""title": "Teahouse", "#, "", "#/info", "without `title`"),
    (r#""version": "1""#, r#""version": " ""#, "#/info/version", "this text is empty"),
    (r#""version": "1""#, r#""version": 1"#, "#/info/version", "this is an integer; write a string"),
    (r#""version": "1""#, r#""version": "1", "terms": {}"#, "#/info/terms", "does not know `terms` in the info"),
    (r#"[{ "url": "https://teahouse.example" }]"#, "[]", "#/servers", "one server is wanted"),
    (r#"teahouse.example" }]"#, r#"teahouse.example/" }]"#, "#/servers/0/url", "must not end with one"),
    (r#""paths": {"#, r#""webhooks": {}, "paths": {"#, "#/webhooks", "does not know `webhooks` in a description"),
    (r#"  "x-sdk-vendor": "teahouse","#, "", "#", "without `x-sdk-vendor`"),
    (r#""x-sdk-vendor": "teahouse","#, r#""x-sdk-vendor": "teahouse", "x-sdk-vendor": "x","#, "no JSON", "the field `x-sdk-vendor` comes twice"),
    // Resources.
    (r#""binds": ["shelf"]"#, r#""binds": ["shelf", "id"]"#, "#/x-sdk-resources/cups/binds", "binds one path parameter"),
    (r#""binds": ["shelf"]"#, r#""binds": ["box"]"#, "#/x-sdk-resources/cups", "which none of its operations has"),
    (r#""binds": ["shelf"]"#, r#""parent": "box""#, "#/x-sdk-resources/cups", "the parent `box` is no resource"),
    (r#""binds": ["shelf"]"#, r#""parent": "cups""#, "#/x-sdk-resources/cups", "round in a circle"),
    (r#"{ "summary": "Pots." }"#, "{}", "#/x-sdk-resources/pots", "without `summary`"),
    (r#""paths": {"#, r#""tags": [{ "name": "pots" }], "paths": {"#, "#/tags/0", "a tag without `description`"),
    (r#""pots": {"#, r#""Pots": {"#, "#/x-sdk-resources/Pots", "write it in snake case"),
    (r#""pots": {"#, r#""plates": { "summary": "Plates." }, "pots": {"#, "#/x-sdk-resources/plates", "no operation belongs to it"),
    (r#""pots": { "summary": "Pots." }"#, r#""pots": { "summary": "Pots.", "binds": ["shelf"] }"#, "#/x-sdk-resources/pots", "it binds `shelf`, which none"),
    (r#""summary": "Pots.""#, r#""summary": "Pots.", "plural": true"#, "#/x-sdk-resources/pots/plural", "does not know `plural` in a resource"),
    // Operations.
    (r#""pots.create""#, r#""create""#, "#/paths/~1pots/post/operationId", "write `resource.method`"),
    (r#""pots.create""#, r#""pots.Create""#, "#/paths/~1pots/post/operationId", "write `resource.method`"),
    (r#""pots.create""#, r#""pots.move""#, "#/paths/~1pots/post/operationId", "write `resource.method`"),
    (r#""pots.create""#, r#""plates.create""#, "#/x-sdk-resources/pots", "no operation belongs to it"),
    (r#""pots.create""#, r#""cups.create""#, "#/x-sdk-resources/pots", "no operation belongs to it"),
    (r#""x-sdk-class": "write","#, "", "#/paths/~1pots/post", "an operation without `x-sdk-class`"),
    (r#""x-sdk-class": "write""#, r#""x-sdk-class": "delete""#, "#/paths/~1pots/post/x-sdk-class", "`delete` is no class"),
    ("\"x-sdk-source\": \"https://teahouse.example/docs\",\n        \"requestBody\"", r#""x-sdk-source": "A letter.", "requestBody""#, "#/paths/~1pots/post/x-sdk-source", "the https address of the vendor's page"),
    (r#""summary": "Makes a pot.","#, r#""summary": "Makes a pot.", "tags": ["cups"],"#, "#/paths/~1pots/post/tags", "write [\"pots\"]"),
    (r#""summary": "Makes a pot.","#, "", "#/paths/~1pots/post", "without `summary`"),
    (r#""summary": "Makes a pot.","#, r#""summary": "Makes a pot.", "callbacks": {},"#, "#/paths/~1pots/post/callbacks", "does not know `callbacks` in an operation"),
    (r#""x-sdk-class": "read","#, r#""x-sdk-class": "read", "x-sdk-not-executed-on": [429],"#, "#/paths/~1shelves~1{shelf}~1cups~1{id}/get", "a read is retried anyway"),
    (r#""x-sdk-class": "write","#, r#""x-sdk-class": "write", "x-sdk-not-executed-on": [20],"#, "#/paths/~1pots/post/x-sdk-not-executed-on/0", "a status such as 202"),
    (r#""x-sdk-class": "read","#, r#""x-sdk-class": "read", "x-sdk-sensitive": "yes","#, "#/paths/~1shelves~1{shelf}~1cups~1{id}/get/x-sdk-sensitive", "write true or false"),
    (r#""x-sdk-class": "read","#, r#""x-sdk-class": "read", "x-sdk-arguments": "named","#, "#/paths/~1shelves~1{shelf}~1cups~1{id}/get", "for two and more arguments"),
    (r#""x-sdk-class": "read","#, r#""x-sdk-class": "read", "x-sdk-arguments": true,"#, "#/paths/~1shelves~1{shelf}~1cups~1{id}/get/x-sdk-arguments", "write a string"),
    (r#""x-sdk-class": "write","#, r#""x-sdk-class": "write", "x-sdk-options": "Paging","#, "#/paths/~1pots/post", "and there are none"),
    (r#""x-sdk-class": "read","#, r#""x-sdk-class": "read", "x-sdk-options": "paging","#, "#/paths/~1shelves~1{shelf}~1cups~1{id}/get/x-sdk-options", "upper camel case"),
    ("\"/pots\": {\n      \"post\": {", "\"/pots\": {\n      \"head\": {}, \"post\": {", "#/paths/~1pots/head", "does not know `head` in a path"),
    (r#""/pots": {"#, r#""pots": {"#, "#/paths/pots", "begins with a slash"),
    // Parameters.
    (r#""required": true, "schema": { "type": "integer" }, "example": 1"#, r#""schema": { "type": "integer" }, "example": 1"#, "#/paths/~1shelves~1{shelf}~1cups~1{id}/get/parameters/1", r#"add "required": true"#),
    (r#", "example": 1"#, "", "#/paths/~1shelves~1{shelf}~1cups~1{id}/get/parameters/1", "without `example`"),
    (r#""example": 1"#, r#""example": "one""#, "#/paths/~1shelves~1{shelf}~1cups~1{id}/get/parameters/1/example", "has a string where the schema wants an integer"),
    (r#""name": "take", "in": "query""#, r#""name": "take", "in": "header""#, "#/paths/~1shelves~1{shelf}~1cups~1{id}/get/parameters/2/in", "in the header is not read"),
    (r#""name": "take""#, r#""name": "type""#, "#/paths/~1shelves~1{shelf}~1cups~1{id}/get/parameters/2", "`type` can't be a name in Rust"),
    (r#""name": "take""#, r#""name": "ID""#, "#/paths/~1shelves~1{shelf}~1cups~1{id}/get/parameters/2", "two parameters are named `id`"),
    (r#""schema": { "type": "integer" }, "example": 5"#, r##""schema": { "$ref": "#/components/schemas/Cup" }, "example": 5"##, "#/paths/~1shelves~1{shelf}~1cups~1{id}/get/parameters/2", "`Cup` is no enumeration"),
    (r#""schema": { "type": "integer" }, "example": 5"#, r#""schema": { "type": "object", "additionalProperties": true }, "example": 5"#, "#/paths/~1shelves~1{shelf}~1cups~1{id}/get/parameters/2/schema", "of this type is not read"),
    (r#""name": "id", "in": "path""#, r#""name": "key", "in": "path""#, "#/paths/~1shelves~1{shelf}~1cups~1{id}/get", "the path has `{id}`"),
    (r#"/cups/{id}""#, r#"/cups""#, "#/paths/~1shelves~1{shelf}~1cups/get", "is said to be in the path and is not"),
    (r#"/cups/{id}""#, r#"/cups/{id""#, "#/paths/~1shelves~1{shelf}~1cups~1{id/get", "a `{` without a `}`"),
    (r#"{ "name": "take""#, r##"{ "$ref": "#/components/parameters/Take" }, { "name": "take""##, "#/paths/~1shelves~1{shelf}~1cups~1{id}/get/parameters/2/$ref", "there is no parameter `Take`"),
    (r#""in": "query", "schema": { "type": "integer" }"#, r#""in": "query", "required": true, "schema": { "type": "integer" }"#, "#/paths/~1shelves~1{shelf}~1cups~1{id}/get", "two arguments of one kind"),
    (r#""name": "take""#, r#""name": "take", "style": "form""#, "#/paths/~1shelves~1{shelf}~1cups~1{id}/get/parameters/2/style", "does not know `style` in a parameter"),
    // Bodies and responses.
    ("\"required\": true,\n          \"content\"", r#""content""#, "#/paths/~1pots/post/requestBody", "a body that may be absent"),
    (r#""examples": { "plain": { "value": { "name": "Anna", "tea": "green" } } }"#, r#""examples": {}"#, "#/paths/~1pots/post/requestBody/content/application~1json/examples", "give at least one example"),
    (",\n              \"examples\": { \"plain\": { \"value\": { \"name\": \"Anna\", \"tea\": \"green\" } } }", "", "#/paths/~1pots/post/requestBody/content/application~1json", "without `examples`"),
    (r#""name": "Anna", "#, "", "#/paths/~1pots/post/requestBody/content/application~1json/examples/plain/value", "lacks `name`, which is required"),
    (r#""name": "Anna", "#, r#""name": "Anna", "lid": 1, "#, "#/paths/~1pots/post/requestBody/content/application~1json/examples/plain/value/lid", "has `lid`, which NewPot lacks"),
    (r#""name": "Anna""#, r#""name": 1"#, "#/paths/~1pots/post/requestBody/content/application~1json/examples/plain/value/name", "has an integer where the schema wants a string"),
    (r#""examples": { "plain": { "value": { "name""#, r#""examples": { "The First": { "value": { "name""#, "#/paths/~1pots/post/requestBody/content/application~1json/examples/The First", "write it in snake case"),
    (r##"{ "$ref": "#/components/schemas/NewPot" }"##, r#"{ "type": "string" }"#, "#/paths/~1pots/post/requestBody/content", "a body is an object, or a list of a named one"),
    (r##"{ "$ref": "#/components/schemas/NewPot" }"##, r#"{ "type": "object", "properties": { "a": { "type": "string" } } }"#, "#/paths/~1pots/post/requestBody/content", "has one property, required and no secret"),
    (r##"{ "$ref": "#/components/schemas/NewPot" }"##, r##"{ "$ref": "#/components/schemas/Pot" }"##, "#/paths/~1pots/post/requestBody", "there is no `Pot` in components/schemas"),
    (r##"{ "$ref": "#/components/schemas/NewPot" }"##, r#"{ "$ref": "pot.json" }"#, "#/paths/~1pots/post/requestBody/content/application~1json/schema/$ref", "a reference here is to #/components/schemas"),
    ("\"required\": true,\n          \"content\"", "\"required\": true, \"x-sdk-check\": \"a b\", \"content\"", "#/paths/~1pots/post/requestBody/x-sdk-check", "write the path of a function"),
    (r#""operationId": "pots.create","#, r#""operationId": "pots.create", "x-sdk-check": "a b","#, "#/paths/~1pots/post/x-sdk-check", "write the path of a function"),
    (r#""size": { "type": "integer" }"#, r#""size": { "type": "integer", "x-sdk-filled": true }"#, "#/components/schemas/Cup/properties/size", "for required secrets"),
    (r#""size": { "type": "integer" }"#, r#""size": { "type": "integer" }, "key": { "type": "string", "x-sdk-filled": true }"#, "#/components/schemas/Cup/properties/key", "and the first"),
    (r#""name": "take", "in": "query","#, r#""name": "take", "in": "query", "x-sdk-filled": true,"#, "#/paths/~1shelves~1{shelf}~1cups~1{id}/get/parameters/2", "strings in the path"),
    (r#""operationId": "pots.create","#, r#""operationId": "pots.create", "x-sdk-body-id": "id","#, "#/paths/~1pots/post", "x-sdk-body-id names a path parameter"),
    ("\"required\": true,\n          \"content\": {\n            \"application/json\"", "\"required\": true,\n          \"content\": {\n            \"application/xml\"", "#/paths/~1pots/post/requestBody/content", "only JSON bodies are read"),
    (r#"{ "201": { "description": "It is made." } }"#, "{}", "#/paths/~1pots/post/responses", "describe the success"),
    (r#"{ "201": { "description": "It is made." } }"#, r#"{ "201": {} }"#, "#/paths/~1pots/post/responses/201", "without `description`"),
    (r#""It is made." } }"#, r#""It is made." }, "202": { "description": "Too." } }"#, "#/paths/~1pots/post/responses/202", "one success is described"),
    (r#""It is made." } }"#, r#""It is made." }, "default": { "description": "Too." } }"#, "#/paths/~1pots/post/responses/default", "for a code such as 201 or 404"),
    (r#""It is made." } }"#, r#""It is made.", "headers": {} } }"#, "#/paths/~1pots/post/responses/201/headers", "does not know `headers` in a response"),
    (r#"{ "description": "there is none." }"#, r##"{ "$ref": "#/components/responses/None" }"##, "#/paths/~1shelves~1{shelf}~1cups~1{id}/get/responses/404/$ref", "there is no response `None`"),
    (r#"{ "description": "there is none." }"#, r#"{ "description": "x", "links": {} }"#, "#/paths/~1shelves~1{shelf}~1cups~1{id}/get/responses/404/links", "does not know `links` in an error response"),
    (r##"{ "$ref": "#/components/schemas/Cup" }"##, r#"{ "type": "object", "properties": {} }"#, "#/paths/~1shelves~1{shelf}~1cups~1{id}/get/responses/200/content", "give the object of a response a name"),
    (r##"{ "$ref": "#/components/schemas/Cup" }"##, r##"{ "x-sdk-envelope": "data", "anyOf": [{ "$ref": "#/components/schemas/Cup" }] }"##, "#/paths/~1shelves~1{shelf}~1cups~1{id}/get/responses/200/content/application~1json/schema/anyOf", "write the envelope with the field `data`"),
    (r##"{ "$ref": "#/components/schemas/Cup" }"##, r##"{ "x-sdk-envelope": "data", "anyOf": [{ "type": "object", "properties": { "data": { "type": "string" } } }, { "$ref": "#/components/schemas/Cup" }] }"##, "#/paths/~1shelves~1{shelf}~1cups~1{id}/get/responses/200/content/application~1json/schema/anyOf", "the schema of this field without it"),
    // Schemas.
    (r#""Cup": {"#, r#""cup": {"#, "#/components/schemas/cup", "write it in upper camel case"),
    (r#""description": "A cup.","#, "", "#/components/schemas/Cup", "without `description`"),
    (r#""description": "A cup.","#, r#""description": "A cup.", "title": "Cup","#, "#/components/schemas/Cup/title", "does not know `title` in a schema"),
    (r#""required": ["size"]"#, r#""required": ["sice"]"#, "#/components/schemas/Cup/required/0", "`sice` is required and no property"),
    (r#"{ "size": { "type": "integer" } }"#, r#"{ "size": { "allOf": [] } }"#, "#/components/schemas/Cup/properties/size/allOf", "allOf is not read"),
    (r#"{ "size": { "type": "integer" } }"#, r#"{ "size": { "oneOf": [] } }"#, "#/components/schemas/Cup/properties/size/oneOf", "oneOf is not read"),
    (r#"{ "size": { "type": "integer" } }"#, r#"{ "size": { "const": 1 } }"#, "#/components/schemas/Cup/properties/size/const", "const is not read"),
    (r#"{ "size": { "type": "integer" } }"#, r#"{ "size": { "anyOf": [{ "type": "string" }, { "type": "integer" }] } }"#, "#/components/schemas/Cup/properties/size/anyOf/1", "anyOf is for"),
    (r#"{ "size": { "type": "integer" } }"#, r#"{ "size": {} }"#, "#/components/schemas/Cup/properties/size", "a schema without a type"),
    (r#"{ "size": { "type": "integer" } }"#, r#"{ "size": { "type": "null" } }"#, "#/components/schemas/Cup/properties/size", "the type `null` is not read"),
    (r#"{ "size": { "type": "integer" } }"#, r#"{ "size": { "type": ["integer", "string"] } }"#, "#/components/schemas/Cup/properties/size/type", r#"`[type, "null"]` only"#),
    (r#"{ "size": { "type": "integer" } }"#, r#"{ "size": { "type": "integer", "x-sdk-secret": true } }"#, "#/components/schemas/Cup/properties/size/x-sdk-secret", "a secret is a string"),
    (r#"{ "size": { "type": "integer" } }"#, r#"{ "size": { "type": "integer", "format": "int16" } }"#, "#/components/schemas/Cup/properties/size/format", "the format `int16` is not known"),
    (r#"{ "size": { "type": "integer" } }"#, r#"{ "size": { "type": "integer", "multipleOf": 2 } }"#, "#/components/schemas/Cup/properties/size/multipleOf", "does not know `multipleOf` in a property"),
    (r#"{ "size": { "type": "integer" } }"#, r#"{ "size": { "type": "string", "enum": ["a"] } }"#, "#/components/schemas/Cup/properties/size/enum", "give the enumeration a name"),
    (r#"{ "size": { "type": "integer" } }"#, r#"{ "size": { "type": "object", "properties": {} } }"#, "#/components/schemas/Cup/properties/size", "give the object a name"),
    (r#"{ "size": { "type": "integer" } }"#, r#"{ "size": { "type": "object", "additionalProperties": false } }"#, "#/components/schemas/Cup/properties/size/additionalProperties", "write true, or the schema"),
    (r#"{ "size": { "type": "integer" } }"#, r#"{ "size": { "type": "array" } }"#, "#/components/schemas/Cup/properties/size", "without `items`"),
    (r#"{ "size": { "type": "integer" } }"#, r#"{ "size": { "type": "array", "items": { "type": "string", "x-sdk-secret": true } } }"#, "#/components/schemas/Cup/properties/size/items", "lists and maps of secrets"),
    (r#"{ "size": { "type": "integer" } }"#, r#"{ "size": { "type": "array", "items": { "type": ["string", "null"] } } }"#, "#/components/schemas/Cup/properties/size/items", "null is possible for properties only"),
    (r#"{ "size": { "type": "integer" } }"#, r#"{ "size": { "x-sdk-type": "Money" } }"#, "#/components/schemas/Cup/properties/size/x-sdk-type", "write the whole path"),
    (r#"{ "size": { "type": "integer" } }"#, r#"{ "size": { "x-sdk-type": "crate::Cup of tea" } }"#, "#/components/schemas/Cup/properties/size/x-sdk-type", "is no path of a Rust type"),
    (r#"{ "size": { "type": "integer" } }"#, r#"{ "size": { "x-sdk-type": "crate::Size", "x-sdk-default": true } }"#, "#/components/schemas/Cup/properties/size", "x-sdk-default is for plain types"),
    (r#"{ "size": { "type": "integer" } }"#, r#"{ "size": { "type": "integer" }, "Size": { "type": "integer" } }"#, "#/components/schemas/Cup/properties/Size", "are both named `size` in Rust"),
    (r#"{ "size": { "type": "integer" } }"#, r#"{ "size": { "type": "integer" }, "type": { "type": "integer" } }"#, "#/components/schemas/Cup/properties/type", "give one with x-sdk-name"),
    (r#""properties": { "size""#, r#""x-sdk-keep-unknown": true, "properties": { "unknown": { "type": "string" }, "size""#, "#/components/schemas/Cup/properties/unknown", "the field of the unknown fields"),
    (r#""Tea": { "type": "string""#, r#""Tea": { "type": "integer""#, "#/components/schemas/Tea", "a named schema is an object, a string with `enum`"),
    (r#""type": "string", "description": "Teas.", "enum": ["green", "black"]"#, r#""description": "Teas.", "anyOf": [{ "type": "string", "enum": ["green"] }]"#, "#/components/schemas/Tea/anyOf", "anyOf of a named schema is for"),
    (r#""type": "string", "description": "Teas.", "enum": ["green", "black"]"#, r#""description": "Teas.", "anyOf": [{ "type": "string", "enum": ["green"] }, { "type": "null" }]"#, "#/components/schemas/Tea/anyOf/1", "anyOf of a named schema is for"),
    (r#""type": "string", "description": "Teas.", "enum": ["green", "black"]"#, r#""description": "Teas.", "anyOf": [{ "type": "integer", "enum": [1] }, { "type": "string" }]"#, "#/components/schemas/Tea/anyOf/0", "anyOf of a named schema is for"),
    (r#", "enum": ["green", "black"]"#, "", "#/components/schemas/Tea", "without `enum`"),
    (r#"["green", "black"]"#, r#"["green", "24h"]"#, "#/components/schemas/Tea/enum", "can't be the name of a variant"),
    (r#"["green", "black"]"#, r#"["green", "Green"]"#, "#/components/schemas/Tea/enum", "two values are named `Green`"),
    (r#"["green", "black"]"#, r#"["green", "black"], "x-sdk-variants": { "red": {} }"#, "#/components/schemas/Tea/x-sdk-variants/red", "`red` is not in `enum`"),
    (r#"{ "name": { "type": "string" }"#, r#"{ "name": { "type": "string", "x-sdk-aliases": ["Name"] }"#, "#/components/schemas/NewPot/properties/name", "are for reading, and this is only sent"),
    (r#"{ "name": { "type": "string" }"#, r#"{ "name": { "type": "string", "x-sdk-default": true }"#, "#/components/schemas/NewPot/properties/name", "is for reading, and this is only sent"),
    (r#"{ "name": { "type": "string" }"#, r##"{ "name": { "$ref": "#/components/schemas/Name" }"##, "#/components/schemas/NewPot/properties/name", "there is no `Name`"),
    (r#""Tea": {"#, r#""Coffee": { "type": "object", "description": "Not here.", "properties": {} }, "Tea": {"#, "#/components/schemas/Coffee", "no operation uses it"),
    (r#"{ "size": { "type": "integer" } }"#, r##"{ "size": { "$ref": "#/components/schemas/Error" } } }, "Error": { "type": "object", "description": "No.", "properties": { "size": { "type": "integer" } }"##, "#/components/schemas/Error", "the type `Error` would be there twice"),
    (r#"{ "size": { "type": "integer" } }"#, r##"{ "size": { "$ref": "#/components/schemas/Pots" } } }, "Pots": { "type": "object", "description": "No.", "properties": { "size": { "type": "integer" } }"##, "#/components/schemas/Pots", "it comes from #/x-sdk-resources/pots too"),
    (r#""components": {"#, r#""components": { "headers": {},"#, "#/components/headers", "does not know `headers` in the components"),
    (r##""Tea": {"##, r##""Money": { "description": "Not here.", "x-sdk-type": "crate::Money" }, "Tea": {"##, "#/components/schemas/Money", "nothing refers to it"),
    (r#"{ "size": { "type": "integer" } }"#, r#"{ "size": { "x-sdk-type": "crate::Pots" } }"#, "an x-sdk-type", "the type `Pots` would be there twice"),
    (r#""pots": { "#, r#""builder": { "summary": "No." }, "pots": { "#, "#/x-sdk-resources/builder", "is a method of the client already"),
    // Pages, leniency, changes.
    (r#""x-sdk-vendor": "teahouse","#, r#""x-sdk-vendor": "teahouse", "x-sdk-page": { "type": "crate::Page" },"#, "#/x-sdk-page", "without `decode`"),
    (r#""x-sdk-vendor": "teahouse","#, r#""x-sdk-vendor": "teahouse", "x-sdk-lenient": 1,"#, "#/x-sdk-lenient", "write true or false"),
    (r##"{ "$ref": "#/components/schemas/Cup" }"##, r##"{ "x-sdk-page": { "$ref": "#/components/schemas/Cup" } }"##, "#/paths/~1shelves~1{shelf}~1cups~1{id}/get", "say with x-sdk-page at the root"),
    (r#""x-sdk-class": "read","#, r#""x-sdk-class": "read", "x-sdk-paging": {},"#, "#/paths/~1shelves~1{shelf}~1cups~1{id}/get", "the integers `skip` and `take`"),
    (r#""x-sdk-class": "read","#, r#""x-sdk-class": "read", "x-sdk-paging": { "maxTake": "many" },"#, "#/paths/~1shelves~1{shelf}~1cups~1{id}/get/x-sdk-paging/maxTake", "the largest number of rows"),
    (r#""x-sdk-class": "write","#, r#""x-sdk-class": "write", "x-sdk-modify": "cups.get","#, "#/paths/~1pots/post", "takes the same path and returns"),
    (r#""description": "A pot to make.","#, r##""description": "A pot to make.", "x-sdk-from": { "schema": "#/components/schemas/Tea" },"##, "#/components/schemas/NewPot/x-sdk-from", "`Tea` is no object that is read"),
    (r#""description": "A pot to make.","#, r##""description": "A pot to make.", "x-sdk-from": { "schema": "#/components/schemas/Cup" },"##, "#/components/schemas/NewPot/x-sdk-from", "with x-sdk-lenient"),
    (r#""description": "A pot to make.","#, r#""description": "A pot to make.", "x-sdk-from": {},"#, "#/components/schemas/NewPot/x-sdk-from", "without `schema`"),
    (r#"{ "size": { "type": "integer" } }"#, r#"{ "size": { "type": "integer", "x-sdk-write": "a b" } }"#, "#/components/schemas/Cup/properties/size/x-sdk-write", "x-sdk-write and x-sdk-convert are paths"),
];

/// What the generator says to a description.
fn say(text: &str, root: &Path) -> Result<(), String> {
    let document = Node::parse(text).map_err(|error| format!("no JSON: {error}"))?;
    let api = read::api(&document).map_err(|refusal| refusal.to_string())?;
    let plan = Plan::new(&api).map_err(|refusal| refusal.to_string())?;
    let origin = emit::Origin { root, crate_name: "teahouse-client", digest: "" };
    emit::files(&plan, &origin).map(drop).map_err(|failure| failure.to_string())
}

#[test]
fn the_description_is_good_before_it_is_changed() {
    assert_eq!(say(GOOD, &workspace::root()), Ok(()));
}

#[test]
fn every_refusal_names_its_place() {
    let (root, mut wrong) = (workspace::root(), Vec::new());
    for (from, to, pointer, sentence) in REFUSED {
        let text = GOOD.replacen(from, to, 1);
        assert_ne!(text, GOOD, "not in the description: {from}");
        let said = say(&text, &root);
        let place = format!("{pointer}: ");
        let is_at = |line: &str| line.strip_prefix(&place).is_some_and(|said| said.contains(sentence));
        if !said.as_ref().is_err_and(|said| said.lines().any(is_at)) {
            wrong.push(format!("{to}: {said:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
