"""
The options about what users can do with their accounts.
"""

from typing import Any, Mapping, Tuple

from synauth.homeserver.config.kinds import BOOLEAN, DURATION, DURATION_OR_ZERO
from synauth.homeserver.config.settings import LoginViaExistingSession
from synauth.homeserver.config.table import Option

ACCOUNT: Tuple[Option, ...] = (
    Option(
        "ui_auth.session_timeout",
        DURATION_OR_ZERO,
        0,
        "For how long after authenticating, at a login or since, a user can remove"
        " devices without authenticating again; 0 for not at all.",
    ),
    Option(
        "enable_set_displayname",
        BOOLEAN,
        True,
        "Whether users can change their display name once they have one.",
    ),
    Option(
        "enable_3pid_changes",
        BOOLEAN,
        True,
        "Whether users can add e-mail addresses and telephone numbers to their"
        " accounts and remove them.",
    ),
    Option(
        "login_via_existing_session.enabled",
        BOOLEAN,
        False,
        "Whether a user who is logged in can have a token made that logs in"
        " another client.",
    ),
    Option(
        "login_via_existing_session.require_ui_auth",
        BOOLEAN,
        True,
        "Whether the user has to authenticate once more for that.",
    ),
    Option(
        "login_via_existing_session.token_timeout",
        DURATION,
        "5m",
        "For how long such a token is good.",
    ),
)


def login_via_existing_session(values: Mapping[str, Any]) -> LoginViaExistingSession:
    """
    @param values: all values.
    @return: what they say of it.
    """
    section = "login_via_existing_session."
    return LoginViaExistingSession(
        enabled=values[section + "enabled"],
        require_ui_auth=values[section + "require_ui_auth"],
        token_timeout=values[section + "token_timeout"],
    )
