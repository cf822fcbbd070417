"""
Who else may vouch for a user: the legacy provider contract (source 002), the
callbacks of modules (source 001), and what stands behind both.

What a provider or a module returns may be a value, a Deferred or any awaitable
of it; L{synauth.providers.calling} alone calls them.
"""

from zope.interface import Attribute, Interface

# --- The legacy contract (source 002) -----------------------------------------
# Everything but the constructor is optional, so each ability is an interface of
# its own.  Providers in the wild declare none of them: the loader looks at what
# they have and marks them.


class ILegacyProviderFactory(Interface):
    """
    The class of a legacy provider.
    """

    def __call__(config, account_handler):
        """
        @param config: what C{parse_config} gave; given as a keyword.
        @param account_handler: an L{IModuleApi}; given as a keyword.
        @return: the provider.
        """


class IParsesConfig(Interface):
    """
    A class, of a legacy provider or of a module, that checks its own settings.
    """

    def parse_config(config):
        """
        A static or a class method.

        @param config: the C{config} of its entry in the configuration.
        @return: what its constructor is to get.
        @raise Exception: any, if the settings are wrong: the daemon stops.
        """


class IChecksPassword(Interface):
    """
    A provider that says whether a password is right.
    """

    def check_password(user_id, password):
        """
        @param user_id: a full user id, as typed.
        @param password: never empty.
        @return: C{True}, or the id, for a yes; C{False} or C{None} for a no.
        """


class IChecksAuth(Interface):
    """
    A provider that has login types of its own, or takes part in others'.
    """

    def get_supported_login_types():
        """
        @return: C{{login type: iterable of the fields that it needs}}; asked
            once, and not waited for.
        """

    def check_auth(username, login_type, login_dict):
        """
        @param username: as typed: a localpart or a full id.
        @param login_type: one of its own.
        @param login_dict: the fields that it named, and no others.
        @return: a user id, C{(user id, callback)}, or C{None} for a no.
        """


class IChecks3pidAuth(Interface):
    """
    A provider that knows users by their addresses.
    """

    def check_3pid_auth(medium, address, password):
        """
        @param medium: C{"email"} or C{"msisdn"}.
        @param address: in its one canonical form.
        @param password: never empty.
        @return: as L{IChecksAuth.check_auth}.
        """


class IHearsOfLogouts(Interface):
    """
    A provider that wants to know when a token has ended.
    """

    def on_logged_out(user_id, device_id, access_token):
        """
        Called with keywords.

        @param device_id: C{None} for a token without a device.
        @param access_token: the token, which is good for nothing any more.
        @return: waited for; what comes of it is not looked at.
        """


class IHasSchema(Interface):
    """
    The class of a provider that keeps tables of its own.
    """

    def get_db_schema_files():
        """
        A static or a class method.

        @return: an iterable of C{(file name, stream)}; each file is applied
            once, ever.
        """


# --- Callbacks (source 001) ---------------------------------------------------


class ICallbacks(Interface):
    """
    The callbacks of all modules and providers, in the order in which they were
    registered.

    Where several answer, the first answer counts; one that could not be asked
    (it failed, took too long or answered what can't be an answer) is passed
    over.
    """

    def register(
        module,
        auth_checkers=None,
        check_3pid_auth=None,
        on_logged_out=None,
        get_username_for_registration=None,
        get_displayname_for_registration=None,
        is_3pid_allowed=None,
    ):
        """
        Take the callbacks of a module; see source 001 for each.

        @param module: what the module is called in messages: C{str}.
        @raise synauth.errors.ConfigError: if a login type has other fields than
            another module's, naming both; if a callback is not callable.
        """

    def login_types():
        """
        @return: C{{login type: tuple of its fields}}, in order.
        """

    def check_auth(user, login_type, login_dict):
        """
        Ask whose login this is.

        @param user: as typed.
        @param login_dict: only the declared fields are passed on.
        @return: a Deferred that fires with a
            L{synauth.providers.results.Vouched}, or with C{None} if everybody
            says no; errs with L{synauth.providers.calling.CouldNotAsk} if
            nobody says yes and somebody could not be asked, and with
            L{synauth.errors.MatrixError} 400 C{M_MISSING_PARAM} if fields are
            missing.
        """

    def check_3pid_auth(medium, address, password):
        """
        Ask whose password this is, by an address.

        @return: as L{check_auth}.
        """

    def on_logged_out(user_id, device_id, access_token):
        """
        Tell everybody that a token has ended.

        @return: a Deferred that fires with C{None} when all have heard.
        """

    def get_username_for_registration(uia_results, params):
        """
        @param uia_results: what each stage proved, by its type.
        @param params: the parameters of the registration, without C{auth} and
            C{password}.
        @return: a Deferred that fires with a localpart or C{None}; errs with
            L{synauth.providers.calling.CouldNotAsk}.
        """

    def get_displayname_for_registration(uia_results, params):
        """
        @return: a Deferred that fires with a display name or C{None}; as
            L{get_username_for_registration}.
        """

    def is_3pid_allowed(medium, address, registration):
        """
        @param registration: whether it is for a new account.
        @return: a Deferred that fires with whether all allow it: the first
            that does not say C{True} ends the asking; errs with
            L{synauth.providers.calling.CouldNotAsk}.
        """


class IAuthenticator(Interface):
    """
    Says who somebody is.  Several can stand in line, see
    L{synauth.auth.login}.
    """

    def authenticate(user, login_type, login_dict):
        """
        @param user: as typed: a localpart or a full id: C{str}.
        @param login_type: C{"m.login.password"} or a module's own.
        @param login_dict: what the client sent.
        @return: a Deferred that fires with a
            L{synauth.providers.results.Vouched} for an account that exists, or
            with C{None} for a no; it may err with a
            L{synauth.errors.MatrixError}.
        """


# --- What a module is handed --------------------------------------------------


class IModuleApi(Interface):
    """
    What a module can ask of its homeserver: Synapse's C{ModuleApi}, as far as
    authentication modules use it (docs/modules.rst).  What waits gives a
    Deferred, which can be awaited as well as yielded.
    """

    server_name = Attribute("The server name: C{str}.")
    public_baseurl = Attribute("Where clients find the server, or C{None}.")
    http_client = Attribute("C{get_json(uri, args)} and its siblings.")

    def register_password_auth_provider_callbacks(**callbacks):
        """
        See L{ICallbacks.register}.
        """

    def get_qualified_user_id(username):
        """
        @return: the full id of a localpart; a full id stays as it is: C{str}.
        """

    def check_user_exists(user_id):
        """
        @param user_id: a full id or a localpart.
        @return: a Deferred that fires with the account's own id, or C{None}.
        """

    def register(localpart, displayname=None, emails=None):
        """
        Make an account and a session.

        @return: a Deferred that fires with C{(user id, access token)}.
        """

    def register_user(localpart, displayname=None, emails=None, admin=False):
        """
        Make an account.

        @return: a Deferred that fires with the user id.
        """

    def invalidate_access_token(access_token):
        """
        End a token and its device.

        @return: a Deferred that fires with C{None}.
        """

    def run_db_interaction(desc, func, *args, **kwargs):
        """
        Run C{func(txn, *args, **kwargs)} in a transaction of the server's
        database.

        @return: a Deferred that fires with its result.
        """
