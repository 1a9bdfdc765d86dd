//! Queries: groups of conditions on the parameters of a kind of record. The groups are combined with OR, the conditions of a
//! group with AND. A kind of record declares its parameters in a `Schema` and returns a `Cell` for each of them.
//!
//! `schema.rs` declares parameters, `cell.rs` their values, `operators.rs` the operators of each type, `body.rs` parses a
//! query, `relative.rs` parses relative dates, `plan.rs` evaluates a query, `options.rs` lists the schema for
//! `…/QueryOptions`.
//!
//! Conditions are evaluated on cells, row by row, and only the requested page is rendered: a query over 200,000 seeded
//! contacts must not create 200,000 contacts.

mod body;
mod cell;
mod operators;
mod options;
mod plan;
mod relative;
mod schema;

pub(crate) use self::body::{QueryBody, parse};
pub(crate) use self::cell::{Cell, cell_of};
pub(crate) use self::operators::{OF_BATCH, OF_CHOICE, OF_COUNTRY, OF_STATE};
pub(crate) use self::options::options;
pub(crate) use self::plan::Plan;
pub(crate) use self::schema::{Lookups, Parameter, Schema, Source, Type, Values, earlier_date, parameter};
