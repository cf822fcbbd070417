"""
Clients that go on while daemons come and go.
"""

import http.client
import json
import threading
import time
from typing import Callable, List, Optional

from tests.functional.client import V3, password_login

TIMEOUT_S = 30


class Load:
    """
    Clients that ask C{whoami} and log in, each request on a connection of its own,
    until they are told to stop.

    @param port: whom they ask.
    @param token: an access token of C{alice}.
    @param headers: what they send along.
    @ivar failed: what went wrong.
    @ivar done: how many requests went well, by kind.
    """

    def __init__(self, port: int, token: str, **headers: str) -> None:
        self._port = port
        self._headers = dict(headers, Authorization="Bearer " + token)
        self.failed: List[str] = []
        self.done = {"whoami": 0, "login": 0}
        self._stopping = threading.Event()
        asking = [self._whoami, self._whoami, self._login]
        self._threads = [
            threading.Thread(target=self._go_on, args=(ask,)) for ask in asking
        ]
        for thread in self._threads:
            thread.start()

    def wait_for_more(self, requests: int = 20) -> None:
        """
        Wait until so many more went well, of each kind at least a few.
        """
        before = dict(self.done)
        until = time.monotonic() + TIMEOUT_S
        while time.monotonic() < until and not self.failed:
            more = {kind: self.done[kind] - before[kind] for kind in before}
            if sum(more.values()) >= requests and min(more.values()) >= 2:
                return
            time.sleep(0.02)

    def stop(self) -> None:
        """
        Have them finish what they are at.
        """
        self._stopping.set()
        for thread in self._threads:
            thread.join(TIMEOUT_S)

    def _go_on(self, ask: Callable[[], None]) -> None:
        while not self._stopping.is_set():
            try:
                ask()
            except (OSError, http.client.HTTPException, ValueError) as error:
                self.failed.append(repr(error))

    def _whoami(self) -> None:
        self._ask("whoami", "GET", V3 + "/account/whoami", None)

    def _login(self) -> None:
        body = json.dumps(password_login("alice"))
        self._ask("login", "POST", V3 + "/login", body)

    def _ask(self, kind: str, method: str, path: str, body: Optional[str]) -> None:
        connection = http.client.HTTPConnection(
            "127.0.0.1", self._port, timeout=TIMEOUT_S
        )
        try:
            connection.request(method, path, body, self._headers)
            response = connection.getresponse()
            answer = response.read().decode("utf-8")
        finally:
            connection.close()
        if (
            response.status != 200
            or json.loads(answer)["user_id"] != "@alice:example.org"
        ):
            self.failed.append("%s: %d %r" % (kind, response.status, answer))
        else:
            self.done[kind] += 1
