//! The commands of `cargo xtask`, as a library so that tests can call them.
//!
//! One module per command; `main.rs` reports how it ended. A new command is a module with an `Arguments` struct for clap and
//! a `run` that returns the text to print, and two lines in `commands.rs`.

pub mod bench;
pub mod ci;
pub mod codegen;
pub mod commands;
pub mod coverage;
pub mod docs;
pub mod emulator_figures;
mod failure;
pub mod features;
pub mod figures;
mod markdown;
pub mod minimal;
pub mod new_provider;
pub mod outside;
pub mod own_reqwest;
pub mod package;
pub mod public_api;
pub mod report;
pub mod sizes;
pub mod tidy;
pub mod workspace;

pub use failure::Failure;

/// The code of the README compiles.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
pub struct Readme;
