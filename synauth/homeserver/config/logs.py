"""
The options about the log.
"""

from typing import Tuple

from synauth.homeserver.config.kinds import BOOLEAN, one_of
from synauth.homeserver.config.table import Option

LOGS: Tuple[Option, ...] = (
    Option(
        "synauth.log_format",
        one_of("text", "json"),
        "text",
        "What the lines of the log are: text, or JSON objects; see"
        " docs/operations.rst.",
    ),
    Option(
        "synauth.access_log",
        BOOLEAN,
        False,
        "Whether each request is logged, with its path but not its query.",
    ),
)
