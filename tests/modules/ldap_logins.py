"""
What holds for a module that asks a directory, whatever its age.
"""

from typing import Any, Callable, Dict, Type

from tests.functional.daemon import ANY_FREE_PORT, QUICK, Daemon, DaemonTestCase
from tests.modules.hosts import Place
from tests.modules.logins import (
    LoginAssertions,
    email_login,
    login_types,
    password_login,
)
from tests.modules.slapd import BASE, READER, READER_PASSWORD, Slapd

ALICE = "@alice:example.org"
EMAIL = "alice@example.org"
PASSWORD = "curiouser"

_ALICES_LOGIN = password_login("alice", PASSWORD)
_ATTRIBUTES = {"uid": "uid", "name": "cn", "mail": "mail"}

# The settings of the module, for a directory.
Mode = Callable[[Slapd], Dict[str, Any]]


def simple_mode(slapd: Slapd) -> Dict[str, Any]:
    """
    A L{Mode}: the directory is asked as the user who logs in.
    """
    return {
        "enabled": True,
        "uri": slapd.uri,
        "start_tls": False,
        "base": BASE,
        "attributes": _ATTRIBUTES,
    }


def search_mode(slapd: Slapd) -> Dict[str, Any]:
    """
    A L{Mode}: the user is looked up first.
    """
    return dict(
        simple_mode(slapd),
        mode="search",
        bind_dn=READER,
        bind_password=READER_PASSWORD,
        filter="(objectClass=inetOrgPerson)",
    )


class LdapTestCase(LoginAssertions, DaemonTestCase):
    """
    A directory of two people.
    """

    def setUp(self) -> None:
        """
        Start the directory.
        """
        self.slapd = Slapd(
            self.make_directory(),
            ("alice", "Alice Liddell", PASSWORD),
            ("dinah", "Dinah", "mouse-1234"),
        )
        self.addCleanup(self.slapd.stop)


def make_ldap_tests(module: str, place: Place, mode: Mode) -> Type[DaemonTestCase]:
    """
    @param module: the class.
    @return: a test case.
    """

    class LdapTests(LdapTestCase):
        """
        A directory, and a daemon that asks it.
        """

        def setUp(self) -> None:
            """
            Start both.
            """
            super().setUp()
            entry = {"module": module, "config": mode(self.slapd)}
            self.client = self.start(dict(QUICK, **place(entry))).client()

        def test_first_login(self) -> None:
            """
            Whom the directory knows gets an account at the first login, and
            the same one at the next; whatever the case of the name.
            """
            self.assertEqual(login_types(self.client)[0], "m.login.password")
            for user in ("alice", ALICE, "ALICE", "@Alice:example.org"):
                self.assert_in(self.client, password_login(user, PASSWORD), ALICE)
            answer = self.client.register("alice")
            self.assertEqual(answer.body["errcode"], "M_USER_IN_USE")

        def test_refusals(self) -> None:
            """
            A wrong password, another's password, none, an unknown user and
            one of another server get nobody in, and make no account.
            """
            for password in ("Curiouser", "mouse-1234", ""):
                self.assert_refused(self.client, password_login("alice", password))
            for user in ("hatter", "@alice:example.com"):
                self.assert_refused(self.client, password_login(user, PASSWORD))
            self.assertEqual(self.client.register("alice").status, 200)

        def test_local_account(self) -> None:
            """
            An account that the directory doesn't know keeps its password.
            """
            self.assertEqual(self.client.register("hatter").status, 200)
            login = password_login("hatter", "wonderland-1")
            self.assert_in(self.client, login, "@hatter:example.org")

    return LdapTests


def make_ldap_search_tests(module: str, place: Place) -> Type[DaemonTestCase]:
    """
    @param module: the class.
    @return: a test case for the addresses that only the search mode knows.
    """

    class LdapSearchTests(LdapTestCase):
        """
        A directory that is searched.
        """

        def start_asking(self, **more: Any) -> Daemon:
            """
            Start a daemon, of which the log is not looked at.

            @param more: what else its configuration says.
            """
            entry = {"module": module, "config": search_mode(self.slapd)}
            directory = self.make_directory()
            config = dict(QUICK, **dict(place(entry), **more))
            path = self.write_config(directory, config)
            return self.launch(directory, "--listen", ANY_FREE_PORT, "--config", path)

        def test_email(self) -> None:
            """
            An address that the directory knows will do for a name.
            """
            client = self.start_asking().client()
            self.assert_in(client, email_login("Alice@Example.org", PASSWORD), ALICE)
            self.assert_refused(client, email_login(EMAIL, "mouse-1234"))
            self.assert_refused(client, email_login("hatter@example.org", PASSWORD))

        def test_names_that_are_more_than_names(self) -> None:
            """
            What means something to a search is no way to be somebody.
            """
            client = self.start_asking().client()
            for user in ("al*", "*", "alice)(uid=*", "alice,ou=people"):
                self.assert_refused(client, password_login(user, PASSWORD))

        def test_directory_down_and_back(self) -> None:
            """
            A directory that is down lets nobody in, as the log says; when it
            is back, so are its people.
            """
            daemon = self.start_asking(synauth={"module_timeout": "1s"})
            client = daemon.client()
            self.assert_in(client, email_login(EMAIL, PASSWORD), ALICE)
            self.slapd.stop()
            for login in (email_login(EMAIL, PASSWORD), _ALICES_LOGIN):
                self.assert_refused(client, login)
            self.assertIn(module + " could not be asked", daemon.log())
            self.slapd.start()
            for login in (email_login(EMAIL, PASSWORD), _ALICES_LOGIN):
                self.assert_in(client, login, ALICE)

    return LdapSearchTests
