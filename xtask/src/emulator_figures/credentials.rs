//! Wrong credentials, derived from the right one: mistakes that people make, every change of one byte, then random ones.

use super::server::{Server, failed};
use crate::Failure;

/// The result of trying them.
#[derive(Debug, Default)]
pub(super) struct Tried {
    pub(super) wrong: usize,
    /// How many of them got another status than 401.
    pub(super) accepted: usize,
    /// The first of those.
    pub(super) unexpected: Option<String>,
    /// Whether the right one was accepted, before and after.
    pub(super) right_is_accepted: bool,
}

/// Tries at least `least` wrong credentials.
pub(super) fn try_all(server: &Server, least: usize) -> Result<Tried, Failure> {
    let right = server.credential()?;
    let mut connection = server.verigator()?;
    let body = br#"{"fqdn":"figures.example","name":"Figures"}"#;
    let (_, made) = connection.send("POST", "/v1/service/service", &[&header(right.as_bytes())], body)?;
    let path = format!("/v1/service/service/{}", super::text(&made, "/id")?);
    let mut status = |headers: &[&[u8]]| Ok::<u16, Failure>(connection.send("GET", &path, headers, b"")?.0);

    let before = status(&[&header(right.as_bytes())])?;
    let mut tried = Tried::default();
    let mut refuse = |what: &str, headers: &[&[u8]]| {
        let status = status(headers)?;
        tried.wrong += 1;
        if status != 401 {
            tried.accepted += 1;
            tried.unexpected.get_or_insert_with(|| format!("{what} was answered with {status}"));
        }
        Ok::<_, Failure>(tried.wrong)
    };
    let (good, bad) = (header(right.as_bytes()), header(b"x:y"));
    refuse("no header at all", &[])?;
    refuse("the right one, then a wrong one", &[&good, &bad])?;
    refuse("a wrong one, then the right one", &[&bad, &good])?;
    let (user, password) = right.split_once(':').ok_or_else(|| failed("a credential without a colon"))?;
    for value in mistakes(user, password) {
        refuse("a mistake that people make", &[&header(value.as_bytes())])?;
    }
    let mut wrong = 0;
    for (place, value) in one_byte_off(right.as_bytes()) {
        wrong = refuse(&format!("a change of byte {place}"), &[&header(&value)])?;
    }
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    while wrong < least {
        wrong = refuse("a random change", &[&header(&random.change(right.as_bytes()))])?;
    }
    tried.right_is_accepted = [before, status(&[&good])?] == [200, 200];
    Ok(tried)
}

fn header(value: &[u8]) -> Vec<u8> {
    [b"x-service-auth: ", value].concat()
}

/// What people send by mistake, and what a careless comparison would accept.
fn mistakes(user: &str, password: &str) -> Vec<String> {
    let right = format!("{user}:{password}");
    let (loud_user, loud_password) = (user.to_ascii_uppercase(), password.to_ascii_uppercase());
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
        format!("{loud_user}:{loud_password}"),
        format!("{user}:{loud_password}"),
        format!("{loud_user}:{password}"),
        "null:null".to_owned(),
        "*".to_owned(),
    ]
}

/// The bytes that may stand in a header. White space is left out: at the ends of a value it does not count.
fn header_bytes() -> impl Iterator<Item = u8> + Clone {
    (0x21..=0x7e).chain(0x80..=0xff)
}

/// Every replacement of one byte, every byte left out, one inserted anywhere, and every shorter beginning.
fn one_byte_off(right: &[u8]) -> Vec<(usize, Vec<u8>)> {
    let mut all = Vec::new();
    for place in 0..=right.len() {
        let (before, after) = right.split_at(place);
        all.push((place, [before, b"x", after].concat()));
        let Some((own, rest)) = after.split_first() else { continue };
        all.push((place, [before, rest].concat()));
        all.push((place, before.to_vec()));
        let others = header_bytes().filter(|byte| byte != own);
        all.extend(others.map(|byte| (place, [before, &[byte], rest].concat())));
    }
    all
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
        let all: Vec<_> = one_byte_off(b"ab").into_iter().map(|(_, value)| value).collect();
        // 2 × 221 replaced, 2 left out, 3 inserted, 2 shorter.
        assert_eq!(all.len(), 2 * 221 + 2 + 3 + 2);
        for value in [&b"xb"[..], b"a\xff", b"b", b"a", b"xab", b"axb", b"abx", b""] {
            assert!(all.iter().any(|there| there == value), "{value:?}");
        }
        assert!(all.iter().all(|value| value != b"ab"));
        assert!(mistakes("user", "password").iter().all(|value| value.trim() != "user:password"));
    }

    #[test]
    fn random_changes_differ_and_can_be_sent() {
        let mut random = Random(7);
        let all: BTreeSet<_> = (0..1000).map(|_| random.change(b"user:password")).collect();
        assert!(all.len() > 990 && !all.contains(&b"user:password"[..]), "{}", all.len());
        assert!(all.iter().flatten().all(|byte| header_bytes().any(|good| good == *byte)));
    }
}
