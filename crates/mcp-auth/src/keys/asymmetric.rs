//! Keys from PEM files: read by `jsonwebtoken`, checked and prepared once by `aws-lc-rs`, its backend.

use std::sync::Arc;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, ED25519, EcdsaKeyPair,
    Ed25519KeyPair, KeyPair, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256,
    RsaKeyPair, RsaPublicKeyComponents, VerificationAlgorithm,
};
use jsonwebtoken::{DecodingKey, EncodingKey};

use super::{Algorithm, KeyError, SigningFailed};

/// How a point begins that is written in full (SEC 1 section 2.3.3). A compressed one would be the same key under a
/// second id.
const UNCOMPRESSED: u8 = 4;

/// A public key that was checked when it was loaded.
#[derive(Clone)]
pub(super) struct PublicKey {
    parsed: Arc<ParsedPublicKey>,
    bytes: Arc<[u8]>,
    signature_bytes: usize,
}

impl PublicKey {
    pub(super) fn from_pem(algorithm: Algorithm, pem: &str) -> Result<Self, KeyError> {
        check_form(pem, Half::Public)?;
        let pem = pem.as_bytes();
        let key = match algorithm {
            Algorithm::Es256 => DecodingKey::from_ec_pem(pem),
            Algorithm::EdDsa => DecodingKey::from_ed_pem(pem),
            Algorithm::Rs256 => DecodingKey::from_rsa_pem(pem),
            Algorithm::Hs256 | Algorithm::Hs384 | Algorithm::Hs512 => {
                return Err(KeyError::NeedsSecret { algorithm });
            }
        };
        let key = key.map_err(|_| not_a_key("public key", algorithm))?;
        let bytes = key.try_get_as_bytes().map_err(|_| not_a_key("public key", algorithm))?;
        Self::from_bytes(algorithm, bytes)
    }

    /// Takes the form that `aws-lc-rs` uses: a point (ES256, EdDSA) or a PKCS#1 structure (RS256).
    fn from_bytes(algorithm: Algorithm, bytes: &[u8]) -> Result<Self, KeyError> {
        let (parameters, signature_bytes): (&'static dyn VerificationAlgorithm, usize) =
            match algorithm {
                Algorithm::Es256 => (&ECDSA_P256_SHA256_FIXED, 64),
                Algorithm::EdDsa => (&ED25519, 64),
                _ => (&RSA_PKCS1_2048_8192_SHA256, checked_modulus_bytes(bytes, algorithm)?),
            };
        if algorithm == Algorithm::Es256 && bytes.first() != Some(&UNCOMPRESSED) {
            return Err(KeyError::Form {
                problem: "its point is compressed; `openssl ec -pubin -conv_form uncompressed -pubout` converts it",
            });
        }
        if algorithm == Algorithm::EdDsa && is_of_small_order(bytes) {
            return Err(KeyError::Unsafe {
                problem: "its point has a small order, so anybody can sign for it",
            });
        }
        let parsed = ParsedPublicKey::new(parameters, bytes)
            .map_err(|_| not_a_key("public key", algorithm))?;
        Ok(Self { parsed: Arc::new(parsed), bytes: bytes.into(), signature_bytes })
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    pub(super) fn signature_bytes(&self) -> usize {
        self.signature_bytes
    }

    pub(super) fn verifies(&self, input: &[u8], signature: &[u8]) -> bool {
        self.parsed.verify_sig(input, signature).is_ok()
    }
}

/// Shorter, in bytes of PKCS#1, is no RSA private key of 2048 bits: five numbers of 128 bytes, two of 256.
const SMALLEST_RSA_PRIVATE_KEY: usize = 5 * 128 + 2 * 256;

const RSA_TOO_SHORT: KeyError = KeyError::Unsafe { problem: "RSA with under 2048 bits" };

/// A private key, ready to sign.
pub(super) enum PrivateKey {
    Es256(EcdsaKeyPair),
    EdDsa(Ed25519KeyPair),
    Rs256(RsaKeyPair),
}

impl PrivateKey {
    pub(super) fn from_pem(algorithm: Algorithm, pem: &str) -> Result<Self, KeyError> {
        check_form(pem, Half::Private)?;
        let refused = || not_a_key("private key", algorithm);
        if algorithm.is_symmetric() {
            return Err(KeyError::NeedsSecret { algorithm });
        }
        if !pem.contains(PRIVATE_LABEL) {
            return Err(refused());
        }
        let pem = pem.as_bytes();
        match algorithm {
            Algorithm::Es256 => EncodingKey::from_ec_pem(pem)
                .ok()
                .and_then(|key| {
                    EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, key.as_bytes()).ok()
                })
                .map(Self::Es256)
                .ok_or_else(refused),
            Algorithm::EdDsa => EncodingKey::from_ed_pem(pem)
                .ok()
                .and_then(|key| Ed25519KeyPair::from_pkcs8_maybe_unchecked(key.as_bytes()).ok())
                .map(Self::EdDsa)
                .ok_or_else(refused),
            Algorithm::Rs256 => {
                let key = EncodingKey::from_rsa_pem(pem).map_err(|_| refused())?;
                match RsaKeyPair::from_der(key.as_bytes()) {
                    Ok(pair) => Ok(Self::Rs256(pair)),
                    Err(_) if key.as_bytes().len() < SMALLEST_RSA_PRIVATE_KEY => Err(RSA_TOO_SHORT),
                    Err(_) => Err(refused()),
                }
            }
            Algorithm::Hs256 | Algorithm::Hs384 | Algorithm::Hs512 => {
                Err(KeyError::NeedsSecret { algorithm })
            }
        }
    }

    pub(super) fn public_key(&self) -> Result<PublicKey, KeyError> {
        match self {
            Self::Es256(key) => PublicKey::from_bytes(Algorithm::Es256, key.public_key().as_ref()),
            Self::EdDsa(key) => PublicKey::from_bytes(Algorithm::EdDsa, key.public_key().as_ref()),
            Self::Rs256(key) => PublicKey::from_bytes(Algorithm::Rs256, key.public_key().as_ref()),
        }
    }

    pub(super) fn sign(&self, input: &[u8]) -> Result<Vec<u8>, SigningFailed> {
        match self {
            Self::Es256(key) => key
                .sign(&SystemRandom::new(), input)
                .map(|signature| signature.as_ref().to_vec())
                .map_err(|_| SigningFailed),
            Self::EdDsa(key) => Ok(key.sign(input).as_ref().to_vec()),
            Self::Rs256(key) => {
                let mut signature = vec![0; key.public_modulus_len()];
                key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), input, &mut signature)
                    .map_err(|_| SigningFailed)?;
                Ok(signature)
            }
        }
    }
}

/// How the first line of every kind of private key ends.
const PRIVATE_LABEL: &str = "PRIVATE KEY-----";

/// Which half of a key pair a file should hold.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Half {
    Public,
    Private,
}

/// Readers of PEM take the first block that fits and look away from the rest: a second key would be lost without a
/// word, and a private key would lie where only the public one belongs.
fn check_form(pem: &str, half: Half) -> Result<(), KeyError> {
    let form = |problem| Err(KeyError::Form { problem });
    let is_private = pem.contains(PRIVATE_LABEL);
    match (pem.matches("-----BEGIN ").count(), half) {
        (2.., _) => form("it holds more than one block; keep one key in a file"),
        (_, Half::Public) if is_private => form(
            "it is a private key; derive the public one with `openssl pkey -in private.pem -pubout`",
        ),
        (_, Half::Public) if pem.contains("CERTIFICATE-----") => form(
            "it is a certificate; `openssl x509 -in cert.pem -pubkey -noout` takes the key out of it",
        ),
        _ => Ok(()),
    }
}

/// Length of an RSA modulus in bytes, once it is long enough and the exponent is sound (RFC 7518 section 3.3,
/// FIPS 186-5 section A.1.1).
fn checked_modulus_bytes(der: &[u8], algorithm: Algorithm) -> Result<usize, KeyError> {
    let key = rsa::PublicKey::from_der(der).map_err(|_| not_a_key("public key", algorithm))?;
    let RsaPublicKeyComponents { n, e } = RsaPublicKeyComponents::<Vec<u8>>::from(&key);
    let n = without_leading_zeros(&n);
    let bits = n.first().map_or(0, |first| n.len() * 8 - first.leading_zeros() as usize);
    if bits < 2048 {
        return Err(RSA_TOO_SHORT);
    }
    let e = without_leading_zeros(&e);
    if e.len() < 3 || (e.len() == 3 && *e < [1, 0, 1][..]) {
        return Err(KeyError::Unsafe { problem: "RSA with an exponent under 65537" });
    }
    if has_roca_fingerprint(n) {
        return Err(KeyError::Unsafe {
            problem: "RSA made by a faulty smart card chip (ROCA, CVE-2017-15361); its private key can be computed",
        });
    }
    Ok(n.len())
}

/// Whether a modulus was made by Infineon's faulty generator: its primes are powers of 65537 modulo a product of
/// small primes, so the modulus is one too, modulo each of them. A sound modulus passes for one with a probability
/// under 2^-27 (Nemec et al., "The Return of Coppersmith's Attack", 2017, section 2).
fn has_roca_fingerprint(modulus: &[u8]) -> bool {
    const PRIMES: [u32; 17] =
        [11, 13, 17, 19, 37, 53, 61, 71, 73, 79, 97, 103, 107, 109, 127, 151, 157];
    PRIMES.into_iter().all(|prime| {
        let residue = modulus.iter().fold(0, |rest, byte| (rest * 256 + u32::from(*byte)) % prime);
        is_power_of_65537(residue, prime)
    })
}

fn is_power_of_65537(residue: u32, prime: u32) -> bool {
    let step = |power: &u32| Some(power * (65_537 % prime) % prime);
    std::iter::successors(Some(1), step).take(prime as usize).any(|power| power == residue)
}

fn without_leading_zeros(mut number: &[u8]) -> &[u8] {
    while let [0, rest @ ..] = number {
        number = rest;
    }
    number
}

/// Whether an Ed25519 public key is one of the points of order 8 or less, in any encoding (RFC 8032 section
/// 5.1.7 multiplies by the cofactor, so such a key accepts signatures made without any private key).
fn is_of_small_order(point: &[u8]) -> bool {
    const Y_OF_SMALL_ORDER: [&str; 7] = [
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0100000000000000000000000000000000000000000000000000000000000000",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    ];
    let mut y = point.to_vec();
    if let Some(last) = y.last_mut() {
        *last &= 0x7f; // the top bit is the sign of x
    }
    Y_OF_SMALL_ORDER.contains(&hex::encode(y).as_str())
}

fn not_a_key(wanted: &'static str, algorithm: Algorithm) -> KeyError {
    let remedy = match algorithm {
        Algorithm::Es256 => {
            "make one with `openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out private.pem`, its \
             public half with `openssl pkey -in private.pem -pubout`; `openssl pkcs8 -topk8 -nocrypt` converts an \
             older or encrypted key"
        }
        Algorithm::EdDsa => {
            "make one with `openssl genpkey -algorithm ED25519 -out private.pem`, its public half with `openssl \
             pkey -in private.pem -pubout`; `openssl pkcs8 -topk8 -nocrypt` decrypts an encrypted key"
        }
        _ => {
            "make one with `openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:3072 -out private.pem`, its \
             public half with `openssl pkey -in private.pem -pubout`; `openssl pkcs8 -topk8 -nocrypt` decrypts an \
             encrypted key"
        }
    };
    KeyError::NotAKey { wanted, algorithm, remedy }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_identity_is_refused_with_either_sign() {
        for last in [0x00, 0x80] {
            let mut identity = [0; 32];
            identity[0] = 1;
            identity[31] = last;
            let refused = PublicKey::from_bytes(Algorithm::EdDsa, &identity).err();
            assert!(matches!(refused, Some(KeyError::Unsafe { .. })), "{refused:?}");
        }
    }

    #[test]
    fn a_point_off_the_curve_is_refused() {
        let mut point = [7; 65];
        point[0] = 4;
        let refused = PublicKey::from_bytes(Algorithm::Es256, &point).err();
        assert!(matches!(refused, Some(KeyError::NotAKey { .. })), "{refused:?}");
    }
}
