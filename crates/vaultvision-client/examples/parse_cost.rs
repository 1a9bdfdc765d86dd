//! What keeping unknown fields costs: `cargo run --release -p vaultvision-client --example parse_cost`.
//!
//! A list of 50 KB is read by this crate, and by a plain typed parse that throws unknown fields away. The budget is 1.5
//! times the plain one. Both are measured in turns, and the best of many rounds counts, so that a busy machine doesn't.

#![allow(clippy::print_stdout, reason = "printing is what this is for")]

#[path = "../tests/cost/mod.rs"]
mod cost;

fn main() {
    let json = cost::list();
    let measured = cost::measure(&json, 3_000);
    println!("{} bytes, {} users", json.len(), cost::USERS);
    println!("plain typed parse      {:>8.1} µs", measured.plain * 1e6);
    println!("unknown fields kept   {:>8.1} µs", measured.kept * 1e6);
    println!("ratio                  {:>8.2} (budget 1.50)", measured.kept / measured.plain);
}
