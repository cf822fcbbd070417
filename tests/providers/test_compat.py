"""
The C{synapse.*} names.
"""

import importlib
import os
import sys
from typing import Any

from twisted.internet.defer import ensureDeferred, succeed
from twisted.trial.unittest import SynchronousTestCase
from twisted.web.test.requesthelper import DummyRequest

from synauth.errors import (
    ConfigError,
    InvalidTokenError,
    LimitExceededError,
    MatrixError,
)
from synauth.identifiers import UserID
from synauth.providers.compat import provide_synapse_names
from synauth.providers.compat.names import synapse_modules
from synauth.providers.module_api import ModuleApi
from tests.providers.modulehosts import SameThreads, forget_synapse


class NamesTests(SynchronousTestCase):
    """
    L{provide_synapse_names}.
    """

    def setUp(self) -> None:
        """
        Begin and end without the names.
        """
        forget_synapse()
        self.addCleanup(forget_synapse)
        self.finders = list(sys.meta_path)

    def tearDown(self) -> None:
        """
        Nothing is left in the way of other imports.
        """
        self.assertEqual(sys.meta_path, self.finders)

    def load(self, name: str) -> Any:
        """
        @return: a module by its name.
        """
        return importlib.import_module(name)

    def test_unknown_before(self) -> None:
        """
        Outside there are no such names.
        """
        self.assertRaises(ImportError, self.load, "synapse.types")

    def test_all(self) -> None:
        """
        Each name is there, during and after.
        """
        with provide_synapse_names():
            for name in synapse_modules():
                self.load(name)
        for name, contents in synapse_modules().items():
            for key in contents:
                self.assertTrue(hasattr(self.load(name), key), (name, key))

    def test_ours(self) -> None:
        """
        They are our own classes: an except SynapseError catches ours.
        """
        with provide_synapse_names():
            errors = self.load("synapse.api.errors")
            self.assertIs(errors.SynapseError, MatrixError)
            self.assertIs(errors.InvalidClientCredentialsError, InvalidTokenError)
            module_errors = self.load("synapse.module_api.errors")
            self.assertIs(module_errors.ConfigError, ConfigError)
            self.assertIs(self.load("synapse.types").UserID, UserID)
            self.assertIs(self.load("synapse.module_api").ModuleApi, ModuleApi)
            version = self.load("synapse").__version__
        self.assertRegex(version, r"\A1\.\d+\.\d+\+synauth\Z")

    def test_errors(self) -> None:
        """
        Errors are made as Synapse's are.
        """
        with provide_synapse_names():
            errors = self.load("synapse.api.errors")
        error = errors.SynapseError(
            400, "No", errors.Codes.FORBIDDEN, {"x": 1}, headers={"A": "b"}
        )
        self.assertEqual(
            error.error_dict(), {"errcode": "M_FORBIDDEN", "error": "No", "x": 1}
        )
        self.assertEqual(error.headers, {"A": "b"})
        self.assertEqual(errors.NotFoundError().code, 404)
        redirect = errors.RedirectException(b"https://x")
        self.assertEqual((redirect.code, redirect.location), (302, b"https://x"))
        self.assertEqual(errors.HttpResponseException(502, "Bad", b"b").response, b"b")

    def test_missing(self) -> None:
        """
        What we lack is missed in words while modules are loaded, and as
        anywhere afterwards.
        """
        with provide_synapse_names():
            for statement, name in (
                ("import synapse.state.v2", "synapse.state"),
                ("from synapse.types import StateMap", "synapse.types.StateMap"),
            ):
                try:
                    exec(statement, {})
                except ImportError as error:
                    self.assertIn(name + ": no Synapse is installed", str(error))
                else:
                    self.fail(statement)
        self.assertRaises(ImportError, self.load, "synapse.state")

    def test_nested_and_again(self) -> None:
        """
        The names are the same the next time, also within one another.
        """
        with provide_synapse_names():
            types = self.load("synapse.types")
            with provide_synapse_names():
                self.assertIs(self.load("synapse.types"), types)
            self.assertRaises(ImportError, self.load, "synapse.state")
        with provide_synapse_names():
            self.assertIs(self.load("synapse.types"), types)

    def test_failure(self) -> None:
        """
        A module that can't be loaded leaves nothing behind but the names.
        """

        def load() -> None:
            with provide_synapse_names():
                raise KeyError("x")

        self.assertRaises(KeyError, load)

    def test_real_synapse(self) -> None:
        """
        Where a Synapse can be imported it is the one, imported yet or not; a
        folder that is called so is none.
        """
        folder = self.mktemp()
        package = os.path.join(folder, "synapse")
        os.makedirs(package)
        self.patch(sys, "path", [folder] + sys.path)
        with provide_synapse_names():
            self.assertIn("synauth", self.load("synapse").__version__)
        forget_synapse()
        with open(os.path.join(package, "__init__.py"), "w") as opened:
            opened.write("__version__ = 'real'")
        importlib.invalidate_caches()
        for _ in range(2):
            with provide_synapse_names():
                self.assertEqual(self.load("synapse").__version__, "real")
                self.assertRaises(ImportError, self.load, "synapse.types")

    def test_functions(self) -> None:
        """
        The few functions do what they are called.
        """
        with provide_synapse_names():
            contexts = self.load("synapse.logging.context")
            awaitables = self.load("synapse.util.async_helpers")
            background = self.load("synapse.metrics.background_process_metrics")
            database = self.load("synapse.storage.database")
        done = contexts.defer_to_thread(SameThreads(), divmod, 7, 2)
        self.assertEqual(self.successResultOf(done), (3, 1))
        waited = succeed(5)
        self.assertIs(contexts.make_deferred_yieldable(waited), waited)
        for value in (5, waited):
            done = ensureDeferred(awaitables.maybe_awaitable(value))
            self.assertEqual(self.successResultOf(done), 5)
        done = background.run_as_background_process("x", divmod, 7, 2)
        self.assertEqual(self.successResultOf(done), (3, 1))
        self.assertRaises(TypeError, database.DatabasePool)


class ResourceTests(SynchronousTestCase):
    """
    Web resources of modules.
    """

    def setUp(self) -> None:
        """
        Take the names.
        """
        contents = synapse_modules()["synapse.module_api"]
        self.parse = contents["parse_json_object_from_request"]
        self.base = contents["DirectServeJsonResource"]

    def answer(self, method: bytes, *answers: Any, **more: Any) -> Any:
        """
        @return: status and body of the answer of a resource whose GET gives or
            raises something.
        """

        class Served(self.base):  # type: ignore[name-defined]
            async def _async_render_GET(self, request: Any) -> Any:
                if isinstance(answers[0], Exception):
                    raise answers[0]
                return answers[0]

        self.request = DummyRequest([b""])
        self.request.method = method
        self.request.startedWriting = more.get("started", False)
        Served(clock=None).render(self.request)
        if more.get("gone"):
            return None
        return self.request.responseCode, b"".join(self.request.written)

    def test_answer(self) -> None:
        """
        Status and body are what the method gives; HEAD is asked like GET.
        """
        for method in (b"GET", b"HEAD"):
            self.assertEqual(self.answer(method, (201, {"a": 1})), (201, b'{"a": 1}'))

    def test_answered(self) -> None:
        """
        A method may answer itself.
        """
        self.assertEqual(self.answer(b"GET", None)[1], b"")

    def test_methods(self) -> None:
        """
        OPTIONS is answered for every resource, what is not there is refused.
        """
        self.assertEqual(self.answer(b"OPTIONS", None), (200, b"{}"))
        code, body = self.answer(b"POST", None)
        self.assertEqual(code, 405)
        self.assertIn(b"M_UNRECOGNIZED", body)

    def test_errors(self) -> None:
        """
        Its errors are answers; anything else is logged and tells nothing.
        """
        code, body = self.answer(b"GET", MatrixError(418, "tea", "M_X"))
        self.assertEqual((code, b"M_X" in body), (418, True))
        for broken in (KeyError("hunter2"), (200, object()), 5):
            code, body = self.answer(b"GET", broken)
            self.assertEqual((code, b"hunter2" in body), (500, False))
            self.assertEqual(len(self.flushLoggedErrors()), 1)
        self.assertEqual(self.answer(b"GET", KeyError("x"), started=True)[1], b"")
        self.assertEqual(len(self.flushLoggedErrors(KeyError)), 1)

    def test_headers(self) -> None:
        """
        What an error says in headers is said: where to go, when to come back.
        """
        contents = synapse_modules()["synapse.api.errors"]
        redirect = contents["RedirectException"](b"https://example.org/x")
        limited = LimitExceededError(retry_after_ms=1500)
        for error, code, name, value in (
            (redirect, 302, b"Location", b"https://example.org/x"),
            (limited, 429, b"Retry-After", b"2"),
        ):
            self.assertEqual(self.answer(b"GET", error)[0], code)
            headers = self.request.responseHeaders
            self.assertEqual(headers.getRawHeaders(name), [value])

    def test_gone(self) -> None:
        """
        A client that has gone is not answered.
        """
        waiting: Any = []

        class Served(self.base):  # type: ignore[name-defined]
            def _async_render_GET(self, request: Any) -> Any:
                request.processingFailed(waiting[0])
                return 200, {}

        try:
            raise KeyError("gone")
        except KeyError:
            from twisted.python.failure import Failure

            waiting.append(Failure())
        request = DummyRequest([b""])
        Served().render(request)
        self.assertEqual(request.written, [])

    def test_parse(self) -> None:
        """
        A body is an object, or a clear 400.
        """

        class Request:
            def __init__(self, body: bytes) -> None:
                import io

                self.content = io.BytesIO(body)

        self.assertEqual(self.parse(Request(b'{"a": 1}')), {"a": 1})
        self.assertEqual(self.parse(Request(b""), allow_empty_body=True), {})
        for body, errcode in (
            (b"", "M_NOT_JSON"),
            (b"\xff", "M_NOT_JSON"),
            (b"[" * 100000, "M_NOT_JSON"),
            (b"[]", "M_BAD_JSON"),
        ):
            error = self.assertRaises(MatrixError, self.parse, Request(body))
            self.assertEqual((error.code, error.errcode), (400, errcode))
