"""One way to ask PyJWT and python-jose the same thing.

Used by `generate.py` (recorded vectors) and `peer.py` (live tests), so that
both mean the same by "PyJWT made it" and "python-jose accepts it".
"""

from __future__ import annotations

import contextlib
import json
from datetime import datetime
from importlib import metadata
from unittest import mock

import jose.jws
import jose.jwt
import jwt

#: Our short names, and the names the projects go by.
DISTRIBUTIONS = {"pyjwt": "PyJWT", "jose": "python-jose"}


def made_by(library: str) -> str:
    """The project and its version, as vectors record it: `PyJWT 2.15.1`."""
    distribution = DISTRIBUTIONS[library]
    return f"{distribution} {metadata.version(distribution)}"


def supports(library: str, algorithm: str) -> bool:
    """python-jose has neither EdDSA nor `none`; PyJWT has all that we use."""
    return library == "pyjwt" or algorithm in jose.jws.ALGORITHMS.SUPPORTED


class RawUtf8Encoder(json.JSONEncoder):
    """Writes `é` as two bytes and not as `\\u00e9`.

    Both libraries escape by default. Services that talk to people often do not,
    and a verifier has to agree with both.
    """

    def __init__(self, **options):
        options["ensure_ascii"] = False
        super().__init__(**options)


def mint(library, algorithm, key, claims, headers=None, *, raw_utf8=False, sort_headers=True):
    """A token, made the way the library's own users make one."""
    if library == "pyjwt":
        return jwt.encode(
            claims,
            key,
            algorithm=algorithm,
            headers=headers,
            json_encoder=RawUtf8Encoder if raw_utf8 else None,
            sort_headers=sort_headers,
        )
    if library == "jose":
        if not raw_utf8:
            # A copy: python-jose replaces datetimes in the caller's own dict.
            return jose.jwt.encode(dict(claims), key, algorithm=algorithm, headers=headers)
        # `jose.jwt` takes no encoder, but its lower half signs any bytes.
        text = json.dumps(claims, separators=(",", ":"), ensure_ascii=False)
        return jose.jws.sign(text.encode(), key, headers=headers, algorithm=algorithm)
    raise ValueError(f"unknown library {library!r}: use one of {', '.join(DISTRIBUTIONS)}")


def validate(library, algorithm, key, token, *, issuer=None, audience=None, leeway=0):
    """The claims, or the library's own exception."""
    if library == "pyjwt":
        return jwt.decode(
            token, key, algorithms=[algorithm], issuer=issuer, audience=audience, leeway=leeway
        )
    if library == "jose":
        return jose.jwt.decode(
            token,
            key,
            algorithms=[algorithm],
            issuer=issuer,
            audience=audience,
            options={"leeway": leeway},
        )
    raise ValueError(f"unknown library {library!r}: use one of {', '.join(DISTRIBUTIONS)}")


def verify_signature(library, algorithm, key, token) -> bytes:
    """The payload's bytes if algorithm and signature are right; no claim is read."""
    if library == "pyjwt":
        return jwt.PyJWS().decode(token, key, algorithms=[algorithm])
    return jose.jws.verify(token, key, algorithms=[algorithm])


def frozen(now: float) -> type[datetime]:
    """A `datetime` class whose `now()` is always `now`."""

    class Frozen(datetime):
        @classmethod
        def now(cls, tz=None):
            return cls.fromtimestamp(now, tz)

    return Frozen


@contextlib.contextmanager
def clock_at(now: float):
    """Lets both libraries validate as if the time were `now`: neither takes it as a parameter."""
    with (
        mock.patch("jwt.api_jwt.datetime", frozen(now)),
        mock.patch("jose.jwt.datetime", frozen(now)),
    ):
        yield
