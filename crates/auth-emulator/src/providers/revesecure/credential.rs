//! The API key and the secret key of a service.

use serde::{Deserialize, Serialize};

use super::settings::KeyEncoding;
use super::signature::unhex;
use crate::framework::random::Random;

/// The credential of a service. Its values are recognizable as those of an emulator.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Credential {
    pub api_key: String,
    /// Hexadecimal digits.
    pub secret_key: String,
}

impl Credential {
    pub(super) fn demo(random: &mut Random) -> Self {
        Self { api_key: format!("emulator-api-key-{}", random.hex(8)), secret_key: random.hex(32) }
    }

    /// The key of the HMAC.
    pub(super) fn key(&self, encoding: KeyEncoding) -> Vec<u8> {
        match encoding {
            KeyEncoding::Hex => unhex(&self.secret_key).unwrap_or_default(),
            KeyEncoding::Utf8 => self.secret_key.as_bytes().to_vec(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_demo_credential_is_recognizable_and_follows_the_seed() {
        let demo = |seed| Credential::demo(&mut Random::new(seed, "credential"));
        assert!(demo(1).api_key.starts_with("emulator-"));
        assert_eq!(demo(1).key(KeyEncoding::Hex).len(), 32);
        assert_eq!(demo(1).key(KeyEncoding::Utf8).len(), 64);
        assert!(demo(1) == demo(1));
        assert!(demo(1) != demo(2));
    }
}
