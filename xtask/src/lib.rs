//! The chores of this workspace, as a library so that their tests can call them.
//!
//! One module per command of `cargo xtask`; `main.rs` only parses the command line. A new command is a module with an
//! `Arguments` struct for clap and a `run` that gives back the text to print, and a line in `main.rs`.

pub mod bench;
pub mod ci;
pub mod codegen;
pub mod coverage;
pub mod emulator_figures;
mod failure;
pub mod features;
pub mod figures;
pub mod new_provider;
pub mod public_api;
pub mod report;
pub mod sizes;
pub mod tidy;
pub mod workspace;

pub use failure::Failure;
