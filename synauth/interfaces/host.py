"""
What a host offers to L{synauth.AuthHandler} (source 000).

Where a method is said to give a value, it may give the value, a Deferred or any
awaitable of it (see L{synauth.awaiting}).
"""

from zope.interface import Attribute, Interface


class IHomeServer(Interface):
    """
    Exactly what L{synauth.AuthHandler} uses of the homeserver it lives in.
    """

    hostname = Attribute("The server name, as it stands in user ids: C{str}.")
    config = Attribute("The settings, an L{IHandlerConfig}.")

    def get_datastore():
        """
        @return: an L{IAuthStore}.
        """

    def get_clock():
        """
        @return: an L{IClock}.
        """

    def get_reactor():
        """
        @return: the reactor, for time limits
            (L{twisted.internet.interfaces.IReactorTime}) and threads.  A host
            may do without: then it is that of the process.
        """

    def get_device_handler():
        """
        @return: an L{IDeviceHandler}.
        """

    def get_handlers():
        """
        @return: an L{IHandlers}; asked for at the time of use only.
        """

    def get_simple_http_client():
        """
        @return: an L{ISimpleHttpClient}; asked for at the time of use only.
        """

    def get_auth():
        """
        @return: an L{IMacaroonAuth}.
        """

    def get_pusherpool():
        """
        @return: an L{IPusherPool}.
        """


class IHandlerConfig(Interface):
    """
    The settings that L{synauth.AuthHandler} reads, under the names that a
    homeserver's configuration object has for them.
    """

    server_name = Attribute("The location in macaroons: C{str}.")
    bcrypt_rounds = Attribute("The cost of a new hash: C{int}.")
    password_pepper = Attribute("Appended to each password: C{str}.")
    password_providers = Attribute(
        "C{[(class, config)]}: each is made with C{config} and"
        " C{account_handler} keywords."
    )
    macaroon_secret_key = Attribute("Signs tokens: C{str} or C{bytes}.")
    recaptcha_siteverify_api = Attribute("Where a captcha is verified: C{str}.")
    recaptcha_private_key = Attribute("Shown to the verifier: C{str} or C{None}.")
    recaptcha_public_key = Attribute("Shown to clients: C{str} or C{None}.")


class IClock(Interface):
    """
    A host's idea of now.
    """

    def time_msec():
        """
        @return: milliseconds since the epoch, C{int}.
        """


class IAuthStore(Interface):
    """
    What the handler asks of a host's database.
    """

    def get_users_by_id_case_insensitive(user_id):
        """
        @param user_id: a full user id.
        @return: C{{user id: password hash or None}} of all accounts whose id
            differs from C{user_id} at most in case.
        """

    def user_set_password_hash(user_id, password_hash):
        """
        @param password_hash: C{str}, or C{None} for no local password.
        @raise synauth.errors.StoreError: 404 if there is no such account.
        """

    def add_access_token_to_user(user_id, token, device_id=None):
        """
        Remember an access token.
        """

    def add_refresh_token_to_user(user_id, token, device_id=None):
        """
        Remember a refresh token.
        """

    def user_delete_access_tokens(user_id, except_token_id=None, device_id=None):
        """
        End a user's access tokens.

        @param except_token_id: the row id of one that stays.
        @param device_id: end only those of this device.
        """

    def user_add_threepid(user_id, medium, address, validated_at, added_at):
        """
        Bind an e-mail address or a telephone number to an account.
        """


class IDeviceHandler(Interface):
    """
    A host's keeper of devices.
    """

    def check_device_registered(user_id, device_id, initial_device_display_name):
        """
        Make sure that a device exists.

        @param device_id: its id, or C{None} to have one made up.
        @param initial_device_display_name: its name if it has to be made.
        @return: the device's id.
        """


class IHandlers(Interface):
    """
    The bundle of handlers that a 2016 homeserver keeps.
    """

    identity_handler = Attribute("An L{IIdentityHandler}.")
    registration_handler = Attribute("An L{IRegistrationHandler}.")


class IIdentityHandler(Interface):
    """
    A host's line to the identity server.
    """

    def threepid_from_creds(creds):
        """
        @param creds: the C{threepid_creds} that a client sent; not checked.
        @return: C{{"medium", "address", "validated_at"}} if a trusted server
            vouches for them, else C{None}.
        """


class IRegistrationHandler(Interface):
    """
    A host's maker of accounts.
    """

    def register(localpart=None):
        """
        Make an account without a password.

        @return: C{(user id, access token)}.
        """


class ISimpleHttpClient(Interface):
    """
    A host's outgoing HTTP.
    """

    def post_urlencoded_get_json(uri, args):
        """
        @param uri: where to: C{str}.
        @param args: the fields of the form: C{{str: str}}.
        @return: the parsed JSON body.
        """


class IMacaroonAuth(Interface):
    """
    A host's check of macaroons.
    """

    def get_user_id_from_macaroon(macaroon):
        """
        @param macaroon: a C{pymacaroons.Macaroon}.
        @return: the user id of its C{user_id} caveat: a plain C{str}.
        @raise synauth.errors.AuthError: if there is not exactly one.
        """

    def validate_macaroon(macaroon, type_string, verify_expiry, user_id):
        """
        @param type_string: the C{type} that it has to be of.
        @param verify_expiry: whether C{time <} is looked at.
        @raise Exception: whatever it likes, if the macaroon is not good.
        """


class IPusherPool(Interface):
    """
    A host's pushers.
    """

    def remove_pushers_by_user(user_id, except_token_id=None):
        """
        Remove a user's pushers.

        @param except_token_id: those made with this access token stay.
        """
