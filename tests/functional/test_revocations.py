"""
A token that one process has ended is refused by the others, whatever state they
are in.
"""

import os
import signal
import time
from typing import Any

from tests.functional.client import V3, Client
from tests.functional.daemon import DaemonTestCase
from tests.functional.test_many_processes import shared_config
from tests.storage.postgresql import execute, own_database
from tests.storage.proxy import Proxy

WHOAMI = V3 + "/account/whoami"

# After that long whoever has not forgotten does not remember either.
PATIENCE_S = 2.5


class RevocationTests(DaemonTestCase):
    """
    A token is used at B, so that B remembers it, and ended at A.
    """

    def setUp(self) -> None:
        """
        Start A, and B behind a proxy.
        """
        self.args = own_database(self)
        self.proxy = Proxy(self.args)
        self.addCleanup(self.proxy.close)
        self.daemon_a = self.start(shared_config(self.args))
        self.daemon_b = self.start(shared_config(self.proxy.args))
        self.a, self.b = self.daemon_a.client(), self.daemon_b.client()
        self.assertEqual(self.a.register("alice").status, 200)
        self.wait_for_listeners(2)

    def wait_for_listeners(self, number: int) -> None:
        """
        Wait until so many processes hear of what others do.
        """
        for _ in range(100):
            if len(self.listeners()) == number:
                return
            time.sleep(0.1)
        self.fail("there are %r" % (self.listeners(),))

    def listeners(self) -> Any:
        """
        @return: the connections of those.
        """
        return execute(
            self.args,
            "SELECT pid FROM pg_stat_activity WHERE application_name LIKE"
            " 'synauth news %' AND datname = current_database()",
        )

    def remembered(self) -> str:
        """
        @return: a token that B remembers: it answers without the database.
        """
        token: str = self.a.login("alice").body["access_token"]
        for _ in range(3):
            self.assertEqual(self.b.whoami(token).status, 200)
        return token

    def log_out(self, token: str) -> float:
        """
        Log out at A.

        @return: how long that took.
        """
        begun = time.monotonic()
        answer = Client(self.a.port, token).post(V3 + "/logout", {})
        self.assertEqual(answer.status, 200, answer)
        return time.monotonic() - begun

    def test_remembers(self) -> None:
        """
        A token that was asked for is remembered: what is changed behind
        everybody's back is not noticed.
        """
        token = self.remembered()
        execute(self.args, "DELETE FROM access_tokens")
        self.assertEqual(self.b.whoami(token).status, 200)

    def test_at_once(self) -> None:
        """
        As a rule it is over in no time.
        """
        for _ in range(10):
            token = self.remembered()
            self.assertLess(self.log_out(token), PATIENCE_S / 2)
            self.assertEqual(self.b.whoami(token).status, 401)

    def test_stopped_process(self) -> None:
        """
        A process that is stopped is waited for once, and remembers nothing when
        it goes on.
        """
        token, other = self.remembered(), self.remembered()
        # Not in the middle of a transaction, which would be waited for, too.
        time.sleep(1)
        os.kill(self.daemon_b.process.pid, signal.SIGSTOP)
        try:
            self.assertGreater(self.log_out(token), PATIENCE_S / 2)
            self.assertLess(self.log_out(other), PATIENCE_S / 2)
        finally:
            os.kill(self.daemon_b.process.pid, signal.SIGCONT)
        for ended in (token, other):
            self.assertEqual(self.b.whoami(ended).status, 401)
        self.wait_for_listeners(2)
        token = self.remembered()
        self.log_out(token)
        self.assertEqual(self.b.whoami(token).status, 401)

    def test_silent_connection(self) -> None:
        """
        A process to which nothing gets through stops to remember by itself.
        """
        token = self.remembered()
        self.proxy.block()
        self.log_out(token)
        self.assertIn(self.b.whoami(token).status, (401, 503))
        self.proxy.unblock()
        self.assertEqual(self.b.whoami(token).status, 401)

    def test_broken_connection(self) -> None:
        """
        A process that is cut off asks the database, and listens anew.
        """
        token, other = self.remembered(), self.remembered()
        self.proxy.cut()
        self.log_out(token)
        self.assertEqual(self.b.whoami(token).status, 401)
        self.wait_for_listeners(2)
        self.assertEqual(self.b.whoami(other).status, 200)
        self.log_out(other)
        self.assertEqual(self.b.whoami(other).status, 401)

    def test_killed_process(self) -> None:
        """
        Nobody waits for the dead.
        """
        token = self.remembered()
        self.daemon_b.stop(signal.SIGKILL)
        self.wait_for_listeners(1)
        self.assertLess(self.log_out(token), PATIENCE_S / 2)
