"""
Passwords: hashes, and the accounts that have one here (source 000, C{hash},
C{validate_hash}, C{_check_local_password}).
"""

import re
import unicodedata
from typing import Any, Callable, Optional, Tuple, Union

import bcrypt
from twisted.internet.defer import Deferred, fail, inlineCallbacks, succeed
from twisted.logger import Logger
from zope.interface import implementer

from synauth.awaiting import Steps, awaiting
from synauth.constants import Codes
from synauth.errors import MatrixError
from synauth.identifiers import utf8
from synauth.interfaces import (
    IAccountStore,
    IAuthStore,
    IHashPool,
    IPasswordChecker,
    IPasswordHasher,
)

_log = Logger()

# Longer ones are nobody's; the limit keeps NFKC, which can make text 18 times
# as long, cheap.
MAX_PASSWORD_LENGTH = 512

# bcrypt looks at no more, and bcrypt 5 raises on more.
_BCRYPT_BYTES = 72

# The last character of the salt has four bits that stand for nothing; a hash
# in which one of them is set is none to bcrypt.
_BCRYPT_HASH = re.compile(
    r"\$2[aby]\$(0[4-9]|[12][0-9]|3[01])\$"
    r"[./A-Za-z0-9]{21}[.Oeu][./A-Za-z0-9]{31}\Z"
)

# Costs what any hash costs, and its answer is not looked at.
_NOBODYS_HASH = "$2b$%02d$abcdefghijklmnopqrstuu" + "." * 31


def prepare(password: str, pepper: str) -> bytes:
    """
    What of a password is hashed: NFKC, so that it does not matter which
    keyboard it was typed on, then UTF-8, then the pepper, cut to the 72 bytes
    that bcrypt looks at.

    @raise MatrixError: 400 if the password has no UTF-8 form.
    """
    normal = utf8(unicodedata.normalize("NFKC", password))
    return (normal + pepper.encode("utf-8"))[:_BCRYPT_BYTES]


def _rounds_of(stored_hash: Any) -> Optional[int]:
    """
    @return: the cost of a hash, C{None} if it is none that bcrypt can read.
    """
    if isinstance(stored_hash, bytes):
        stored_hash = stored_hash.decode("ascii", "replace")
    match = isinstance(stored_hash, str) and _BCRYPT_HASH.match(stored_hash)
    return int(match.group(1)) if match else None


@implementer(IPasswordHasher)
class BcryptHasher:
    """
    bcrypt, on a L{IHashPool}.

    @param pool: where the work is done.
    @param rounds: the cost of new hashes, the logarithm to base 2.
    @param get_pepper: gives the pepper; asked at each use, as the source does.
    @param bcrypt: the bcrypt module, or what stands in for it in tests.
    """

    def __init__(
        self,
        pool: IHashPool,
        rounds: int,
        get_pepper: Callable[[], str],
        bcrypt: Any = bcrypt,
    ) -> None:
        self._pool = pool
        self._rounds = rounds
        self._get_pepper = get_pepper
        self._bcrypt = bcrypt

    def hash(self, password: str) -> "Deferred[str]":
        """
        See L{IPasswordHasher.hash}.
        """
        if len(password) > MAX_PASSWORD_LENGTH:
            return fail(
                MatrixError(
                    400,
                    "A password may have at most %d characters" % MAX_PASSWORD_LENGTH,
                    Codes.INVALID_PARAM,
                )
            )
        try:
            prepared = prepare(password, self._get_pepper())
        except MatrixError:
            return fail()
        return self._pool.run(self._hash, prepared)

    def verify(
        self, password: str, stored_hash: Union[str, bytes, None]
    ) -> "Deferred[bool]":
        """
        See L{IPasswordHasher.verify}.
        """
        if len(password) > MAX_PASSWORD_LENGTH:
            return succeed(False)
        try:
            prepared = prepare(password, self._get_pepper())
        except MatrixError:
            return fail()
        if stored_hash and _rounds_of(stored_hash) is None:
            _log.error("A stored password hash is broken: nobody can log in by it")
            stored_hash = None
        if isinstance(stored_hash, str):
            stored_hash = stored_hash.encode("ascii")
        return self._pool.run(self._verify, prepared, stored_hash or None)

    def needs_rehash(self, stored_hash: Union[str, bytes, None]) -> bool:
        """
        See L{IPasswordHasher.needs_rehash}.
        """
        rounds = _rounds_of(stored_hash)
        return rounds is not None and rounds < self._rounds

    def _hash(self, prepared: bytes) -> str:
        salt = self._bcrypt.gensalt(self._rounds)
        try:
            return str(self._bcrypt.hashpw(prepared, salt).decode("ascii"))
        except ValueError:
            # Before its version 4 bcrypt takes no NUL.
            raise MatrixError(400, "A password may not hold a NUL", Codes.INVALID_PARAM)

    def _verify(self, prepared: bytes, stored: Optional[bytes]) -> bool:
        """
        Check a password on a hashing thread, at the same cost for everybody.

        @param stored: a hash that bcrypt can read, or C{None}.
        """
        if stored is None:
            self._spend(prepared, self._rounds)
            return False
        if self._fits(prepared, stored):
            return True
        # A hash of r rounds costs 2**r.  One from cheaper days would tell by
        # its speed that the account exists:
        # 2**r + 2**r + 2**(r+1) + ... + 2**(rounds-1) = 2**rounds.
        for rounds in range(_rounds_of(stored) or self._rounds, self._rounds):
            self._spend(prepared, rounds)
        return False

    def _spend(self, prepared: bytes, rounds: int) -> None:
        self._fits(prepared, (_NOBODYS_HASH % rounds).encode("ascii"))

    def _fits(self, prepared: bytes, stored: bytes) -> bool:
        try:
            return bool(self._bcrypt.checkpw(prepared, stored))
        except ValueError:
            # See _hash: nobody has such a password, which costs the same.
            self._bcrypt.checkpw(prepared.replace(b"\0", b"?"), stored)
            return False


@implementer(IPasswordChecker)
class LocalPasswords:
    """
    The accounts that have a password in the database.

    @param store: an L{IAuthStore}.
    @param hasher: an L{IPasswordHasher}.
    """

    def __init__(self, store: IAuthStore, hasher: IPasswordHasher) -> None:
        self._store = store
        self._hasher = hasher

    @inlineCallbacks
    def find(self, user_id: str) -> Steps[Optional[Tuple[str, Optional[str]]]]:
        """
        Find the account that somebody means: case does not matter unless
        several accounts differ by nothing else; then only an exact match
        counts.

        @param user_id: a full user id, as typed.
        @return: fires with C{(user id, password hash or None)}, or with
            C{None} if there is not exactly one match.
        """
        infos = yield awaiting(self._store.get_users_by_id_case_insensitive, user_id)
        if not infos:
            return None
        if len(infos) == 1:
            return next(iter(infos.items()))
        if user_id in infos:
            return user_id, infos[user_id]
        _log.warn(
            "{user_id} differs only in case from several accounts: {matches}",
            user_id=user_id,
            matches=sorted(infos),
        )
        return None

    @inlineCallbacks
    def check_password(self, user_id: str, password: str) -> Steps[Optional[str]]:
        """
        See L{IPasswordChecker.check_password}.
        """
        proved = yield self.check(user_id, password)
        return proved and proved[0]

    @inlineCallbacks
    def check(self, user_id: str, password: str) -> Steps[Optional[Tuple[str, Any]]]:
        """
        See L{IPasswordChecker.check_password}.  One hash is computed, whether
        there is such an account or not.

        @return: fires with the account's own user id and the hash that the
            password belongs to.
        """
        found = yield self.find(user_id)
        stored_hash = None if found is None else found[1]
        matches = yield self._hasher.verify(password, stored_hash)
        if found is None or not matches:
            return None
        name = found[0]
        if self._hasher.needs_rehash(stored_hash):
            # Not waited for: the user need not be told how old the hash was.
            self._rehash(name, password, stored_hash).addErrback(
                lambda f: _log.warn(
                    "The hash of {user_id} was not renewed: {why}",
                    user_id=name,
                    why=f.getErrorMessage(),
                )
            )
        return name, stored_hash

    def check_nobody(self, password: str) -> "Deferred[bool]":
        """
        Do the work of a check where there is no account to check.

        @return: a Deferred that fires with C{False}.
        """
        return self._hasher.verify(password, None)

    @inlineCallbacks
    def _rehash(self, user_id: Any, password: str, old_hash: Any) -> Steps[None]:
        new_hash = yield self._hasher.hash(password)
        if IAccountStore.providedBy(self._store):
            yield self._store.replace_password_hash(user_id, old_hash, new_hash)
            return
        # A host's store can only set.  Between these two a password change
        # could slip in only if the host did not wait for its own database.
        infos = yield awaiting(self._store.get_users_by_id_case_insensitive, user_id)
        if (infos or {}).get(user_id) == old_hash:
            yield awaiting(self._store.user_set_password_hash, user_id, new_hash)
