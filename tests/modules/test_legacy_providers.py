"""
Published legacy providers.
"""

from tests.modules.hosts import as_provider
from tests.modules.ldap_logins import (
    make_ldap_search_tests,
    make_ldap_tests,
    search_mode,
    simple_mode,
)
from tests.modules.needs import needs_package, needs_server
from tests.modules.shared_secret import SECRET, SharedSecretTestCase

_LDAP = "ldap_auth_provider.LdapAuthProvider"

_slapd = needs_server("slapd")
_ldap3 = needs_package("matrix-synapse-ldap3", "0.1.")


@_ldap3
@_slapd
class LdapSimpleModeTests(make_ldap_tests(_LDAP, as_provider, simple_mode)):
    """
    matrix-synapse-ldap3, the legacy provider, in simple mode.
    """


@_ldap3
@_slapd
class LdapSearchModeTests(make_ldap_tests(_LDAP, as_provider, search_mode)):
    """
    matrix-synapse-ldap3, the legacy provider, in search mode.
    """


@_ldap3
@_slapd
class LdapSearchTests(make_ldap_search_tests(_LDAP, as_provider)):
    """
    matrix-synapse-ldap3, the legacy provider: its search.
    """


@needs_package("shared-secret-authenticator", "1.")
class SharedSecretTests(SharedSecretTestCase):
    """
    shared-secret-authenticator, the legacy provider.
    """

    def test_passwords(self) -> None:
        """
        It takes a token for a password.
        """
        module = "shared_secret_authenticator.SharedSecretAuthenticator"
        entry = {"module": module, "config": {"sharedSecret": SECRET}}
        self.assert_passwords(self.start_trusting(as_provider(entry)))
