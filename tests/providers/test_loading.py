"""
From the configuration to modules at work, and what is checked of them.
"""

import io
from typing import Any, List

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock

from synauth.errors import ConfigError
from synauth.homeserver.config import ProviderEntry
from synauth.providers.calling import Caller
from synauth.providers.conformance import Conformance
from synauth.providers.loading import build_modules, load_modules, module_schemas
from synauth.providers.module_api import ModuleApi
from synauth.providers.surveying import missing_members
from tests.providers.modulehosts import ALICE, HOSTNAME, ApiTestCase

PASSWORD = ("m.login.password", ("password",))


class New:
    """
    A module.
    """

    def __init__(self, config: Any, api: Any) -> None:
        self.config = config
        self.api = api
        api.register_password_auth_provider_callbacks(
            auth_checkers={("new.type", ("word",)): self.check}
        )

    async def check(self, *args: Any) -> Any:
        """
        Let nobody in.
        """

    def ask_in_vain(self) -> None:
        """
        Ask for what there is, and for what there is not.
        """
        self.api.get_state_events_in_room("x")
        self.api._hs.get_profile_handler().store.frobnicate()
        self.api._hs.get_profile_handler().store.runInteraction("x", print)
        self.api._hs.get_clock().time_msec().bit_length()
        self.api.http_client.anything.at.all()
        self.config.nothing()


class Legacy:
    """
    A legacy provider.
    """

    def __init__(self, *, config: Any, account_handler: Any) -> None:
        self.config = config
        self.account_handler = account_handler

    @classmethod
    def parse_config(cls, config: Any) -> Any:
        """
        Wrap it.
        """
        return {"parsed": config}

    def check_password(self, user_id: str, password: str) -> bool:
        """
        Let everybody in.
        """
        return True

    @staticmethod
    def get_db_schema_files() -> Any:
        """
        One as text, one as bytes.
        """
        return [("1.sql", io.StringIO("A")), ("2.sql", io.BytesIO(b"B"))]


class BadConfig(New):
    """
    Refuses its settings, in Synapse's way.
    """

    @staticmethod
    def parse_config(config: Any) -> Any:
        """
        Refuse.
        """
        from synapse.module_api.errors import ConfigError  # type: ignore

        raise ConfigError("uri is\nmissing", ("modules", "uri"))


class BadInit:
    """
    Can't be made.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        raise KeyError("uri")


class Quits:
    """
    Ends the process, as scripts do.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        raise SystemExit("no\nldap")


class QuitsEarly(New):
    """
    Does so over its settings.
    """

    @staticmethod
    def parse_config(config: Any) -> Any:
        """
        Quit.
        """
        raise SystemExit(3)


class Rival(New):
    """
    Wants other fields for the same type.
    """

    def __init__(self, config: Any, api: Any) -> None:
        api.register_password_auth_provider_callbacks(
            auth_checkers={("new.type", ("other",)): print}
        )


class BadSchema(Legacy):
    """
    Has no tables after all.
    """

    @staticmethod
    def get_db_schema_files() -> Any:
        """
        Fail.
        """
        raise OSError("no such file")


def entry(cls: Any, config: Any = None, key: str = "modules[0]") -> ProviderEntry:
    """
    @return: a class, as configured.
    """
    name = cls if isinstance(cls, str) else "%s.%s" % (__name__, cls.__name__)
    return ProviderEntry(name, config, "f:4: " + key)


class LoadingTests(ApiTestCase):
    """
    L{load_modules} and L{build_modules}.
    """

    def refused(self, function: Any, *args: Any) -> str:
        """
        @return: what a refusal says.
        """
        return str(self.assertRaises(ConfigError, function, *args))

    def test_order_and_arguments(self) -> None:
        """
        Modules come first and get two arguments, an API each; providers get
        keywords.
        """
        loaded = load_modules([entry(New)], [entry(Legacy, {"a": 1})])
        self.assertEqual([each.is_legacy for each in loaded], [False, True])
        new, legacy = build_modules(loaded, self.host)
        self.assertEqual(new.instance.config, {})
        self.assertEqual(legacy.instance.config, {"parsed": {"a": 1}})
        self.assertIs(legacy.instance.account_handler, legacy.api)
        self.assertIsInstance(new.instance.api, ModuleApi)
        self.assertIsNot(new.api, legacy.api)
        self.assertEqual(
            list(self.host.callbacks.login_types().items()),
            [("new.type", ("word",)), PASSWORD],
        )
        asked = self.host.callbacks.check_auth("alice", PASSWORD[0], {"password": "x"})
        self.assertEqual(self.get(asked).user_id, ALICE)

    def test_not_loaded(self) -> None:
        """
        All that can't be loaded is told at once: place, module, reason.
        """
        words = self.refused(
            load_modules,
            [entry("no.such.Module"), entry(BadConfig, {"uri": "hunter2"})],
            [entry(__name__ + ".Gone", key="password_providers[0]")],
        )
        self.assertNotIn("hunter2", words)
        first, second, third = words.splitlines()
        self.assertTrue(
            first.startswith("f:4: modules[0].module: no.such.Module: "), first
        )
        self.assertEqual(
            second,
            "f:4: modules[0].config: tests.providers.test_loading.BadConfig: refused"
            " by its parse_config: uri is missing",
        )
        self.assertTrue(third.startswith("f:4: password_providers[0].module: "), third)

    def test_quits(self) -> None:
        """
        One that wants to end the process is told of like any other failure.
        """
        words = self.refused(load_modules, [entry(QuitsEarly, {"a": 1})], [])
        self.assertIn("QuitsEarly: refused by its parse_config: SystemExit: 3", words)

    def test_not_built(self) -> None:
        """
        One that can't be made, or wants what another has, stops the start.
        """
        where = "f:4: modules[0].module: tests.providers.test_loading."
        for modules, providers, problem in (
            ([entry(BadInit)], [], "BadInit: cannot be loaded: KeyError: 'uri'"),
            ([], [entry(BadInit)], "BadInit: cannot be loaded: KeyError: 'uri'"),
            ([entry(Quits)], [], "Quits: cannot be loaded: SystemExit: no ldap"),
            ([], [entry(Quits)], "Quits: cannot be loaded: SystemExit: no ldap"),
            ([entry(New), entry(Rival)], [], "Rival: cannot be loaded: "),
        ):
            loaded = load_modules(modules, providers)
            words = self.refused(build_modules, loaded, self.host)
            self.assertTrue(words.startswith(where + problem), words)
            self.assertEqual(words.count("\n"), 0)

    def test_schemas(self) -> None:
        """
        The tables of classes that have any are collected, under full names.
        """
        loaded = load_modules([entry(New)], [entry(Legacy)])
        name = "tests.providers.test_loading.Legacy"
        self.assertEqual(
            module_schemas(loaded), [(name, [("1.sql", "A"), ("2.sql", "B")])]
        )
        words = self.refused(module_schemas, load_modules([], [entry(BadSchema)]))
        self.assertIn("get_db_schema_files fails: OSError: no such file", words)


class SurveyTests(ApiTestCase):
    """
    L{missing_members}.
    """

    def test_missing(self) -> None:
        """
        What a module asks for in vain is found, through the private parts too.
        """
        found = [what for _, what in missing_members(New, self.api)]
        self.assertIn("self.api.get_state_events_in_room", found)
        self.assertIn(
            "self.api._hs.get_profile_handler().store.frobnicate",
            found,
        )
        self.assertEqual(len(found), 2, found)

    def test_no_source(self) -> None:
        """
        Where there is no source nothing is found.
        """
        nowhere = type("Nowhere", (), {"__module__": "no.such"})
        for factory in (int, nowhere, object()):
            self.assertEqual(missing_members(factory, self.api), [])


class ConformanceTests(ApiTestCase):
    """
    L{Conformance}.
    """

    def problems(self, **callbacks: Any) -> List[str]:
        """
        @return: what is wrong with some callbacks.
        """
        clock = Clock()
        conformance = Conformance(
            "m",
            {kind: [callback] for kind, callback in callbacks.items()},
            HOSTNAME,
            Caller(lambda: clock, 1),
        )
        done = conformance.run()
        while not done.called:
            clock.advance(1)
        self.get(done)
        self.flushLoggedErrors()
        self.assertGreater(conformance.asked, 0)
        return conformance.problems

    def test_good(self) -> None:
        """
        Whoever says no in the right form has no problem.
        """
        seen: List[Any] = []

        async def no(*args: Any) -> Any:
            seen.append(args)

        found = self.problems(
            auth_checkers={PASSWORD: no, ("my.type", ("word",)): no},
            check_3pid_auth=no,
            on_logged_out=no,
            get_username_for_registration=lambda *args: "alice",
            get_displayname_for_registration=no,
            is_3pid_allowed=lambda *args: True,
        )
        self.assertEqual(found, [])
        users = [args[0] for args in seen if args[1:2] == ("my.type",)]
        self.assertIn("@SYNAUTH-CHECK-NOBODY:example.org", users)
        self.assertIn("@synauth-check-nobody:other.example.invalid", users)
        self.assertIn({"password": ""}, [args[2] for args in seen if len(args) > 2])

    def test_lets_in(self) -> None:
        """
        Whoever lets somebody in whom nobody knows is told of.
        """
        found = self.problems(
            auth_checkers={PASSWORD: lambda *args: (ALICE, None)},
            check_3pid_auth=lambda *args: ALICE,
        )
        self.assertEqual(len(found), 7)
        self.assertEqual(
            found[0],
            "m.login.password of an unknown user: it lets %s in" % ALICE,
        )
        self.assertIn(
            "m.login.password with an empty password: it lets %s in" % ALICE, found
        )

    def test_wrong_types(self) -> None:
        """
        Answers that are none are told of.
        """
        found = self.problems(
            check_3pid_auth=lambda *args: True,
            get_username_for_registration=lambda *args: 5,
            is_3pid_allowed=lambda *args: None,
        )
        self.assertEqual(len(found), 5)
        self.assertIn("a int where a name is due", found[2])
        self.assertIn("is_3pid_allowed: BadAnswer: a NoneType where True", found[3])

    def test_failing_and_slow(self) -> None:
        """
        Whoever fails or takes too long is told of.
        """
        found = self.problems(
            on_logged_out=lambda *args: 1 // 0,
            check_3pid_auth=lambda *args: Deferred(),
        )
        self.assertTrue(found[0].endswith(": it takes too long"), found)
        self.assertIn("on_logged_out: ZeroDivisionError: ", found[-1])
