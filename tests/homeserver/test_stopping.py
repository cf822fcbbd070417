"""
Tests for L{synauth.homeserver.stopping}.
"""

import os
import shutil
import socket
import subprocess
import sys
import tempfile
from typing import Any, Callable, List

import attr
from twisted.internet.defer import Deferred, FirstError
from twisted.internet.protocol import Factory, Protocol
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase, TestCase

from synauth.homeserver.stopping import LAST_WORDS_S, ListenerService, close_door
from tests.functional.daemon import environment


class StoppingReactor(Clock):
    """
    A clock that is told of things from elsewhere.
    """

    def callFromThread(self, function: Callable[..., None], *args: Any) -> None:
        """
        Call it in the next turn.
        """
        self.callLater(0, function, *args)


@attr.s(auto_attribs=True)
class Port:
    """
    A door.
    """

    log: List[str]

    def stopListening(self) -> None:
        """
        It is closed.
        """
        self.log.append("door")


class Surroundings:
    """
    All that is stopped, and what of it was.
    """

    def __init__(self) -> None:
        self.log: List[str] = []
        self.drained: "Deferred[None]" = Deferred()
        self.mail: "Deferred[None]" = Deferred()

    def __len__(self) -> int:
        return 1

    def drain(self) -> "Deferred[None]":
        self.log.append("drain")
        return self.drained

    def abort(self) -> None:
        self.log.append("abort")

    def stop(self) -> None:
        self.log.append("not ready")

    def refuse(self) -> None:
        self.log.append("refuse")

    def all_sent(self) -> "Deferred[None]":
        self.log.append("mail")
        return self.mail


class ListenerServiceTests(SynchronousTestCase):
    """
    L{ListenerService} finishes what it has begun, within its time.
    """

    def setUp(self) -> None:
        self.reactor = StoppingReactor()
        self.all = Surroundings()
        self.signals: List[Callable[[], None]] = []
        self.service = ListenerService(
            self.reactor,
            [Port(self.all.log), Port(self.all.log)],  # type: ignore[list-item]
            self.all,
            self.all,  # type: ignore[arg-type]
            self.all,
            10,
            self.all.all_sent,
            self.signals.append,
        )
        self.service.running = True

    def test_all_done(self) -> None:
        """
        It is over when the doors are closed, everybody is served, and mail is
        sent; and nobody is refused anything.
        """
        stopped = self.service.stopService()
        self.assertEqual(self.all.log, ["not ready", "door", "door", "drain"])
        self.reactor.advance(9)
        self.assertNoResult(stopped)
        self.all.drained.callback(None)
        self.assertEqual(self.all.log[4:], ["mail"])
        self.assertNoResult(stopped)
        self.all.mail.callback(None)
        self.assertIsNone(self.successResultOf(stopped))
        self.reactor.advance(60)
        self.assertEqual(self.all.log[5:], [])

    def test_too_long(self) -> None:
        """
        When its time is over what waits is refused; who does not even take that
        answer is cut off, and nothing else is waited for.
        """
        stopped = self.service.stopService()
        self.reactor.advance(10)
        self.assertEqual(self.all.log[4:], ["refuse"])
        self.assertNoResult(stopped)
        self.reactor.advance(LAST_WORDS_S)
        self.assertEqual(self.all.log[5:], ["abort"])
        self.assertIsNone(self.successResultOf(stopped))
        # They are gone now.
        self.all.drained.callback(None)
        self.all.mail.callback(None)
        self.assertEqual(self.reactor.getDelayedCalls(), [])

    def test_refused_in_time(self) -> None:
        """
        If all take their refusal it is over then.
        """
        stopped = self.service.stopService()
        self.reactor.advance(10)
        self.all.drained.callback(None)
        self.all.mail.callback(None)
        self.assertIsNone(self.successResultOf(stopped))
        self.assertEqual(self.reactor.getDelayedCalls(), [])
        self.assertNotIn("abort", self.all.log)

    def test_impatience(self) -> None:
        """
        Another signal ends the time; one more changes nothing.
        """
        stopped = self.service.stopService()
        self.reactor.advance(1)
        (signalled,) = self.signals
        signalled()
        signalled()
        self.reactor.advance(0)
        self.assertEqual(self.all.log[4:], ["refuse"])
        self.reactor.advance(LAST_WORDS_S)
        self.assertIsNone(self.successResultOf(stopped))
        signalled()
        self.reactor.advance(60)
        self.assertEqual(self.all.log[5:], ["abort"])

    def test_door_that_fails(self) -> None:
        """
        What goes wrong is logged, and does not keep the daemon from stopping.
        """
        self.all.drained.errback(ZeroDivisionError())
        self.successResultOf(self.service.stopService())
        self.assertEqual(len(self.flushLoggedErrors(FirstError)), 1)


class SignalTests(SynchronousTestCase):
    """
    L{on_signals<synauth.homeserver.stopping.on_signals>}.
    """

    def test_called(self) -> None:
        """
        SIGTERM and SIGINT call the function, and end nothing.
        """
        code = (
            "import os, signal, threading\n"
            "from synauth.homeserver.stopping import on_signals\n"
            "on_signals(lambda: print('called'))\n"
            "os.kill(os.getpid(), signal.SIGTERM)\n"
            "os.kill(os.getpid(), signal.SIGINT)\n"
            # In another thread it may not, which is no error.
            "threading.Thread(target=on_signals, args=(None,)).start()\n"
        )
        ended = subprocess.run(
            [sys.executable, "-c", code],
            env=environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            timeout=60,
        )
        self.assertEqual(ended.stdout.split(), [b"called", b"called"])
        self.assertEqual((ended.returncode, ended.stderr), (0, b""))


class _Refusal(Protocol):
    """
    Closes its connection at once.
    """

    def connectionMade(self) -> None:
        self.factory.made.append(self)  # type: ignore[union-attr]
        self.transport.abortConnection()  # type: ignore[union-attr]


class DoorTests(TestCase):
    """
    L{close_door}.
    """

    def test_tcp(self) -> None:
        """
        Whoever the system has connected is let in, and from then on, without
        another turn of the reactor, nobody is connected.
        """
        from twisted.internet import reactor

        factory = Factory.forProtocol(_Refusal)
        factory.made = []
        port = reactor.listenTCP(0, factory, interface="127.0.0.1")
        address = ("127.0.0.1", port.getHost().port)
        for _ in range(5):
            self.addCleanup(socket.create_connection(address).close)
        self.assertEqual(factory.made, [])
        self.successResultOf(close_door(port))
        self.assertEqual(len(factory.made), 5)
        self.assertRaises(ConnectionRefusedError, socket.create_connection, address)
        self.assertIsNone(port.stopListening())

    def test_unix(self) -> None:
        """
        The same for a socket in a file, which goes as well.
        """
        from twisted.internet import reactor

        factory = Factory.forProtocol(_Refusal)
        factory.made = []
        path = os.path.join(tempfile.mkdtemp(), "door")
        self.addCleanup(shutil.rmtree, os.path.dirname(path))
        port = reactor.listenUNIX(path, factory)
        client = socket.socket(socket.AF_UNIX)
        self.addCleanup(client.close)
        client.connect(path)
        self.successResultOf(close_door(port))
        self.assertEqual(len(factory.made), 1)
        self.assertEqual(os.listdir(os.path.dirname(path)), [])
