//! Reproducible ids and codes: the same seed and the same calls give the same values, so that a failing test can be repeated.
//! None of them is secret; the only real secret is the control token, see `unpredictable_token`.

use std::fmt::Write as _;
use std::hash::{BuildHasher, Hasher};

/// A pseudo-random generator (SplitMix64) seeded with a number and a label.
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) struct Random(u64);

/// In a snapshot. JavaScript would round a number.
impl From<Random> for String {
    fn from(random: Random) -> Self {
        random.0.to_string()
    }
}

impl TryFrom<String> for Random {
    type Error = std::num::ParseIntError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse().map(Self)
    }
}

impl Random {
    /// Generators with different labels are independent, so that calls to one provider never change the ids of another.
    pub(crate) fn new(seed: u64, label: &str) -> Self {
        let hash = label.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        let mut stream = Self(seed ^ hash);
        stream.next();
        stream
    }

    /// Turns the stream into another one, which its state and the seed determine. The generator mixes them, because to apply the
    /// same XOR twice would lead back: a copy of a copy would issue the tokens of the original.
    pub(crate) fn diverge(&mut self, seed: u64) {
        self.0 = Self(self.0 ^ Self::new(seed, "diverged").next()).next();
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Returns a number from 0 to below 1.
    #[expect(clippy::cast_precision_loss, reason = "53 bits fit")]
    pub(crate) fn fraction(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Returns decimal digits, possibly with leading zeros.
    pub(crate) fn digits(&mut self, count: usize) -> String {
        (0..count).map(|_| char::from(b'0' + u8::try_from(self.next() % 10).unwrap_or(0))).collect()
    }

    pub(crate) fn bytes(&mut self, count: usize) -> Vec<u8> {
        (0..count).map(|_| self.next().to_be_bytes()).map(|[first, ..]| first).collect()
    }

    /// Returns `count` bytes as lower-case hexadecimal digits.
    pub(crate) fn hex(&mut self, count: usize) -> String {
        hex(&self.bytes(count))
    }

    /// Returns a version 4 UUID.
    pub(crate) fn uuid(&mut self) -> String {
        let (a, b) = (self.next(), self.next());
        format!(
            "{:08x}-{:04x}-4{:03x}-{:04x}-{:012x}",
            a >> 32,
            (a >> 16) & 0xffff,
            a & 0xfff,
            0x8000 | ((b >> 48) & 0x3fff),
            b & 0xffff_ffff_ffff
        )
    }
}

/// Formats bytes as lower-case hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Writing to a String can't fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Returns 128 unpredictable bits as a string. The standard library seeds its hash maps from the operating system; using that
/// avoids a dependency.
pub(crate) fn unpredictable_token() -> String {
    let word = || std::collections::hash_map::RandomState::new().build_hasher().finish();
    format!("{:016x}{:016x}", word(), word())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_determines_the_values() {
        let draw = |seed, label| Random::new(seed, label).uuid();
        assert_eq!(draw(1, "a"), draw(1, "a"));
        assert_ne!(draw(1, "a"), draw(2, "a"));
        assert_ne!(draw(1, "a"), draw(1, "b"));
        let diverged = |seeds: &[u64]| {
            let mut random = Random::new(1, "a");
            seeds.iter().for_each(|seed| random.diverge(*seed));
            random.uuid()
        };
        let all: [&[u64]; 7] = [&[], &[1], &[2], &[1, 2], &[2, 1], &[1, 1], &[1, 2, 1, 2]];
        assert_eq!(all.map(diverged), all.map(diverged));
        assert_eq!(std::collections::BTreeSet::from(all.map(diverged)).len(), all.len());
    }

    #[test]
    fn formats_are_right() {
        let mut random = Random::new(7, "forms");
        for _ in 0..1000 {
            let uuid = random.uuid();
            let parts: Vec<_> = uuid.split('-').map(str::len).collect();
            assert_eq!(parts, [8, 4, 4, 4, 12]);
            assert_eq!(uuid.as_bytes()[14], b'4');
            assert!(b"89ab".contains(&uuid.as_bytes()[19]), "{uuid}");
        }
        assert_eq!(random.hex(5).len(), 10);
        assert_eq!(hex(&[0, 0x0a, 0xff]), "000aff");
    }

    #[test]
    fn codes_with_leading_zeros_occur() {
        let mut random = Random::new(7, "digits");
        let codes: Vec<_> = (0..200).map(|_| random.digits(6)).collect();
        assert!(codes.iter().all(|code| code.len() == 6));
        assert!(codes.iter().any(|code| code.starts_with('0')));
    }

    #[test]
    fn tokens_differ_from_start_to_start() {
        assert_ne!(unpredictable_token(), unpredictable_token());
        assert_eq!(unpredictable_token().len(), 32);
    }
}
