//! The operations as data: all that the vendor documents, and what is said of each.

use crate::generated::operations;
use auth_client_core::Idempotency;
use auth_client_core::provider::Paging;
use std::collections::BTreeSet;

#[test]
fn there_are_as_many_as_the_vendor_documents_and_no_two_are_one() {
    assert_eq!(operations::ALL.len(), 292);
    let places: BTreeSet<String> =
        operations::ALL.iter().map(|one| format!("{} {}", one.method(), one.path())).collect();
    let names: BTreeSet<&str> = operations::ALL.iter().map(|one| one.id()).collect();
    assert_eq!((places.len(), names.len()), (292, 292));
}

#[test]
fn the_methods_count_as_in_the_vendors_reference() {
    let count = |method: &str| operations::ALL.iter().filter(|one| one.method().as_str() == method).count();
    let counts = ["GET", "POST", "PUT", "PATCH", "DELETE"].map(count);
    assert_eq!(counts.iter().sum::<usize>(), 292, "{counts:?}");
    assert_eq!(count("PATCH"), 2, "gifts and projects");
}

#[test]
fn what_only_reads_is_read_and_what_makes_something_is_a_write() {
    for operation in operations::ALL {
        let (method, path, class) = (operation.method().as_str(), operation.path(), operation.idempotency());
        let finds = ["/Query", "/Search", "/Proximity"].iter().any(|word| path.contains(word));
        let expected = match method {
            "GET" => Some(Idempotency::Read),
            "POST" if finds => Some(Idempotency::Read),
            "POST" if path.ends_with("/Avatar") => Some(Idempotency::IdempotentWrite),
            "POST" => Some(Idempotency::Write),
            "DELETE" | "PATCH" => Some(Idempotency::IdempotentWrite),
            // A PUT that counts up, or changes to and fro, is not idempotent.
            _ => None,
        };
        assert!(expected.is_none_or(|expected| class == expected), "{method} {path}: {class:?}");
    }
    for counted in [
        "premiums.increment",
        "premiums.decrement",
        "contacts.toggle_follow",
        "reminders.complete",
        "pledges.write_off",
    ] {
        let operation = operations::ALL.iter().find(|one| one.id() == counted).unwrap();
        assert_eq!(operation.idempotency(), Idempotency::Write, "{counted}");
    }
}

#[test]
fn queries_give_a_thousand_rows_at_a_time() {
    let limited = operations::ALL
        .iter()
        .filter(|one| matches!(one.paging(), Some(Paging::SkipTake { max_take: Some(1000) })));
    let limited: Vec<&str> = limited.map(|one| one.id()).collect();
    assert!(limited.contains(&"contacts.query") && limited.contains(&"contacts.receipts"), "{limited:?}");
    assert!(!limited.contains(&"volunteers.query"), "it documents no paging");
    // Every query but the two of volunteering, and the receipts.
    let queries = operations::ALL
        .iter()
        .filter(|one| one.path().contains("/Query") && !one.path().ends_with("Options"));
    assert_eq!(limited.len(), queries.count() - 2 + 1, "{limited:?}");
}
