//! The test keys in every form, and keys that are none.

use base64_simd::{STANDARD, URL_SAFE_NO_PAD};
use mcp_auth::keys::{Algorithm, SigningKey, VerifyingKey};

macro_rules! key {
    ($name:literal) => {
        include_str!(concat!("../vectors/keys/test-", $name, ".pem"))
    };
}

pub(crate) const RSA_1024: &str = key!("bad-rsa-1024-public");
pub(crate) const P384: &str = key!("bad-ec-p384-public");

/// The order of P-256, big-endian.
pub(crate) const P256_N: [u8; 32] = [
    0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xbc, 0xe6,
    0xfa, 0xad, 0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51,
];

/// The order of the base point of Ed25519, little-endian.
pub(crate) const ED25519_L: [u8; 32] = [
    0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Es256,
    EdDsa,
    Rs256,
}

impl Kind {
    pub(crate) const ALL: [Self; 3] = [Self::Es256, Self::EdDsa, Self::Rs256];

    pub(crate) fn algorithm(self) -> Algorithm {
        match self {
            Self::Es256 => Algorithm::Es256,
            Self::EdDsa => Algorithm::EdDsa,
            Self::Rs256 => Algorithm::Rs256,
        }
    }

    pub(crate) fn public_pem(self) -> &'static str {
        match self {
            Self::Es256 => key!("ec-p256-public"),
            Self::EdDsa => key!("ed25519-public"),
            Self::Rs256 => key!("rsa-2048-public"),
        }
    }

    pub(crate) fn signing_key(self) -> SigningKey {
        let pem = match self {
            Self::Es256 => key!("ec-p256-private"),
            Self::EdDsa => key!("ed25519-private"),
            Self::Rs256 => key!("rsa-2048-private"),
        };
        SigningKey::from_pem(self.algorithm(), pem).unwrap()
    }

    pub(crate) fn other_signing_key(self) -> SigningKey {
        let pem = match self {
            Self::Es256 => key!("ec-p256-other-private"),
            Self::EdDsa => key!("ed25519-other-private"),
            Self::Rs256 => key!("rsa-2048-other-private"),
        };
        SigningKey::from_pem(self.algorithm(), pem).unwrap()
    }

    pub(crate) fn verifying_key(self) -> VerifyingKey {
        VerifyingKey::from_pem(self.algorithm(), self.public_pem()).unwrap()
    }

    fn der(self) -> Vec<u8> {
        let body: String = self.public_pem().lines().filter(|line| !line.contains("---")).collect();
        STANDARD.decode_to_vec(body).unwrap()
    }

    /// The key's numbers: a point, or a modulus of 2048 bits.
    fn numbers(self) -> Vec<u8> {
        let der = self.der();
        match self {
            Self::Es256 => der[der.len() - 64..].to_vec(),
            Self::EdDsa => der[der.len() - 32..].to_vec(),
            Self::Rs256 => der[33..33 + 256].to_vec(),
        }
    }

    fn jwk(self) -> String {
        let base64 = |bytes: &[u8]| URL_SAFE_NO_PAD.encode_to_string(bytes);
        let numbers = self.numbers();
        match self {
            Self::Es256 => format!(
                r#"{{"kty":"EC","crv":"P-256","x":"{}","y":"{}"}}"#,
                base64(&numbers[..32]),
                base64(&numbers[32..])
            ),
            Self::EdDsa => format!(r#"{{"kty":"OKP","crv":"Ed25519","x":"{}"}}"#, base64(&numbers)),
            Self::Rs256 => format!(r#"{{"kty":"RSA","n":"{}","e":"AQAB"}}"#, base64(&numbers)),
        }
    }

    /// The line of an `authorized_keys` file (RFC 4253 section 6.6).
    fn ssh(self) -> String {
        let numbers = self.numbers();
        let (name, fields): (&str, Vec<Vec<u8>>) = match self {
            Self::Es256 => (
                "ecdsa-sha2-nistp256",
                vec![b"nistp256".to_vec(), [&[4], numbers.as_slice()].concat()],
            ),
            Self::EdDsa => ("ssh-ed25519", vec![numbers]),
            Self::Rs256 => ("ssh-rsa", vec![vec![1, 0, 1], [&[0], numbers.as_slice()].concat()]),
        };
        let fields = [name.as_bytes().to_vec()].into_iter().chain(fields);
        let sized = |field: Vec<u8>| {
            [&u32::try_from(field.len()).unwrap().to_be_bytes()[..], &field].concat()
        };
        let blob: Vec<u8> = fields.flat_map(sized).collect();
        format!("{name} {}", STANDARD.encode_to_string(blob))
    }
}

/// All that a confused reader may have in hand when it takes a public key for a secret.
pub(crate) fn forms_as_secret(kind: Kind) -> Vec<Vec<u8>> {
    let pem = kind.public_pem();
    let texts = [
        pem.to_owned(),
        pem.trim_end().to_owned(),
        format!("\n{pem}"),
        format!("  {pem}"),
        pem.replace('\n', "\r\n"),
        pem.replace('\n', ""),
        STANDARD.encode_to_string(kind.der()),
        kind.jwk(),
        format!(" {}", kind.jwk()),
        kind.ssh(),
        format!("{} user@host\n", kind.ssh()),
    ];
    texts.into_iter().map(String::into_bytes).chain([kind.der(), kind.numbers()]).collect()
}

pub(crate) fn pem(der: &[u8]) -> String {
    let text = STANDARD.encode_to_string(der);
    let lines: Vec<_> = text.as_bytes().chunks(64).map(String::from_utf8_lossy).collect();
    format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n", lines.join("\n"))
}

fn tlv(tag: u8, content: &[u8]) -> Vec<u8> {
    let size = u16::try_from(content.len()).unwrap().to_be_bytes();
    let size = if content.len() < 128 { vec![size[1]] } else { [&[0x82], &size[..]].concat() };
    [&[tag], size.as_slice(), content].concat()
}

/// The test key's modulus with another exponent, which is given as a DER integer's content.
pub(crate) fn rsa_with_exponent(exponent: &[u8]) -> String {
    const ALGORITHM: &str = "300d06092a864886f70d0101010500";
    let modulus = [&[0], Kind::Rs256.numbers().as_slice()].concat();
    let key = tlv(0x30, &[tlv(2, &modulus), tlv(2, exponent)].concat());
    let bits = tlv(3, &[&[0], key.as_slice()].concat());
    pem(&tlv(0x30, &[hex(ALGORITHM), bits].concat()))
}

pub(crate) fn off_curve() -> Vec<(&'static str, String)> {
    let good = Kind::Es256.numbers();
    let mut moved = good.clone();
    moved[63] ^= 1;
    let points = [
        ("a point beside the curve", moved),
        ("the origin", vec![0; 64]),
        ("past the field", vec![0xff; 64]),
        ("another y", [&good[..32], &good[..32]].concat()),
    ];
    let spki = |xy: &[u8]| {
        let algorithm = hex("301306072a8648ce3d020106082a8648ce3d030107");
        tlv(0x30, &[algorithm, tlv(3, &[&[0, 4], xy].concat())].concat())
    };
    assert!(VerifyingKey::from_pem(Algorithm::Es256, &pem(&spki(&good))).is_ok());
    points.map(|(what, xy)| (what, pem(&spki(&xy)))).into()
}

pub(crate) fn spki_ed25519(point: &[u8]) -> Vec<u8> {
    [hex("302a300506032b6570032100"), point.to_vec()].concat()
}

/// The eight points whose order divides the cofactor, and their other encodings.
pub(crate) fn small_order_points() -> Vec<[u8; 32]> {
    let points = [
        "0100000000000000000000000000000000000000000000000000000000000000",
        "0100000000000000000000000000000000000000000000000000000000000080",
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0000000000000000000000000000000000000000000000000000000000000080",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
    ];
    points.iter().map(|point| hex(point).try_into().unwrap()).collect()
}

fn hex(text: &str) -> Vec<u8> {
    let digit = |at: usize| u8::from_str_radix(&text[at..at + 2], 16).unwrap();
    (0..text.len()).step_by(2).map(digit).collect()
}

/// `a - b`, big-endian, for `a > b`.
pub(crate) fn minus(a: &[u8; 32], b: &[u8]) -> [u8; 32] {
    let (mut difference, mut borrow) = (*a, 0);
    for (at, digit) in difference.iter_mut().enumerate().rev() {
        let wide = 256 + u16::from(*digit) - u16::from(b[at]) - borrow;
        (*digit, borrow) = (wide.to_le_bytes()[0], u16::from(wide < 256));
    }
    difference
}

/// `a + b`, little-endian.
pub(crate) fn plus(a: &[u8], b: &[u8; 32]) -> [u8; 32] {
    let (mut sum, mut carry) = (*b, 0);
    for (at, digit) in sum.iter_mut().enumerate() {
        let wide = u16::from(*digit) + u16::from(a[at]) + carry;
        (*digit, carry) = (wide.to_le_bytes()[0], wide >> 8);
    }
    sum
}
