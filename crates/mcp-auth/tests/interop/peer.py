"""A peer for live tests: one JSON request a line on stdin, one JSON answer a line on stdout.

    {"op": "mint", "library": "pyjwt", "algorithm": "HS256", "key": "...", "claims": {...}, "headers": {...}}
        -> {"token": "..."}                                 (headers: optional)
    {"op": "validate", "library": "jose", "algorithm": "HS256", "key": "...", "token": "..."}
        -> {"valid": true, "claims": {...}} or {"valid": false, "error": "ExpiredSignatureError: ..."}
                                                            (issuer, audience, now: optional)
    {"op": "versions"}
        -> {"python": "3.11.7", "pyjwt": "PyJWT 2.x", "jose": "python-jose 3.x"}
    {"op": "bench", "token": "...", "key": "...", "algorithm": "HS256", "rounds": 10000}
        -> {"nanoseconds_per_decode": 12345}                (PyJWT; the median)

`library` is `pyjwt` or `jose`; `key` is a secret or a PEM text. A request that cannot be
served (an unknown library, a key that is no key, a missing field) is answered with
{"error": "..."}, and the next line is read: only end of input ends it.
Warnings go to stderr, so stdout holds answers only.
"""

from __future__ import annotations

import contextlib
import json
import platform
import statistics
import sys
import time

import jwt
from jose.exceptions import JOSEError, JWKError

import libraries


def mint(request: dict) -> dict:
    token = libraries.mint(
        request["library"],
        request["algorithm"],
        request["key"],
        request["claims"],
        request.get("headers"),
    )
    return {"token": token}


def validate(request: dict) -> dict:
    arguments = [request[name] for name in ("library", "algorithm", "key", "token")]
    expected = {name: request.get(name) for name in ("issuer", "audience")}
    now = request.get("now")
    with libraries.clock_at(now) if now is not None else contextlib.nullcontext():
        try:
            claims = libraries.validate(*arguments, **expected)
        except (jwt.InvalidKeyError, JWKError):
            # A mistake of the test must not look like a refused token.
            raise
        except (jwt.PyJWTError, JOSEError) as refusal:
            return {"valid": False, "error": describe(refusal)}
    return {"valid": True, "claims": claims}


def versions(_request: dict) -> dict:
    made_by = {library: libraries.made_by(library) for library in libraries.DISTRIBUTIONS}
    return {"python": platform.python_version(), **made_by}


def bench(request: dict) -> dict:
    token, key, algorithms = request["token"], request["key"], [request["algorithm"]]
    durations = []
    for _ in range(int(request["rounds"])):
        start = time.perf_counter_ns()
        jwt.decode(token, key, algorithms=algorithms)
        durations.append(time.perf_counter_ns() - start)
    # The median: one pause of the garbage collector must not decide the figure.
    return {"nanoseconds_per_decode": round(statistics.median(durations))}


OPERATIONS = {"mint": mint, "validate": validate, "versions": versions, "bench": bench}


def describe(problem: Exception) -> str:
    return f"{type(problem).__name__}: {problem}"


def answer(line: bytes) -> str:
    """One line in, one line out, whatever the line holds."""
    try:
        request = json.loads(line)
        if request["op"] not in OPERATIONS:
            raise ValueError(f"unknown op {request['op']!r}: use one of {', '.join(OPERATIONS)}")
        # ASCII out, whatever the claims hold: even a lone surrogate can be written.
        return json.dumps(OPERATIONS[request["op"]](request))
    except Exception as problem:
        return json.dumps({"error": describe(problem)})


def main() -> None:
    for line in sys.stdin.buffer:
        if line.strip():
            print(answer(line), flush=True)


if __name__ == "__main__":
    main()
