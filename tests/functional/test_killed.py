"""
C{kill -9} at work.
"""

import itertools
import signal
import threading
from http.client import HTTPException
from typing import List, Tuple

from tests.functional.client import Answer, Client
from tests.functional.daemon import PATIENCE_S, DaemonTestCase

ROUNDS = 10
CLIENTS = 4


class Crowd:
    """
    Clients that register and log in, all at once, until nobody answers.

    @param client: asks the daemon.
    @param names: gives each user a name of its own.
    @ivar accounts: the names of which the daemon has said that they are
        registered.
    @ivar tokens: user ids and the access tokens that they were given.
    @ivar strange: answers that were none of the expected.
    """

    def __init__(self, client: Client, names: "itertools.count[int]") -> None:
        self.accounts: List[str] = []
        self.tokens: List[Tuple[str, str]] = []
        self.strange: List[object] = []
        self._client = client
        self._names = names
        self._answered = threading.Semaphore(0)
        self._threads = [threading.Thread(target=self._go_on) for _ in range(CLIENTS)]
        for thread in self._threads:
            thread.start()

    def wait_for(self, answers: int) -> bool:
        """
        Wait for so many answers.

        @return: whether they came.
        """
        return all(self._answered.acquire(timeout=PATIENCE_S) for _ in range(answers))

    def join(self) -> None:
        """
        Wait until all have noticed that nobody answers.
        """
        for thread in self._threads:
            thread.join()

    def _go_on(self) -> None:
        try:
            while not self.strange:
                name = "user%d" % next(self._names)
                answer = self._client.register(name)
                self._keep(answer)
                if answer.status == 200:
                    self.accounts.append(name)
                    self._answered.release()
                    self._keep(self._client.login(name, refresh_token=True))
                    self._answered.release()
        except (OSError, HTTPException):
            # It was killed.
            pass

    def _keep(self, answer: Answer) -> None:
        if answer.status == 200:
            body = answer.body
            self.tokens.append((body["user_id"], body["access_token"]))
        else:
            self.strange.append(answer)


class KilledTests(DaemonTestCase):
    """
    What a client was told of is kept.
    """

    def test_killed_again_and_again(self) -> None:
        """
        After each of ten kills in the middle of registrations and logins, all
        tokens that clients were given since the first are good, the newest
        accounts can be logged in to, and at the end all accounts can.
        """
        directory = self.make_directory()
        names = itertools.count()
        accounts: List[str] = []
        tokens: List[Tuple[str, str]] = []
        for number in range(ROUNDS):
            daemon = self.start(directory=directory)
            crowd = Crowd(daemon.client(), names)
            came = crowd.wait_for(5 + 3 * number)
            daemon.stop(signal.SIGKILL)
            crowd.join()
            self.assertEqual(crowd.strange, [])
            self.assertTrue(came, daemon.log())
            self.assertNotIn("Traceback", daemon.log())

            accounts += crowd.accounts
            tokens += crowd.tokens
            self.assert_kept(directory, tokens, crowd.accounts)
        self.assert_kept(directory, [], accounts)

    def assert_kept(
        self, directory: str, tokens: List[Tuple[str, str]], accounts: List[str]
    ) -> None:
        """
        Start again: these tokens are good and these accounts can be used.
        """
        daemon = self.start(directory=directory)
        client = daemon.client()
        for user_id, token in tokens:
            answer = client.whoami(token)
            self.assertEqual(answer.status, 200, answer)
            self.assertEqual(answer.body["user_id"], user_id)
        for name in accounts:
            answer = client.login(name)
            self.assertEqual(answer.status, 200, answer)
        daemon.stop()
