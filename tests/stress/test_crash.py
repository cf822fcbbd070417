"""
Kills at work, as many as a test has time for.
"""

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from tests.functional.client import Answer
from tests.storage.cluster import Cluster
from tests.stress import crash
from tests.stress.ledger import Person

ROUNDS = 5


class CrashTests(SynchronousTestCase):
    """
    Nothing that was told is lost, and nothing is half there.
    """

    def test_sqlite(self) -> None:
        """
        The daemon is killed and stopped in the middle of a mixed load.
        """
        self.assertTrue(crash.run(ROUNDS, 1).startswith("5 rounds (0 times"))

    def test_postgres(self) -> None:
        """
        And its database server crashes besides.
        """
        cluster = Cluster()
        self.addCleanup(cluster.remove)
        self.assertTrue(crash.run(ROUNDS, 1, cluster).startswith("5 rounds (1 times"))


class LedgerTests(SynchronousTestCase):
    """
    What is held against the server would be seen.
    """

    class Forgetful:
        """
        A server that knows nothing, and whose names are all free.
        """

        port = 0

        def login(self, name: str, **more: Any) -> Answer:
            """
            Refuse.
            """
            return Answer(403, {}, {})

        def get(self, path: str) -> Answer:
            """
            Say that a name is free.
            """
            return Answer(200, {}, {})

        def whoami(self, token: str) -> Answer:
            """
            Know no token.
            """
            return Answer(401, {}, {})

    def person(self, **state: Any) -> Person:
        """
        @return: somebody who was told something.
        """
        person = Person("alice", None)  # type: ignore[arg-type]
        for name, value in state.items():
            setattr(person, name, value)
        return person

    def test_lost(self) -> None:
        """
        An account, or a token, that is lost is seen.
        """
        for state in (
            {"registered": True},
            {"registered": True, "alive": {"PHONE": "token"}},
        ):
            person = self.person(**state)
            self.assertRaises(AssertionError, person.check, self.Forgetful())

    def test_half(self) -> None:
        """
        So is an account that is half there; one that is not there at all is
        fine if nobody was told of it.
        """
        self.person(doubtful="register").check(self.Forgetful())  # type: ignore
        server = self.Forgetful()
        server.get = lambda path: Answer(400, {}, {})  # type: ignore
        person = self.person(doubtful="register")
        self.assertRaises(AssertionError, person.check, server)
