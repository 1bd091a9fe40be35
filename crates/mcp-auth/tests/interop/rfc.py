"""Writes `tests/vectors/rfc.json`: the signed examples of RFC 7515, RFC 7520 and RFC 8037.

The RFCs' own texts are below, as data. Nothing is written that was not verified: each
example must verify under its key with PyJWT, must fail once its signature is changed,
and must hold the payload that the RFC prints.

    python rfc.py           write the file
    python rfc.py --check   fail if the file differs from what would be written
"""

from __future__ import annotations

import argparse
import json
import sys
from base64 import urlsafe_b64decode

import jwt
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from keys import VECTORS

OUTPUT = VECTORS / "rfc.json"

ABOUT = (
    "Signed examples of RFC 7515 appendix A, RFC 7520 section 4 and RFC 8037 appendix A, each "
    "verified with PyJWT before it was written by tests/interop/rfc.py. `expect` is the outcome of "
    "our header and signature stages: `signature_valid`, or the code of the refusal. The payloads "
    "are not claims of ours and some are not JSON. `algorithm` is what the RFC signed with; "
    "`payload` is the signed text."
)

# RFC 7515, A.1.1: the claims that A.1, A.2 and A.3 sign. Its line ends are part of it.
RFC_7515_PAYLOAD = '{"iss":"joe",\r\n "exp":1300819380,\r\n "http://example.com/is_root":true}'
RFC_7515_PAYLOAD_PART = (
    "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFt"
    "cGxlLmNvbS9pc19yb290Ijp0cnVlfQ"
)

# RFC 7520, section 4: what all of its examples sign. Two of the apostrophes are U+2019.
RFC_7520_PAYLOAD = (
    "It\u2019s a dangerous business, Frodo, going out your door. You step onto the road, "
    "and if you don't keep your feet, there\u2019s no knowing where you might be swept off to."
)
RFC_7520_PAYLOAD_PART = (
    "SXTigJlzIGEgZGFuZ2Vyb3VzIGJ1c2luZXNzLCBGcm9kbywgZ29pbmcgb3V0IHlv"
    "dXIgZG9vci4gWW91IHN0ZXAgb250byB0aGUgcm9hZCwgYW5kIGlmIHlvdSBkb24n"
    "dCBrZWVwIHlvdXIgZmVldCwgdGhlcmXigJlzIG5vIGtub3dpbmcgd2hlcmUgeW91"
    "IG1pZ2h0IGJlIHN3ZXB0IG9mZiB0by4"
)

EXAMPLES = [
    {
        "id": "RFC 7515 A.1",
        "algorithm": "HS256",
        "jwk": {
            "kty": "oct",
            "k": "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75"
            "aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow",
        },
        "token": [
            "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9",
            RFC_7515_PAYLOAD_PART,
            "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk",
        ],
        "payload": RFC_7515_PAYLOAD,
        "expect": "signature_valid",
        "note": "The key is the JWK's 64 raw bytes, not text. The header holds a line end and a space.",
    },
    {
        "id": "RFC 7515 A.2",
        "algorithm": "RS256",
        "jwk": {
            "kty": "RSA",
            "n": "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddx"
            "HmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMs"
            "D1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSH"
            "SXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdV"
            "MTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8"
            "NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ",
            "e": "AQAB",
        },
        "token": [
            "eyJhbGciOiJSUzI1NiJ9",
            RFC_7515_PAYLOAD_PART,
            "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7"
            "AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4"
            "BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K"
            "0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqv"
            "hJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrB"
            "p0igcN_IoypGlUPQGe77Rw",
        ],
        "payload": RFC_7515_PAYLOAD,
        "expect": "signature_valid",
        "note": "The header has no typ.",
    },
    {
        "id": "RFC 7515 A.3",
        "algorithm": "ES256",
        "jwk": {
            "kty": "EC",
            "crv": "P-256",
            "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
            "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
        },
        "token": [
            "eyJhbGciOiJFUzI1NiJ9",
            RFC_7515_PAYLOAD_PART,
            "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSA"
            "pmWQxfKTUJqPP3-Kg6NU1Q",
        ],
        "payload": RFC_7515_PAYLOAD,
        "expect": "signature_valid",
        "note": "Its S lies in the upper half of the order: legal, and to be accepted.",
    },
    {
        "id": "RFC 7520 4.1",
        "algorithm": "RS256",
        "jwk": {
            "kty": "RSA",
            "n": "n4EPtAOCc9AlkeQHPzHStgAbgs7bTZLwUBZdR8_KuKPEHLd4rHVTeT"
            "-O-XV2jRojdNhxJWTDvNd7nqQ0VEiZQHz_AJmSCpMaJMRBSFKrKb2wqV"
            "wGU_NsYOYL-QtiWN2lbzcEe6XC0dApr5ydQLrHqkHHig3RBordaZ6Aj-"
            "oBHqFEHYpPe7Tpe-OfVfHd1E6cS6M1FZcD1NNLYD5lFHpPI9bTwJlsde"
            "3uhGqC0ZCuEHg8lhzwOHrtIQbS0FVbb9k3-tVTU4fg_3L_vniUFAKwuC"
            "LqKnS2BYwdq_mzSnbLY7h_qixoR7jig3__kRhuaxwUkRz5iaiQkqgc5g"
            "HdrNP5zw",
            "e": "AQAB",
        },
        "token": [
            "eyJhbGciOiJSUzI1NiIsImtpZCI6ImJpbGJvLmJhZ2dpbnNAaG9iYml0b24uZXhhbXBsZSJ9",
            RFC_7520_PAYLOAD_PART,
            "MRjdkly7_-oTPTS3AXP41iQIGKa80A0ZmTuV5MEaHoxnW2e5CZ5NlKtainoFmKZo"
            "pdHM1O2U4mwzJdQx996ivp83xuglII7PNDi84wnB-BDkoBwA78185hX-Es4JIwmD"
            "LJK3lfWRa-XtL0RnltuYv746iYTh_qHRD68BNt1uSNCrUCTJDt5aAE6x8wW1Kt9e"
            "Ro4QPocSadnHXFxnt8Is9UzpERV0ePPQdLuW3IS_de3xyIrDaLGdjluPxUAhb6L2"
            "aXic1U12podGU0KLUQSE_oI-ZnmKJ3F4uOZDnd6QZWJushZ41Axf_fcIe8u9ipH8"
            "4ogoree7vjbU5y18kDquDg",
        ],
        "payload": RFC_7520_PAYLOAD,
        "expect": "token_malformed",
        "note": "The signature is valid. Refused at the header: `@` is not in our alphabet for kid, "
        "[A-Za-z0-9._-]{1,64}.",
    },
    {
        "id": "RFC 7520 4.3",
        "algorithm": "ES512",
        "jwk": {
            "kty": "EC",
            "crv": "P-521",
            "x": "AHKZLLOsCOzz5cY97ewNUajB957y-C-U88c3v13nmGZx6sYl_oJXu9"
            "A5RkTKqjqvjyekWF-7ytDyRXYgCF5cj0Kt",
            "y": "AdymlHvOiLxXkEhayXQnNCvDX4h9htZaCJN34kfmC6pV5OhQHiraVy"
            "SsUdaQkAgDPrwQrJmbnX9cwlGfP-HqHZR1",
        },
        "token": [
            "eyJhbGciOiJFUzUxMiIsImtpZCI6ImJpbGJvLmJhZ2dpbnNAaG9iYml0b24uZXhhbXBsZSJ9",
            RFC_7520_PAYLOAD_PART,
            "AE_R_YZCChjn4791jSQCrdPZCNYqHXCTZH0-JZGYNlaAjP2kqaluUIIUnC9qvbu9"
            "Plon7KRTzoNEuT4Va2cmL1eJAQy3mtPBu_u_sDDyYjnAMDxXPn7XrT0lw-kvAD89"
            "0jl8e2puQens_IEKBpHABlsbEPX6sFY8OcGDqoRuBomu9xQ2",
        ],
        "payload": RFC_7520_PAYLOAD,
        "expect": "algorithm_refused",
        "note": "The signature is valid. ES512 is not an algorithm of ours, so a test configures any "
        "key; the kid would be refused too, but the algorithm is looked at first.",
    },
    {
        "id": "RFC 7520 4.4",
        "algorithm": "HS256",
        "jwk": {"kty": "oct", "k": "hJtXIZ2uSN5kbQfbtTNWbpdmhkV8FJG-Onbc6mxCcYg"},
        "token": [
            "eyJhbGciOiJIUzI1NiIsImtpZCI6IjAxOGMwYWU1LTRkOWItNDcxYi1iZmQ2LWVlZjMxNGJjNzAzNyJ9",
            RFC_7520_PAYLOAD_PART,
            "s0h6KThzkfBBBkLspW1h84VsJZFTsPPqMDA7g1Md7p0",
        ],
        "payload": RFC_7520_PAYLOAD,
        "expect": "signature_valid",
        "note": "When the ring knows the key under this kid; otherwise key_unknown.",
    },
    {
        "id": "RFC 8037 A.4",
        "algorithm": "EdDSA",
        "jwk": {
            "kty": "OKP",
            "crv": "Ed25519",
            "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
        },
        "token": [
            "eyJhbGciOiJFZERTQSJ9",
            "RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc",
            "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5B"
            "hVsPt9g7sVvpAr_MuM0KAg",
        ],
        "payload": "Example of Ed25519 signing",
        "expect": "signature_valid",
        "note": "A.4 signs and A.5 verifies this one token.",
    },
]


def decode_part(part: str) -> bytes:
    return urlsafe_b64decode(part + "=" * (-len(part) % 4))


def verified(example: dict) -> dict:
    """The vector for an example, after the example has proved itself."""
    name, algorithm, parts = example["id"], example["algorithm"], example["token"]
    token = ".".join(parts)
    key = jwt.PyJWK({**example["jwk"], "alg": algorithm}).key

    payload = jwt.PyJWS().decode(token, key, algorithms=[algorithm])
    assert payload == example["payload"].encode(), f"{name}: another payload than the RFC's"

    # A verifier that accepts everything would have passed so far.
    replacement = "A" if parts[2][0] != "A" else "B"
    forged = ".".join([*parts[:2], replacement + parts[2][1:]])
    try:
        jwt.PyJWS().decode(forged, key, algorithms=[algorithm])
    except jwt.InvalidSignatureError:
        pass
    else:
        raise AssertionError(f"{name}: a changed signature was accepted")

    header = json.loads(decode_part(parts[0]))
    assert header["alg"] == algorithm, f"{name}: the header names another algorithm"
    return {
        "id": name,
        "algorithm": algorithm,
        **({"kid": header["kid"]} if "kid" in header else {}),
        "key": portable_key(example["jwk"], key),
        "token": token,
        "payload": example["payload"],
        "expect": example["expect"],
        "note": example["note"],
    }


def portable_key(jwk: dict, key) -> dict:
    """The key without JWK: secrets as hexadecimal, public keys as SPKI PEM."""
    if jwk["kty"] == "oct":
        return {"secret_hex": decode_part(jwk["k"]).hex(), "k": jwk["k"]}
    pem = key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return {"public_pem": pem.decode()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="compare, do not write")
    arguments = parser.parse_args()

    vectors = [verified(example) for example in EXAMPLES]
    document = {"about": ABOUT, "vectors": vectors}
    text = json.dumps(document, indent=2, ensure_ascii=False) + "\n"
    if not arguments.check:
        OUTPUT.write_text(text, encoding="utf-8")
    elif OUTPUT.read_text(encoding="utf-8") != text:
        sys.exit(f"{OUTPUT.name} differs from what rfc.py writes")
    print(f"{len(vectors)} examples verified")


if __name__ == "__main__":
    main()
