"""
One conversation with a mail server.  Imported when there is a mail: it brings
much along.
"""

from io import BytesIO
from typing import Any, Optional

from twisted.internet.defer import Deferred
from twisted.internet.ssl import optionsForClientTLS, platformTrust
from twisted.mail.smtp import ESMTPSender, ESMTPSenderFactory

from synauth.homeserver.config.settings import EmailConfig

# Seconds for each answer of the server, and for the connection.
ANSWER_TIMEOUT = 30


class _Sender(ESMTPSender):
    def _getContextFactory(self) -> None:
        # Twisted's own choice, where it is given none, verifies nothing.
        return None


class _Factory(ESMTPSenderFactory):
    protocol = _Sender
    noisy = False


def deliver(
    config: EmailConfig,
    reactor: Any,
    sender: str,
    recipient: str,
    message: bytes,
    trust: Optional[Any] = None,
) -> "Deferred[Any]":
    """
    Hand a mail over.

    @param config: to which server, and how.
    @param sender: the address in the envelope.
    @param recipient: the other one.
    @param message: the mail, in ASCII, with C{CRLF} at the ends of its lines.
    @param trust: see L{synauth.homeserver.smtp.Mailer}.
    @return: fires when the server has taken charge of it.
    """

    def hang_up(_: Any) -> None:
        factory.sendFinished = True
        connector.disconnect()

    done: "Deferred[Any]" = Deferred(hang_up)
    tls = None
    if config.force_tls or config.enable_tls:
        tls = optionsForClientTLS(config.tlsname, trust or platformTrust())
    factory = _Factory(
        (config.smtp_user or "").encode("utf-8"),
        (config.smtp_pass or "").encode("utf-8"),
        sender,
        [recipient.encode("ascii")],
        BytesIO(message),
        done,
        retries=0,
        timeout=ANSWER_TIMEOUT,
        contextFactory=tls,
        heloFallback=True,
        requireAuthentication=config.smtp_user is not None,
        requireTransportSecurity=config.require_transport_security,
    )
    where = (config.smtp_host, config.smtp_port, factory)
    if config.force_tls:
        connector = reactor.connectSSL(*where, tls, timeout=ANSWER_TIMEOUT)
    else:
        connector = reactor.connectTCP(*where, timeout=ANSWER_TIMEOUT)
    return done
