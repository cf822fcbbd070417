"""
The audit log: who tried to come in, from where, and what became of it.

Its lines are for machines as well (fail2ban, a log collector), so their shape
is fixed and nothing that a client says about itself can add to it::

    outcome=refused method=m.login.password reason=wrong_password
    ip=192.0.2.1 user="@alice:example.org" device=- agent="nio/0.24"

(on one line).  The first four are words; the others are C{-} or a JSON string.
What an administrator did to somebody else's account has one more,
C{by="@admin:example.org"}.
"""

import json
import re
from typing import Mapping, Optional

from twisted.logger import Logger
from zope.interface import implementer

from synauth.interfaces import IAuditLog

_log = Logger(namespace="synauth.audit")

MAX_VALUE_LENGTH = 255

_NOT_IN_A_WORD = re.compile(r"[^A-Za-z0-9._:/-]")


@implementer(IAuditLog)
class AuditLog:
    """
    Writes the audit log with C{twisted.logger}: a success at level info, a
    refusal at level warn.
    """

    def __init__(self, logger: Logger = _log) -> None:
        """
        @param logger: where to.
        """
        self._logger = logger

    def record(
        self,
        success: bool,
        method: str,
        reason: Optional[str],
        user_id: Optional[str],
        address: str,
        user_agent: Optional[str],
        device_id: Optional[str],
        actor: Optional[str] = None,
    ) -> None:
        """
        See L{IAuditLog.record}.
        """
        emit = self._logger.info if success else self._logger.warn
        fields = {
            "outcome": "success" if success else "refused",
            "method": _cut(method),
            "reason": _cut(reason),
            "address": _cut(address),
            "user_id": _cut(user_id),
            "device_id": _cut(device_id),
            "user_agent": _cut(user_agent),
        }
        if actor is not None:
            fields["actor"] = _cut(actor)
        emit("{line}", line=_line(fields), **fields)


def _cut(text: Optional[str]) -> Optional[str]:
    return None if text is None else text[:MAX_VALUE_LENGTH]


def _line(fields: Mapping[str, Optional[str]]) -> str:
    line = "outcome=%s method=%s reason=%s ip=%s user=%s device=%s agent=%s" % (
        fields["outcome"],
        _word(fields["method"]),
        _word(fields["reason"]),
        _word(fields["address"]),
        _quoted(fields["user_id"]),
        _quoted(fields["device_id"]),
        _quoted(fields["user_agent"]),
    )
    return line + " by=%s" % (_quoted(fields["actor"]),) if "actor" in fields else line


def _word(text: Optional[str]) -> str:
    return _NOT_IN_A_WORD.sub("_", text) if text else "-"


def _quoted(text: Optional[str]) -> str:
    # Printable ASCII only: no control character and no other script's line
    # break gets through.
    return "-" if text is None else json.dumps(text)
