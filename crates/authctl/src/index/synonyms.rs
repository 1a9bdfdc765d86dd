//! Words of operators for what the vendors name otherwise: `donor` leads to `contacts`.

/// Words, and the resources that they lead to, the nearest first. A word has no plural here.
static RESOURCES: [(&[&str], &[&str]); 24] = [
    (
        &["donor", "supporter", "constituent", "giver", "benefactor", "household", "customer"],
        &["contacts", "contact_individuals"],
    ),
    (&["person", "people"], &["contact_individuals", "contacts", "users"]),
    (&["donation", "contribution", "payment", "transaction", "reversal"], &["gifts", "recurring_gifts"]),
    (&["sustainer", "subscription", "monthly"], &["recurring_gifts", "webhooks"]),
    (&["fund", "cause"], &["projects", "gift_designations"]),
    (&["designation"], &["gift_designations", "projects"]),
    (&["phone", "telephone", "mobile"], &["contact_methods", "contacts"]),
    (&["mail", "newsletter"], &["contact_methods", "email_lists", "emails", "communications"]),
    (&["street", "postcode", "postal", "zip"], &["contact_addresses"]),
    (&["appeal", "mailing"], &["campaigns", "segments", "communications"]),
    (&["comment", "memo"], &["contact_notes", "project_notes"]),
    (&["todo"], &["tasks", "reminders"]),
    (&["label"], &["tags", "contact_tags"]),
    (&["bequest", "legacy", "will"], &["planned_gifts"]),
    (&["memorial", "honor", "honour"], &["tributes"]),
    (&["receipt"], &["gifts"]),
    (&["hook", "callback", "notification"], &["webhooks"]),
    (&["otp", "mfa", "2fa", "passcode", "pin"], &["validation", "authentication", "bypass_codes", "tokens"]),
    (&["recovery", "backup"], &["bypass_codes"]),
    (&["device", "hardware", "authenticator"], &["tokens"]),
    (&["password", "passkey"], &["credentials"]),
    (&["app", "client"], &["applications", "services"]),
    (&["plan", "invoice", "price"], &["billing"]),
    (&["site", "website", "host"], &["domains", "vise_domains"]),
];

/// Words, and the parts of names of operations that mean the same.
static VERBS: [(&[&str], &[&str]); 5] = [
    (&["find", "look", "lookup", "search"], &["search", "find", "query"]),
    (&["show", "read", "view", "fetch", "see"], &["get", "list"]),
    (&["add", "new", "insert", "register", "make"], &["create", "register"]),
    (&["edit", "change", "fix", "modify", "correct", "set"], &["update", "modify", "patch"]),
    (&["remove", "erase", "drop"], &["delete", "remove"]),
];

/// Words of a question that say nothing.
const EMPTY: [&str; 14] =
    ["a", "an", "and", "by", "for", "from", "how", "i", "in", "my", "of", "the", "to", "with"];

/// Returns the words of a question in lower case, without those that say nothing.
pub(crate) fn words(given: &[String]) -> Vec<String> {
    let all = given.iter().flat_map(|text| text.split_whitespace()).map(str::to_lowercase);
    let (empty, words): (Vec<_>, Vec<_>) = all.partition(|word| EMPTY.contains(&word.as_str()));
    if words.is_empty() { empty } else { words }
}

/// Returns a word and its singular forms.
pub(crate) fn forms(word: &str) -> Vec<String> {
    let mut forms = vec![word.to_owned()];
    if word.len() > 3 {
        forms.extend(word.strip_suffix("ies").map(|start| format!("{start}y")));
        forms.extend(["es", "s"].iter().filter_map(|end| word.strip_suffix(end)).map(str::to_owned));
    }
    forms
}

/// Returns the resources that one of the forms of a word leads to.
pub(crate) fn resources(forms: &[String]) -> &'static [&'static str] {
    of(&RESOURCES, forms)
}

/// Returns the parts of names of operations that mean the same as one of the forms of a word.
pub(crate) fn verbs(forms: &[String]) -> &'static [&'static str] {
    of(&VERBS, forms)
}

fn of(table: &'static [(&[&str], &'static [&'static str])], forms: &[String]) -> &'static [&'static str] {
    let is_meant = |words: &[&str]| forms.iter().any(|form| words.contains(&form.as_str()));
    table.iter().find(|(words, _)| is_meant(words)).map_or(&[], |(_, targets)| targets)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::index::{self, PROVIDERS};

    #[test]
    fn synonyms_lead_to_names_of_the_index() {
        let resources: Vec<&str> = PROVIDERS.into_iter().flat_map(index::resources).collect();
        for target in RESOURCES.iter().flat_map(|(_, targets)| *targets) {
            assert!(resources.contains(target), "{target}");
        }
        let words = RESOURCES.iter().chain(&VERBS).flat_map(|(words, _)| *words);
        let mut words: Vec<&str> = words.copied().collect();
        let count = words.len();
        words.sort_unstable();
        words.dedup();
        assert_eq!(words.len(), count, "a word leads to one entry");
        for word in RESOURCES.iter().flat_map(|(words, _)| *words) {
            assert!(!resources.contains(word) && !EMPTY.contains(word), "{word}");
        }
    }

    #[test]
    fn questions_become_words() {
        let given = |text: &str| words(&[text.to_owned()]);
        assert_eq!(given("find a Donor"), ["find", "donor"]);
        assert_eq!(given("to"), ["to"]);
        assert_eq!(super::resources(&forms("donors")), ["contacts", "contact_individuals"]);
        assert_eq!(super::resources(&forms("contacts")), [""; 0]);
        assert!(forms("addresses").contains(&"address".to_owned()));
        assert!(forms("categories").contains(&"category".to_owned()));
    }
}
