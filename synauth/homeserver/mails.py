"""
The mails that synauth writes, and what each is for.
"""

from typing import Optional
from urllib.parse import urlencode

import attr
from twisted.internet.defer import Deferred

from synauth import threepids
from synauth.homeserver.config.settings import EmailConfig
from synauth.homeserver.smtp import Mailer
from synauth.homeserver.templates import Templates


@attr.s(frozen=True, slots=True, auto_attribs=True)
class Purpose:
    """
    Why an address is to be proved.

    @ivar template: the mail's templates, and those of its pages, begin so.
    @ivar subject: its key in the configuration.
    @ivar path: where its link leads, below C{public_baseurl}; C{None} for a
        mail without one.
    """

    template: str
    subject: str
    path: Optional[str]


PASSWORD_RESET = Purpose(
    threepids.PASSWORD_RESET,
    "password_reset",
    "_synapse/client/password_reset/email/submit_token",
)
REGISTRATION = Purpose(
    threepids.REGISTRATION,
    "email_validation",
    "_matrix/client/unstable/registration/email/submit_token",
)
ADD_THREEPID = Purpose(
    threepids.ADD_THREEPID,
    "email_validation",
    "_matrix/client/unstable/add_threepid/email/submit_token",
)
# To somebody who wants to register and has an account already.
ALREADY_IN_USE = Purpose("already_in_use", "email_already_in_use", None)


class Mails:
    """
    Writes mails and has them sent.

    @param config: the settings.
    @param base_url: C{public_baseurl}.
    @param templates: the L{Templates}.
    @param mailer: the L{Mailer}.
    """

    def __init__(
        self, config: EmailConfig, base_url: str, templates: Templates, mailer: Mailer
    ) -> None:
        self._config = config
        self._base_url = base_url
        self._templates = templates
        self.mailer = mailer

    def send(
        self,
        purpose: Purpose,
        address: str,
        session_id: str,
        client_secret: str,
        token: str,
    ) -> "Deferred[None]":
        """
        Send a mail.

        @param token: who shows it has read the mail.
        @return: as L{Mailer.send_email}.
        """
        values = {"app_name": self._config.app_name}
        if purpose.path is not None:
            # In this order Synapse has them.
            query = [("token", token), ("client_secret", client_secret)]
            query.append(("sid", session_id))
            values["link"] = self._base_url + purpose.path + "?" + urlencode(query)
        return self.mailer.send_email(
            address,
            self._config.subjects[purpose.subject],
            self._templates.render(purpose.template + ".html", **values),
            self._templates.render(purpose.template + ".txt", **values),
        )
