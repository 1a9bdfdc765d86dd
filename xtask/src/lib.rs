//! The commands of `cargo xtask`, as a library so that tests can call them.
//!
//! One module per command; `main.rs` reports how it ended. A new command is a module with an `Arguments` struct for clap and
//! a `run` that returns the text to print, and its name in `commands.rs`.

#![allow(
    clippy::exhaustive_enums,
    clippy::exhaustive_structs,
    reason = "nobody but its own tests depends on this crate"
)]

mod bench;
mod ci;
pub mod codegen;
pub mod commands;
mod docs;
mod emulator_figures;
mod failure;
mod features;
mod figures;
mod markdown;
mod minimal;
mod new_provider;
mod outside;
mod own_reqwest;
mod package;
mod public_api;
mod report;
mod sizes;
pub mod tidy;
pub mod workspace;

use failure::Context;
pub use failure::Failure;

/// The code of the README compiles.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
pub struct Readme;

/// The code of the guide for authors of provider crates, who name crates that users don't.
#[cfg(doctest)]
#[doc = include_str!("../../docs/adding-a-provider.md")]
pub struct AddingAProvider;
