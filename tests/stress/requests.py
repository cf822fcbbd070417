"""
Requests that no well-behaved client would send, as hypothesis strategies.

They know how the endpoints' requests look, so that most of what is wrong is
wrong in one place only, and gets far.
"""

import json
from typing import Any, Dict, List, NamedTuple, Optional, Tuple
from urllib.parse import quote

from hypothesis import strategies as st

from synauth.web.api import ROUTES

# Words that stand for what only the server can tell; see L{tests.stress.world}.
PLACEHOLDERS = ("$TOKEN", "$OTHER_TOKEN", "$ADMIN_TOKEN", "$REFRESH", "$SESSION")
PLACEHOLDERS += ("$DEVICE", "$SID", "$NONCE", "$AS_TOKEN")

ODD_TEXT = st.one_of(
    st.sampled_from(
        ["", " ", "\0", "a\0b", "\ud800", "\u202e", "é", "e\u0301", "None", "null"]
        + ["../..", "@", "@:", "@a:b:c", "%00", "' OR 1=1 --", "<script>", "{{7*7}}"]
        + ["a" * 300, "\U0001f600" * 200, "-1", "1e999", "\r\nX: y", "$" * 10]
    ),
    st.text(max_size=20),
)
ODD = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(-(2**70), 2**70),
        st.floats(allow_nan=False),
        ODD_TEXT,
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(ODD_TEXT, inner, max_size=3)
    ),
    max_leaves=6,
)

_USERS = ["alice", "@alice:example.org", "@ALICE:example.org", "@bob:example.org"]
_USERS += ["@admin:example.org", "@nobody:example.org", "@alice:elsewhere.example"]
_ADDRESSES = ["alice@example.org", "ALICE@example.org", "new@example.org", "no address"]
_STAGES = ["m.login.password", "m.login.token", "m.login.dummy", "m.login.recaptcha"]
_STAGES += ["m.login.terms", "m.login.registration_token", "m.login.email.identity"]
_STAGES += ["m.login.msisdn", "m.login.application_service", "no.such.stage"]

_CREDS = st.fixed_dictionaries(
    {
        "sid": st.sampled_from(["$SID", "no-such-sid"]),
        "client_secret": st.sampled_from(["secret", "another"]),
    }
)
_IDENTIFIER = st.sampled_from(
    [
        {"type": "m.id.user", "user": "alice"},
        {"type": "m.id.user", "user": "@bob:example.org"},
        {"type": "m.id.thirdparty", "medium": "email", "address": "alice@example.org"},
        {"type": "m.id.phone", "country": "GB", "phone": "07700900123"},
        {"type": "no.such.type"},
    ]
)

_FIELDS: Dict[str, Any] = {
    "type": st.sampled_from(_STAGES),
    "user": st.sampled_from(_USERS),
    "username": st.sampled_from(["carol", "alice", "_x", "123", "UPPER", "a b"]),
    "password": st.sampled_from(["correct horse", "wrong", "short"]),
    "new_password": st.sampled_from(["a new password", "correct horse"]),
    "identifier": _IDENTIFIER,
    "medium": st.sampled_from(["email", "msisdn", "carrier pigeon"]),
    "address": st.sampled_from(_ADDRESSES),
    "email": st.sampled_from(_ADDRESSES),
    "phone_number": st.sampled_from(["07700900123", "12"]),
    "country": st.sampled_from(["GB", "XX"]),
    "client_secret": st.sampled_from(["secret", "another"]),
    "sid": st.sampled_from(["$SID", "no-such-sid"]),
    "send_attempt": st.integers(0, 3),
    "next_link": st.sampled_from(["https://example.org/", "javascript:alert(1)"]),
    "id_server": st.sampled_from(["id.example", "127.0.0.1:1", "evil.example/x"]),
    "id_access_token": st.just("token"),
    "token": st.sampled_from(["$TOKEN", "a-registration-token", "$REFRESH"]),
    "refresh_token": st.one_of(st.booleans(), st.just("$REFRESH")),
    "device_id": st.sampled_from(["$DEVICE", "NEWDEVICE"]),
    "devices": st.lists(st.sampled_from(["$DEVICE", "OTHER"]), max_size=3),
    "display_name": st.just("My phone"),
    "displayname": st.just("Alice"),
    "initial_device_display_name": st.just("Browser"),
    "inhibit_login": st.booleans(),
    "logout_devices": st.booleans(),
    "erase": st.booleans(),
    "bind": st.booleans(),
    "admin": st.booleans(),
    "deactivated": st.booleans(),
    "locked": st.booleans(),
    "suspend": st.booleans(),
    "approved": st.booleans(),
    "user_type": st.sampled_from([None, "bot", "nonsense"]),
    "threepids": st.lists(
        st.fixed_dictionaries(
            {"medium": st.just("email"), "address": st.sampled_from(_ADDRESSES)}
        ),
        max_size=2,
    ),
    "three_pid_creds": _CREDS,
    "threepid_creds": _CREDS,
    "response": st.sampled_from(["solved", "wrong"]),
    "nonce": st.just("$NONCE"),
    "mac": st.just("0" * 40),
    "uses_allowed": st.integers(-1, 3),
    "expiry_time": st.integers(0, 2**62),
    "length": st.integers(-1, 100),
    "valid_until_ms": st.integers(0, 2**62),
    "guest_access_token": st.just("$TOKEN"),
}


METHODS = ("GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS")


class Sent(NamedTuple):
    """
    A request; placeholders are still in it.

    @ivar body: raw, or C{None} for none.
    """

    method: str
    path: str
    body: Optional[bytes]
    headers: Tuple[Tuple[str, str], ...]
    address: str


@st.composite
def _auths(draw: Any) -> Dict[str, Any]:
    keys = ("user", "password", "identifier", "response", "token", "threepid_creds")
    auth = {"type": draw(_FIELDS["type"])}
    for key in draw(st.lists(st.sampled_from(keys), max_size=3, unique=True)):
        auth[key] = draw(_FIELDS[key])
    if draw(st.booleans()):
        auth["session"] = draw(st.sampled_from(["$SESSION", "no-such-session"]))
    return auth


@st.composite
def _objects(draw: Any) -> Dict[str, Any]:
    keys = st.lists(st.sampled_from(sorted(_FIELDS)), max_size=6, unique=True)
    body = {key: draw(_FIELDS[key]) for key in draw(keys)}
    if draw(st.booleans()):
        body["auth"] = draw(_auths())
    # Mostly one thing is wrong, or nothing.
    for _ in range(draw(st.sampled_from([0, 0, 1, 1, 2]))):
        where = body
        if isinstance(body.get("auth"), dict) and draw(st.booleans()):
            where = body["auth"]
        names = st.sampled_from(sorted(where)) if where else ODD_TEXT
        where[draw(names)] = draw(ODD)
    return body


def _encoded(body: Any) -> bytes:
    return json.dumps(body).encode("utf-8")


_BODIES = st.one_of(
    _objects().map(_encoded),
    _objects().map(_encoded),
    _objects().map(_encoded),
    ODD.map(_encoded),
    st.binary(max_size=200),
    st.sampled_from(
        [
            b"",
            b"{",
            b"[" * 5000,
            b'{"a":' * 300 + b"1" + b"}" * 300,
            b"{" + b" " * 70000,
        ]
        + [b'{"a":1,"a":2}', b'{"a":NaN}', b'{"a":"\\ud800"}', b"\xff\xfe{}"]
    ),
    st.dictionaries(
        st.sampled_from(["session", "token", "response", "password", "submit"]),
        st.one_of(st.just("$SESSION"), ODD_TEXT),
        max_size=4,
    ).map(
        lambda fields: "&".join(
            "%s=%s" % (key, quote(value.encode("utf-8", "replace"), safe="$"))
            for key, value in fields.items()
        ).encode("ascii")
    ),
)

_SEGMENTS = st.one_of(
    st.sampled_from(
        [
            "$DEVICE",
            "%40alice%3Aexample.org",
            "%40bob:example.org",
            "@nobody:example.org",
        ]
        + ["m.login.terms", "m.login.recaptcha", "m.login.registration_token"]
        + ["a-registration-token", "%00", "%ff", "..", "%2e%2e", "%2F", "a" * 600]
    ),
    ODD_TEXT.map(lambda text: quote(text.encode("utf-8", "replace"), safe="")),
)
_QUERY = st.lists(
    st.tuples(
        st.sampled_from(
            ["session", "token", "client_secret", "sid", "access_token", "user_id"]
            + ["username", "kind", "v", "valid", "from", "limit", "order_by", "dir"]
            + ["name", "guests", "deactivated"]
        ),
        st.one_of(
            st.sampled_from(["$SESSION", "$TOKEN", "$SID", "secret", "guest", "user"]),
            st.sampled_from(["1", "-1", "true", "10000000000000000000", "%ff", ""]),
            ODD_TEXT.map(lambda text: quote(text.encode("utf-8", "replace"))),
        ),
    ),
    max_size=4,
)
_HEADERS = st.one_of(
    st.just(()),
    st.sampled_from(
        [
            (("Authorization", "Bearer " + token),)
            for token in (
                "$TOKEN",
                "$OTHER_TOKEN",
                "$ADMIN_TOKEN",
                "$AS_TOKEN",
                "wrong",
            )
        ]
        + [(("Authorization", "Basic x"),), (("Authorization", ""),)]
    ),
    st.sampled_from(
        [
            (("Content-Type", "application/x-www-form-urlencoded"),),
            (("Content-Type", "multipart/form-data; boundary=x"),),
            (("X-Forwarded-For", "1.2.3.4, ::1"),),
            (("User-Agent", "\0\x7f" + "x" * 1000),),
            (("Origin", "null"), ("Accept-Language", "x" * 3000)),
        ]
    ),
)


@st.composite
def requests(draw: Any) -> Sent:
    """
    @return: a strategy of L{Sent}.
    """
    route = draw(st.sampled_from(ROUTES))
    path = ""
    for segment in route.path.split("/")[1:]:
        filled = draw(_SEGMENTS) if segment.startswith("{") else segment
        path += "/" + filled
    path = draw(st.sampled_from(route.prefixes)) + path
    if draw(st.integers(0, 19)) == 0:
        path += "/" + draw(_SEGMENTS)
    query = "&".join("%s=%s" % pair for pair in draw(_QUERY))
    method = route.method
    if draw(st.integers(0, 19)) == 0:
        method = draw(
            st.sampled_from(["GET", "POST", "PUT", "DELETE", "PATCH", "HEAD"])
        )
    return Sent(
        method,
        path + ("?" + query if query else ""),
        draw(_BODIES) if draw(st.integers(0, 9)) or method != "GET" else None,
        draw(_HEADERS),
        draw(st.sampled_from(["192.0.2.1", "192.0.2.2", "2001:db8::1"])),
    )


def storms(size: int) -> Any:
    """
    @return: a strategy of lists of so many requests.
    """
    storm: Any = st.lists(requests(), min_size=size, max_size=size)
    return storm


def words(sent: List[Sent]) -> str:
    """
    @return: requests in words, for whoever has to find out what went wrong.
    """
    return "\n".join(repr(tuple(each)) for each in sent)
