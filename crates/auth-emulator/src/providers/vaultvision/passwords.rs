//! Passwords: import, storage, and the effects of a login.
//!
//! Documented: plain text is hashed with bcrypt; digests are wrapped in bcrypt and unwrapped at the first login; a bcrypt hash
//! is accepted if its cost is near the vendor's, and rehashed at the first login if it differs.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bcrypt::Version;
use sha2::Digest as _;

use super::settings::Settings;
use super::state::Problem;
use super::tree::{Object, Tree};
use crate::framework::random::{Random, hex};

/// The length of the longest password. Assumption (bcrypt): a longer one is refused, because bcrypt would ignore the rest.
pub(super) const MAX_BYTES: usize = 72;

/// The field that only passwords have.
const FIELD: &str = "password";

/// Converts the password in a body to the stored format.
pub(super) fn import(body: &Object, settings: &Settings, random: &mut Random) -> Result<Object, Problem> {
    let given = body.object(FIELD).ok_or(Problem::Invalid("password: an object is required"))?;
    let alg = given.string("alg").ok_or(Problem::Invalid("password.alg: a string is required"))?;
    let hash = given.string("hash").ok_or(Problem::Invalid("password.hash: a string is required"))?;
    let digits = |count: usize| {
        let lower_hex = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        if hash.len() == count && hash.bytes().all(lower_hex) {
            Ok(())
        } else {
            Err(Problem::Invalid(
                "password.hash: not a digest of this algorithm in lower-case hexadecimal digits",
            ))
        }
    };
    let (alg, hash) = match alg.as_str() {
        "plain" if hash.is_empty() => return Err(Problem::Invalid("password.hash: is empty")),
        "plain" if hash.len() > MAX_BYTES => {
            return Err(Problem::Invalid(
                "password.hash: a password of more than 72 bytes, the limit of bcrypt",
            ));
        }
        "plain" => ("bcrypt".to_owned(), wrap(&hash, settings.bcrypt_cost, random)?),
        "md5" => (digits(32).map(|()| "md5|bcrypt".to_owned())?, wrap(&hash, settings.bcrypt_cost, random)?),
        "sha1" => {
            (digits(40).map(|()| "sha1|bcrypt".to_owned())?, wrap(&hash, settings.bcrypt_cost, random)?)
        }
        "sha256" => {
            (digits(64).map(|()| "sha256|bcrypt".to_owned())?, wrap(&hash, settings.bcrypt_cost, random)?)
        }
        "sha512" => {
            (digits(128).map(|()| "sha512|bcrypt".to_owned())?, wrap(&hash, settings.bcrypt_cost, random)?)
        }
        "bcrypt" => {
            let cost = cost(&hash).ok_or(Problem::Invalid("password.hash: not a bcrypt hash"))?;
            if cost.abs_diff(settings.bcrypt_cost) > settings.bcrypt_tolerance {
                return Err(Problem::BcryptCost);
            }
            (alg, hash)
        }
        _ => {
            return Err(Problem::Invalid(
                "password.alg: must be one of bcrypt, plain, md5, sha1, sha256, sha512",
            ));
        }
    };
    Ok(stored(&alg, &hash))
}

/// The stored password after an update.
///
/// Assumption (password-update): the stored password may be sent back as a single GET returns it, and so may a wrapped hash
/// that was read earlier; anything else is an import. Settings accept the base64 of lists, and reject wrapped hashes.
pub(super) fn update(
    body: &Object,
    old: &Object,
    settings: &Settings,
    random: &mut Random,
) -> Result<Object, Problem> {
    let given = body.object(FIELD).ok_or(Problem::Invalid("password: an object is required"))?;
    let (alg, hash) = (given.string("alg"), given.string("hash").unwrap_or_default());
    let plain = STANDARD.decode(&hash).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    let wrapped =
        matches!(alg.as_deref(), Some("md5|bcrypt" | "sha1|bcrypt" | "sha256|bcrypt" | "sha512|bcrypt"));
    if wrapped && !settings.accept_wrapped_hashes {
        return import(body, settings, random);
    }
    let plain = plain.filter(|_| settings.accept_base64_hashes);
    let text = plain.filter(|text| cost(text).is_some()).unwrap_or(hash);
    if alg == old.string("alg") && Some(&text) == old.string("hash").as_ref() {
        return Ok(old.clone());
    }
    if wrapped && cost(&text).is_some() {
        return Ok(stored(&alg.unwrap_or_default(), &text));
    }
    import(body, settings, random)
}

/// The format of one list sample: base64, with the cost in a separate field.
pub(super) fn in_base64(password: &Object) -> Object {
    let hash = password.string("hash").unwrap_or_default();
    let mut shown = Object::default();
    for (name, value) in password.iter() {
        match name {
            "hash" => shown.set(name, Tree::string(&STANDARD.encode(&hash))),
            _ => shown.set(name, value.clone()),
        }
        if name == "alg"
            && let Some(cost) = cost(&hash)
        {
            shown.set("cost", Tree::Raw(cost.to_string().into()));
        }
    }
    shown
}

/// A body with a plain password.
pub(super) fn plain(password: &str) -> Object {
    Object::default().with(FIELD, Tree::Object(stored("plain", password)))
}

/// Checks a password at login. Returns the stored password after a successful login.
pub(super) fn log_in(
    stored_now: &Object,
    password: &str,
    settings: &Settings,
    random: &mut Random,
) -> Option<Object> {
    let (alg, hash) = (stored_now.string("alg")?, stored_now.string("hash")?);
    let secret = match alg.as_str() {
        "bcrypt" if password.len() > MAX_BYTES => return None,
        "bcrypt" => password.to_owned(),
        "md5|bcrypt" => hex(&md5::Md5::digest(password)),
        "sha1|bcrypt" => hex(&sha1::Sha1::digest(password)),
        "sha256|bcrypt" => hex(&sha2::Sha256::digest(password)),
        "sha512|bcrypt" => hex(&sha2::Sha512::digest(password)),
        _ => return None,
    };
    // A hash of a snapshot was not checked at an import.
    let most = settings.bcrypt_cost.saturating_add(settings.bcrypt_tolerance);
    if cost(&hash).is_none_or(|cost| cost > most) || !bcrypt::verify(secret, &hash).unwrap_or(false) {
        return None;
    }
    // A digest may be of a password that can't be rehashed.
    if password.len() > MAX_BYTES || (alg == "bcrypt" && cost(&hash) == Some(settings.bcrypt_cost)) {
        return Some(stored_now.clone());
    }
    let mut after = stored_now.clone();
    after.set("alg", Tree::string("bcrypt"));
    after.set("hash", Tree::string(&wrap(password, settings.bcrypt_cost, random).ok()?));
    Some(after)
}

fn stored(alg: &str, hash: &str) -> Object {
    Object::default().with("alg", Tree::string(alg)).with("hash", Tree::string(hash))
}

/// Real bcrypt, with a salt from the seed.
fn wrap(text: &str, cost: u32, random: &mut Random) -> Result<String, Problem> {
    let mut salt = [0; 16];
    for (slot, byte) in salt.iter_mut().zip(random.bytes(16)) {
        *slot = byte;
    }
    // Assumption (bcrypt): a digest of SHA-512 is cut off after 72 of its 128 digits.
    let hashed = bcrypt::hash_with_salt(text, cost, salt);
    hashed
        .map(|parts| parts.format_for_version(Version::TwoA))
        .map_err(|_| Problem::Invalid("password.hash: bcrypt rejects it"))
}

fn cost(hash: &str) -> Option<u32> {
    let well_formed = hash.len() == 60
        && ["$2a$", "$2b$", "$2x$", "$2y$"].iter().any(|prefix| hash.starts_with(prefix))
        && hash.get(6..7) == Some("$");
    if well_formed { hash.get(4..6)?.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings() -> Settings {
        Settings { bcrypt_cost: 4, ..Settings::default() }
    }

    fn body(alg: &str, hash: &str) -> Object {
        Object::default().with("password", Tree::Object(stored(alg, hash)))
    }

    #[test]
    fn every_digest_of_the_page_is_wrapped_and_unwrapped_at_the_first_login() {
        let mut random = Random::new(1, "bcrypt");
        for (alg, digest) in [
            ("plain", "1234567890"),
            ("md5", "e807f1fcf82d132f9bb018ca6738a19f"),
            ("sha1", "01b307acba4f54f55aafc33bb06bbbf6ca803e9a"),
            ("sha256", "c775e7b757ede630cd0aa1113bd102661ab38829ca52a6422ab782862f268646"),
            (
                "sha512",
                "12b03226a6d8be9c6e8cd5e55dc6c7920caaa39df14aab92d5e3ea9340d1c8a4d3d0b8e4314f1f6ef131ba4bf1ceb9186ab87c801af0d5c95b1befb8cedae2b9",
            ),
        ] {
            let stored = import(&body(alg, digest), &settings(), &mut random).unwrap();
            let expected = if alg == "plain" { "bcrypt".to_owned() } else { format!("{alg}|bcrypt") };
            assert_eq!(stored.string("alg"), Some(expected));
            assert!(stored.string("hash").unwrap().starts_with("$2a$04$"));
            assert!(log_in(&stored, "123456789", &settings(), &mut random).is_none(), "{alg}");
            let after = log_in(&stored, "1234567890", &settings(), &mut random).unwrap();
            assert_eq!(after.string("alg").as_deref(), Some("bcrypt"));
            assert!(log_in(&after, "1234567890", &settings(), &mut random).is_some());
        }
    }

    #[test]
    fn invalid_imports_are_rejected() {
        let mut random = Random::new(1, "bcrypt");
        for (alg, hash) in [
            ("plain", ""),
            ("md5", "E807F1FCF82D132F9BB018CA6738A19F"),
            ("sha1", "01"),
            ("argon2", "x"),
            ("sha256|bcrypt", "$2a$10$lcDfETaxcazpR47RCTBNvurpDi3ouniK5wXDNBK/eZgRE.nJYAlqa"),
            ("bcrypt", "x"),
            ("bcrypt", "$2a$12$lcDfETaxcazpR47RCTBNvurpDi3ouniK5wXDNBK/eZgRE.nJYAlqa"),
        ] {
            assert!(import(&body(alg, hash), &settings(), &mut random).is_err(), "{alg}");
        }
    }

    #[test]
    fn a_stored_password_may_be_sent_back_in_the_formats_that_the_settings_accept() {
        let mut random = Random::new(1, "bcrypt");
        let settings = |base64, wrapped| Settings {
            accept_base64_hashes: base64,
            accept_wrapped_hashes: wrapped,
            ..settings()
        };
        let digest = "c775e7b757ede630cd0aa1113bd102661ab38829ca52a6422ab782862f268646";
        for (alg, hash) in [("plain", "x"), ("sha256", digest)] {
            let old = import(&body(alg, hash), &settings(false, true), &mut random).unwrap();
            let shown = in_base64(&old);
            assert_eq!(shown.get("cost"), Some(&Tree::Raw("4".into())));
            for (sent, in_base64) in [(old.clone(), false), (shown, true)] {
                let sent = Object::default().with("password", Tree::Object(sent));
                for (base64, wrapped) in [(false, false), (false, true), (true, false), (true, true)] {
                    let accepted = (base64 || !in_base64) && (wrapped || alg == "plain");
                    let stored = update(&sent, &old, &settings(base64, wrapped), &mut random);
                    assert_eq!(
                        stored.ok(),
                        accepted.then(|| old.clone()),
                        "{alg} {in_base64} {base64} {wrapped}"
                    );
                }
            }
        }
    }
}
