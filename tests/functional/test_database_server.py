"""
The daemon and its PostgreSQL server, when that does not run.
"""

import threading
import time
from typing import Any, Dict, List, Tuple

from synauth.homeserver.health import GOOD_FOR_S, LIMIT_S
from tests.functional.client import V3, Client
from tests.functional.daemon import PATIENCE_S, Daemon, DaemonTestCase
from tests.functional.test_many_processes import shared_config
from tests.storage.cluster import Cluster
from tests.storage.postgresql import execute, own_database
from tests.storage.proxy import Proxy


class RefusalTests(DaemonTestCase):
    """
    It says in one line why it can't start, and ends with status 1.
    """

    def refused(self, config: Dict[str, Any]) -> str:
        """
        @return: the line.
        """
        directory = self.make_directory()
        path = self.write_config(directory, config)
        daemon = self.launch(directory, "--config", path)
        self.assertEqual(daemon.wait(), 1, daemon.log())
        self.assertNotIn("Traceback", daemon.log())
        said = [line for line in daemon.log().splitlines() if "synauth: " in line]
        self.assertEqual(len(said), 1, daemon.log())
        return said[0]

    def test_nobody_listens(self) -> None:
        """
        The server does not run; the password is not told.
        """
        args = {
            "host": "127.0.0.1",
            "port": 1,
            "user": "synauth",
            "password": "hunter2",
            "database": "synauth",
        }
        said = self.refused(shared_config(args))
        self.assertIn("database synauth at 127.0.0.1: nobody listens there", said)
        self.assertNotIn("hunter2", said)

    def test_no_key(self) -> None:
        """
        Each process would make a key of its own.
        """
        config = shared_config({"database": "synauth"})
        del config["macaroon_secret_key"]
        self.assertIn("macaroon_secret_key: missing", self.refused(config))


class OutageTests(DaemonTestCase):
    """
    The server goes away while the daemon runs.
    """

    def start_on(self, args: Dict[str, Any]) -> Daemon:
        """
        @return: a daemon that serves.
        """
        return self.start(shared_config(args))

    def test_away_and_back(self) -> None:
        """
        Requests are answered 503 and told to come again, and answered as ever
        when the server is there again; the log says both in a line, without a
        traceback.
        """
        proxy = Proxy(own_database(self))
        self.addCleanup(proxy.close)
        daemon = self.start_on(proxy.args)
        client = daemon.client()
        token = client.register("alice").body["access_token"]
        proxy.refuse()
        for answer in (
            client.whoami(token),
            client.login("alice"),
            client.register("bob"),
            Client(client.port, token).post(V3 + "/logout", {}),
        ):
            self.assertEqual(
                (answer.status, answer.body["errcode"]), (503, "M_UNKNOWN")
            )
            self.assertGreater(int(answer.headers["retry-after"]), 0)
        proxy.listen()
        self.assertEqual(client.whoami(token).status, 200)
        self.assertEqual(client.register("bob").status, 200)
        log = daemon.log()
        self.assertEqual(log.count("can't be used"), 1, log)
        self.assertEqual(log.count("can be used again"), 1, log)

    def test_health(self) -> None:
        """
        A server that says nothing any more, or is away: the daemon is not
        ready, which it knows in time, but lives; and is ready when the server
        is there again.
        """
        proxy = Proxy(own_database(self))
        self.addCleanup(proxy.close)
        client = self.start_on(proxy.args).client()
        for begin, end in (
            (proxy.block, proxy.unblock),
            (proxy.refuse, proxy.listen),
        ):
            self.assertEqual(client.get("/health").status, 200)
            begin()
            # What it last heard may count for a moment.
            time.sleep(GOOD_FOR_S)
            for path in ("/health", "/health/ready"):
                began = time.monotonic()
                answer = client.get(path)
                self.assertEqual(answer.status, 503)
                self.assertGreater(int(answer.headers["retry-after"]), 0)
                self.assertLess(time.monotonic() - began, LIMIT_S + 1)
            self.assertEqual(client.get("/health/live").status, 200)
            end()
            ended = time.monotonic()
            while client.get("/health").status != 200:
                self.assertLess(time.monotonic() - ended, PATIENCE_S)
                time.sleep(0.1)

    def test_restarts_under_load(self) -> None:
        """
        A server that is restarted, or crashes, while users register: each
        account that was acknowledged is there with its login, each that is there
        is whole, and nobody gets anything but a 200 or a 503.
        """
        cluster = Cluster()
        self.addCleanup(cluster.remove)
        args = dict(cluster.args, dbname="synauth")
        execute(
            dict(cluster.args, dbname="postgres"),
            "CREATE DATABASE synauth ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C'"
            " TEMPLATE template0",
        )
        daemon = self.start_on(args)
        client, stopped = daemon.client(), threading.Event()
        answered: List[Tuple[str, Any]] = []

        def register(prefix: str) -> None:
            number = 0
            while not stopped.is_set():
                number += 1
                name = "%s%d" % (prefix, number)
                answered.append((name, client.register(name)))

        threads = [
            threading.Thread(target=register, args=(prefix,)) for prefix in "abc"
        ]
        for thread in threads:
            thread.start()
        for mode in ("fast", "immediate"):
            time.sleep(0.5)
            cluster.restart(mode)
        time.sleep(0.5)
        stopped.set()
        for thread in threads:
            thread.join()
        self.assertEqual({a.status for _, a in answered} - {200, 503}, set())
        accepted = {name: a.body for name, a in answered if a.status == 200}
        self.assertGreater(len(accepted), 20)
        for body in accepted.values():
            found = client.whoami(body["access_token"])
            self.assertEqual(found.body["user_id"], body["user_id"])
        whole = execute(
            args,
            "SELECT (SELECT COUNT(*) FROM users), (SELECT COUNT(*) FROM users"
            " WHERE EXISTS (SELECT 1 FROM access_tokens WHERE user_id = name)"
            " AND EXISTS (SELECT 1 FROM devices WHERE user_id = name))",
        )
        self.assertEqual(whole[0][0], whole[0][1])
