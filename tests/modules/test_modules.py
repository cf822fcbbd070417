"""
Published modules with callbacks.
"""

from typing import Any, Dict

from tests.functional.client import Client
from tests.functional.daemon import QUICK
from tests.modules.hosts import as_module
from tests.modules.ldap_logins import (
    EMAIL,
    PASSWORD,
    make_ldap_search_tests,
    make_ldap_tests,
    search_mode,
    simple_mode,
)
from tests.modules.logins import email_login, login_types, password_login, typed_login
from tests.modules.needs import needs_package, needs_server
from tests.modules.shared_secret import ALICE, SECRET, SharedSecretTestCase, token_for

_LDAP = "ldap_auth_provider.LdapAuthProviderModule"
_SHARED_SECRET = "com.devture.shared_secret_auth"

_slapd = needs_server("slapd")
_ldap3 = needs_package("matrix-synapse-ldap3", "0.4.")


@_ldap3
@_slapd
class LdapSimpleModeTests(make_ldap_tests(_LDAP, as_module, simple_mode)):
    """
    matrix-synapse-ldap3, the module, in simple mode.
    """


@_ldap3
@_slapd
class LdapSearchModeTests(make_ldap_tests(_LDAP, as_module, search_mode)):
    """
    matrix-synapse-ldap3, the module, in search mode.
    """


@_ldap3
@_slapd
class LdapSearchTests(make_ldap_search_tests(_LDAP, as_module)):
    """
    matrix-synapse-ldap3, the module: its search.
    """

    def test_directory_down_is_nobodys_fault(self) -> None:
        """
        Logins while the directory is down don't count as failed ones.  (The
        legacy provider says no, as if it had asked.)
        """
        once = {"per_second": 0.001, "burst_count": 1}
        client = self.start_asking(
            synauth={"module_timeout": "1s"},
            rc_login=dict(QUICK["rc_login"], failed_attempts=once),
        ).client()
        for login in (email_login(EMAIL, PASSWORD), password_login("alice", PASSWORD)):
            self.assert_in(client, login, ALICE)
            self.slapd.stop()
            for _ in range(2):
                self.assert_refused(client, login)
            self.slapd.start()
            self.assert_in(client, login, ALICE)


@needs_package("shared-secret-authenticator", "2.")
class SharedSecretTests(SharedSecretTestCase):
    """
    shared-secret-authenticator, the module.
    """

    def start_module(self, **more: Any) -> Client:
        """
        Start the daemon.

        @param more: further settings of the module.
        """
        config: Dict[str, Any] = dict(more, shared_secret=SECRET)
        module = "shared_secret_authenticator.SharedSecretAuthProvider"
        return self.start_trusting(as_module({"module": module, "config": config}))

    def test_login_type_of_its_own(self) -> None:
        """
        A token lets in whom it was made for, who has to have an account.
        """
        client = self.start_module()
        self.assertIn(_SHARED_SECRET, login_types(client))
        for user in ("alice", ALICE):
            login = typed_login(_SHARED_SECRET, user, token=token_for(ALICE))
            self.assert_in(client, login, ALICE)
        hatter = "@hatter:example.org"
        for login in (
            typed_login(_SHARED_SECRET, "alice", token=token_for(hatter)),
            typed_login(_SHARED_SECRET, "alice", token=token_for(ALICE, "the king")),
            typed_login(_SHARED_SECRET, "hatter", token=token_for(hatter)),
            password_login("alice", token_for(ALICE)),
        ):
            self.assert_refused(client, login)

    def test_passwords(self) -> None:
        """
        If it is told to, it takes a token for a password.
        """
        self.assert_passwords(self.start_module(m_login_password_support_enabled=True))
