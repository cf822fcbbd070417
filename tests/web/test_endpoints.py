"""
The table of all that is served, and what is made of it.
"""

import os
import re
import subprocess
import sys
from typing import Iterator, Tuple

from twisted.trial.unittest import SynchronousTestCase

from synauth.web.endpoints import ROUTES
from synauth.web.listing import listing
from synauth.web.proxies import patterns
from synauth.web.routes import (
    ADMINISTRATORS,
    ANYBODY,
    GUESTS,
    USERS,
    Route,
)
from tests.functional.test_readme import ROOT, read_document
from tests.web.server import Server

# What may stand for a parameter, decoded; the names are those of the table.
VALUES = {"user_id": "@al/ice:example.org:8448"}

# Paths of a homeserver's that look like ours.
OTHERS = (
    "/_matrix/client/v3/sync",
    "/_matrix/client/v3/login/sso/redirect",
    "/_matrix/client/v3/login/",
    "/_matrix/client/v3/logins",
    "/_matrix/client/v9/login",
    "/x/_matrix/client/v3/login",
    "/_matrix/client/v3/rooms/!a:b/send/m.room.message/1",
    "/_matrix/client/v3/account",
    "/_matrix/client/v3/keys/upload",
    "/_matrix/client/v3/user/@a:b/filter",
    "/_matrix/federation/v1/version",
    "/_matrix/media/v3/config",
    "/_matrix/key/v2/server",
    "/_synapse/admin/v1/rooms",
    "/_synapse/admin/v1/register/x",
    "/_synapse/admin/v2/users/@a:b/devices",
    "/_synapse/admin/v1/users/@a:b/media",
    "/_synapse/client",
    "/",
)


def paths(alone: bool = True) -> Iterator[Tuple[Route, str]]:
    """
    @param alone: whether those are wanted too that every server answers for
        itself.
    @return: each route with each path that it has, parameters filled in.
    """
    for route in ROUTES:
        if alone or not route.own:
            for prefix in route.prefixes:
                yield (
                    route,
                    re.sub(
                        r"{(\w+)}",
                        lambda match: VALUES.get(match.group(1), "a b"),
                        prefix + route.path,
                    ),
                )


class TableTests(SynchronousTestCase):
    """
    The table.
    """

    def test_told(self) -> None:
        """
        Each route says what it is for and who may, and the parameters that are
        user ids are called so.
        """
        for route in ROUTES:
            where = route.method + " " + route.path
            self.assertTrue(route.summary.endswith("."), where)
            self.assertIn(route.who, (ANYBODY, USERS, GUESTS, ADMINISTRATORS), where)
            self.assertNotIn("{userId}", route.path)

    def test_who(self) -> None:
        """
        Who needs a token is told so by the endpoint too.
        """
        server = Server()
        for route, path in paths():
            if route.who != ANYBODY:
                path = path.replace(" ", "%20").replace("/ice", "%2Fice")
                answer = server.ask(route.method, path, {})
                self.assertEqual(
                    (answer.code, answer.json["errcode"]),
                    (401, "M_MISSING_TOKEN"),
                    (route.method, path),
                )


class ListingTests(SynchronousTestCase):
    """
    C{docs/endpoints.rst}.
    """

    def test_document(self) -> None:
        """
        The page is what the table says.
        """
        self.assertEqual(read_document("docs/endpoints.rst"), listing())

    def test_paths(self) -> None:
        """
        Every path that is named there is one that is served, and the other way
        round, each of those in braces.
        """
        named = set()
        for method, place in re.findall(r"^``([A-Z]+) (\S+)``", listing(), re.M):
            start, braces, rest = re.match(r"([^{]*)(?:{([^}]*)})?(.*)", place).groups()  # type: ignore[union-attr]
            for middle in (braces or "").split(","):
                named.add((method, start + middle + (rest or "")))
        served = {
            (route.method, (prefix + route.path).replace("{", "<").replace("}", ">"))
            for route in ROUTES
            for prefix in route.prefixes
        }
        self.assertEqual(named, served)

    def test_module(self) -> None:
        """
        The command that stands in the page prints it.
        """
        printed = subprocess.check_output(
            [sys.executable, "-W", "ignore", "-m", "synauth.web"],
            env=dict(os.environ, PYTHONPATH=ROOT, PYTHONIOENCODING="utf-8"),
        )
        self.assertEqual(printed.decode("utf-8"), listing())

    def test_complete(self) -> None:
        """
        Every route is there, in plain ASCII.
        """
        page = listing()
        page.encode("ascii")
        for route in ROUTES:
            path = route.path.replace("{", "<").replace("}", ">")
            pattern = "``%s [^`]*%s``" % (route.method, re.escape(path))
            self.assertRegex(page, pattern)


class PatternTests(SynchronousTestCase):
    """
    What a reverse proxy matches paths with.
    """

    def matches(self, path: str, alone: bool) -> bool:
        """
        @return: whether any pattern matches.
        """
        return any(re.search(each, path) for each in patterns(ROUTES, alone))

    def test_all(self) -> None:
        """
        All that is served is matched; what each server answers for itself only
        if there is no other.
        """
        for route, path in paths():
            self.assertTrue(self.matches(path, True), path)
            self.assertIs(self.matches(path, False), not route.own, path)

    def test_others(self) -> None:
        """
        Other paths are not, nor what comes before or behind ours.
        """
        for path in OTHERS:
            self.assertFalse(self.matches(path, True), path)
        for _, path in paths():
            for other in ("/x" + path, path + "/", path + "/x/y"):
                self.assertFalse(self.matches(other, True), other)

    def test_dot(self) -> None:
        """
        A dot in a path is a dot.
        """
        self.assertTrue(self.matches("/.well-known/matrix/client", True))
        self.assertFalse(self.matches("/xwell-known/matrix/client", True))
