//! The controls of namespaces and snapshots.

use super::actions::Actions;
use super::catalog::{Input, Outcome};
use super::error::ControlError;
use super::handlers::{done, to_json};
use crate::namespace::snapshot::SnapshotError;

pub(super) fn create(actions: &Actions, input: Input) -> Outcome {
    if input.optional_text("from").is_some() && input.integer("seed").is_some() {
        return Err(ControlError::invalid(
            "seed and from exclude each other: a copy has the credentials of the original",
        ));
    }
    let copied = match input.optional_text("from") {
        Some(_) if actions.namespaces.find(input.text("name")).is_ok() => {
            let message =
                format!("name: {} exists, and a copy would replace it: drop it first", input.text("name"));
            return Err(ControlError::invalid(message));
        }
        Some(from) => Some(actions.namespaces.find(from)?.snapshot()),
        None => None,
    };
    let space = actions.namespaces.open(input.text("name"), input.integer("seed"))?;
    if let Some(copied) = copied {
        space.restore(&copied);
    }
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
