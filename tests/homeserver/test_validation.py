"""
Tests for L{synauth.homeserver.validation}.
"""

import socket
from typing import Any, Generator, List

from twisted.internet import reactor
from twisted.internet.defer import Deferred, inlineCallbacks, succeed
from twisted.internet.protocol import Protocol, ServerFactory
from twisted.internet.task import Clock
from twisted.logger import formatEvent, globalLogPublisher
from twisted.trial.unittest import SynchronousTestCase, TestCase

from synauth.homeserver.identity import IdentityServers
from synauth.homeserver.mails import PASSWORD_RESET
from synauth.homeserver.smtp_delivery import DeliveryError
from synauth.homeserver.validation import ThreepidValidation
from tests.storage.fixtures import SteadyClock


class Store:
    """
    Has every attempt be the first.
    """

    def start_validation(self, attempt: Any) -> "Deferred[Any]":
        """
        See L{synauth.interfaces.IThreepidValidationStore.start_validation}.
        """
        return succeed((attempt.session_id, True))


class Mails:
    """
    Notes what a client has been told when its mail is written.

    @param client: the client's connection.
    """

    def __init__(self, client: socket.socket) -> None:
        self._client = client
        self.mailer = self
        self.told: "Deferred[bytes]" = Deferred()

    def require_room(self) -> None:
        """
        There is some.
        """

    def send(self, *args: Any) -> "Deferred[None]":
        """
        See L{synauth.homeserver.mails.Mails.send}.
        """
        try:
            told = self._client.recv(100)
        except BlockingIOError:
            told = b""
        self.told.callback(told)
        return succeed(None)


class Answering(Protocol):
    """
    Answers as the daemon does: when a thread has brought what is in the
    database.
    """

    validation: ThreepidValidation

    def connectionMade(self) -> None:
        """
        Wait for the thread.
        """
        reactor.callFromThread(self.answer)

    def answer(self) -> None:
        """
        Answer as soon as there is a session.
        """
        asked = self.validation.request_token(
            "email",
            "a@example.org",
            "s3cret",
            1,
            PASSWORD_RESET.template,
            PASSWORD_RESET,
        )
        asked.addCallback(lambda sid: self.transport.write(b"answer"))


class MailAfterAnswerTests(TestCase):
    """
    When mail is written.
    """

    @inlineCallbacks
    def test_answer_is_out(self) -> Generator[Any, Any, None]:
        """
        A mail is written when the client has its answer, and not while the
        answer waits to be written to the connection.
        """
        factory = ServerFactory()
        protocols: List[Answering] = []

        def build(_: Any) -> Answering:
            protocols.append(Answering())
            protocols[-1].validation = validation
            return protocols[-1]

        factory.buildProtocol = build
        port = reactor.listenTCP(0, factory, interface="127.0.0.1")
        self.addCleanup(port.stopListening)
        client = socket.create_connection(("127.0.0.1", port.getHost().port))
        self.addCleanup(client.close)
        client.setblocking(False)
        mails: Any = Mails(client)
        validation = ThreepidValidation(
            Store(), reactor, SteadyClock(), mails, 1000, IdentityServers(lambda: None)
        )
        told = yield mails.told
        self.assertEqual(told, b"answer")
        protocols[0].transport.abortConnection()


class Failing:
    """
    Fails to send.

    @ivar error: with what.
    """

    def __init__(self, error: Exception) -> None:
        self.error = error
        self.mailer = self

    def require_room(self) -> None:
        """
        There is some.
        """

    def send(self, *args: Any) -> None:
        """
        See L{synauth.homeserver.mails.Mails.send}.
        """
        raise self.error


class Forgetting(Store):
    """
    Notes what was forgotten.
    """

    def __init__(self) -> None:
        self.forgotten: List[Any] = []

    def forget_attempt(self, *args: Any) -> "Deferred[None]":
        """
        See L{synauth.interfaces.IThreepidValidationStore.forget_attempt}.
        """
        self.forgotten.append(args)
        return succeed(None)


class NotSentTests(SynchronousTestCase):
    """
    A mail that could not be sent.
    """

    def setUp(self) -> None:
        self.events: List[Any] = []
        globalLogPublisher.addObserver(self.events.append)
        self.addCleanup(globalLogPublisher.removeObserver, self.events.append)

    def said(self, error: Exception) -> str:
        """
        @return: what is logged when a mail fails like that.
        """
        clock = Clock()
        self.store = Forgetting()
        validation = ThreepidValidation(
            self.store,
            clock,
            SteadyClock(),
            Failing(error),
            1000,
            IdentityServers(lambda: None),
        )
        sid = self.successResultOf(
            validation.request_token(
                "email",
                "a@example.org",
                "s3cret",
                7,
                PASSWORD_RESET.template,
                PASSWORD_RESET,
            )
        )
        waiting = validation.all_sent()
        self.assertNoResult(waiting)
        clock.pump([0, 0])
        self.successResultOf(waiting)
        self.assertEqual(self.store.forgotten, [(sid, 7)])
        self.successResultOf(validation.all_sent())
        (event,) = [
            event for event in self.events if "not be sent" in event["log_format"]
        ]
        self.assertNotIn("a@example.org", formatEvent(event))
        return formatEvent(event)

    def test_template(self) -> None:
        """
        What a template trips over is not repeated: it may be the link.
        """
        said = self.said(TypeError("can't add 1 to 'https://x/?token=SECRET'"))
        self.assertIn("TypeError", said)
        self.assertNotIn("SECRET", said)

    def test_delivery(self) -> None:
        """
        What the mail server had against it is, on one line.
        """
        said = self.said(DeliveryError("it said\n550"))
        self.assertIn("DeliveryError: it said 550", said)
