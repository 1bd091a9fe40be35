"""Writes `tests/vectors/interop.json`: tokens made by PyJWT and python-jose, and what becomes of them.

    python -m venv /tmp/interop && /tmp/interop/bin/pip install -r requirements.txt
    /tmp/interop/bin/python generate.py              write the file
    /tmp/interop/bin/python generate.py --check      verify the recorded file, change nothing
    /tmp/interop/bin/python generate.py --new-keys   make the key files; needed once, ever

With the pinned versions the same bytes come out each time. ECDSA and RSA-PSS sign with fresh
randomness, so a recorded token of theirs is kept while it says the same and still verifies.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import io
import json
import os
import sys
from dataclasses import dataclass, field
from pathlib import Path
from unittest import mock

import jwt

import libraries
from keys import STEMS, VECTORS, key_pair, signing_key, verifying_key, write_new_keys

OUTPUT = VECTORS / "interop.json"
SNIPPET = Path(__file__).with_name("guide_snippet.py")

ABOUT = (
    "Tokens made by other implementations (tests/interop/generate.py). `algorithm` and `key` are what "
    "the verifier is configured with, one key and no kid; `now` is its clock in Unix seconds; `options` "
    "are its other settings where they differ from the defaults: leeway 0, max_token_age 3600 (0: no "
    "limit), no issuer, no audience, expected_type access. `expect` is `valid` or the code of the "
    "refusal. `token_algorithm` and `signed_with` tell what the token was made with, where that is not "
    "what the verifier has. `claims` are the claims as put in; absent where the library wrote what is "
    "not JSON. Paths of keys are relative to this file. The keys and secrets are for tests only."
)

HOUR, DAY = 3600, 86400
ISSUED = 1767225600  # 2026-01-01T00:00:00Z
NOW = ISSUED + 30


def text_secret(label: str, characters: int = 64) -> str:
    """A fixed secret that looks like the output of `openssl rand -hex`: its text is the key."""
    return hashlib.sha512(f"mcp-auth test secret: {label}".encode()).hexdigest()[:characters]


def secret(text: str) -> dict:
    return {"secret": text}


#: The key of each algorithm, unless a case names another.
KEYS = {
    "HS256": secret(text_secret("HS256")),
    "HS384": secret(text_secret("HS384", 96)),
    "HS512": secret(text_secret("HS512", 128)),
    **{algorithm: key_pair(stem) for algorithm, stem in STEMS.items()},
}


@dataclass(frozen=True)
class Case:
    """One question to our verifier, asked with a token from each of `makers`."""

    name: str
    claims: dict
    expect: str = "valid"
    algorithm: str = "HS256"
    key: dict | None = None
    token_algorithm: str | None = None
    signed_with: dict | None = None
    headers: dict | None = None
    now: int = NOW
    options: dict = field(default_factory=dict)
    makers: tuple[str, ...] = ("pyjwt", "jose")
    raw_utf8: bool = False
    sort_headers: bool = True


def access(**changes) -> dict:
    """The guide's payload, in its order. A claim that is set to `...` is left out."""
    claims = {
        "user_id": "admin",
        "username": "admin",
        "role": "admin",
        "token_type": "access",
        "exp": ISSUED + HOUR,
        "iat": ISSUED,
        **changes,
    }
    return {name: value for name, value in claims.items() if value is not ...}


def refresh(**changes) -> dict:
    return access(role=..., token_type="refresh", exp=ISSUED + 7 * DAY, **changes)


CUSTOM = {
    "service": "ci-cd",
    "environment": "production",
    "limits": {"calls": 100, "per": {"unit": "minute", "burst": [1, 2, 3]}},
    "tags": ["a", "b", ["nested", {"deep": True}]],
    "empty": {"object": {}, "array": [], "string": ""},
    "integers": [0, -1, 9007199254740993, 9223372036854775807, -9223372036854775808],
    "floats": [0.5, 1.0, -2.5e-08, 1e100],
    "enabled": True,
    "disabled": False,
    "nothing": None,
}

UNICODE = {
    "user_id": "josé",
    "username": "日本語 名前",
    "team": "équipe 🚀",
    "clé": {"ключ": "значение"},
}

GUIDE_SECRET = secret("8f3e4c2b1a9d7f5e3c6b2a0d8e1f4a7c9e2d5b8f1a3c6e9d2f5a8b1e4c7a0d")
SERVER, ISSUER = "https://mcp.example.com", "https://auth.example.com"
OURS = {"issuer": ISSUER, "audience": SERVER}
ANY_AGE = {"max_token_age": 0}


def cases():
    yield from signatures()
    yield from headers()
    yield from shapes()
    yield from times()
    yield from addressees()


def signatures():
    """Algorithms and keys."""
    example = access(exp=1671423600, iat=1671420000)
    yield Case("the guide's payload", example, now=1671420030)
    yield Case("the guide's secret", access(), key=GUIDE_SECRET)

    for algorithm in KEYS:
        yield Case(algorithm, access(), algorithm=algorithm)

    # An HMAC key is the UTF-8 bytes of its text. Beyond 64 bytes (SHA-256) and 128 bytes
    # (SHA-512), the block sizes of the hashes, HMAC hashes the key first.
    spelled = "clé-密鑰-🔑-0123456789abcdef"
    yield Case("a secret beyond ASCII", access(), key=secret(spelled))
    yield Case("a secret with blanks inside", access(), key=secret("correct horse battery staple, and more"))
    for algorithm, size in [("HS256", 32), ("HS256", 65), ("HS512", 64), ("HS512", 129)]:
        # Repeated, as one digest has 128 digits only.
        text = (text_secret("size", 128) * 2)[:size]
        yield Case(f"{algorithm}, a secret of {size} bytes", access(), algorithm=algorithm, key=secret(text))

    for algorithm in KEYS:
        stranger = (
            key_pair(f"{STEMS[algorithm]}-other")
            if algorithm in STEMS
            else secret(text_secret("somebody else's", 128))
        )
        yield Case(
            f"{algorithm}, another key",
            access(),
            "signature_invalid",
            algorithm=algorithm,
            signed_with=stranger,
        )
    yield Case(
        "a secret that differs in its last character",
        access(),
        "signature_invalid",
        key=secret(text_secret("HS256")[:-1] + "x"),
        signed_with=KEYS["HS256"],
    )

    # Another algorithm than the configured one, even where the key would fit.
    for configured, used in [
        ("HS256", "HS384"),
        ("HS256", "HS512"),
        ("HS512", "HS256"),
        ("RS256", "RS384"),
        ("RS256", "PS256"),
    ]:
        yield Case(
            f"{used} where {configured} is configured",
            access(),
            "algorithm_refused",
            algorithm=configured,
            token_algorithm=used,
        )
    for configured, used, key in [
        ("HS256", "RS256", KEYS["RS256"]),
        ("RS256", "HS256", KEYS["HS256"]),
        ("ES256", "ES384", key_pair("test-bad-ec-p384")),
        ("EdDSA", "ES256", KEYS["ES256"]),
    ]:
        yield Case(
            f"{used} where {configured} is configured",
            access(),
            "algorithm_refused",
            algorithm=configured,
            token_algorithm=used,
            signed_with=key,
        )
    yield Case("alg none", access(), "algorithm_refused", token_algorithm="none", makers=("pyjwt",))


def headers():
    """What else a header may say."""
    yield Case("typ at+jwt", access(), headers={"typ": "at+jwt"})
    # python-jose cannot leave typ out.
    yield Case("without typ", access(), headers={"typ": ""}, makers=("pyjwt",))
    # As other implementations write it, and PyJWT too when it is not told to sort.
    yield Case("typ before alg", access(), sort_headers=False, makers=("pyjwt",))
    yield Case("an unknown kid", access(), "key_unknown", headers={"kid": "no-such-key"})
    for algorithm in ("ES256", "RS256"):
        yield Case(
            f"{algorithm}, an unknown kid",
            access(),
            "key_unknown",
            algorithm=algorithm,
            headers={"kid": "no-such-key"},
        )


def shapes():
    """What claims look like."""
    yield Case("custom claims", access(**CUSTOM))
    yield Case("custom claims, ES256", access(**CUSTOM), algorithm="ES256")
    yield Case("names beyond ASCII, escaped", access(**UNICODE))
    yield Case("names beyond ASCII, raw UTF-8", access(**UNICODE), raw_utf8=True)
    yield Case("names beyond ASCII, escaped, RS256", access(**UNICODE), algorithm="RS256")
    yield Case("with jti", access(jti="5f0c3a9e7b1d4c2f8e6a0b9d7c5e3f1a"))
    yield Case("role user", access(user_id="user123", username="user123", role="user"))
    yield Case("a role that only a policy knows", access(role="data-team_2"))
    yield Case(
        "claims that look like privileges grant nothing and disturb nothing",
        access(role="user", roles=["admin"], scope="admin", is_admin=True),
    )
    # As the guide prints them: a payload without token_type, and a shorter one.
    yield Case(
        "the payload of the token that the guide prints",
        access(token_type=..., provision="admin"),
        "claims_invalid",
    )
    yield Case(
        "only user_id and exp", {"user_id": "admin", "exp": ISSUED + HOUR}, "claims_invalid"
    )

    for name in ("user_id", "role", "token_type"):
        yield Case(f"without {name}", access(**{name: ...}), "claims_invalid")
        yield Case(f"{name} null", access(**{name: None}), "claims_invalid")
        yield Case(f"{name} a number", access(**{name: 1}), "claims_invalid")
    yield Case("role an array", access(role=["user", "admin"]), "claims_invalid")
    yield Case("role in capitals", access(role="Admin"), "claims_invalid")
    yield Case("user_id with NUL", access(user_id="admin\0"), "claims_invalid")
    yield Case("user_id with a line end", access(user_id="admin\nadmin"), "claims_invalid")
    # json.dumps writes both, and neither is to be had in JSON text.
    yield Case("user_id a lone surrogate", access(user_id="\ud800"), "claims_invalid")
    yield Case("a custom claim that is NaN", access(ratio=float("nan")), "claims_invalid")

    # Refresh tokens: no role, their own lifetime, and never taken for an access token.
    expected = {"expected_type": "refresh"}
    mismatch = "token_type_mismatch"
    yield Case("a refresh token", refresh(), options=expected)
    yield Case("a refresh token, two days old", refresh(), now=ISSUED + 2 * DAY, options=expected)
    yield Case("a refresh token in place of an access token", refresh(), mismatch)
    yield Case("an access token in place of a refresh token", access(), mismatch, options=expected)
    yield Case(
        "a refresh token with a role in place of an access token",
        access(token_type="refresh"),
        mismatch,
    )


def times():
    """exp, nbf, iat and age."""
    short = access(exp=ISSUED + 900)
    yield Case("the last second", short, now=ISSUED + 899)
    yield Case("expired this second", short, "token_expired", now=ISSUED + 900)
    yield Case("expired long ago", short, "token_expired", now=ISSUED + 30 * DAY)
    for algorithm in ("ES256", "EdDSA", "RS256"):
        yield Case(
            f"expired, {algorithm}", short, "token_expired", algorithm=algorithm, now=ISSUED + 901
        )

    long = access(exp=ISSUED + DAY)
    yield Case("a day's token, young", long, now=ISSUED + HOUR - 1)
    yield Case("a day's token, too old", long, "token_too_old", now=ISSUED + HOUR + 1)
    yield Case("a day's token, no limit of age", long, now=ISSUED + 2 * HOUR, options=ANY_AGE)
    yield Case(
        "ninety days' token, no limit of age",
        access(user_id="ci-pipeline", username="ci-pipeline", exp=ISSUED + 90 * DAY),
        now=ISSUED + 89 * DAY,
        options=ANY_AGE,
    )

    # Without iat the age is bounded by what is left.
    yield Case("without iat, an hour left", access(iat=...), now=ISSUED)
    yield Case("without iat, a day left", access(iat=..., exp=NOW + DAY), "token_too_old")
    yield Case("without iat, no limit of age", access(iat=..., exp=NOW + DAY), options=ANY_AGE)

    yield Case("nbf reached", access(nbf=NOW))
    yield Case("nbf in a second", access(nbf=NOW + 1), "not_yet_valid")
    yield Case("nbf in ten minutes", access(nbf=NOW + 600), "not_yet_valid")
    yield Case("iat 60 s ahead", access(), now=ISSUED - 60)
    yield Case("iat 61 s ahead", access(), "not_yet_valid", now=ISSUED - 61)
    yield Case("iat an hour ahead", access(exp=ISSUED + DAY), "not_yet_valid", now=ISSUED - HOUR)

    # time.time() put in as it is. Parts of a second never prolong: exp is cut, nbf is raised.
    floats = access(exp=ISSUED + 900.75, iat=ISSUED + 0.123456)
    yield Case("float exp and iat", floats)
    yield Case("float exp and iat, whole", access(exp=float(ISSUED + 900), iat=float(ISSUED)))
    yield Case("float exp, the last second", floats, now=ISSUED + 899)
    yield Case("float exp, expired", floats, "token_expired", now=ISSUED + 900)
    yield Case("float nbf, reached", access(nbf=NOW - 0.5))
    yield Case("float nbf, not reached", access(nbf=NOW + 0.5), "not_yet_valid")

    yield Case("exp at the end of 9999", access(exp=253402300799))
    yield Case("exp in the year 10000", access(exp=253402300800), "claims_invalid")
    yield Case("without exp", access(exp=...), "claims_invalid")
    for label, value in [
        ("a string", str(ISSUED + HOUR)),
        ("true", True),
        ("null", None),
        ("an array", [ISSUED + HOUR]),
        ("negative", -1),
        ("infinite", float("inf")),
        ("1e300", 1e300),
        ("beyond 64 bits", 2**64),
    ]:
        yield Case(f"exp {label}", access(exp=value), "claims_invalid")
    yield Case("iat a string", access(iat=str(ISSUED)), "claims_invalid")
    yield Case("nbf a string", access(nbf=str(ISSUED)), "claims_invalid")


def addressees():
    """iss and aud."""
    issuer, audience = {"issuer": ISSUER}, {"audience": SERVER}
    yield Case("iss as configured", access(iss=ISSUER), options=issuer)
    yield Case("iss, none configured", access(iss=ISSUER))
    yield Case("iss of somebody else", access(iss="https://evil.example"), "issuer_mismatch", options=issuer)
    yield Case("iss with a slash more", access(iss=ISSUER + "/"), "issuer_mismatch", options=issuer)
    yield Case("iss missing", access(), "issuer_mismatch", options=issuer)

    yield Case("aud a string", access(aud=SERVER), options=audience)
    yield Case("aud an array of one", access(aud=[SERVER]), options=audience)
    yield Case("aud an array of several", access(aud=["https://other.example", SERVER]), options=audience)
    mismatch = "audience_mismatch"
    yield Case("aud a string, none configured", access(aud=SERVER), mismatch)
    yield Case("aud an array, none configured", access(aud=[SERVER]), mismatch)
    yield Case("aud missing", access(), mismatch, options=audience)
    yield Case("aud of another server", access(aud="https://other.example"), mismatch, options=audience)
    yield Case("aud only a prefix", access(aud=SERVER[:-1]), mismatch, options=audience)
    yield Case("aud only begins alike", access(aud=SERVER + ".evil.example"), mismatch, options=audience)
    yield Case("aud in capitals", access(aud=SERVER.upper()), mismatch, options=audience)
    yield Case("aud an array of others", access(aud=[SERVER + "/a", "b"]), mismatch, options=audience)
    yield Case("aud an empty array", access(aud=[]), mismatch, options=audience)

    everything = access(
        jti="0b7e9d52-6f0d-4c1e-9b1a-2f6a5d3c8e47",
        iss=ISSUER,
        aud=[SERVER, "https://other.example"],
        nbf=ISSUED,
        **CUSTOM,
    )
    for algorithm in ("HS256", "ES256", "EdDSA", "RS256"):
        yield Case(f"everything at once, {algorithm}", everything, algorithm=algorithm, options=OURS)


def case_vectors(recorded: dict[str, dict]):
    for case in cases():
        for library in case.makers:
            if libraries.supports(library, case.token_algorithm or case.algorithm):
                yield vector(case, library, recorded)


def vector(case: Case, library: str, recorded: dict[str, dict]) -> dict:
    key = case.key or KEYS[case.algorithm]
    algorithm = case.token_algorithm or case.algorithm
    signer = case.signed_with or key
    token = libraries.mint(
        library,
        algorithm,
        None if algorithm == "none" else signing_key(signer),
        case.claims,
        case.headers,
        raw_utf8=case.raw_utf8,
        sort_headers=case.sort_headers,
    )
    name = f"{library}: {case.name}"
    if algorithm.startswith(("ES", "PS")):
        token = kept(token, recorded.get(name, {}).get("token", ""), algorithm, signer)

    return {
        "name": name,
        "made_by": libraries.made_by(library),
        "algorithm": case.algorithm,
        "key": key,
        **({"token_algorithm": case.token_algorithm} if case.token_algorithm else {}),
        **({"signed_with": case.signed_with} if case.signed_with else {}),
        "now": case.now,
        "token": token,
        **({"claims": case.claims} if is_json(case.claims) else {}),
        **({"options": case.options} if case.options else {}),
        "expect": case.expect,
    }


def kept(fresh: str, recorded: str, algorithm: str, signer: dict) -> str:
    """The recorded token where it says the same as the fresh one and verifies."""
    if fresh.rpartition(".")[0] != recorded.rpartition(".")[0]:
        return fresh
    try:
        libraries.verify_signature("pyjwt", algorithm, verifying_key(signer), recorded)
    except jwt.InvalidTokenError:
        return fresh
    return recorded


def is_json(claims: dict) -> bool:
    """False for NaN, infinities and lone surrogates, which `json.dumps` writes all the same."""
    try:
        json.dumps(claims, allow_nan=False, ensure_ascii=False).encode()
    except ValueError:
        return False
    return True


def snippet_vectors():
    """Tokens of `guide_snippet.py`, which is the guide's own code, not one character changed.

    It reads the wall clock and the environment, and it prints: so it is given all three.
    """
    secret_text = text_secret("the guide's snippet")
    scope = {"__name__": "guide_snippet"}
    with (
        mock.patch("datetime.datetime", libraries.frozen(ISSUED)),
        mock.patch.dict(os.environ, MCP_JWT_SECRET=secret_text),
        contextlib.redirect_stdout(io.StringIO()),
    ):
        exec(compile(SNIPPET.read_text(), SNIPPET.name, "exec"), scope)
        month = scope["token"]
        defaults = scope["generate_custom_mcp_token"]("user123")

    month_claims = access(
        user_id="ci-pipeline",
        username="ci-pipeline",
        exp=ISSUED + 720 * HOUR,
        service="ci-cd",
        environment="production",
    )
    default_claims = access(user_id="user123", username="user123", role="user")
    for name, token, claims, now, options, expect in [
        ("its defaults", defaults, default_claims, NOW, {}, "valid"),
        ("its example, fresh", month, month_claims, NOW, {}, "valid"),
        ("its example, too old by default", month, month_claims, ISSUED + DAY, {}, "token_too_old"),
        ("its example, no limit of age", month, month_claims, ISSUED + 29 * DAY, ANY_AGE, "valid"),
        ("its example, expired", month, month_claims, ISSUED + 30 * DAY, ANY_AGE, "token_expired"),
    ]:
        yield {
            "name": f"pyjwt: generate_custom_mcp_token, {name}",
            "made_by": libraries.made_by("pyjwt"),
            "algorithm": "HS256",
            "key": secret(secret_text),
            "now": now,
            "token": token,
            "claims": claims,
            **({"options": options} if options else {}),
            "expect": expect,
        }


def verify(vector: dict) -> None:
    """Holds a recorded vector against both libraries.

    Signatures must be as recorded. `valid` must be valid to them too, with the claims as put in.
    Where we refuse claims, they may be more lenient, so there only the signature is asked for.
    """
    token, expect = vector["token"], vector["expect"]
    algorithm, key = vector["algorithm"], verifying_key(vector["key"])
    options = vector.get("options", {})
    expected = {name: options.get(name) for name in ("issuer", "audience")}

    for library in libraries.DISTRIBUTIONS:
        if not libraries.supports(library, algorithm):
            continue
        if expect in ("signature_invalid", "algorithm_refused"):
            try:
                libraries.verify_signature(library, algorithm, key, token)
            except Exception:  # each library has its own family of them
                continue
            raise AssertionError(f"{library} accepts the signature")

        libraries.verify_signature(library, algorithm, key, token)
        if expect == "valid":
            # PyJWT has one leeway for all times; we have 60 s for iat alone.
            with libraries.clock_at(vector["now"]):
                claims = libraries.validate(library, algorithm, key, token, **expected, leeway=60)
            assert claims == vector["claims"], f"{library} reads other claims"


def read_recorded() -> list[dict]:
    return json.loads(OUTPUT.read_text(encoding="utf-8"))["vectors"] if OUTPUT.exists() else []


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    mode = parser.add_mutually_exclusive_group()
    mode.add_argument("--check", action="store_true", help="verify the recorded file, change nothing")
    mode.add_argument("--new-keys", action="store_true", help="make the key files; needed once, ever")
    arguments = parser.parse_args()
    if arguments.new_keys:
        write_new_keys()
        return

    recorded = read_recorded()
    by_name = {vector["name"]: vector for vector in recorded}
    vectors = [*snippet_vectors(), *case_vectors(by_name)]
    names = [vector["name"] for vector in vectors]
    assert len(set(names)) == len(names), "two vectors share a name"

    for vector in recorded if arguments.check else vectors:
        try:
            verify(vector)
        except Exception as problem:
            sys.exit(f"{vector['name']}: {type(problem).__name__}: {problem}")

    if arguments.check:
        # Equal as Python sees it is not enough: 1 == 1.0 == True.
        if json.dumps(recorded) != json.dumps(vectors):
            sys.exit(f"{OUTPUT.name} differs from what generate.py writes")
    else:
        document = {"about": ABOUT, "vectors": vectors}
        text = json.dumps(document, indent=2, ensure_ascii=False) + "\n"
        OUTPUT.write_text(text, encoding="utf-8")
    print(f"{len(vectors)} vectors verified")


if __name__ == "__main__":
    main()
