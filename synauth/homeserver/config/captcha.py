"""
The options of the page that shows a captcha.
"""

import re
from typing import Any, Dict, Mapping, Optional, Tuple
from urllib.parse import urlsplit

import attr

from synauth.homeserver.config.kinds import list_of, scalar
from synauth.homeserver.config.table import Option

_CLASS = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,63}")
# Goes into a header, in which spaces and semicolons have a meaning.
_ORIGIN = re.compile(r"https?://(\*\.)?[A-Za-z0-9.-]+(:[0-9]{1,5})?")


def _box_class(value: Any) -> str:
    if not isinstance(value, str) or _CLASS.fullmatch(value) is None:
        raise ValueError()
    return value


def _origin(value: Any) -> str:
    if not isinstance(value, str) or _ORIGIN.fullmatch(value) is None:
        raise ValueError()
    return value


def _script_url(value: Any) -> str:
    # To ask for a port that is none raises ValueError.
    parts = urlsplit(value) if isinstance(value, str) else None
    if parts is None or parts.port == 0 or parts.path in ("", "/"):
        raise ValueError()
    _origin("%s://%s" % (parts.scheme, parts.netloc))
    return str(value)


BOX_CLASS = scalar("the name of a class, such as h-captcha", _box_class)
ORIGIN = scalar("an origin, such as https://captcha.example", _origin)
SCRIPT_URL = scalar("the http:// or https:// address of a script", _script_url)


@attr.s(frozen=True, slots=True, auto_attribs=True)
class CaptchaBox:
    """
    How a page shows a captcha.

    @ivar script_url: the provider's script.
    @ivar box_class: the class of the element that the script fills.
    @ivar origins: from where the script, its styles and its frames may come.
    """

    script_url: str
    box_class: str
    origins: Tuple[str, ...]


# By the host of their script: class and origins, as each of them documents it.
_PROVIDERS: Dict[str, Tuple[str, Tuple[str, ...]]] = {
    "www.google.com": (
        "g-recaptcha",
        ("https://www.google.com", "https://www.gstatic.com"),
    ),
    "www.recaptcha.net": (
        "g-recaptcha",
        ("https://www.recaptcha.net", "https://www.gstatic.com"),
    ),
    "js.hcaptcha.com": (
        "h-captcha",
        ("https://hcaptcha.com", "https://*.hcaptcha.com"),
    ),
    "hcaptcha.com": ("h-captcha", ("https://hcaptcha.com", "https://*.hcaptcha.com")),
    "challenges.cloudflare.com": (
        "cf-turnstile",
        ("https://challenges.cloudflare.com",),
    ),
}

CAPTCHA: Tuple[Option, ...] = (
    Option(
        "synauth.captcha.script_url",
        SCRIPT_URL,
        "https://www.google.com/recaptcha/api.js",
        "The captcha provider's script, on the page for a browser; with it goes"
        " recaptcha_siteverify_api.",
    ),
    Option(
        "synauth.captcha.box_class",
        BOX_CLASS,
        None,
        "The class of the element that the script fills; by default that of"
        " reCAPTCHA, hCaptcha or Turnstile, whichever the script is of.",
    ),
    Option(
        "synauth.captcha.origins",
        list_of(ORIGIN, "a list of origins"),
        None,
        "From where the page may load what the script needs; by default what the"
        " script's provider documents, or else the origin of the script.",
    ),
)


def captcha_box(values: Mapping[str, Any]) -> CaptchaBox:
    """
    @param values: the values of all options.
    """
    script_url: str = values["synauth.captcha.script_url"]
    parts = urlsplit(script_url)
    own = "%s://%s" % (parts.scheme, parts.netloc)
    box_class, origins = _PROVIDERS.get(parts.hostname or "", ("g-recaptcha", (own,)))
    wanted: Optional[Tuple[str, ...]] = values["synauth.captcha.origins"]
    return CaptchaBox(
        script_url,
        values["synauth.captcha.box_class"] or box_class,
        origins if wanted is None else wanted,
    )
