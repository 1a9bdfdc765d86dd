//! Compressed bodies that are small on the wire and large after decompression: spaces, written in the formats of gzip and zstd.

use crate::framework::faults::Encoding;

pub(crate) fn compressed(encoding: Encoding, bytes: u64) -> Vec<u8> {
    match encoding {
        Encoding::Gzip => gzip(bytes),
        Encoding::Zstd => zstd(bytes),
    }
}

/// The longest match of deflate.
const MATCH: u64 = 258;

/// RFC 1952 around one block of RFC 1951 with fixed codes: a space, and then copies of it.
fn gzip(bytes: u64) -> Vec<u8> {
    let mut bits = Bits::default();
    bits.push(0b011, 3);
    let copies = bytes.saturating_sub(1) / MATCH;
    for _ in 0..bytes - copies * MATCH {
        bits.code(0x30 + u32::from(b' '), 8);
    }
    for _ in 0..copies {
        bits.code(0xc5, 8);
        bits.code(0, 5);
    }
    bits.code(0, 7);
    let mut out = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff];
    out.extend(bits.finish());
    out.extend(crc_of_spaces(bytes).to_le_bytes());
    let [a, b, c, d, ..] = bytes.to_le_bytes();
    out.extend([a, b, c, d]);
    out
}

/// RFC 8878: blocks that consist of one byte.
fn zstd(bytes: u64) -> Vec<u8> {
    const BLOCK: u64 = 128 * 1024;
    // The magic number, no options, a window of one block.
    let mut out = vec![0x28, 0xb5, 0x2f, 0xfd, 0, 0x38];
    let mut left = bytes;
    loop {
        let size = left.min(BLOCK);
        left -= size;
        let header = u64::from(left == 0) | 1 << 1 | size << 3;
        let [a, b, c, ..] = header.to_le_bytes();
        out.extend([a, b, c, b' ']);
        if left == 0 {
            return out;
        }
    }
}

/// Bits from the least significant one of each byte.
#[derive(Default)]
struct Bits {
    out: Vec<u8>,
    pending: u32,
    count: u32,
}

impl Bits {
    fn push(&mut self, bits: u32, count: u32) {
        self.pending |= bits << self.count;
        self.count += count;
        while self.count >= 8 {
            let [low, ..] = self.pending.to_le_bytes();
            self.out.push(low);
            self.pending >>= 8;
            self.count -= 8;
        }
    }

    /// A Huffman code, which starts with its most significant bit.
    fn code(&mut self, code: u32, count: u32) {
        self.push(code.reverse_bits() >> (32 - count), count);
    }

    fn finish(mut self) -> Vec<u8> {
        let padding = (8 - self.count) % 8;
        self.push(0, padding);
        self.out
    }
}

/// One step of a CRC, or several: linear in the bits of the state, plus a constant.
#[derive(Clone, Copy)]
struct Affine {
    columns: [u32; 32],
    constant: u32,
}

impl Affine {
    fn linear(&self, state: u32) -> u32 {
        let set = self.columns.iter().enumerate().filter(|(bit, _)| state >> bit & 1 == 1);
        set.fold(0, |sum, (_, column)| sum ^ column)
    }

    /// First `self`, then `next`.
    fn then(&self, next: &Self) -> Self {
        Self {
            columns: self.columns.map(|column| next.linear(column)),
            constant: next.linear(self.constant) ^ next.constant,
        }
    }
}

/// The CRC-32 of a number of spaces, by successive squaring: a gigabyte of them takes no time.
fn crc_of_spaces(bytes: u64) -> u32 {
    let shift = |state: u32| {
        (0..8).fold(state, |state, _| if state & 1 == 1 { state >> 1 ^ 0xedb8_8320 } else { state >> 1 })
    };
    let mut columns = [0; 32];
    columns.iter_mut().enumerate().for_each(|(bit, column)| *column = shift(1 << bit));
    let mut step = Affine { columns, constant: shift(u32::from(b' ')) };
    let mut state = u32::MAX;
    for bit in 0..64 {
        if bytes >> bit & 1 == 1 {
            state = step.linear(state) ^ step.constant;
        }
        step = step.then(&step);
    }
    !state
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checksums_are_those_of_another_implementation() {
        assert_eq!(crc_of_spaces(0), 0);
        assert_eq!(crc_of_spaces(1), 0xe96c_cf45);
        assert_eq!(crc_of_spaces(1000), 0xcd93_e382);
        assert_eq!(crc_of_spaces(1_000_000), 0xcb26_08d7);
    }

    #[test]
    fn a_bomb_is_small() {
        assert!(compressed(Encoding::Gzip, 1 << 24).len() < 200_000);
        assert!(compressed(Encoding::Zstd, 1 << 24).len() < 1000);
    }

    #[test]
    fn formats_are_those_of_another_implementation() {
        assert_eq!(
            compressed(Encoding::Gzip, 3),
            [31, 139, 8, 0, 0, 0, 0, 0, 0, 255, 83, 80, 80, 0, 0, 152, 155, 230, 105, 3, 0, 0, 0]
        );
        assert_eq!(compressed(Encoding::Zstd, 3), [0x28, 0xb5, 0x2f, 0xfd, 0, 0x38, 0x1b, 0, 0, b' ']);
    }
}
