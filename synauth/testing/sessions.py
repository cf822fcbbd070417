"""
What L{ISessionStore} means.
"""

from typing import Any, Callable

from twisted.trial.unittest import SynchronousTestCase
from zope.interface.verify import verifyObject

from synauth.constants import Codes
from synauth.errors import MatrixError
from synauth.interfaces import ISessionStore

# Given the test case, it makes a store in which a session may hold at most
# 16 KiB.
Fixture = Callable[[SynchronousTestCase], Any]

REGISTER = ("POST", "/register")


def make_isessionstore_tests(fixture: Fixture) -> Any:
    """
    @return: the tests of L{ISessionStore}: a class to inherit from.
    """
    return type(
        "SessionStoreTests", (SessionStoreTests,), {"fixture": staticmethod(fixture)}
    )


class SessionStoreTests(SynchronousTestCase):
    """
    See L{make_isessionstore_tests}.

    @cvar fixture: makes the store.
    """

    fixture: Fixture

    def setUp(self) -> None:
        """
        Make a store with one session.
        """
        self.store: Any = type(self).fixture(self)
        self.session_id = self.make(REGISTER, {"username": "alice"}).id

    def make(self, *args: Any) -> Any:
        """
        @return: a new session.
        """
        return self.successResultOf(self.store.create(*args))

    def kept(self) -> Any:
        """
        @return: the session as it is now.
        """
        return self.successResultOf(self.store.get(self.session_id))

    def assert_refused(self, deferred: Any, code: int, errcode: str) -> None:
        """
        Check for a L{MatrixError} with this status and C{errcode}.
        """
        error = self.failureResultOf(deferred, MatrixError).value
        self.assertEqual((error.code, error.errcode), (code, errcode))

    def test_interface(self) -> None:
        """
        The store provides what it says that it provides.
        """
        verifyObject(ISessionStore, self.store)

    def test_create(self) -> None:
        """
        A new session has what it was made with, and nothing else.
        """
        session = self.make(REGISTER, {"username": "bob", "password": "secret"})
        self.assertEqual(len(session.id), 24)
        self.assertEqual(session.operation, REGISTER)
        self.assertEqual(session.clientdict, {"username": "bob", "password": "secret"})
        self.assertEqual((session.creds, session.serverdict), ({}, {}))
        self.assertIs(session.finished, False)

    def test_create_with_data(self) -> None:
        """
        A new session can keep something from the start, of its own: what is
        added to it later is not in the next one.
        """
        data = {"stages": ["m.login.dummy"]}
        session = self.make(REGISTER, {"username": "bob"}, data)
        self.assertEqual(session.serverdict, data)
        self.successResultOf(self.store.set_data(session.id, "user", "@a:b"))
        again = self.make(REGISTER, None, data)
        for session_id, more in ((session.id, {"user": "@a:b"}), (again.id, {})):
            kept = self.successResultOf(self.store.get(session_id))
            self.assertEqual(kept.serverdict, dict(data, **more))

    def test_create_for_anything(self) -> None:
        """
        A session need not be for a known operation, nor have parameters.
        """
        session = self.make()
        self.assertEqual((session.operation, session.clientdict), (None, {}))

    def test_ids(self) -> None:
        """
        No two sessions have the same id.
        """
        self.assertEqual(len({self.make().id for _ in range(100)}), 100)

    def test_get(self) -> None:
        """
        What was kept is found again.
        """
        self.successResultOf(
            self.store.add_cred(self.session_id, "m.login.dummy", True)
        )
        self.successResultOf(self.store.set_data(self.session_id, "key", ["value"]))
        session = self.kept()
        self.assertEqual(session.id, self.session_id)
        self.assertEqual(session.operation, REGISTER)
        self.assertEqual(session.clientdict, {"username": "alice"})
        self.assertEqual(session.creds, {"m.login.dummy": True})
        self.assertEqual(session.serverdict, {"key": ["value"]})

    def test_get_unknown(self) -> None:
        """
        There is nothing under an id that was never given out.
        """
        for unknown in ("", "x" * 24, "\ud800", "\0", "x" * 100000):
            self.assertIsNone(self.successResultOf(self.store.get(unknown)))

    def test_snapshot(self) -> None:
        """
        Changing what was given out changes nothing that is kept.
        """
        session = self.kept()
        session.clientdict["username"] = "mallory"
        session.creds["m.login.password"] = "@mallory:example.org"
        session.serverdict["admin"] = True
        session = self.kept()
        self.assertEqual(session.clientdict, {"username": "alice"})
        self.assertEqual((session.creds, session.serverdict), ({}, {}))

    def test_set_clientdict(self) -> None:
        """
        New parameters take the place of the old ones, passwords included.
        """
        for params in (
            {"password": "p\u00e4ss\ud800\0", "new_password": "2", "x": [1]},
            {"username": "bob"},
        ):
            self.successResultOf(self.store.set_clientdict(self.session_id, params))
            self.assertEqual(self.kept().clientdict, params)

    def test_creds_add_up(self) -> None:
        """
        Stages that two requests complete at the same time both count.
        """
        self.kept()
        self.successResultOf(self.store.add_cred(self.session_id, "one", 1))
        self.successResultOf(self.store.add_cred(self.session_id, "two", 2))
        self.assertEqual(self.kept().creds, {"one": 1, "two": 2})

    def test_claim(self) -> None:
        """
        One can claim a session; once it is given back another can.
        """
        claims = [
            self.successResultOf(self.store.claim(self.session_id)) for _ in range(2)
        ]
        self.assertEqual(claims, [True, False])
        self.successResultOf(self.store.release(self.session_id))
        self.assertIs(self.successResultOf(self.store.claim(self.session_id)), True)

    def test_finish(self) -> None:
        """
        A session that has done its work can't be claimed again, also not by
        giving it back, and its passwords are gone.
        """
        self.successResultOf(
            self.store.set_clientdict(
                self.session_id, {"username": "a", "password": "b"}
            )
        )
        self.successResultOf(self.store.claim(self.session_id))
        self.successResultOf(self.store.finish(self.session_id))
        self.successResultOf(self.store.release(self.session_id))
        self.assertIs(self.successResultOf(self.store.claim(self.session_id)), False)
        session = self.kept()
        self.assertIs(session.finished, True)
        self.assertEqual(session.clientdict, {"username": "a"})

    def test_data_after_finish(self) -> None:
        """
        What came of a session can be noted when it is finished.
        """
        self.successResultOf(self.store.finish(self.session_id))
        self.successResultOf(self.store.set_data(self.session_id, "user", "@a:b"))
        self.assertEqual(self.kept().serverdict, {"user": "@a:b"})

    def test_remove(self) -> None:
        """
        A removed session is unknown; removing it again is no error.
        """
        for _ in range(2):
            self.assertIsNone(self.successResultOf(self.store.remove(self.session_id)))
        self.assertIsNone(self.kept())

    def test_unknown(self) -> None:
        """
        What is not there can't be changed.
        """
        for change in (
            lambda: self.store.set_clientdict("no", {"a": 1}),
            lambda: self.store.add_cred("no", "m.login.dummy", True),
            lambda: self.store.set_data("no", "key", "value"),
            lambda: self.store.claim("no"),
            lambda: self.store.release("no"),
            lambda: self.store.finish("no"),
        ):
            self.assert_refused(change(), 400, Codes.UNKNOWN)

    def test_too_large(self) -> None:
        """
        What does not fit is refused, and the session stays as it was.
        """
        large = "x" * 17000
        deep: Any = []
        for _ in range(100000):
            deep = [deep]
        for change in (
            lambda: self.store.set_clientdict(self.session_id, {"username": large}),
            lambda: self.store.set_clientdict(self.session_id, {"password": large}),
            lambda: self.store.set_clientdict(self.session_id, {"username": deep}),
            lambda: self.store.add_cred(self.session_id, "m.login.dummy", large),
            lambda: self.store.set_data(self.session_id, "key", large),
            lambda: self.store.create(REGISTER, {"username": large}),
        ):
            self.assert_refused(change(), 413, Codes.TOO_LARGE)
        session = self.kept()
        self.assertEqual(session.clientdict, {"username": "alice"})
        self.assertEqual((session.creds, session.serverdict), ({}, {}))

    def test_parts_add_up(self) -> None:
        """
        The limit is one for all that a session holds.
        """
        half = "x" * 9000
        self.successResultOf(self.store.set_clientdict(self.session_id, {"a": half}))
        self.assert_refused(
            self.store.set_data(self.session_id, "b", half), 413, Codes.TOO_LARGE
        )
