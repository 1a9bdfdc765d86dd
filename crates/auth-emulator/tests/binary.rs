//! The program, run as a person or a script runs it.
