//! Judges secrets that are legal but weak: published, guessable, or short for their hash.
//!
//! The estimate is an upper bound made from the classes of characters in use, once runs
//! (`aaaa`), sequences (`4321`, `qwerty`) and repetitions (`abcabcab`) count as what they are.
//! It never counts distinct characters: one `openssl rand -hex 32` in four lacks some digit.
//! No copy of the secret is made on the way.

use std::fmt;

mod leaked;
#[cfg(test)]
mod tests;

/// In bits. RFC 8725 section 3.5 asks for sufficient entropy and names no number; nobody searches
/// a space of this size.
const MIN_BITS: u32 = 128;

/// So many characters may look regular by chance before it tells against a secret: otherwise one
/// `openssl rand -hex 16` in four (128 bits exactly) would be called weak for its `aaa` or `567`.
const CHANCE: usize = 4;

/// The rows of a keyboard, so that walking along one counts as a sequence.
const KEY_ROWS: &str = "1234567890\nqwertyuiop\nasdfghjkl\nzxcvbnm";

/// How many characters a class holds, and which.
type Class = (u32, fn(char) -> bool);

/// Disjoint classes that cover everything. Hexadecimal digits are split off so that they count as
/// 16, not as digits and a whole alphabet.
const CLASSES: [Class; 10] = [
    (10, |c| c.is_ascii_digit()),
    (6, |c| matches!(c, 'a'..='f')),
    (20, |c| matches!(c, 'g'..='z')),
    (6, |c| matches!(c, 'A'..='F')),
    (20, |c| matches!(c, 'G'..='Z')),
    (3, |c| matches!(c, '-' | '_' | ' ')),
    (3, |c| matches!(c, '+' | '/' | '=')),
    (27, |c| c.is_ascii_punctuation() && !matches!(c, '-' | '_' | '+' | '/' | '=')),
    (33, |c| c.is_ascii_control()),
    // One script's worth, or the upper half of the byte values where a secret is not text.
    (128, |c| !c.is_ascii()),
];

/// Why an HMAC secret that is long enough to be legal is nevertheless weak.
///
/// The text names the problem and the remedy, and never any part of the secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Weakness {
    /// It can be read on the web: in this project's guide, a tutorial, a specification, or a list
    /// of leaked secrets.
    Public,
    /// It is too regular to hold 128 bits.
    LowEntropy {
        /// The estimate in bits, rounded down. The truth may be lower, since words count as if
        /// they were random letters.
        bits: u32,
    },
    /// It is shorter than the output of the hash, against RFC 7518 section 3.2.
    ShorterThanHash {
        /// The secret's length in bytes.
        bytes: usize,
        /// The length of the hash's output in bytes.
        needed: usize,
    },
}

impl fmt::Display for Weakness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Public => f.write_str("is published and the first thing that an attacker tries"),
            Self::LowEntropy { bits } => {
                write!(f, "is easy to guess: about {bits} bits of {MIN_BITS} at least")
            }
            Self::ShorterThanHash { bytes, needed } => {
                write!(f, "is {bytes} bytes long, but its algorithm needs {needed} (RFC 7518 3.2)")
            }
        }?;
        f.write_str("; make a new one with `openssl rand -hex 32`")
    }
}

/// Returns every weakness of `secret` as the key of an HMAC, the worst first; none if it is strong.
///
/// `hash_len` is the length of the HMAC's output in bytes: 32, 48 or 64 for HS256, HS384, HS512.
///
/// This is for the time of configuration. It takes microseconds, and how many depends on the
/// secret.
pub(super) fn weaknesses(secret: &[u8], hash_len: usize) -> Vec<Weakness> {
    let (bits, bytes) = (estimated_bits(secret), secret.len());
    let public = leaked::contains(secret).then_some(Weakness::Public);
    let low = (bits < MIN_BITS).then_some(Weakness::LowEntropy { bits });
    let short = Weakness::ShorterThanHash { bytes, needed: hash_len };
    let short = (bytes < hash_len).then_some(short);
    [public, low, short].into_iter().flatten().collect()
}

/// Bits of entropy at most: log2 of the pool of characters, times the characters that matter.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "rounds down on purpose; neither factor is negative, and the cast saturates"
)]
fn estimated_bits(secret: &[u8]) -> u32 {
    let characters = u32::try_from(effective_len(secret)).unwrap_or(u32::MAX);
    (f64::from(pool(secret)).log2() * f64::from(characters)).floor() as u32
}

/// How many characters an attacker must consider; 1 at least.
fn pool(secret: &[u8]) -> u32 {
    let in_use = CLASSES.iter().filter(|(_, holds)| characters(secret).any(holds));
    in_use.map(|(size, _)| size).sum::<u32>().max(1)
}

/// The characters of `secret` that neither repeat earlier ones nor continue a run or sequence.
fn effective_len(secret: &[u8]) -> usize {
    let unit = repeating_unit(secret);
    let len = characters(unit).count();
    let triples = characters(unit).zip(characters(unit).skip(1)).zip(characters(unit).skip(2));
    let regular = triples.filter(|&((a, b), c)| continues(a, b, c)).count();
    len - regular.saturating_sub(CHANCE)
}

/// The shortest part of `secret` that makes all of it when repeated; the last time may be cut off.
///
/// A few last characters that equal the first ones are chance, not a repetition.
fn repeating_unit(secret: &[u8]) -> &[u8] {
    let repeats = |&period: &usize| {
        let rest = secret.get(period..).unwrap_or_default();
        rest.len() > CHANCE.min(period - 1) && secret.starts_with(rest)
    };
    (1..secret.len()).find(repeats).and_then(|period| secret.get(..period)).unwrap_or(secret)
}

/// Whether `c` goes on from `b` as `b` does from `a`: the same again, or the next one up or down
/// by code point or along a row of keys, whatever the case.
fn continues(a: char, b: char, c: char) -> bool {
    let [a, b, c] = [a, b, c].map(|character| character.to_ascii_lowercase());
    let orders: [fn(char) -> Option<usize>; 2] =
        [|c| usize::try_from(u32::from(c)).ok(), |c| KEY_ROWS.find(c)];
    orders.into_iter().any(|place| match (place(a), place(b), place(c)) {
        (Some(a), Some(b), Some(c)) => a.abs_diff(b) <= 1 && a + c == b + b,
        _ => false,
    })
}

/// The characters of `secret`, where bytes that are not UTF-8 stand for one character each.
fn characters(secret: &[u8]) -> impl Iterator<Item = char> {
    secret.utf8_chunks().flat_map(|chunk| {
        chunk.valid().chars().chain(chunk.invalid().iter().copied().map(char::from))
    })
}
