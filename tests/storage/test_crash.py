"""
What was acknowledged survives the end of the process.
"""

import os
import sys
from typing import Any, Generator, List

from twisted.internet.defer import Deferred, inlineCallbacks
from twisted.internet.protocol import ProcessProtocol
from twisted.trial.unittest import TestCase

import synauth
from synauth.storage.datastore import DataStore
from synauth.testing.database import InlineDatabase
from tests.storage.fixtures import SteadyClock

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(synauth.__file__)))


class KilledInTheMiddle(ProcessProtocol):
    """
    Listens to a process and kills it after so many lines.

    @ivar done: fires when the process is gone.
    """

    def __init__(self, lines: int) -> None:
        self.done: "Deferred[None]" = Deferred()
        self.errors = b""
        self._lines = lines
        self._received = b""

    def outReceived(self, data: bytes) -> None:
        """
        Count lines.
        """
        self._received += data
        if len(self.names()) >= self._lines and self.transport.pid:
            self.transport.signalProcess("KILL")

    def errReceived(self, data: bytes) -> None:
        """
        Keep what went wrong.
        """
        self.errors += data

    def processEnded(self, reason: Any) -> None:
        """
        That was that.
        """
        self.done.callback(None)

    def names(self) -> List[str]:
        """
        @return: all lines that came whole.
        """
        return self._received.decode("ascii").split("\n")[:-1]


class CrashTests(TestCase):
    """
    C{kill -9} while logins are being written.
    """

    timeout = 60

    @inlineCallbacks
    def test_killed_while_writing(self) -> Generator[Any, Any, None]:
        """
        After each of several kills, all accounts and tokens that the process
        told of are there, whole, and the database is usable.
        """
        from twisted.internet import reactor

        for lines in (1, 40, 77):
            path = os.path.abspath(self.mktemp())
            process = KilledInTheMiddle(lines)
            reactor.spawnProcess(  # type: ignore[attr-defined]
                process,
                sys.executable,
                [sys.executable, "-m", "tests.storage.committing", path],
                env=dict(os.environ, PYTHONPATH=ROOT),
                path=ROOT,
            )
            yield process.done
            names = process.names()
            self.assertGreaterEqual(len(names), lines, process.errors)
            self.assert_kept(path, names)

    def assert_kept(self, path: str, names: List[str]) -> None:
        """
        Open the database again and look for all of them.
        """
        database = InlineDatabase(path)
        store = DataStore(database, SteadyClock())
        for name in names:
            info = self.successResultOf(store.get_user_by_access_token("token-" + name))
            self.assertEqual(info.user_id, "@%s:example.org" % name)
            refresh = self.successResultOf(store.get_refresh_token("r-" + name))
            self.assertEqual(refresh.user_id, info.user_id)
            device = self.successResultOf(store.get_device(info.user_id, "D"))
            self.assertIsNotNone(device)
        query = "PRAGMA integrity_check"
        self.assertEqual(database.connection.execute(query).fetchall(), [("ok",)])
        # An account without its login would be half a transaction.
        counts = database.connection.execute(
            "SELECT (SELECT COUNT(*) FROM users), (SELECT COUNT(*) FROM access_tokens)"
        ).fetchone()
        self.assertEqual(counts[0], counts[1])
        database.close()
