//! The program `auth-emulator`.

fn main() {}
