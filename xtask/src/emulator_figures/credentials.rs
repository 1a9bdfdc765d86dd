//! Wrong credentials, derived from the right one: every change of one byte, then random ones.

use super::http::{Connection, failed};
use super::server::Server;
use crate::Failure;

/// What came of it.
#[derive(Debug)]
pub(super) struct Tried {
    /// How many wrong ones were sent.
    pub(super) wrong: usize,
    /// How many of them got another answer than 401.
    pub(super) accepted: usize,
    /// The first of those, in words.
    pub(super) unexpected: Option<String>,
    /// Whether the right one was accepted, before and after.
    pub(super) right_is_accepted: bool,
    pub(super) requests: usize,
}

/// Tries at least `least` wrong credentials.
pub(super) fn try_all(server: &Server, least: usize) -> Result<Tried, Failure> {
    let right = server.credential()?;
    let mut connection = server.verigator()?;
    let path = a_service(&mut connection, &right)?;
    let mut ask = |headers: &[&[u8]]| Ok(connection.send("GET", &path, headers, b"")?.status);
    let accepted_before = ask(&[&header(right.as_bytes())])? == 200;
    let mut tried =
        Tried { wrong: 0, accepted: 0, unexpected: None, right_is_accepted: accepted_before, requests: 3 };
    let mut refuse = |headers: &[&[u8]], what: &dyn Fn() -> String| {
        let status = ask(headers)?;
        tried.wrong += 1;
        tried.requests += 1;
        if status != 401 {
            tried.accepted += 1;
            tried.unexpected.get_or_insert_with(|| format!("{} was answered with {status}", what()));
        }
        Ok::<_, Failure>(())
    };
    let (user, password) = right.split_once(':').unwrap_or((&right, ""));
    refuse(&[], &|| "no header at all".to_owned())?;
    refuse(&[&header(right.as_bytes()), &header(b"x:y")], &|| "the right one, then a wrong one".to_owned())?;
    refuse(&[&header(b"x:y"), &header(right.as_bytes())], &|| "a wrong one, then the right one".to_owned())?;
    for value in by_hand(user, password) {
        refuse(&[&header(value.as_bytes())], &|| "a mistake that people make".to_owned())?;
    }
    for (place, value) in one_byte_off(right.as_bytes()) {
        refuse(&[&header(&value)], &|| format!("a change of byte {place}"))?;
    }
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    for number in tried_so_far(user, password, &right)..least {
        let value = random.change(right.as_bytes());
        refuse(&[&header(&value)], &|| format!("random change {number}"))?;
    }
    tried.right_is_accepted &= ask(&[&header(right.as_bytes())])? == 200;
    Ok(tried)
}

fn tried_so_far(user: &str, password: &str, right: &str) -> usize {
    3 + by_hand(user, password).len() + one_byte_off(right.as_bytes()).count()
}

/// A service to ask for, so that the right credential gets a 200.
fn a_service(connection: &mut Connection, credential: &str) -> Result<String, Failure> {
    let body = br#"{"fqdn":"figures.example","name":"Figures"}"#;
    let made = connection.send("POST", "/v1/service/service", &[&header(credential.as_bytes())], body)?;
    let id = serde_json::from_slice::<serde_json::Value>(&made.body)
        .ok()
        .and_then(|service| Some(service.get("id")?.as_str()?.to_owned()))
        .ok_or_else(|| failed(format!("no service could be made: status {}", made.status)))?;
    Ok(format!("/v1/service/service/{id}"))
}

fn header(value: &[u8]) -> Vec<u8> {
    [b"x-service-auth: ", value].concat()
}

/// What people send by mistake, and what a careless comparison would let through.
fn by_hand(user: &str, password: &str) -> Vec<String> {
    let right = format!("{user}:{password}");
    vec![
        String::new(),
        ":".to_owned(),
        user.to_owned(),
        password.to_owned(),
        format!("{user}:"),
        format!(":{password}"),
        format!("{password}:{user}"),
        format!("{user};{password}"),
        format!("{user}: {password}"),
        format!("{user} :{password}"),
        format!("{user}::{password}"),
        format!("\"{right}\""),
        format!("{right},{right}"),
        format!("{right}{right}"),
        format!("Basic {right}"),
        format!("Bearer {password}"),
        right.to_ascii_uppercase(),
        format!("{user}:{}", password.to_ascii_uppercase()),
        format!("{}:{password}", user.to_ascii_uppercase()),
        "null:null".to_owned(),
        "*".to_owned(),
    ]
}

/// The bytes that may stand in a header. White space is left out: at the ends of a value it does not count.
fn header_bytes() -> impl Iterator<Item = u8> + Clone {
    (0x21..=0x7e).chain(0x80..=0xff)
}

/// Every replacement of one byte, every byte left out, one inserted anywhere, and every shorter beginning.
fn one_byte_off(right: &[u8]) -> impl Iterator<Item = (usize, Vec<u8>)> {
    let places = 0..right.len();
    let with = |place: usize, middle: &[u8], skipped: usize| {
        let (before, after) = right.split_at(place);
        (place, [before, middle, after.get(skipped..).unwrap_or_default()].concat())
    };
    let replaced = places.clone().flat_map(move |place| {
        let own = right.get(place).copied();
        header_bytes().filter(move |byte| Some(*byte) != own).map(move |byte| with(place, &[byte], 1))
    });
    let left_out = places.clone().map(move |place| with(place, &[], 1));
    let inserted = (0..=right.len()).map(move |place| with(place, b"x", 0));
    let shorter = places.map(|length| (length, right.get(..length).unwrap_or_default().to_vec()));
    replaced.chain(left_out).chain(inserted).chain(shorter)
}

/// The same numbers in every run.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 11).unwrap_or(0) % limit.max(1)
    }

    /// Two to four random changes; never the right one.
    fn change(&mut self, right: &[u8]) -> Vec<u8> {
        let bytes: Vec<u8> = header_bytes().collect();
        loop {
            let mut value = right.to_vec();
            for _ in 0..2 + self.below(3) {
                let place = self.below(value.len());
                let byte = bytes.get(self.below(bytes.len())).copied().unwrap_or(b'x');
                match self.below(4) {
                    0 if value.len() > 1 => drop(value.remove(place)),
                    1 => value.insert(place, byte),
                    2 if value.len() > 1 => {
                        let other = self.below(value.len());
                        value.swap(place, other);
                    }
                    _ => value.iter_mut().skip(place).take(1).for_each(|there| *there = byte),
                }
            }
            if value != right {
                return value;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn one_byte_off_is_complete_and_never_right() {
        let all: Vec<_> = one_byte_off(b"ab").map(|(_, value)| value).collect();
        // 2 × 221 replaced, 2 left out, 3 inserted, 2 shorter.
        assert_eq!(all.len(), 2 * 221 + 2 + 3 + 2);
        assert!(all.iter().all(|value| value != b"ab"));
        for value in [&b"xb"[..], b"a\xff", b"b", b"a", b"xab", b"axb", b"abx", b""] {
            assert!(all.iter().any(|there| there == value), "{value:?}");
        }
    }

    #[test]
    fn random_changes_differ_and_can_be_sent() {
        let mut random = Random(7);
        let all: BTreeSet<_> = (0..1000).map(|_| random.change(b"user:password")).collect();
        assert!(all.len() > 990, "{}", all.len());
        assert!(all.iter().flatten().all(|byte| header_bytes().any(|good| good == *byte)));
        assert!(!all.contains(&b"user:password"[..]));
    }

    #[test]
    fn nothing_made_by_hand_is_right() {
        let mistakes = by_hand("user", "password");
        assert!(mistakes.iter().all(|value| value.trim() != "user:password"));
    }
}
