"""
What third-party code answered, taken at its word only where it is of the right
form.  C{True} where an id is due, a coroutine, an id of another server: in an
authentication server each of these is somebody else's login.
"""

from typing import Any, Callable, Optional

import attr

from synauth.errors import MatrixError
from synauth.identifiers import UserID

LoginCallback = Callable[[Any], Any]


class BadAnswer(Exception):
    """
    Third-party code answered what can't be an answer.
    """


@attr.s(frozen=True, slots=True, auto_attribs=True)
class Vouched:
    """
    Somebody says who a user is.

    @ivar user_id: a well-formed id of this server.
    @ivar callback: to be called with the answer to the login, or C{None}.
    @ivar module: whose callback it is.
    @ivar password_hash: that of the local password that was given, or C{None}.
    """

    user_id: str
    callback: Optional[LoginCallback] = None
    module: str = ""
    password_hash: Optional[str] = attr.ib(default=None, repr=False)


def vouched(answer: Any, hostname: str) -> Optional[Vouched]:
    """
    @param answer: what C{check_auth} or C{check_3pid_auth} came to: an id, as
        legacy providers give it, or C{(id, callback or None)}; C{(None, None)}
        is how Synapse itself says no to an address.
    @param hostname: this server's name.
    @return: C{None} for a no.
    @raise BadAnswer: if it is anything else.
    """
    if answer is None or answer is False:
        return None
    user_id, callback = answer, None
    if isinstance(answer, (tuple, list)):
        if len(answer) != 2:
            raise BadAnswer("a %s of %d" % (type(answer).__name__, len(answer)))
        user_id, callback = answer
        if user_id is None and callback is None:
            return None
        if callback is not None and not callable(callback):
            raise BadAnswer("a callback that can't be called")
    return Vouched(_user_id(user_id, hostname), callback)


def vouched_password(answer: Any, user_id: str, hostname: str) -> Optional[Vouched]:
    """
    Some providers give a C{str} where C{True} is due.  To their homeservers
    that was a yes about the user they had been asked about, whatever it says;
    here it may not be the full id of somebody else.

    @param answer: what C{check_password} came to.
    @param user_id: whom it was asked about: a full id, as typed.
    @param hostname: this server's name.
    @return: C{None} for a no.
    @raise BadAnswer: if it is neither a yes nor a no, or a yes about a user
        who can't have an account here.
    """
    if not answer:
        return None
    if answer is not True:
        if not isinstance(answer, str):
            raise BadAnswer("a %s where True is due" % type(answer).__name__)
        if answer.startswith("@") and answer.lower() != user_id.lower():
            raise BadAnswer("the id of a user it was not asked about")
    return vouched(user_id, hostname)


def _user_id(user_id: Any, hostname: str) -> str:
    if not isinstance(user_id, str):
        raise BadAnswer("a %s where a user id is due" % type(user_id).__name__)
    try:
        parsed = UserID.from_string(user_id)
    except MatrixError:
        raise BadAnswer("a malformed user id")
    if parsed.domain != hostname:
        raise BadAnswer("a user id of another server")
    return parsed.to_string()
