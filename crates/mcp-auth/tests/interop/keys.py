"""The test keys in `tests/vectors/keys/`: where they are, and how they were made.

They protect nothing. They are kept as data, not made anew at each run, so that the
recorded tokens stay the same.
"""

from __future__ import annotations

from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

VECTORS = Path(__file__).resolve().parent.parent / "vectors"
KEYS = VECTORS / "keys"

#: The algorithm, and the stem of the names of its key files.
STEMS = {"ES256": "test-ec-p256", "EdDSA": "test-ed25519", "RS256": "test-rsa-2048"}

PASSPHRASE = b"test"


def key_pair(stem: str) -> dict:
    """A key as vectors name it: by path, relative to the vectors' directory."""
    return {"public_pem": f"keys/{stem}-public.pem", "private_pem": f"keys/{stem}-private.pem"}


def signing_key(key: dict) -> str:
    return key["secret"] if "secret" in key else (VECTORS / key["private_pem"]).read_text()


def verifying_key(key: dict) -> str:
    return key["secret"] if "secret" in key else (VECTORS / key["public_pem"]).read_text()


def write_new_keys() -> None:
    """Makes all key files, once. Refuses to replace them: every recorded token would be void."""
    if KEYS.exists():
        raise SystemExit(f"{KEYS} exists: remove it first if new keys are really wanted")
    KEYS.mkdir(parents=True)

    def rsa_key(bits):
        return rsa.generate_private_key(public_exponent=65537, key_size=bits)

    p256 = ec.generate_private_key(ec.SECP256R1())
    rsa_2048 = rsa_key(2048)

    # What we sign and verify with, and a stranger's key of each kind: for wrong
    # signatures, and for a private and a public key that do not belong together.
    write_pair("test-ec-p256", p256)
    write_pair("test-ec-p256-other", ec.generate_private_key(ec.SECP256R1()))
    write_pair("test-ed25519", ed25519.Ed25519PrivateKey.generate())
    write_pair("test-ed25519-other", ed25519.Ed25519PrivateKey.generate())
    write_pair("test-rsa-2048", rsa_2048)
    write_pair("test-rsa-2048-other", rsa_key(2048))

    # Keys that a configuration must refuse: too short, wrong curve.
    write_pair("test-bad-rsa-1024", rsa_key(1024))
    write_pair("test-bad-ec-p384", ec.generate_private_key(ec.SECP384R1()))

    # The good keys above in clothes that people do meet (`openssl ecparam -genkey`,
    # `openssl rsa -traditional`): each is to be read, or refused with a useful word.
    traditional = serialization.PrivateFormat.TraditionalOpenSSL
    write("test-bad-ec-p256-sec1-private", private_pem(p256, traditional))
    write("test-bad-rsa-2048-pkcs1-private", private_pem(rsa_2048, traditional))
    pkcs1 = serialization.PublicFormat.PKCS1
    write("test-bad-rsa-2048-pkcs1-public", public_pem(rsa_2048, pkcs1))
    encryption = serialization.BestAvailableEncryption(PASSPHRASE)
    encrypted = private_pem(p256, encryption=encryption)
    write("test-bad-ec-p256-encrypted-private", encrypted)


def write_pair(stem: str, key) -> None:
    write(f"{stem}-private", private_pem(key))
    write(f"{stem}-public", public_pem(key))


def write(name: str, pem: bytes) -> None:
    (KEYS / f"{name}.pem").write_bytes(pem)


def private_pem(
    key,
    form=serialization.PrivateFormat.PKCS8,
    encryption=serialization.NoEncryption(),
) -> bytes:
    return key.private_bytes(serialization.Encoding.PEM, form, encryption)


def public_pem(key, form=serialization.PublicFormat.SubjectPublicKeyInfo) -> bytes:
    return key.public_key().public_bytes(serialization.Encoding.PEM, form)
