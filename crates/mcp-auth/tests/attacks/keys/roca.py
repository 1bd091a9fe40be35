"""Makes roca-rsa-2048-public.pem: an RSA key of the shape that CVE-2017-15361 (ROCA) is about.

Its primes are k * M + (65537^a mod M), where M is the product of the first 126 primes, so that the modulus
gives itself away and can be factored. For tests only; the primes are thrown away. Standard library only.
"""

import base64
import pathlib
import random


def first_primes(count):
    found = []
    n = 2
    while len(found) < count:
        if all(n % p for p in found):
            found.append(n)
        n += 1
    return found


def is_prime(n):
    odd, twos = n - 1, 0
    while odd % 2 == 0:
        odd, twos = odd // 2, twos + 1
    for _ in range(24):
        x = pow(random.randrange(2, n - 1), odd, n)
        if x in (1, n - 1):
            continue
        for _ in range(twos - 1):
            x = x * x % n
            if x == n - 1:
                break
        else:
            return False
    return True


def weak_prime(m):
    low = (3 << 1022) // m
    while True:
        p = random.randrange(low, (1 << 1024) // m) * m + pow(65537, random.randrange(1 << 62), m)
        if p >> 1023 == 1 and is_prime(p):
            return p


def tlv(tag, content):
    size = len(content)
    head = bytes([size]) if size < 128 else bytes([0x82]) + size.to_bytes(2, "big")
    return bytes([tag]) + head + content


def integer(n):
    return tlv(2, n.to_bytes(n.bit_length() // 8 + 1, "big"))


def main():
    random.seed(20171016)
    m = 1
    for p in first_primes(126):
        m *= p
    modulus = weak_prime(m) * weak_prime(m)
    key = tlv(0x30, integer(modulus) + integer(65537))
    algorithm = bytes.fromhex("300d06092a864886f70d0101010500")
    text = base64.b64encode(tlv(0x30, algorithm + tlv(3, b"\0" + key))).decode()
    lines = [text[i : i + 64] for i in range(0, len(text), 64)]
    pem = "\n".join(["-----BEGIN PUBLIC KEY-----", *lines, "-----END PUBLIC KEY-----", ""])
    pathlib.Path(__file__).with_name("roca-rsa-2048-public.pem").write_text(pem)


main()
