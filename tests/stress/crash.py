"""
Kills the daemon at random moments of a mixed load, again and again.

After each kill it is started again, and everything that a client was told
before has to be so: accounts, passwords, tokens, logouts.  What was asked for
and not answered has happened, or not, but is not half there.  With SIGKILL and
SIGTERM in turns; on SQLite, or with --postgres on a cluster of its own, which is
itself restarted in the middle of the load in every third round.
"""

import argparse
import itertools
import json
import os
import random
import signal
import sys
import tempfile
import threading
import time
from typing import Any, List, Optional

from tests.functional.client import V3, Client
from tests.functional.daemon import ANY_FREE_PORT, PATIENCE_S, QUICK, Daemon
from tests.storage.cluster import Cluster
from tests.stress.ledger import GONE, Person

CLIENTS = 4

# Each client makes a new account now and then, and never forgets an old one.
NEW_PERSON = 0.2


class Crowd:
    """
    Clients at work, until nobody answers.

    @ivar people: by client.
    """

    def __init__(self, rng: random.Random) -> None:
        self.people: List[List[Person]] = [[] for _ in range(CLIENTS)]
        self._names = itertools.count()
        self._rngs = [random.Random(rng.random()) for _ in range(CLIENTS)]
        self._lock = threading.Lock()

    def work(self, port: int) -> "Work":
        """
        Send them to a daemon.
        """
        return Work(self, port)

    def somebody(self, number: int) -> Person:
        """
        @param number: of a client.
        @return: one of its people.
        """
        mine, rng = self.people[number], self._rngs[number]
        if not mine or rng.random() < NEW_PERSON:
            with self._lock:
                name = "user%d" % next(self._names)
            mine.append(Person(name, rng))
        # Mostly the newest: they are who is in the middle of something.
        return mine[-1] if rng.random() < 0.7 else rng.choice(mine)

    def check(self, port: int, newest: Optional[int] = None) -> int:
        """
        Hold all that was told against what is so.

        @param newest: how many of each client's people are asked about, besides
            those who don't know what became of what they asked.
        @return: how many were.
        """
        client, checked = Client(port), 0
        for mine in self.people:
            for place, person in enumerate(mine):
                # What is in doubt has to be settled before anybody goes on.
                recent = newest is None or place >= len(mine) - newest
                if recent or person.doubtful is not None:
                    person.check(client)
                    checked += 1
        return checked


class Work:
    """
    The clients' threads.
    """

    def __init__(self, crowd: Crowd, port: int) -> None:
        self._crowd = crowd
        self._client = Client(port)
        self._answered = threading.Semaphore(0)
        self._stopping = False
        self.done = 0
        self.strange: List[Any] = []
        self._threads = [
            threading.Thread(target=self._go_on, args=(number,))
            for number in range(CLIENTS)
        ]
        for thread in self._threads:
            thread.start()

    def wait_for(self, answers: int) -> None:
        """
        Wait for so many answers.
        """
        for _ in range(answers):
            if not self._answered.acquire(timeout=PATIENCE_S):
                raise AssertionError("no answers any more: %r" % (self.strange,))

    def join(self) -> None:
        """
        Wait until all have noticed that nobody answers.
        """
        self._stopping = True
        for thread in self._threads:
            thread.join()

    def _go_on(self, number: int) -> None:
        while not self._stopping and not self.strange:
            person = self._crowd.somebody(number)
            try:
                right = person.act(self._client)
            except GONE:
                return
            if not right:
                self.strange.append(person.strange)
            self.done += 1
            self._answered.release()


class Trial:
    """
    The rounds.

    @param directory: the daemon's.
    @param cluster: a PostgreSQL server to be used, and restarted; C{None} for
        SQLite.
    @param rng: chooses the moments.
    """

    def __init__(
        self, directory: str, cluster: Optional[Cluster], rng: random.Random
    ) -> None:
        self._directory = directory
        self._cluster = cluster
        self._rng = rng
        self._crowd = Crowd(rng)
        self._config = os.path.join(directory, "homeserver.yaml")
        config = dict(QUICK, macaroon_secret_key="for all rounds")
        # No token is to expire while the rounds last.
        config["refreshable_access_token_lifetime"] = "24h"
        if cluster is not None:
            args = dict(cluster.args, database="postgres")
            config["database"] = {"name": "psycopg2", "args": args}
            config["database"]["allow_unsafe_locale"] = True
        with open(self._config, "w", encoding="utf-8") as stream:
            # JSON is YAML.
            json.dump(config, stream)

    def start(self) -> Daemon:
        """
        Start the daemon.
        """
        return Daemon(
            self._directory, ["--listen", ANY_FREE_PORT, "--config", self._config]
        )

    def round(self, with_signal: int) -> int:
        """
        Let the crowd work, kill the daemon, start it again, and look.

        @return: how many requests were answered.
        """
        daemon = self.start()
        try:
            work = self._crowd.work(daemon.port())
            work.wait_for(self._rng.randrange(1, 60))
            # In the middle of something, rather than just after an answer.
            time.sleep(self._rng.random() * 0.02)
            daemon.stop(with_signal)
            work.join()
            if work.strange or "Traceback" in daemon.log():
                raise AssertionError("%r\n%s" % (work.strange, daemon.log()))
        finally:
            daemon.stop(signal.SIGKILL)
        self.look(newest=5)
        return work.done

    def outage(self) -> int:
        """
        Let the crowd work, and have the database crash and come back.

        @return: how many requests were answered.
        """
        assert self._cluster is not None
        daemon = self.start()
        try:
            work = self._crowd.work(daemon.port())
            work.wait_for(self._rng.randrange(1, 60))
            self._cluster.restart(self._rng.choice(["fast", "immediate"]))
            work.join()
            if work.strange or "Traceback" in daemon.log():
                raise AssertionError("%r\n%s" % (work.strange, daemon.log()))
            self._wait_until_back(Client(daemon.port()))
            self._crowd.check(daemon.port(), newest=5)
        finally:
            daemon.stop(signal.SIGKILL)
        return work.done

    def _wait_until_back(self, client: Client) -> None:
        give_up = time.monotonic() + PATIENCE_S
        while client.get(V3 + "/register/available?username=nobody").status == 503:
            if time.monotonic() > give_up:
                raise AssertionError("the daemon does not find its database again")
            time.sleep(0.1)

    def look(self, newest: Optional[int] = None) -> int:
        """
        Start the daemon and hold what was told against what is so.

        @param newest: how many of each client's people are asked about.
        @return: how many were.
        """
        daemon = self.start()
        try:
            return self._crowd.check(daemon.port(), newest)
        finally:
            daemon.stop(signal.SIGKILL)


def run(rounds: int, seed: int, cluster: Optional[Cluster] = None) -> str:
    """
    @param rounds: how many kills.
    @param seed: of what is chosen at random.
    @param cluster: a PostgreSQL server of its own; C{None} for SQLite.
    @return: what was done, in words.
    @raise AssertionError: if something that was told is not so.
    """
    with tempfile.TemporaryDirectory() as directory:
        trial = Trial(directory, cluster, random.Random(seed))
        answered = outages = 0
        for number in range(rounds):
            if cluster is not None and number % 3 == 2:
                answered += trial.outage()
                outages += 1
            else:
                kill = signal.SIGTERM if number % 2 else signal.SIGKILL
                answered += trial.round(kill)
        people = trial.look()
    return (
        "%d rounds (%d times the database was restarted), %d requests answered,"
        " %d people and all that they were told" % (rounds, outages, answered, people)
    )


def main(argv: Optional[List[str]] = None) -> int:
    """
    @return: the exit status.
    """
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--postgres", action="store_true")
    options = parser.parse_args(argv)
    cluster = Cluster() if options.postgres else None
    try:
        print(run(options.rounds, options.seed, cluster))
    finally:
        if cluster is not None:
            cluster.remove()
    return 0


if __name__ == "__main__":
    sys.exit(main())
