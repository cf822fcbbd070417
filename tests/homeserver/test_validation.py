"""
Tests for L{synauth.homeserver.validation}.
"""

import socket
from typing import Any, Generator, List

from twisted.internet import reactor
from twisted.internet.defer import Deferred, inlineCallbacks, succeed
from twisted.internet.protocol import Protocol, ServerFactory
from twisted.trial.unittest import TestCase

from synauth.homeserver.identity import IdentityServers
from synauth.homeserver.mails import PASSWORD_RESET
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
            "email", "a@example.org", "s3cret", 1, PASSWORD_RESET
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
