"""
What the endpoints tell the audit log.
"""

from typing import Optional

from synauth.errors import MatrixError
from synauth.interfaces import IAuditLog
from synauth.request_ids import current
from synauth.web.request import SynauthRequest

MAX_USER_AGENT_LENGTH = 255


def user_agent(request: SynauthRequest) -> Optional[str]:
    """
    @return: what the client calls itself, as far as it is text, and short.
    """
    header = request.getHeader(b"User-Agent")
    if header is None:
        return None
    return header.decode("utf-8", "replace")[:MAX_USER_AGENT_LENGTH]


def audit(
    log: IAuditLog,
    request: SynauthRequest,
    method: str,
    error: Optional[MatrixError] = None,
    reason: Optional[str] = None,
    user_id: Optional[str] = None,
    device_id: Optional[str] = None,
    actor: Optional[str] = None,
) -> None:
    """
    Record an outcome.

    @param method: the login type or stage, or what else was done.
    @param error: what was refused with, or C{None}.
    @param reason: the reason of a refusal that is no exception.
    @param actor: the administrator who does it to somebody else's account.
    """
    if error is not None:
        reason = error.audit_reason()
    # Who waited for something may have lost it.
    before = current.set(request.request_id)
    try:
        log.record(
            success=reason is None,
            method=method,
            reason=reason,
            user_id=user_id,
            address=request.client_address(),
            user_agent=user_agent(request),
            device_id=device_id,
            actor=actor,
        )
    finally:
        current.reset(before)
