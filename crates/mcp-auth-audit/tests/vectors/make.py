#!/usr/bin/env python3
"""A second implementation of the audit file: writes the recorded log, and verifies any log.

    make.py               writes keys.json, audit.log and checkpoints.jsonl beside this file, and continued.log and
                          continued.jsonl, for which audit.log is an archive
    make.py --check       compares them with what it would write
    make.py --verify KEYS LOG [CHECKPOINTS]

Standard library only, written from the format's description in the crate's README. The keys are for tests only.
"""

import hashlib
import hmac
import json
import pathlib
import re
import sys

HERE = pathlib.Path(__file__).parent

# Ed25519 after RFC 8032 section 5.1, short rather than fast.
P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P


def add(a, b):
    x1, y1, x2, y2 = *a, *b
    k = D * x1 * x2 * y1 * y2
    x = (x1 * y2 + x2 * y1) * pow(1 + k, -1, P) % P
    return x, (y1 * y2 + x1 * x2) * pow(1 - k, -1, P) % P


def multiply(n, point):
    result = (0, 1)
    while n:
        if n & 1:
            result = add(result, point)
        point, n = add(point, point), n >> 1
    return result


def recover_x(y, sign):
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * pow(2, (P - 1) // 4, P) % P
    return P - x if x & 1 != sign else x


BASE = (recover_x(4 * pow(5, -1, P) % P, 0), 4 * pow(5, -1, P) % P)


def encode(point):
    return (point[1] | (point[0] & 1) << 255).to_bytes(32, "little")


def decode(data):
    number = int.from_bytes(data, "little")
    y = number & (1 << 255) - 1
    return recover_x(y, number >> 255), y


def sha512(*parts):
    return int.from_bytes(hashlib.sha512(b"".join(parts)).digest(), "little")


def expand(seed):
    digest = hashlib.sha512(seed).digest()
    scalar = int.from_bytes(digest[:32], "little") & (1 << 254) - 8 | 1 << 254
    return scalar, digest[32:]


def public_key(seed):
    return encode(multiply(expand(seed)[0], BASE))


def sign(seed, message):
    scalar, prefix = expand(seed)
    r = sha512(prefix, message) % L
    point = encode(multiply(r, BASE))
    s = (r + sha512(point, public_key(seed), message) * scalar) % L
    return point + s.to_bytes(32, "little")


def is_signed(public, message, signature):
    s = int.from_bytes(signature[32:], "little")
    k = sha512(signature[:32], public, message) % L
    right = add(decode(signature[:32]), multiply(k, decode(public)))
    return len(signature) == 64 and s < L and multiply(s, BASE) == right


# The format.


def genesis(log_id):
    return hashlib.sha256(f"mcp-auth-audit-v1:{log_id}".encode()).hexdigest()


def seal(key, seq, event, prev):
    members = json.dumps(event, separators=(",", ":"), ensure_ascii=False)[1:-1]
    sealed = f'{{"seq":{seq},{members},"prev":"{prev}"'
    digest = hmac.new(key, sealed.encode(), hashlib.sha256).hexdigest()
    return f'{sealed},"hash":"{digest}"}}', digest


def statement(log_id, seq, digest, timestamp):
    return f"mcp-auth-audit-checkpoint-v1\n{log_id}\n{seq}\n{digest}\n{timestamp}\n".encode()


def chain(key, seed, log_id, time, events):
    """The lines of a log that ends with a checkpoint, its last hash, and the checkpoint's line in the checkpoint file."""
    lines, prev = [], genesis(log_id)
    for event in events:
        line, prev = seal(key, len(lines) + 1, event, prev)
        lines.append(line)
    signature = sign(seed, statement(log_id, len(lines), prev, time)).hex()
    covers = {"covers_seq": len(lines), "covers_hash": prev, "signature": signature}
    checkpoint = {"timestamp": time, "event": "audit_checkpoint", "log_id": log_id, **covers}
    kept = {"log_id": log_id, "seq": len(lines), "hash": prev, "timestamp": time}
    line, last = seal(key, len(lines) + 1, checkpoint, prev)
    return [*lines, line], last, json.dumps({**kept, "signature": signature}, separators=(",", ":"))


def make():
    key, seed = bytes(range(32)), bytes(range(32, 64))
    log_id, next_id = bytes(range(64, 80)).hex(), bytes(range(80, 96)).hex()
    time = "2025-12-24T22:30:45.000Z"
    keys = {
        "kind": "mcp-auth-audit-keys-v1",
        "hmac_key": key.hex(),
        "signing_seed": seed.hex(),
        "public_key": public_key(seed).hex(),
    }
    created = {"timestamp": time, "event": "audit_log_created", "log_id": log_id}
    created["public_key"] = keys["public_key"]
    revoked = {"timestamp": time, "event": "token_revoked", "user_id": "alice"}
    failed = {"timestamp": time, "event": "mcp_authentication_failed"}
    failed["reason"] = 'it says "hash":"é\u2713", \\ and \n'
    lines, last, kept = chain(key, seed, log_id, time, (created, revoked, failed))
    continues = {"continues_log": log_id, "continues_seq": len(lines), "continues_hash": last}
    begun = {**created, "log_id": next_id, **continues}
    continued, _, kept_next = chain(key, seed, next_id, time, (begun,))
    text = lambda lines: "".join(line + "\n" for line in lines)
    return {
        "keys.json": json.dumps(keys, separators=(",", ":")) + "\n",
        "audit.log": text(lines),
        "checkpoints.jsonl": text([kept]),
        "continued.log": text(continued),
        "continued.jsonl": text([kept, kept_next]),
    }


def verify(keys, log, checkpoints=None):
    keys = json.loads(pathlib.Path(keys).read_text())
    key, public = bytes.fromhex(keys["hmac_key"]), bytes.fromhex(keys["public_key"])
    form = re.compile(rb'(\{"seq":(\d+),.*,"prev":"([0-9a-f]{64})"),"hash":"([0-9a-f]{64})"\}\n', re.S)
    log_id, prev, hashes = None, None, {}
    for number, line in enumerate(pathlib.Path(log).read_bytes().splitlines(keepends=True), 1):
        sealed, seq, before, digest = form.fullmatch(line).groups()
        log_id = log_id or json.loads(line)["log_id"]
        prev = prev or genesis(log_id)
        assert (int(seq), before.decode()) == (number, prev), f"line {number} is out of order"
        prev = digest.decode()
        assert hmac.new(key, sealed, hashlib.sha256).hexdigest() == prev, f"line {number} was changed"
        hashes[number] = prev
    for line in pathlib.Path(checkpoints).read_text().splitlines() if checkpoints else ():
        kept = json.loads(line)
        said = statement(kept["log_id"], kept["seq"], kept["hash"], kept["timestamp"])
        assert is_signed(public, said, bytes.fromhex(kept["signature"])), f"forged: {line}"
        is_foreign = kept["log_id"] != log_id
        assert is_foreign or hashes.get(kept["seq"]) == kept["hash"], f"the end was cut: {line}"
    print(f"{len(hashes)} lines verify")


def main(arguments):
    match arguments:
        case ["--verify", *paths]:
            verify(*paths)
        case ["--check"]:
            for name, text in make().items():
                assert (HERE / name).read_text() == text, f"{name} differs"
        case []:
            for name, text in make().items():
                (HERE / name).write_text(text)
        case _:
            sys.exit(__doc__)


if __name__ == "__main__":
    main(sys.argv[1:])
