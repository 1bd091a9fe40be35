//! Which stored hashes can be verified: asked at every sign-in, and before one is imported.

use argon2::password_hash::phc;
use argon2::{Algorithm, Params, Version};
use thiserror::Error;

/// What a stored hash may ask for. A row that somebody wrote must not take the machine.
pub(super) const MAX_MEMORY_KIB: u32 = 262_144;
pub(super) const MAX_PASSES: u32 = 16;
const MAX_LANES: u32 = 16;
const MAX_BCRYPT_COST: u32 = 15;

/// The least that bcrypt takes.
const MIN_BCRYPT_COST: u32 = 4;

/// Why a stored hash cannot be verified here. Holds nothing of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum UnreadableHash {
    /// Of another algorithm, or not a hash at all.
    #[error(
        "is neither bcrypt ($2a$, $2b$ or $2y$) nor argon2 as a PHC string ($argon2id$v=19$...)"
    )]
    Unknown,
    /// Not what its algorithm writes.
    #[error("is cut short or damaged")]
    Damaged,
    /// It would take more of the machine than a sign-in may.
    #[error(
        "costs too much to verify: the most is 15 for bcrypt, and 256 MiB, 16 passes and 16 lanes for argon2"
    )]
    TooCostly,
}

/// A stored hash, taken apart as far as verifying needs it.
#[derive(Debug)]
pub(super) enum Readable {
    Bcrypt,
    Argon2(Box<Argon2Hash>),
}

/// A PHC string of argon2 that has a salt, an output and a cost within bounds.
#[derive(Debug)]
pub(super) struct Argon2Hash {
    pub(super) algorithm: Algorithm,
    pub(super) version: Version,
    pub(super) params: Params,
    pub(super) salt: phc::Salt,
    pub(super) output: phc::Output,
}

impl Readable {
    /// Takes `stored` apart.
    pub(super) fn parse(stored: &str) -> Result<Self, UnreadableHash> {
        if stored.starts_with("$2") {
            check_bcrypt(stored).map(|()| Self::Bcrypt)
        } else if stored.starts_with("$argon2") {
            parse_argon2(stored).map(|hash| Self::Argon2(Box::new(hash)))
        } else {
            Err(UnreadableHash::Unknown)
        }
    }
}

/// `$2a$`, `$2b$` and `$2y$` name one algorithm; `$2x$` marks hashes that a known fault made.
fn check_bcrypt(stored: &str) -> Result<(), UnreadableHash> {
    if !["$2a$", "$2b$", "$2y$"].iter().any(|prefix| stored.starts_with(prefix)) {
        return Err(UnreadableHash::Unknown);
    }
    let parts: bcrypt::HashParts = stored.parse().map_err(|_| UnreadableHash::Damaged)?;
    match parts.get_cost() {
        ..MIN_BCRYPT_COST => Err(UnreadableHash::Damaged),
        MIN_BCRYPT_COST..=MAX_BCRYPT_COST => Ok(()),
        _ => Err(UnreadableHash::TooCostly),
    }
}

fn parse_argon2(stored: &str) -> Result<Argon2Hash, UnreadableHash> {
    let damaged = |_| UnreadableHash::Damaged;
    let hash = phc::PasswordHash::new(stored).map_err(|_| UnreadableHash::Damaged)?;
    let algorithm =
        Algorithm::try_from(hash.algorithm.as_str()).map_err(|_| UnreadableHash::Unknown)?;
    let version = hash.version.map(Version::try_from).transpose().map_err(damaged)?;
    let params = Params::try_from(&hash).map_err(|_| UnreadableHash::Damaged)?;
    let is_bounded = params.m_cost() <= MAX_MEMORY_KIB
        && params.t_cost() <= MAX_PASSES
        && params.p_cost() <= MAX_LANES;
    if !is_bounded {
        return Err(UnreadableHash::TooCostly);
    }
    let (Some(salt), Some(output)) = (hash.salt, hash.hash) else {
        return Err(UnreadableHash::Damaged);
    };
    Ok(Argon2Hash { algorithm, version: version.unwrap_or_default(), params, salt, output })
}

#[cfg(test)]
mod tests {
    use super::*;

    const BCRYPT: &str = "$2b$07$usesomesillystringfore2uDLvp1Ii2e./U9C8sBjqp8I90dH6hi";
    const ARGON2: &str = "$argon2id$v=19$m=32,t=3,p=4$AgICAgICAgICAgICAgICAg$A6paPrL94rqAsY/xA7lxkM9EXZLlBQsWRaGEfBPNzEI";

    #[test]
    fn what_is_wrong_with_a_hash_is_told() {
        for good in [BCRYPT, ARGON2, &BCRYPT.replace("2b", "2y"), &BCRYPT.replace("2b", "2a")] {
            assert!(Readable::parse(good).is_ok(), "{good}");
        }
        let long = format!("{BCRYPT}=");
        for (bad, problem) in [
            ("", UnreadableHash::Unknown),
            ("5f4dcc3b5aa765d61d8327deb882cf99", UnreadableHash::Unknown),
            ("pbkdf2_sha256$600000$salt$aGFzaA==", UnreadableHash::Unknown),
            (&format!("bcrypt${BCRYPT}"), UnreadableHash::Unknown),
            (&BCRYPT.replace("2b", "2x"), UnreadableHash::Unknown),
            (&BCRYPT[..59], UnreadableHash::Damaged),
            (&long, UnreadableHash::Damaged),
            (&BCRYPT.replace("$07$", "$03$"), UnreadableHash::Damaged),
            (&BCRYPT.replace("$07$", "$16$"), UnreadableHash::TooCostly),
            (&ARGON2.replace("argon2id", "argon2x"), UnreadableHash::Unknown),
            (&ARGON2.replace("v=19", "v=18"), UnreadableHash::Damaged),
            (ARGON2.rsplit_once('$').unwrap().0, UnreadableHash::Damaged),
            (&ARGON2.replace("m=32", "m=262145"), UnreadableHash::TooCostly),
            (&ARGON2.replace("t=3", "t=17"), UnreadableHash::TooCostly),
            (&ARGON2.replace("p=4", "p=17").replace("m=32", "m=136"), UnreadableHash::TooCostly),
        ] {
            assert_eq!(Readable::parse(bad).unwrap_err(), problem, "{bad:?}");
        }
    }
}
