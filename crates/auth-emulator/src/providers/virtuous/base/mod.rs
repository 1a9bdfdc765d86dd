//! Values, records and tables of the CRM, request parsing, and error responses: everything independent of concrete kinds of
//! records.

pub(crate) mod convert;
pub(crate) mod custom;
pub(crate) mod dates;
pub(crate) mod declared;
pub(crate) mod fields;
pub(crate) mod form;
pub(crate) mod json;
pub(crate) mod money;
pub(crate) mod operation;
pub(crate) mod organization;
pub(crate) mod parameters;
pub(crate) mod record;
pub(crate) mod replies;
pub(crate) mod settings;
pub(crate) mod table;
pub(crate) mod violations;
pub(crate) mod webhooks;
