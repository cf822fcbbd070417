"""
Sending mail.
"""

from datetime import datetime, timezone
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, formataddr, make_msgid, parseaddr
from typing import Any, Optional

from twisted.internet.defer import Deferred, DeferredSemaphore, inlineCallbacks
from zope.interface import implementer

from synauth.awaiting import Steps
from synauth.errors import LimitExceededError
from synauth.homeserver.config.settings import EmailConfig
from synauth.interfaces import IClock, IMailer

# Seconds for a whole delivery.
DELIVERY_TIMEOUT = 60

# How many are under way at a time, and how many more may wait.
AT_ONCE = 4
MAX_WAITING = 200

# How long the two texts of a mail may be together, in characters.
MAX_LENGTH = 256 * 1024

# Twisted puts a carriage return before each end of a line.
_SENT = SMTP.clone(linesep="\n")


def compose(
    config: EmailConfig,
    recipient: str,
    subject: str,
    html: str,
    text: str,
    now_ms: int,
    domain: str,
) -> EmailMessage:
    """
    Make a mail of two parts that say the same.

    @param domain: what its C{Message-ID} ends with.
    @raise ValueError: if a line break is where none can be.
    """
    message = EmailMessage(policy=SMTP)
    name, address = parseaddr(config.notif_from)
    message["From"] = formataddr((name, address))
    message["To"] = recipient
    message["Subject"] = subject
    now = datetime.fromtimestamp(now_ms / 1000.0, timezone.utc)
    message["Date"] = format_datetime(now)
    message["Message-ID"] = make_msgid(domain=domain)
    # No out-of-office note answers it.
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(text)
    message.add_alternative(html, subtype="html")
    return message


def in_ascii(address: str) -> str:
    """
    @param address: an e-mail address.
    @return: the same, with a domain that mail servers of all ages take.
    @raise ValueError: if that can't be: mail servers may refuse other letters
        than ASCII's before the @.
    """
    mailbox, at, domain = address.rpartition("@")
    try:
        mailbox.encode("ascii")
        return mailbox + at + domain.encode("idna").decode("ascii")
    except UnicodeError:
        raise ValueError("an address is not ASCII")


@implementer(IMailer)
class Mailer:
    """
    Hands mail to one mail server, a few at a time.

    @param config: which one.
    @param reactor: for connections and time limits.
    @param clock: an L{IClock}.
    @param trust: whose certificates are believed, an
        C{twisted.internet.interfaces.IOpenSSLTrustRoot}; C{None} for those that
        the system believes.
    """

    def __init__(
        self,
        config: EmailConfig,
        reactor: Any,
        clock: IClock,
        trust: Optional[Any] = None,
    ) -> None:
        self._config = config
        self._reactor = reactor
        self._clock = clock
        self._trust = trust
        self._slots = DeferredSemaphore(AT_ONCE)

    def require_room(self) -> None:
        """
        @raise LimitExceededError: if so much is waiting that nothing can be
            added.
        """
        if len(self._slots.waiting) >= MAX_WAITING:
            raise LimitExceededError(60 * 1000, "Too much mail is waiting")

    @inlineCallbacks
    def send_email(
        self, recipient: str, subject: str, html: str, text: str
    ) -> Steps[None]:
        """
        See L{IMailer.send_email}.  Errs with C{ValueError} if there can be no
        such mail, with L{LimitExceededError}, and with what the mail server or
        the connection to it err with.
        """
        if len(html) + len(text) > MAX_LENGTH:
            raise ValueError("a mail has at most %d characters" % (MAX_LENGTH,))
        recipient = in_ascii(recipient)
        _, sender = parseaddr(self._config.notif_from)
        message = compose(
            self._config,
            recipient,
            subject,
            html,
            text,
            self._clock.time_msec(),
            sender.rpartition("@")[2],
        )
        self.require_room()
        content = message.as_bytes(policy=_SENT)
        yield self._slots.run(self._deliver, sender, recipient, content)

    def _deliver(self, sender: str, recipient: str, message: bytes) -> "Deferred[Any]":
        from synauth.homeserver.smtp_delivery import deliver

        sent = deliver(
            self._config, self._reactor, sender, recipient, message, self._trust
        )
        sent.addTimeout(DELIVERY_TIMEOUT, self._reactor)
        return sent
