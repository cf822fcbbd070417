"""
Every contract of synauth, as zope interfaces.  Read this file first.

In order: what a homeserver has to offer so that L{synauth.AuthHandler} can
live in it (L{IHomeServer} and what hangs on it), what the handler is made of
(L{ISessionStore}, L{IStage}, ...), and what the daemon keeps
(L{IAccountStore}, L{ITokenStore}, L{IDeviceStore}).

Times are milliseconds since the epoch unless a name says otherwise.  Where a
method of a I{host} is said to give a value, it may give the value, a Deferred
or any awaitable of it (see L{synauth.awaiting}); our own methods give exactly
what is written here.
"""

from zope.interface import Attribute, Interface

# --- What a host offers to AuthHandler (source 000) ---------------------------


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
            (L{twisted.internet.interfaces.IReactorTime}) and threads.
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


# --- What AuthHandler is made of ----------------------------------------------


class ISessionStore(Interface):
    """
    Sessions of user-interactive authentication.

    A session that was given out is a snapshot.  Each change is made by its own
    method, so that two requests of one session never undo each other; each
    marks the session as used now, and drops what has expired.

    Every method gives a Deferred.  Those that change a session err with
    L{synauth.errors.MatrixError} 400 if there is no such session (any more),
    and 413 C{M_TOO_LARGE} if it would grow beyond what one session may hold:
    it is then as it was.
    """

    def create(operation=None, clientdict=None):
        """
        @param operation: what it is for: C{(method, path)}, or C{None} for
            anything.
        @param clientdict: the parameters of the request, without C{auth}.
        @return: fires with a new L{synauth.auth.sessions.Session}.
        """

    def get(session_id):
        """
        @param session_id: what a client sent: any C{str}.
        @return: fires with a L{synauth.auth.sessions.Session}, or C{None} if
            there is none or it has expired.
        """

    def set_clientdict(session_id, clientdict):
        """
        Remember the parameters of a request in the place of earlier ones.
        Passwords among them are sealed.

        @return: fires with C{None}.
        """

    def add_cred(session_id, stage_type, result):
        """
        Note that a stage was completed.

        @param result: the identity that it proved.
        @return: fires with C{None}.
        """

    def set_data(session_id, key, value):
        """
        Keep something that the client neither sees nor changes.

        @return: fires with C{None}.
        """

    def claim(session_id):
        """
        Take a completed session for the one thing that it is good for.

        @return: fires with whether it was free: C{False} while somebody else
            has it and after L{finish}.
        """

    def release(session_id):
        """
        Give a claimed session back: what it was claimed for did not come about.

        @return: fires with C{None}.
        """

    def finish(session_id):
        """
        The session has done its work: passwords in it are dropped, and it can
        never be claimed again.

        @return: fires with C{None}.
        """

    def remove(session_id):
        """
        Forget a session; nothing happens if there is none.

        @return: fires with C{None}.
        """


class IStage(Interface):
    """
    One step of user-interactive authentication.
    """

    type = Attribute("The authentication type it serves: C{str}.")

    def params():
        """
        @return: what a client needs to know to take this step, a C{dict} that
            appears under the type in the challenge's C{params}; C{None} for
            nothing.
        """

    def check(authdict, clientip):
        """
        @param authdict: the client's C{auth} object; unchecked beyond being an
            object.
        @param clientip: the client's address: C{str}.
        @return: a Deferred that fires with the identity that was proved (it is
            kept in the session under the type and must be true and JSON), or
            with C{None}; it errs with L{synauth.errors.LoginError} if the
            client may try again, and with any other
            L{synauth.errors.MatrixError} if the request itself is wrong.
        """


class IHashPool(Interface):
    """
    Where password hashing is done: not on the reactor's thread.
    """

    def run(function, *args):
        """
        @return: a Deferred that fires with C{function(*args)}; it errs with
            L{synauth.errors.LimitExceededError} at once if too much is waiting
            already.
        """


class IPasswordHasher(Interface):
    """
    Password hashes.
    """

    def hash(password):
        """
        @param password: C{str}.
        @return: a Deferred that fires with the hash, C{str}; it errs with
            L{synauth.errors.LimitExceededError} if too many are waiting.
        """

    def verify(password, stored_hash):
        """
        Costs the same whether there is a hash or not.

        @param password: C{str}.
        @param stored_hash: C{str}, C{bytes} or C{None}.
        @return: a Deferred that fires with whether the hash is that
            password's: C{bool}.  A broken hash is nobody's.
        """

    def needs_rehash(stored_hash):
        """
        @return: whether a hash was made at a lower cost than is wanted today.
        """


class IPasswordChecker(Interface):
    """
    Says whose a password is.  Several can stand in line, see
    L{synauth.auth.login}.
    """

    def check_password(user_id, password):
        """
        @param user_id: a full id as the user typed it: C{str}.
        @param password: C{str}.
        @return: a Deferred that fires with the account's own user id, C{str},
            or with C{None} for a no; it may err with a
            L{synauth.errors.MatrixError}.
        """


class IRateLimiter(Interface):
    """
    A limit on how often something may happen to one key.
    """

    def check(key):
        """
        Ask without counting.

        @param key: any C{str}.
        @raise synauth.errors.LimitExceededError: if it may not happen now.
        """

    def hit(key):
        """
        Count one, or refuse.

        @raise synauth.errors.LimitExceededError: if it may not happen now;
            then nothing is counted.
        """

    def refund(key):
        """
        Take back one that was counted and, as it turned out, need not be.
        """


class IAuditLog(Interface):
    """
    One structured event per authentication outcome.
    """

    def record(success, method, reason, user_id, address, user_agent, device_id):
        """
        @param success: C{bool}.
        @param method: the login type or stage, or what else was done
            (C{"register"}, C{"logout"}, C{"refresh"}).
        @param reason: one word for a refusal, C{None} for a success.
        @param user_id: whom it is about, as far as that is known, or C{None}.
        @param address: the client's address: C{str}.
        @param user_agent: what the client calls itself, or C{None}.
        @param device_id: the device, or C{None}.
        """


# --- What the daemon keeps ----------------------------------------------------


class IAccountStore(Interface):
    """
    Accounts.  Every method gives a Deferred.
    """

    def create_user(account, login=None):
        """
        Make an account, and its first login, in one transaction.

        @param account: a L{synauth.storage.records.NewAccount}.
        @param login: a L{synauth.storage.records.NewLogin}, or C{None}.
        @return: fires with C{None}; errs with L{synauth.errors.StoreError} 400
            C{M_USER_IN_USE} if an account has that id, in whatever case.
        """

    def get_user(user_id):
        """
        @param user_id: the exact id.
        @return: fires with a L{synauth.storage.records.Account} or C{None}.
        """

    def get_users_by_id_case_insensitive(user_id):
        """
        @return: fires with C{{user id: password hash or None}}; found by an
            index.
        """

    def user_set_password_hash(user_id, password_hash):
        """
        @return: fires with C{None}; errs with L{synauth.errors.StoreError} 404
            if there is no such account.
        """

    def replace_password_hash(user_id, old_hash, new_hash):
        """
        Put a stronger hash of the same password in the place of an older one,
        unless the password has been changed meanwhile.

        @return: fires with whether it was replaced.
        """

    def user_add_threepid(user_id, medium, address, validated_at, added_at):
        """
        Bind an address to an account; a binding of the same address is
        replaced.

        @return: fires with C{None}.
        """


class ITokenStore(Interface):
    """
    Access and refresh tokens.  Every method gives a Deferred.

    Methods that end tokens fire with what they ended, a list of
    L{synauth.storage.records.EndedToken}.
    """

    def add_login(login):
        """
        Remember a login: its device (made if new; its older tokens end), its
        access token and, if it has one, its refresh token, in one transaction.

        @param login: a L{synauth.storage.records.NewLogin}.
        @return: fires with the tokens of the same device that ended.
        """

    def add_access_token_to_user(user_id, token, device_id=None, valid_until_ms=None):
        """
        @return: fires with C{None}.
        """

    def add_refresh_token_to_user(user_id, token, device_id=None):
        """
        @return: fires with C{None}.
        """

    def get_user_by_access_token(token):
        """
        @param token: what a client sent.
        @return: fires with a L{synauth.storage.records.TokenInfo} or C{None};
            expired tokens are found too.
        """

    def mark_access_token_as_used(user_id, token_id):
        """
        Note that a client holds this token: the refresh token that it
        supersedes is no longer good.

        @param user_id: whose token it is.
        @param token_id: its row id.

        @return: fires with C{None}.
        """

    def get_refresh_token(token):
        """
        @return: fires with a L{synauth.storage.records.RefreshToken} or
            C{None}.
        """

    def rotate_refresh_token(rotation):
        """
        Put new tokens in the place of a refresh token, in one transaction.
        The successors of an earlier rotation that no client has used yet end.

        @param rotation: a L{synauth.storage.records.Rotation}.
        @return: fires with whether it was done: C{False} if the old token does
            not exist (any more) or its successor was used already.
        """

    def delete_access_token(token):
        """
        @return: fires with a list of the token that ended, if there was one.
        """

    def user_delete_access_tokens(user_id, except_token_id=None, device_id=None):
        """
        End a user's access and refresh tokens.

        @param except_token_id: this access token and its refresh token stay.
        @param device_id: only those of this device.
        @return: fires with those that ended.
        """


class IDeviceStore(Interface):
    """
    Devices.  Every method gives a Deferred.
    """

    def get_device(user_id, device_id):
        """
        @return: fires with a L{synauth.storage.records.Device} or C{None}.
        """

    def store_device(user_id, device_id, display_name=None):
        """
        Make a device unless there is one.

        @return: fires with whether it is new.
        """

    def delete_devices(user_id, device_ids):
        """
        Remove devices and end their tokens, in one transaction.

        @param device_ids: a list of ids; unknown ones are passed over.
        @return: fires with the tokens that ended.
        """

    def delete_all_devices(user_id):
        """
        Remove all devices of a user and end all tokens, also those without a
        device.

        @return: fires with the tokens that ended.
        """


class IDatabase(Interface):
    """
    Where the stores keep things: runs functions that speak SQL.  A function is
    called with a cursor and the remaining arguments, on a thread of the
    database's own, so it may block, and may touch nothing else that changes.
    """

    engine = Attribute("What SQL can't say the same way everywhere.")

    def start():
        """
        Open the database.
        """

    def close():
        """
        Finish what has been asked for and close the database.
        """

    def read(function, *args):
        """
        Run a function that changes nothing.  Each of its statements sees what
        was committed before that statement.

        @return: a Deferred that fires with C{function(txn, *args)}, or errs
            with what it raised.
        """

    def write(function, *args):
        """
        Run a function in a transaction that no other writer overlaps.

        @return: a Deferred that fires with C{function(txn, *args)} once that
            is on the disk, or errs with what it raised once nothing of it is
            left.
        """
