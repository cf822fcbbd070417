"""
Which homeservers there is a handler for.
"""

import re
from typing import Any, NamedTuple, Optional, Tuple

Version = Tuple[int, ...]


class Contract(NamedTuple):
    """
    What some releases expect of their handler.

    @ivar name: the first of these releases.
    @ivar before: the first release that expects something else.
    """

    name: str
    before: str


# Each is served by synauth.dropin.synapse_1_0: what differs between them shows
# in what their settings and stores have, and is looked for there.
CONTRACTS = (
    Contract("0.33.2", "0.99.3"),
    Contract("0.99.3", "1.2"),
    Contract("1.2", "1.4"),
)


class UnknownHost(Exception):
    """
    A homeserver whose contract is not known: its handler is left alone.
    """


def contract_of(version: Any) -> Optional[Contract]:
    """
    @param version: of a Synapse, as it says itself.
    @return: what it expects; C{None} if that is not known.
    """
    numbers = _numbers(version)
    for contract in CONTRACTS:
        if _numbers(contract.name) <= numbers < _numbers(contract.before):
            return contract
    return None


def _numbers(version: Any) -> Version:
    found = re.match(r"[0-9]+(\.[0-9]+)*", version if isinstance(version, str) else "")
    return tuple(int(number) for number in found.group().split(".")) if found else ()
