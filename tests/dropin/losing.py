"""
Starts a homeserver with a handler that loses the log context: C{python -m
tests.dropin.losing MODULE ARGUMENT...}.
"""

import sys
from typing import Any

from synauth import dropin
from synauth.dropin.__main__ import main
from tests.dropin.broken import LosesContext


def install_broken(homeserver_class: Any, settings: Any) -> None:
    """
    Do as L{synauth.dropin.install}, and put the broken one there.
    """
    dropin.install(homeserver_class, settings)
    homeserver_class.build_auth_handler = lambda hs: LosesContext(hs, settings)


if __name__ == "__main__":
    sys.exit(main(put_in=install_broken))
