"""
The options about the rules that users agree to.
"""

import re
from typing import Any, Mapping, Optional, Tuple

import attr

from synauth.homeserver.config.kinds import BOOLEAN, TEXT, scalar
from synauth.homeserver.config.table import Option, Reading
from synauth.homeserver.config.yamlfile import Node

# It is a file's name, and stands in addresses.
_VERSION = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,63}")


def _version(value: Any) -> str:
    # What looks like a number to YAML is meant as it is written.
    text = str(value) if type(value) in (int, float) else value
    if not isinstance(text, str) or _VERSION.fullmatch(text) is None:
        raise ValueError()
    return text


VERSION = scalar("a version of at most 64 letters, digits and . _ -", _version)


@attr.s(frozen=True, slots=True, auto_attribs=True)
class UserConsent:
    """
    The rules that users agree to.

    @ivar template_dir: its folder C{en} has a page for each version.
    @ivar version: the version that is in force.
    @ivar require_at_registration: whether who registers has to agree.
    @ivar policy_name: what clients call them.
    """

    template_dir: str
    version: str
    require_at_registration: bool
    policy_name: str


CONSENT: Tuple[Option, ...] = (
    Option(
        "user_consent.template_dir",
        TEXT,
        None,
        "The directory of the rules that users agree to: en/VERSION.html in it is"
        " a template of the page with a version of them.",
    ),
    Option(
        "user_consent.version",
        VERSION,
        None,
        "The version of the rules that is in force.",
    ),
    Option(
        "user_consent.require_at_registration",
        BOOLEAN,
        False,
        "Whether who registers has to agree to the rules.",
    ),
    Option(
        "user_consent.policy_name",
        TEXT,
        "Privacy Policy",
        "What the rules are called, by clients that ask to agree to them.",
    ),
)


def user_consent(values: Mapping[str, Any]) -> Optional[UserConsent]:
    """
    @param values: the values of all options.
    @return: C{None} if there are no rules.
    """
    section = "user_consent."
    if values[section + "template_dir"] is None or values[section + "version"] is None:
        return None
    return UserConsent(
        template_dir=values[section + "template_dir"],
        version=values[section + "version"],
        require_at_registration=values[section + "require_at_registration"],
        policy_name=values[section + "policy_name"],
    )


def check_consent(values: Mapping[str, Any], root: Node, reading: Reading) -> None:
    """
    Complain about rules of which a part is missing.

    @param values: the values of all options.
    @param root: the whole configuration.
    """
    needed = ("template_dir", "version")
    given = [key for key in needed if values["user_consent." + key] is not None]
    if values["user_consent.require_at_registration"] is True:
        given.append("require_at_registration")
    missing = [key for key in needed if key not in given]
    wrong = any("user_consent." + key in reading.wrong for key in needed)
    if not given or not missing or wrong:
        return
    reading.refuse(
        root.value["user_consent"].value[given[0]].place,
        "user_consent." + given[0],
        "found without %s, expected both" % missing[0],
    )
