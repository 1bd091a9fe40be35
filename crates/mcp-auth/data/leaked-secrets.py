#!/usr/bin/env python3
"""Write leaked-secrets.bin: fingerprints of HMAC secrets that anybody can read on the web.

    python3 leaked-secrets.py path/to/jwt_secrets.txt

The argument is the JWT word list of the `badsecrets` project (GPL; it grew out of Wallarm's list
and is not part of this repository; version 1.3.0 made the present file). To it this script adds
the examples of specifications, tutorials and products, the usual placeholders, and the hashes of
the usual words. Base64 and hexadecimal ones are there in decoded form too. Only secrets of 32
bytes or more count: shorter ones are refused anyway.

The output holds the first eight bytes of SHA-256 of each folded secret, sorted, nothing between.
`fold` must agree with `fold` in ../src/secret/strength/leaked.rs.
"""

import base64
import binascii
import hashlib
import itertools
import sys
from pathlib import Path

MIN_BYTES = 32
DIGEST_BYTES = 8
SEPARATORS = b" !+-./=_"
MIN_FOLDED = 8  # below this a match would say little; such text is weak by its entropy as well

FAMOUS = """
8f3e4c2b1a9d7f5e3c6b2a0d8e1f4a7c9e2d5b8f1a3c6e9d2f5a8b1e4c7a0d
a-string-secret-at-least-256-bits-long
a-valid-string-secret-that-is-at-least-256-bits-long
a-valid-string-secret-that-is-at-least-384-bits-long
a-valid-string-secret-that-is-at-least-512-bits-long-which-is-very-long
AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow
hJtXIZ2uSN5kbQfbtTNWbpdmhkV8FJG-Onbc6mxCcYg
09d25e094faa6ca2556c818166b7a9563b93f7099f6f0f4caa6cf63b88e8d3e7
cc7e0d44fd473002f1c42167459001140ec6389b7353f8088f4d9a95f2f596f2
SecretKey012345678901234567890123456789012345678901234567890123456789
SecretKey01234567890123456789012345678901234567890123456789012345678
VGhpc0lzTXlDdXN0b21TZWNyZXRLZXkwMTIzNDU2Nzg=
16f8c0ef4a5d391b26034086c628469d3f9f497f08163ab9b40137092f2909ef
eaa5191f2914e30b9387fd84e254e4ba6fc51b4654968a9b0803b456a54b8418
f34be427ebb29de8d88c107a71546019685ed8b241d8f2ed00c3df97ad2566f0
sk-9f73s3ljTXVcMT3Blb3ljTqtsKiGHXVcMT3BlbkFJLK7U
404E635266556A586E3272357538782F413F4428472B4B6250645367566B5970
404E635266556A586E3272357538782F413F4428472B4B6250645367566B5970337336763979244226452948404D635166546A576E5A7234753778214125442A47
413F4428472B4B6250655368566D5970337336763979244226452948404D6351
357538782F413F4428472B4B6250655368566D59703373367639792442264529
586E3272357538782F413F4428472B4B6250655368566B597033733676397924
614E645266556A586E3272357538782F413F4428472B4B6250655368566B5970337336763979244226452948404D635166546A576E5A7134743777217A25432A
3cfa76ef14937c1c0ea519f8fc057a80fcd04a7420f8e8bcd0a7567c272e007b
9a4f2c8d3b7a1e6f45c8a0b3f267d8b1d4e6f3c8a9d2b5f8e3a9c8b5f6v8a3d9
======================BezKoder=Spring===========================
======================CodeCool=Spring===========================
======================Task=Spring=========================
YOUR_SUPER_SECRET_KEY_MAKE_SURE_IT_IS_LONG_ENOUGH
my-super-secret-key-that-is-long-enough-for-hmac
CHANGE_THIS_TO_STRONG_RANDOM_STRING_256BIT_OR_MORE
change-this-to-a-random-64-char-string
change-this-secret-to-at-least-32-characters
change-me-to-a-random-string-of-at-least-32-characters
please-change-this-secret-key-in-production
replace-this-with-a-long-random-string
replace-with-a-strong-random-secret-key
generate-a-secure-random-string-here
generate-with-openssl-rand-hex-32
output-of-openssl-rand-hex-32-here
your-32-byte-secret-key-goes-here
your-256-bit-secret-key-goes-here
paste-the-output-of-openssl-rand-hex-32-here
this_is_a_demo_secret_key_change_me_please
very-long-test-secret-at-least-32-chars-please
00112233445566778899aabbccddeeff
00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff
000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f
deadbeefdeadbeefdeadbeefdeadbeef
"""

# Placeholders as people write them; folding makes one of `your_Secret-key` and `your-secret-key`.
OWNERS = " your my this-is-a dev test".split(" ")
DEGREES = " super very very-long".split(" ")
NOUNS = (
    "secret secret-key jwt-secret jwt-secret-key secret-jwt-key secret-jwt-token jwt-key "
    "jwt-signing-key mcp-jwt-secret secret-key-for-jwt secure-jwt-secret-key"
).split()
ENDINGS = (
    " here change-me change-this change-in-production change-me-in-production "
    "change-this-in-production please-change-in-production replace-me for-development "
    "for-development-only do-not-use-in-production min-32-characters min-32-characters-long "
    "minimum-32-characters minimum-32-characters-long at-least-32-characters "
    "at-least-32-characters-long at-least-32-chars at-least-32-chars-long "
    "with-at-least-32-characters with-at-least-32-characters-long "
    "that-is-at-least-32-characters-long must-be-at-least-32-characters at-least-256-bits-long"
).split(" ")

# `echo secret | sha256sum` is 64 fine hex digits, and the first thing an attacker tries.
WORDS = (
    " secret password passw0rd admin root test user key jwt token mysecret secretkey supersecret "
    "changeme changeit mcp mcp-auth mcp-server hello default example 123456 12345678 123456789 "
    "1234567890 qwerty letmein foo bar foobar 0 1 a abc abc123 null none true false"
).split(" ")
HASHES = "md5 sha1 sha224 sha256 sha384 sha512".split()


def placeholders():
    for parts in itertools.product(OWNERS, DEGREES, NOUNS, ENDINGS):
        yield "-".join(filter(None, parts)).encode()


def hashed_words():
    for word, end, name in itertools.product(WORDS, ("", "\n"), HASHES):
        yield hashlib.new(name, (word + end).encode(), usedforsecurity=False).hexdigest().encode()


def decoded(secret: bytes):
    """Yields the bytes that `secret` stands for, where a program might take it as such."""
    try:
        text = secret.translate(bytes.maketrans(b"-_", b"+/")).rstrip(b"=")
        yield base64.b64decode(text + b"=" * (-len(text) % 4), validate=True)
        yield bytes.fromhex(secret.decode())
    except (binascii.Error, ValueError):
        return


def fold(secret: bytes) -> bytes:
    return secret.translate(None, delete=SEPARATORS).lower()


def main(word_list: Path) -> None:
    texts = word_list.read_bytes().splitlines() + FAMOUS.encode().splitlines()
    keys = itertools.chain.from_iterable(map(decoded, texts))
    secrets = itertools.chain(texts, keys, placeholders(), hashed_words())
    folded = {fold(secret) for secret in secrets if len(secret) >= MIN_BYTES}
    digests = {
        hashlib.sha256(text).digest()[:DIGEST_BYTES] for text in folded if len(text) >= MIN_FOLDED
    }
    target = Path(__file__).with_name("leaked-secrets.bin")
    target.write_bytes(b"".join(sorted(digests)))
    print(f"{target.name}: {len(digests)} digests")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(Path(sys.argv[1]))
