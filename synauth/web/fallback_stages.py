"""
What a browser shows for each stage, and what its form says to the stage.
"""

from typing import Any, Callable, Dict, Mapping, Optional, Sequence

import attr

from synauth.auth.reauthentication import REQUEST_USER_ID
from synauth.auth.sessions import Session
from synauth.constants import IdentifierType, LoginType
from synauth.homeserver.policies import policy_url
from synauth.homeserver.server import HomeServer

Form = Mapping[str, str]
Values = Dict[str, Any]

# What each provider calls the answer; hCaptcha and Turnstile can send the first
# as well, for those who come from there.
CAPTCHA_FIELDS = ("g-recaptcha-response", "h-captcha-response", "cf-turnstile-response")

# What somebody wants who has a session for a path, after its version: whoever
# is asked for a password has to know what it is for.
_WANTED = (
    ("/delete_devices", "sign devices out of your account"),
    ("/devices/", "sign a device out of your account"),
    ("/account/password", "change your password"),
    ("/account/deactivate", "end your account, for good"),
    ("/account/3pid/add", "add an address to your account"),
    ("/login/get_token", "sign another device in to your account"),
)
_SOMETHING = "do something with your account"


@attr.s(frozen=True, slots=True, auto_attribs=True)
class FallbackPage:
    """
    How a person takes a stage in a browser.

    @ivar template: the page.
    @ivar values: called with the session; what the page is told besides
        C{session}, C{myurl} and C{error}.
    @ivar answer: called with the session and the form; what the stage is told
        besides C{session}.  C{None} for a stage that only the client can take,
        by what it alone knows; the page then says what a person has to do.
    @ivar script_origins: see L{synauth.web.page.make_page}.
    """

    template: str
    values: Callable[[Session], Values]
    answer: Optional[Callable[[Session, Form], Values]]
    script_origins: Sequence[str] = ()


def fallback_pages(hs: HomeServer) -> Dict[str, FallbackPage]:
    """
    @param hs: the server.
    @return: the pages, by the types of the stages.
    """
    return {
        LoginType.DUMMY: FallbackPage("dummy.html", _nothing, _no_answer),
        LoginType.EMAIL_IDENTITY: FallbackPage("email_identity.html", _nothing, None),
        LoginType.PASSWORD: FallbackPage("password.html", _user, _password),
        LoginType.RECAPTCHA: _captcha_page(hs),
        LoginType.TERMS: FallbackPage("terms.html", _terms(hs), _no_answer),
        LoginType.REGISTRATION_TOKEN: FallbackPage(
            "registration_token.html", _nothing, _token
        ),
    }


def _captcha_page(hs: HomeServer) -> FallbackPage:
    box = hs.config.captcha_box

    def values(session: Session) -> Values:
        return {
            "sitekey": hs.config.recaptcha_public_key,
            "script_url": box.script_url,
            "box_class": box.box_class,
        }

    return FallbackPage("recaptcha.html", values, _captcha, box.origins)


def _terms(hs: HomeServer) -> Callable[[Session], Values]:
    consent = hs.config.user_consent
    version = consent.version if consent is not None else ""
    url = policy_url(hs.config.public_baseurl, version)
    return lambda session: {"terms_url": url}


def _nothing(session: Session) -> Values:
    return {}


def _no_answer(session: Session, form: Form) -> Values:
    return {}


def _captcha(session: Session, form: Form) -> Values:
    for field in CAPTCHA_FIELDS:
        if form.get(field):
            return {"response": form[field]}
    return {}


def _token(session: Session, form: Form) -> Values:
    return {"token": form.get("token", "").strip()}


def _user(session: Session) -> Values:
    return {"user": user_of(session), "description": description_of(session)}


def description_of(session: Session) -> str:
    """
    @return: what a session is for, in words that follow "wants to".
    """
    _, uri = session.operation or ("", "")
    # Behind "/_matrix/client/v3".
    path = "/" + "/".join(uri.split("?")[0].split("/")[4:])
    return next((w for begins, w in _WANTED if path.startswith(begins)), _SOMETHING)


def _password(session: Session, form: Form) -> Values:
    user = user_of(session) or form.get("user", "").strip()
    return {
        "type": LoginType.PASSWORD,
        "identifier": {"type": IdentifierType.USER, "user": user},
        "password": form.get("password", ""),
    }


def user_of(session: Session) -> str:
    """
    @return: whose session it is, or nothing if it is nobody's yet.
    """
    user_id = session.serverdict.get(REQUEST_USER_ID)
    return user_id if isinstance(user_id, str) else ""
