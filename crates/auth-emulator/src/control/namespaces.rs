//! The controls of namespaces and snapshots.

use super::actions::Actions;
use super::catalog::{Input, Outcome};
use super::error::ControlError;
use super::handlers::{done, to_json};
use crate::namespace::snapshot::SnapshotError;

pub(super) fn create(actions: &Actions, input: Input) -> Outcome {
    let (name, namespaces) = (input.text("name"), &actions.namespaces);
    let space = match (input.optional_text("from"), input.integer("seed")) {
        (Some(_), Some(_)) => {
            let message = "seed and from exclude each other: a copy has the credentials of the original";
            return Err(ControlError::invalid(message));
        }
        (Some(from), None) => namespaces.create_copy(name, &namespaces.find(from)?.snapshot())?,
        (None, seed) => namespaces.open(name, seed)?,
    };
    to_json(actions.of(space).ready())
}

pub(super) fn remove(actions: &Actions, input: Input) -> Outcome {
    actions.namespaces.remove(input.text("name"))?;
    done()
}

pub(super) fn save(actions: &Actions, input: Input) -> Outcome {
    actions.namespaces.snapshots.save(input.text("name"), actions.snapshot()).map_err(failed)?;
    done()
}

pub(super) fn restore(actions: &Actions, input: Input) -> Outcome {
    actions.restore(&actions.namespaces.snapshots.get(input.text("name")).map_err(failed)?);
    done()
}

pub(super) fn delete(actions: &Actions, input: Input) -> Outcome {
    actions.namespaces.snapshots.remove(input.text("name")).map_err(failed)?;
    done()
}

pub(super) fn export(actions: &Actions, _: Input) -> Outcome {
    actions.export().map_err(failed)
}

pub(super) fn import(actions: &Actions, mut input: Input) -> Outcome {
    actions.import(&input.take("snapshot").unwrap_or_default()).map_err(failed)?;
    done()
}

fn failed(error: SnapshotError) -> ControlError {
    match error {
        SnapshotError::NotFound(_) => ControlError::not_found(error.to_string()),
        _ => ControlError::invalid(error.to_string()),
    }
}
