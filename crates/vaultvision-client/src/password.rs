//! Passwords: stored hashes, and the formats that can be imported.
//!
//! A password is imported as plain text, as an unsalted digest (MD5, SHA-1, SHA-256, SHA-512) or as a bcrypt
//! hash. The server wraps digests in bcrypt and unwraps them at the first login. Invalid input is rejected here
//! with a reason; a bcrypt cost that the server may reject gives a warning.

use crate::metadata::Metadata;
use crate::whole::whole_object;
use auth_client_core::provider::auth_core::{ExposeSecret, SecretString};
use auth_client_core::provider::record::Slot;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::fmt;

/// The bcrypt cost of hashes that the server creates.
pub const VENDOR_BCRYPT_COST: u32 = 10;

auth_client_core::provider::open_enum! {
    /// Hash algorithm of a password.
    ///
    /// ```
    /// use vaultvision_client::models::PasswordAlgorithm;
    ///
    /// assert_eq!(PasswordAlgorithm::from("md5|bcrypt"), PasswordAlgorithm::Md5Bcrypt);
    /// ```
    pub enum PasswordAlgorithm {
        /// Plain text, in requests only.
        Plain = "plain",
        /// bcrypt.
        Bcrypt = "bcrypt",
        /// MD5, in requests only.
        Md5 = "md5",
        /// SHA-1, in requests only.
        Sha1 = "sha1",
        /// SHA-256, in requests only.
        Sha256 = "sha256",
        /// SHA-512, in requests only.
        Sha512 = "sha512",
        /// MD5 in bcrypt, until the first login.
        Md5Bcrypt = "md5|bcrypt",
        /// SHA-1 in bcrypt, until the first login.
        Sha1Bcrypt = "sha1|bcrypt",
        /// SHA-256 in bcrypt, until the first login.
        Sha256Bcrypt = "sha256|bcrypt",
        /// SHA-512 in bcrypt, until the first login.
        Sha512Bcrypt = "sha512|bcrypt",
    }
}

impl PasswordAlgorithm {
    /// Returns the number of hexadecimal digits of a digest; `None` for other algorithms.
    fn digits(&self) -> Option<usize> {
        match self {
            Self::Md5 => Some(32),
            Self::Sha1 => Some(40),
            Self::Sha256 => Some(64),
            Self::Sha512 => Some(128),
            _ => None,
        }
    }
}

whole_object! {
    /// Hash of a password, as it is stored or sent.
    ///
    /// The API returns hashes to every key that may read credentials, so treat them like passwords. An update sends
    /// them as bcrypt strings without `cost`, even if they were read from a list, which has them in base64.
    ///
    /// ```
    /// let hash = vaultvision_client::models::NewPassword::plain("1234567890").hash().clone();
    /// assert_eq!((hash.alg(), hash.bcrypt_cost()), ("plain", None));
    /// ```
    PasswordHash expects "a password's algorithm and hash" {
        /// Wire name of the algorithm; see [`algorithm`](Self::algorithm).
        "alg" => alg: text;
        /// Cost of bcrypt, which only some responses contain; see [`bcrypt_cost`](Self::bcrypt_cost).
        "cost" => cost: count;
        /// Wire value of the hash: a bcrypt string or its base64 encoding; in requests also a digest or plain text.
        "hash" => hash: secret;
    }
}

impl PasswordHash {
    /// Returns the hash algorithm.
    #[must_use]
    pub fn algorithm(&self) -> PasswordAlgorithm {
        PasswordAlgorithm::from(self.alg())
    }

    /// Returns the bcrypt string `$2a$10$…`, decoded from either of the API's two formats.
    ///
    /// ```
    /// use vaultvision_client::models::NewPassword;
    ///
    /// let hash = "$2a$10$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy";
    /// assert!(NewPassword::bcrypt(hash)?.warning().is_none());
    /// let error = NewPassword::bcrypt("$2a$10$short").unwrap_err();
    /// assert!(!error.to_string().contains("short"), "hashes are never printed");
    /// # Ok::<(), vaultvision_client::models::InvalidPassword>(())
    /// ```
    #[must_use]
    pub fn bcrypt(&self) -> Option<SecretString> {
        let hash = self.hash()?.expose_secret();
        if bcrypt_cost(hash).is_some() {
            return Some(SecretString::from(hash));
        }
        let decoded = String::from_utf8(STANDARD.decode(hash).ok()?).ok()?;
        bcrypt_cost(&decoded).map(|_| SecretString::from(decoded))
    }

    /// Returns the bcrypt cost, parsed from the hash itself.
    #[must_use]
    pub fn bcrypt_cost(&self) -> Option<u32> {
        bcrypt_cost(self.bcrypt()?.expose_secret())
    }

    fn of(algorithm: &PasswordAlgorithm, hash: SecretString) -> Self {
        Self { alg: Slot::of(algorithm.as_str().to_owned()), hash: Slot::of(Some(hash)), ..Self::default() }
    }

    /// Converts a base64-encoded hash to a bcrypt string without `cost`; other hashes are unchanged.
    pub(crate) fn unify(&mut self) {
        if let Some(hash) = self.bcrypt() {
            self.hash.set(Some(hash));
            self.cost.clear();
        }
    }

    /// Replaces the hash; unknown fields are kept.
    pub(crate) fn replace(&mut self, other: &Self) {
        self.alg = other.alg.clone();
        self.hash = other.hash.clone();
        self.cost.clear();
    }
}

whole_object! {
    /// A password to create: plain text, or a hash from another system.
    ///
    /// ```
    /// use vaultvision_client::models::NewPassword;
    ///
    /// let from_a_form = NewPassword::plain("1234567890");
    /// let imported =
    ///     NewPassword::sha256("c775e7b757ede630cd0aa1113bd102661ab38829ca52a6422ab782862f268646")?;
    /// let odd = NewPassword::bcrypt("$2b$04$lcDfETaxcazpR47RCTBNvurpDi3ouniK5wXDNBK/eZgRE.nJYAlqa")?;
    /// assert!(odd.warning().is_some(), "cost 4, the server's is 10");
    /// # let _ = (from_a_form, imported);
    /// # Ok::<(), vaultvision_client::models::InvalidPassword>(())
    /// ```
    NewPassword expects "a password to be created" {
        /// Always `PasswordCredential`.
        "type" => kind: text;
        /// Custom key-value pairs.
        "metadata" => metadata, metadata_mut: object<Metadata>;
        /// `true` if logins with it are blocked.
        "disabled" => disabled, set_disabled: flag;
        /// The hash to import.
        "password" => password: hidden<PasswordHash>;
    }
}

whole_object!(open: NewPassword);
whole_object!(sent: NewPassword);

impl NewPassword {
    fn of(algorithm: &PasswordAlgorithm, hash: SecretString) -> Self {
        Self {
            kind: Slot::of("PasswordCredential".to_owned()),
            password: Slot::of(PasswordHash::of(algorithm, hash)),
            ..Self::default()
        }
    }

    /// Creates a plain-text password, which the server hashes with bcrypt.
    #[must_use]
    pub fn plain(password: impl Into<SecretString>) -> Self {
        Self::of(&PasswordAlgorithm::Plain, password.into())
    }

    /// Creates a password from a bcrypt hash `$2a$10$…` of 60 characters.
    ///
    /// Assumption (bcrypt): the variants `$2b$`, `$2x$` and `$2y$` are accepted too; the vendor documents `$2a$` only.
    ///
    /// ```
    /// let refused = vaultvision_client::models::NewPassword::bcrypt("$1$md5crypt");
    /// assert!(refused.is_err());
    /// ```
    ///
    /// # Errors
    ///
    /// [`InvalidPassword`] if the hash has another format. The cost is not checked; see
    /// [`warning`](Self::warning).
    pub fn bcrypt(hash: impl Into<SecretString>) -> Result<Self, InvalidPassword> {
        let hash = hash.into();
        check(&PasswordAlgorithm::Bcrypt, &hash)?;
        let new = Self::of(&PasswordAlgorithm::Bcrypt, hash);
        #[cfg(feature = "tracing")]
        if let Some(warning) = new.warning() {
            tracing::warn!(provider = "vaultvision", "{warning}");
        }
        Ok(new)
    }

    /// Creates a password from an unsalted MD5 digest: 32 hexadecimal digits.
    ///
    /// ```
    /// let password = vaultvision_client::models::NewPassword::md5("e807f1fcf82d132f9bb018ca6738a19f")?;
    /// # let _ = password;
    /// # Ok::<(), vaultvision_client::models::InvalidPassword>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`InvalidPassword`] for any other string.
    pub fn md5(digest: impl Into<SecretString>) -> Result<Self, InvalidPassword> {
        Self::digest(&PasswordAlgorithm::Md5, digest.into())
    }

    /// Creates a password from an unsalted SHA-1 digest: 40 hexadecimal digits.
    ///
    /// # Errors
    ///
    /// [`InvalidPassword`] for any other string.
    pub fn sha1(digest: impl Into<SecretString>) -> Result<Self, InvalidPassword> {
        Self::digest(&PasswordAlgorithm::Sha1, digest.into())
    }

    /// Creates a password from an unsalted SHA-256 digest: 64 hexadecimal digits.
    ///
    /// # Errors
    ///
    /// [`InvalidPassword`] for any other string.
    pub fn sha256(digest: impl Into<SecretString>) -> Result<Self, InvalidPassword> {
        Self::digest(&PasswordAlgorithm::Sha256, digest.into())
    }

    /// Creates a password from an unsalted SHA-512 digest: 128 hexadecimal digits.
    ///
    /// # Errors
    ///
    /// [`InvalidPassword`] for any other string.
    pub fn sha512(digest: impl Into<SecretString>) -> Result<Self, InvalidPassword> {
        Self::digest(&PasswordAlgorithm::Sha512, digest.into())
    }

    /// The server hashes the digits as a string, and upper-case digits would never match, so they are converted to
    /// lower case.
    fn digest(algorithm: &PasswordAlgorithm, digest: SecretString) -> Result<Self, InvalidPassword> {
        let digest = SecretString::from(digest.expose_secret().to_ascii_lowercase());
        check(algorithm, &digest)?;
        Ok(Self::of(algorithm, digest))
    }

    /// Returns the hash that is sent.
    #[must_use]
    pub fn hash(&self) -> &PasswordHash {
        self.password.get()
    }

    /// Returns a warning if the server may reject or rehash the password.
    #[must_use]
    pub fn warning(&self) -> Option<PasswordWarning> {
        let cost = self.hash().bcrypt_cost()?;
        (cost != VENDOR_BCRYPT_COST).then_some(PasswordWarning { cost })
    }

    /// Returns an error if the password can't be sent.
    pub(crate) fn invalid(&self) -> Result<(), InvalidPassword> {
        let hash = self.hash();
        let algorithm = hash.algorithm();
        hash.hash().map_or(Err(InvalidPassword::Empty(algorithm.clone())), |text| check(&algorithm, text))
    }
}

/// Warning about a bcrypt hash whose cost differs from the server's.
///
/// ```
/// fn is_cheap(warning: vaultvision_client::models::PasswordWarning) -> bool {
///     warning.cost < vaultvision_client::models::VENDOR_BCRYPT_COST
/// }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PasswordWarning {
    /// Cost of the hash.
    pub cost: u32,
}

impl fmt::Display for PasswordWarning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "bcrypt cost {} differs from the server's cost {VENDOR_BCRYPT_COST}: the server hashes the password again at the \
             first login, or rejects it if the difference exceeds an undocumented tolerance",
            self.cost
        )
    }
}

/// The reason why a password can't be imported. It never contains the password or the hash.
///
/// ```
/// let error = vaultvision_client::models::NewPassword::md5("c0ffee").unwrap_err();
/// assert_eq!(error.to_string(), "invalid md5 digest: must have 32 hexadecimal digits, has 6 characters");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum InvalidPassword {
    /// Empty password.
    Empty(PasswordAlgorithm),
    /// Digest of the wrong length.
    Length {
        /// Algorithm of the digest.
        algorithm: PasswordAlgorithm,
        /// Number of characters found.
        found: usize,
        /// Number of characters required.
        wanted: usize,
    },
    /// Digest with other characters than hexadecimal digits in lower case.
    NotHexadecimal(PasswordAlgorithm),
    /// Not a bcrypt hash; the message contains the reason.
    NotBcrypt(&'static str),
}

impl fmt::Display for InvalidPassword {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty(algorithm) => write!(f, "invalid {algorithm} password: must not be empty"),
            Self::Length { algorithm, found, wanted } => {
                write!(
                    f,
                    "invalid {algorithm} digest: must have {wanted} hexadecimal digits, has {found} characters"
                )
            }
            Self::NotHexadecimal(algorithm) => {
                write!(f, "invalid {algorithm} digest: must contain hexadecimal digits in lower case only")
            }
            Self::NotBcrypt(why) => {
                write!(
                    f,
                    "invalid bcrypt hash: {why} (expected `$2a$`, two digits of cost, `$` and 53 characters)"
                )
            }
        }
    }
}

impl std::error::Error for InvalidPassword {}

fn check(algorithm: &PasswordAlgorithm, hash: &SecretString) -> Result<(), InvalidPassword> {
    let hash = hash.expose_secret();
    if hash.is_empty() {
        return Err(InvalidPassword::Empty(algorithm.clone()));
    }
    if *algorithm == PasswordAlgorithm::Bcrypt {
        return read_bcrypt(hash).map(|_| ()).map_err(InvalidPassword::NotBcrypt);
    }
    let Some(wanted) = algorithm.digits() else { return Ok(()) };
    let found = hash.chars().count();
    if found != wanted {
        return Err(InvalidPassword::Length { algorithm: algorithm.clone(), found, wanted });
    }
    if !hash.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')) {
        return Err(InvalidPassword::NotHexadecimal(algorithm.clone()));
    }
    Ok(())
}

fn bcrypt_cost(hash: &str) -> Option<u32> {
    read_bcrypt(hash).ok()
}

/// Returns the cost of a bcrypt hash, or the reason why it is invalid.
fn read_bcrypt(hash: &str) -> Result<u32, &'static str> {
    let rest = ["$2a$", "$2b$", "$2x$", "$2y$"].iter().find_map(|prefix| hash.strip_prefix(prefix));
    let rest = rest.ok_or("unknown prefix")?;
    let (cost, rest) = rest.split_once('$').ok_or("no `$` after the cost")?;
    if cost.len() != 2 || !cost.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err("the cost must have two digits");
    }
    let cost: u32 = cost.parse().map_err(|_| "the cost must have two digits")?;
    if !(4..=31).contains(&cost) {
        return Err("the cost must be from 4 to 31");
    }
    if rest.len() != 53 {
        return Err("wrong length");
    }
    if !rest.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'/')) {
        return Err("only letters, digits, `.` and `/` are allowed");
    }
    Ok(cost)
}

#[cfg(test)]
mod tests {
    use super::*;

    const BCRYPT: &str = "$2a$10$lcDfETaxcazpR47RCTBNvurpDi3ouniK5wXDNBK/eZgRE.nJYAlqa";

    #[test]
    fn digests_of_the_vendors_page_are_taken_and_others_are_refused_with_a_reason() {
        type Make = fn(String) -> Result<NewPassword, InvalidPassword>;
        let digests: [(Make, &str, usize); 4] = [
            (NewPassword::md5, "e807f1fcf82d132f9bb018ca6738a19f", 32),
            (NewPassword::sha1, "01b307acba4f54f55aafc33bb06bbbf6ca803e9a", 40),
            (NewPassword::sha256, "c775e7b757ede630cd0aa1113bd102661ab38829ca52a6422ab782862f268646", 64),
            (
                NewPassword::sha512,
                "12b03226a6d8be9c6e8cd5e55dc6c7920caaa39df14aab92d5e3ea9340d1c8a4d3d0b8e4314f1f6ef131ba4bf1ceb9186ab87c\
                 801af0d5c95b1befb8cedae2b9",
                128,
            ),
        ];
        for (make, digest, length) in digests {
            assert_eq!(digest.len(), length);
            let made = make(digest.to_uppercase()).unwrap();
            assert_eq!(made.hash().hash().unwrap().expose_secret(), digest, "converted to lower case");
            assert!(made.warning().is_none());
            assert!(
                matches!(make(digest[1..].to_owned()), Err(InvalidPassword::Length { wanted, .. }) if wanted == length)
            );
            assert!(matches!(make(format!("{digest}0")), Err(InvalidPassword::Length { .. })));
            assert!(matches!(make(format!("g{}", &digest[1..])), Err(InvalidPassword::NotHexadecimal(_))));
            assert!(matches!(make(String::new()), Err(InvalidPassword::Empty(_))));
        }
    }

    #[test]
    fn the_form_of_bcrypt_is_checked_and_its_cost_only_warned_about() {
        assert!(NewPassword::bcrypt(BCRYPT.to_owned()).unwrap().warning().is_none());
        for (cost, warned) in [("04", true), ("09", true), ("10", false), ("11", true), ("31", true)] {
            let new = NewPassword::bcrypt(BCRYPT.replace("$10$", &format!("${cost}$"))).unwrap();
            assert_eq!(new.warning().is_some(), warned, "{cost}");
        }
        for bad in [
            "",
            "$2a$10$short",
            "$1$abc",
            &BCRYPT.replace("2a", "2c"),
            &BCRYPT.replace("$10$", "$1$"),
            &BCRYPT.replace("$10$", "$32$"),
            &BCRYPT.replace("$10$", "$+9$"),
            &BCRYPT.replace('/', "="),
            "JDJhJDEwJFA1NFEzSzIxYlZtUjFVcVYwbm1VSS5KYnV0cUVJMzVnQ29kUjRyQlRtdUtyN0JVVklCUkZL",
        ] {
            let error = NewPassword::bcrypt(bad.to_owned()).unwrap_err();
            assert!(bad.len() < 8 || !error.to_string().contains(bad), "{error}");
        }
    }

    #[test]
    fn both_forms_of_a_stored_hash_are_read() {
        let base64 = "JDJhJDEwJFA1NFEzSzIxYlZtUjFVcVYwbm1VSS5KYnV0cUVJMzVnQ29kUjRyQlRtdUtyN0JVVklCUkZL";
        for hash in [BCRYPT, base64] {
            let json = format!(r#"{{"alg":"bcrypt","hash":"{hash}"}}"#);
            let stored: PasswordHash = serde_json::from_str(&json).unwrap();
            assert_eq!(stored.bcrypt_cost(), Some(10));
            assert_eq!(stored.bcrypt().unwrap().expose_secret().len(), 60);
            let sent = auth_client_core::provider::record::Exposed(&stored);
            assert_eq!(serde_json::to_string(&sent).unwrap(), json);
            assert_eq!(serde_json::to_string(&stored).unwrap(), r#"{"alg":"bcrypt"}"#);
        }
        let stored: PasswordHash = serde_json::from_str(r#"{"alg":"argon2","hash":"x"}"#).unwrap();
        assert_eq!((stored.bcrypt_cost(), stored.algorithm().as_str()), (None, "argon2"));
    }
}
