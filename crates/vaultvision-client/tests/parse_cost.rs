//! The cost of keeping unknown fields, loosely: the program `parse_cost` measures it well.

mod cost;

#[test]
fn keeping_unknown_fields_is_not_out_of_proportion() {
    let json = cost::list();
    assert!((49_000..52_000).contains(&json.len()), "{}", json.len());
    let measured = cost::measure(&json, 40);
    let ratio = measured.kept / measured.plain;
    // The budget of 1.5 is for an optimised build; this also runs in others, and beside other tests.
    assert!(ratio < 2.5, "ratio {ratio:.2}");
}
