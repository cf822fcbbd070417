"""
One conversation with a mail server.  Imported when there is a mail: it brings
much along.
"""

from io import BytesIO
from ipaddress import ip_address
from typing import Any, Optional

from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.ssl import optionsForClientTLS, platformTrust
from twisted.mail.smtp import ESMTPSender, ESMTPSenderFactory, quoteaddr
from twisted.python.failure import Failure

from synauth.homeserver.config.settings import EmailConfig

# Seconds for each answer of the server, and for the connection.
ANSWER_TIMEOUT = 30
GOODBYE_TIMEOUT = 1


class DeliveryError(Exception):
    """
    A mail was not handed over, and why, in words that hold nothing secret.
    """


class _Sender(ESMTPSender):
    def _getContextFactory(self) -> None:
        # Twisted's own choice, where it is given none, verifies nothing.
        return None


class _Factory(ESMTPSenderFactory):
    protocol = _Sender
    noisy = False
    connector: Any = None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        ESMTPSenderFactory.__init__(self, *args, **kwargs)
        self.closed: "Deferred[None]" = Deferred(lambda _: self.hang_up())

    def startedConnecting(self, connector: Any) -> None:
        self.connector = connector

    def hang_up(self) -> None:
        self.sendFinished = True
        if self.connector is not None:
            self.connector.disconnect()
        self._is_closed()

    def cut_off(self) -> None:
        transport = getattr(self.connector, "transport", None)
        if transport is not None and not self.closed.called:
            transport.abortConnection()

    def clientConnectionFailed(self, connector: Any, err: Any) -> None:
        ESMTPSenderFactory.clientConnectionFailed(self, connector, err)
        self._is_closed()

    def clientConnectionLost(self, connector: Any, err: Any) -> None:
        ESMTPSenderFactory.clientConnectionLost(self, connector, err)
        self._is_closed()

    def leave(self, result: Any, reactor: Any) -> "Deferred[Any]":
        """
        Wait until the server has hung up as well; but not for long.
        """
        timer = reactor.callLater(GOODBYE_TIMEOUT, self.cut_off)

        def left(_: Any) -> Any:
            if timer.active():
                timer.cancel()
            return result

        return self.closed.addBoth(left)

    def _is_closed(self) -> None:
        if not self.closed.called:
            self.closed.callback(None)


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
    @return: fires when the server has taken charge of it; errs with
        L{DeliveryError}, which tells nothing of what was said.
    """
    for address in (sender, recipient):
        if quoteaddr(address) != b"<%s>" % (address.encode("ascii"),):
            # Twisted would send it to another mailbox than the one that is meant.
            raise DeliveryError("an address is none")
    done: "Deferred[Any]" = Deferred(lambda _: factory.hang_up())
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
        # A password goes to this machine in the clear, and to no other.
        requireTransportSecurity=config.require_transport_security
        or (config.smtp_user is not None and not _is_here(config.smtp_host)),
    )
    where = (config.smtp_host, config.smtp_port, factory)
    if config.force_tls:
        reactor.connectSSL(*where, tls, timeout=ANSWER_TIMEOUT)
    else:
        reactor.connectTCP(*where, timeout=ANSWER_TIMEOUT)
    return done.addBoth(factory.leave, reactor).addErrback(
        _without_dialogue, "%s:%d" % (config.smtp_host, config.smtp_port)
    )


def _is_here(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _without_dialogue(failure: Failure, server: str) -> None:
    """
    Twisted's errors repeat the conversation, with the password that was sent.

    @param server: what did not take the mail.
    @raise DeliveryError: always.
    """
    if failure.check(CancelledError):
        raise DeliveryError("the mail server %s took too long" % (server,))
    code = getattr(failure.value, "code", None)
    said = type(failure.value).__name__
    if isinstance(code, int) and code > 0:
        said += " (the server answered %d)" % (code,)
    raise DeliveryError("%s, at the mail server %s" % (said, server))
