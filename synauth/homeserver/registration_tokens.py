"""
What registration tokens are called, and how they are given back.
"""

import re
import secrets
import string
from typing import Any

from twisted.internet.defer import inlineCallbacks

from synauth.awaiting import Steps
from synauth.interfaces import IClock, ISessionStore

MAX_TOKEN_LENGTH = 64

# The specification's alphabet.
_ALPHABET = string.ascii_letters + string.digits + "._~-"
_TOKEN = re.compile(r"[A-Za-z0-9._~-]{1,%d}\Z" % MAX_TOKEN_LENGTH)

DEFAULT_LENGTH = 16
MAX_USES = 2**31 - 1


def made_up_token(length: int = DEFAULT_LENGTH) -> str:
    """
    @return: a token that nobody can guess, from 16 characters up.
    """
    # A command line takes what begins with a dash for an option.
    first = secrets.choice(string.ascii_letters)
    return first + "".join(secrets.choice(_ALPHABET) for _ in range(length - 1))


def is_token(token: str) -> bool:
    """
    @return: whether a token can have this name.
    """
    return _TOKEN.match(token) is not None


@inlineCallbacks
def release_ended(
    store: Any, sessions: ISessionStore, clock: IClock, token: str
) -> Steps[bool]:
    """
    Give back what sessions hold that have ended.

    @param store: an L{synauth.interfaces.IRegistrationTokenStore}.
    @param sessions: the sessions.
    @param clock: an L{IClock}.
    @return: fires with whether there were any.
    """
    ended = []
    for session_id in (yield store.get_registration_holders(token, clock.time_msec())):
        session = yield sessions.get(session_id)
        if session is None or session.finished:
            ended.append(session_id)
    if ended:
        yield store.release_registration_tokens(ended)
    return bool(ended)
