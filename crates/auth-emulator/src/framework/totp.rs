//! Time-based one-time codes (RFC 6238) from the emulator's clock: HMAC-SHA-256, six digits, 30-second steps. Shares no code
//! with the clients.

use crate::framework::digest::hmac_sha256;
use crate::framework::timestamp::Timestamp;

/// How long one code is valid, in seconds.
pub(crate) const STEP_SECONDS: i64 = 30;

/// The number of the time step that contains `at`.
pub(crate) fn step_at(at: Timestamp) -> i64 {
    at.unix_seconds().div_euclid(STEP_SECONDS)
}

/// The end of a time step.
pub(crate) fn step_end(step: i64) -> Timestamp {
    Timestamp::from_unix_seconds(step.saturating_add(1).saturating_mul(STEP_SECONDS))
}

/// The six digits for one time step.
pub(crate) fn code(secret: &[u8], step: i64) -> String {
    format!("{:06}", truncated(secret, step) % 1_000_000)
}

fn truncated(secret: &[u8], step: i64) -> u32 {
    let digest = hmac_sha256(secret, &step.to_be_bytes());
    let offset = digest.last().map_or(0, |byte| usize::from(byte & 0x0f));
    let word = digest.iter().skip(offset).take(4).fold(0_u32, |word, byte| (word << 8) | u32::from(*byte));
    word & 0x7fff_ffff
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 6238, appendix B, the SHA256 rows (eight digits there; the last six are ours).
    #[test]
    fn agrees_with_the_rfc() {
        let secret = b"12345678901234567890123456789012";
        for (seconds, eight) in [
            (59, "46119246"),
            (1_111_111_109, "68084774"),
            (1_111_111_111, "67062674"),
            (1_234_567_890, "91819424"),
            (2_000_000_000, "90698825"),
            (20_000_000_000, "77737706"),
        ] {
            let step = step_at(Timestamp::from_unix_seconds(seconds));
            assert_eq!(format!("{:08}", truncated(secret, step) % 100_000_000), eight);
            assert_eq!(code(secret, step), eight[2..]);
        }
    }

    #[test]
    fn steps_end_where_the_next_begins() {
        let step = step_at(Timestamp::from_unix_seconds(59));
        assert_eq!(step, 1);
        assert_eq!(step_end(step).unix_seconds(), 60);
    }
}
