//! Inputs for fuzz tests: the lines of a corpus, changed as a fuzzer's bytes say.
//!
//! A generator of random bytes hardly ever writes JSON or a date. Here its bytes choose a line and what to do to it, so that
//! most inputs are nearly right; libFuzzer gets further with them too.

/// The lines of a corpus.
///
/// ```
/// assert_eq!(figures::fuzz::seeds("one\ntwo\n"), ["one", "two"]);
/// ```
#[must_use]
pub fn seeds(corpus: &str) -> Vec<&str> {
    corpus.lines().collect()
}

/// An input: a seed after some changes, or now and then the bytes themselves.
///
/// ```
/// use figures::fuzz::input;
///
/// assert_eq!(input(&["one"], &[1]), b"one");
/// assert_eq!(input(&["one"], &[1, 0, b'x', 0]), b"xne", "a byte is replaced");
/// assert_eq!(input(&["one"], &[1, 1, b'x', 3]), b"onex", "a byte is added");
/// assert_eq!(input(&["one"], &[0, 1, 2]), [1, 2]);
/// ```
#[must_use]
pub fn input(seeds: &[&str], bytes: &[u8]) -> Vec<u8> {
    let Some((choice, changes)) = bytes.split_first() else { return Vec::new() };
    let seed = match usize::from(*choice) {
        0 => return changes.to_vec(),
        choice => choice.checked_rem(seeds.len()).and_then(|index| seeds.get(index)),
    };
    let mut text = seed.map(|seed| seed.as_bytes().to_vec()).unwrap_or_default();
    for change in changes.chunks_exact(3) {
        let [what, value, place] = change else { continue };
        let place = usize::from(*place).min(text.len());
        let end = place.saturating_add(usize::from(*value)).min(text.len());
        match what % 6 {
            0 if place < text.len() => drop(text.splice(place..=place, [*value])),
            0 | 1 => text.insert(place, *value),
            2 => drop(text.drain(place..end)),
            3 => text.truncate(place),
            // Many times the same, or the deep nesting of what is already there.
            4 => drop(text.splice(place..place, std::iter::repeat_n(*value, usize::from(*what)))),
            _ => {
                let again = text.get(place..end).unwrap_or_default().to_vec();
                text.extend(again);
            }
        }
    }
    text
}
