"""
What a client was told, to be held against the server later.
"""

import random
from http.client import HTTPException
from typing import Any, Dict, Optional

from tests.functional.client import V3, Answer, Client, password_login

PASSWORDS = ("wonderland-1", "looking-glass-2")


class Unavailable(Exception):
    """
    The server says that it can't tell, for now.
    """


# What no answer looks like.
GONE = (OSError, HTTPException, Unavailable)


class Person:
    """
    Somebody who makes an account, uses it, and remembers what became of it.

    Each thing that is asked for is C{doubtful} until it is answered: should the
    server be killed meanwhile, it may have happened or not, but nothing in
    between.

    @param name: the localpart.
    @ivar registered: whether the server has said so.
    @ivar password: the one that the server has confirmed last.
    @ivar alive: access tokens by device, as far as the server has said that
        they are good.
    @ivar ended: those of which it has said that they have ended.
    @ivar refresh_tokens: by device.
    @ivar doubtful: what was asked for last and not answered, or C{None}.
    @ivar strange: an answer that nobody expected, or C{None}.
    """

    def __init__(self, name: str, rng: random.Random) -> None:
        self.name = name
        self.registered = False
        self.password = PASSWORDS[0]
        self.alive: Dict[str, str] = {}
        self.ended: Dict[str, str] = {}
        self.refresh_tokens: Dict[str, str] = {}
        self.doubtful: Optional[str] = None
        self.device: Optional[str] = None
        self.strange: Any = None
        self._rng = rng

    def act(self, client: Client) -> bool:
        """
        Ask for one more thing.

        @return: whether the server answered as it should; if it does not
            answer at all, what was asked stays doubtful.
        """
        if not self.registered:
            return self._register(client)
        deeds = [self._log_in, self._log_in]
        if self.alive:
            deeds += [self._log_out, self._use, self._change_password]
        if self.refresh_tokens:
            deeds += [self._refresh, self._refresh]
        return self._rng.choice(deeds)(client)

    def _ask(
        self, client: Client, deed: str, path: str, body: Dict[str, Any]
    ) -> Optional[Answer]:
        self.doubtful = deed
        answer = client.post(V3 + path, body)
        if answer.status == 503:
            raise Unavailable()
        self.doubtful = None
        if answer.status != 200:
            self.strange = (deed, answer)
            return None
        return answer

    def _register(self, client: Client) -> bool:
        body = {"username": self.name, "password": self.password}
        body["auth"] = {"type": "m.login.dummy"}
        answer = self._ask(client, "register", "/register", body)
        if answer is None:
            return False
        self.registered = True
        self.alive[answer.body["device_id"]] = answer.body["access_token"]
        return True

    def _log_in(self, client: Client) -> bool:
        body = dict(password_login(self.name), password=self.password)
        answer = self._ask(client, "log in", "/login", dict(body, refresh_token=True))
        if answer is None:
            return False
        device = answer.body["device_id"]
        self.alive[device] = answer.body["access_token"]
        self.refresh_tokens[device] = answer.body["refresh_token"]
        return True

    def _as(self, client: Client, device: str) -> Client:
        self.device = device
        return Client(client.port, self.alive[device])

    def _log_out(self, client: Client) -> bool:
        device = self._rng.choice(sorted(self.alive))
        if self._ask(self._as(client, device), "log out", "/logout", {}) is None:
            return False
        self.ended[device] = self.alive.pop(device)
        self.refresh_tokens.pop(device, None)
        return True

    def _use(self, client: Client) -> bool:
        device = self._rng.choice(sorted(self.alive))
        self.device = device
        return self._use_this(client, device)

    def _refresh(self, client: Client) -> bool:
        device = self._rng.choice(sorted(self.refresh_tokens))
        self.device = device
        body = {"refresh_token": self.refresh_tokens[device]}
        answer = self._ask(client, "refresh", "/refresh", body)
        if answer is None:
            return False
        self.refresh_tokens[device] = answer.body["refresh_token"]
        # The old one is good until the new one is used.
        old, self.alive[device] = self.alive[device], answer.body["access_token"]
        if not self._use_this(client, device):
            return False
        self.ended["%s-%d" % (device, len(self.ended))] = old
        return True

    def _use_this(self, client: Client, device: str) -> bool:
        self.doubtful = "use"
        answer = client.whoami(self.alive[device])
        if answer.status == 503:
            raise Unavailable()
        self.doubtful = None
        if answer.status != 200:
            self.strange = ("use", answer)
        return answer.status == 200

    def _change_password(self, client: Client) -> bool:
        device = self._rng.choice(sorted(self.alive))
        new = PASSWORDS[1 - PASSWORDS.index(self.password)]
        auth = {"type": "m.login.password", "password": self.password}
        auth["identifier"] = {"type": "m.id.user", "user": self.name}  # type: ignore
        body = {"new_password": new, "logout_devices": False, "auth": auth}
        path = "/account/password"
        if self._ask(self._as(client, device), "change password", path, body) is None:
            return False
        self.password = new
        return True

    # --- What must be true afterwards

    def check(self, client: Client) -> None:
        """
        Hold what was told against what is so, and settle what is doubtful.

        @raise AssertionError: if they differ.
        """
        doubtful, self.doubtful = self.doubtful, None
        if not self.registered:
            self._check_half(client, doubtful)
            return
        for device, token in sorted(self.alive.items()):
            in_doubt = doubtful in ("log out", "refresh", "use")
            if not (in_doubt and device == self.device):
                self._is(client, token, 200)
        for token in self.ended.values():
            self._is(client, token, 401)
        if doubtful is not None and self.device in self.alive:
            # Which of the two came about does not matter from here on.
            self.alive.pop(self.device)
            self.refresh_tokens.pop(self.device, None)
        self._check_password(client, doubtful)

    def _check_half(self, client: Client, doubtful: Optional[str]) -> None:
        """
        An account of which nobody was told is there as a whole, or not at all.
        """
        answer = client.login(self.name, password=self.password)
        available = client.get(V3 + "/register/available?username=" + self.name)
        whole = (answer.status, available.status) == (200, 400)
        nothing = (answer.status, available.status) == (403, 200)
        if not (whole and doubtful == "register") and not nothing:
            raise AssertionError(
                "%s is half there: %r, %r" % (self.name, answer, available)
            )
        self.registered = whole

    def _check_password(self, client: Client, doubtful: Optional[str]) -> None:
        good = [
            password
            for password in PASSWORDS
            if client.login(self.name, password=password).status == 200
        ]
        if len(good) != 1 or (good[0] != self.password and doubtful is None):
            raise AssertionError("%s has the passwords %r" % (self.name, good))
        self.password = good[0]

    def _is(self, client: Client, token: str, status: int) -> None:
        answer = client.whoami(token)
        if answer.status != status:
            raise AssertionError(
                "%s: a token that should be answered with %d: %r"
                % (self.name, status, answer)
            )
