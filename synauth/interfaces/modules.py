"""
What a module of the daemon's stands on: all of Synapse's C{ModuleApi} that
authentication modules use, and what that needs of the daemon.
"""

from zope.interface import Attribute, Interface

from synauth.interfaces.providers import IModuleApi


class IModuleHost(Interface):
    """
    What L{synauth.providers.module_api.ModuleApi} needs of the daemon.
    """

    hostname = Attribute("The server name: C{str}.")
    public_baseurl = Attribute("Where clients reach the server, or C{None}.")
    callbacks = Attribute("An L{synauth.interfaces.ICallbacks}.")
    store = Attribute(
        "The L{synauth.storage.datastore.DataStore}: an"
        " L{synauth.interfaces.IAccountStore},"
        " L{synauth.interfaces.IDeviceStore},"
        " L{synauth.interfaces.IProfileStore},"
        " L{synauth.interfaces.IThreepidStore},"
        " L{synauth.interfaces.IExternalIdStore} and"
        " L{synauth.interfaces.IUserInfoStore}, with C{run_interaction}."
    )
    clock = Attribute("An L{synauth.interfaces.IClock}.")
    reactor = Attribute("The reactor.")
    http_client = Attribute("An L{IModuleHttpClient}.")
    mailer = Attribute("An L{IMailer}, or C{None} where mail is not set up.")

    def check_user_exists(user_id):
        """
        @param user_id: a full id.
        @return: a Deferred that fires with the account's own id, or C{None};
            see L{synauth.AuthHandler.check_user_exists}.
        """

    def check_username(localpart):
        """
        @return: a Deferred that fires with C{None} if an account with this name
            could be made now; errs with L{synauth.errors.MatrixError} 400
            C{M_INVALID_USERNAME} or C{M_USER_IN_USE}.
        """

    def register_user(localpart, display_name=None, admin=False):
        """
        Make an account without a password.

        @param display_name: the name in its profile, or C{None} for no profile.
        @return: a Deferred that fires with the user id; errs as
            L{check_username}.
        """

    def log_in(user_id, device_id=None, display_name=None, refreshable=False):
        """
        Log a user in, after the account-state gate.

        @param device_id: C{None} for a new device.
        @param display_name: a new device's name.
        @param refreshable: whether to give a refresh token.
        @return: a Deferred that fires with what C{POST /login} answers: has
            C{user_id}, C{device_id}, C{access_token}, and where there is one
            C{refresh_token} and C{expires_in_ms}; errs with
            L{synauth.errors.MatrixError}.
        """

    def end_token(access_token):
        """
        End a login as a logout does: token, device, and C{on_logged_out} of all
        modules.

        @return: a Deferred that fires with C{None}; errs with
            L{synauth.errors.InvalidTokenError} if there is no such token.
        """

    def get_requester(request, allow_guest=False, allow_expired=False):
        """
        Who makes a request of a module's web resource.

        @param request: an L{twisted.web.iweb.IRequest}.
        @return: a Deferred that fires with an object that has C{user_id},
            C{access_token_id}, C{device_id} and C{is_guest}; errs with
            L{synauth.errors.MatrixError}.
        """

    def login_token(user_id, duration_ms):
        """
        @return: a token for C{m.login.token}: C{str}.
        """

    def add_threepid(user_id, medium, address, validated_at):
        """
        Bind an address to an account; see L{synauth.AuthHandler.add_threepid}.

        @return: a Deferred that fires with C{None}.
        """

    def register_web_resource(path, resource):
        """
        Serve a resource; while modules are loaded only.

        @param path: such as C{/_synapse/client/my_module}; all below it too.
        @param resource: an L{twisted.web.resource.IResource}.
        @raise synauth.errors.ConfigError: if the path is taken or is none.
        """


class IModuleHttpClient(Interface):
    """
    Outgoing HTTP for modules, with the names that Synapse's client has.  Bounded
    in size and time; redirects are not followed.

    Each gives a Deferred that errs with
    L{synauth.errors.HttpResponseException} for an error status, with
    C{ValueError} for a body that is not JSON, and with what the connection errs
    with.  C{args} is the query, C{{str: str or a list of str}}; C{headers}
    C{{name: [value]}} of C{str} or C{bytes}.
    """

    def get_json(uri, args=None, headers=None):
        """
        @return: fires with the parsed body.
        """

    def get_raw(uri, args=None, headers=None):
        """
        @return: fires with the body: C{bytes}.
        """

    def post_json_get_json(uri, post_json, headers=None):
        """
        @param post_json: what is sent.
        @return: fires with the parsed body.
        """

    def post_urlencoded_get_json(uri, args=None, headers=None):
        """
        @param args: the fields of the form.
        @return: fires with the parsed body.
        """

    def put_json(uri, json_body, args=None, headers=None):
        """
        @return: fires with the parsed body.
        """


class IMailer(Interface):
    """
    Sends mail.
    """

    def send_email(recipient, subject, html, text):
        """
        @return: a Deferred that fires with C{None} when somebody has taken
            charge of it.
        """


class IFullModuleApi(IModuleApi):
    """
    What a module of the daemon's gets beyond what a legacy homeserver can
    give: more of Synapse's C{ModuleApi}, with its names and arguments.  What is
    said to be waited for gives a Deferred.
    """

    clock = Attribute("Has C{time_msec()}, C{sleep(s)} and C{looping_call(f, ms)}.")

    def get_userinfo_by_id(user_id):
        """
        @return: waited for: a L{synauth.providers.userinfo.UserInfo}, or
            C{None}.
        """

    def is_mine(id):
        """
        @param id: a full id, as text or as a
            L{UserID <synauth.identifiers.UserID>}.
        @return: whether it is one of this server's.
        """

    def check_username(username):
        """
        @return: waited for; errs with L{synauth.errors.MatrixError} if no
            account can be made with that name.
        """

    def is_user_admin(user_id):
        """
        @return: waited for: whether somebody may administer the server.
        """

    def set_user_admin(user_id, admin):
        """
        @return: waited for.
        """

    def get_profile_for_user(localpart):
        """
        @return: waited for: has C{display_name} and C{avatar_url}.
        """

    def set_displayname(user_id, new_displayname, deactivation=False):
        """
        @param user_id: a L{UserID <synauth.identifiers.UserID>}.
        @return: waited for.
        """

    def get_threepids_for_user(user_id):
        """
        @return: waited for: a list of C{{"medium", "address", "validated_at",
            "added_at"}}, in ms.
        """

    def register_device(user_id, device_id=None, initial_display_name=None):
        """
        Log somebody in.

        @return: waited for: C{(device id, access token, when that expires or
            None, refresh token or None)}, in ms since the epoch.
        """

    def record_user_external_id(auth_provider_id, remote_user_id, registered_user_id):
        """
        Remember who somebody is elsewhere.

        @return: waited for.
        """

    def generate_short_term_login_token(
        user_id,
        duration_in_ms=120000,
        auth_provider_id="",
        auth_provider_session_id=None,
    ):
        """
        @return: a token for C{m.login.token}: C{str}, at once.
        """

    def create_login_token(
        user_id,
        duration_in_ms=120000,
        auth_provider_id=None,
        auth_provider_session_id=None,
    ):
        """
        @return: waited for: the same.
        """

    def complete_sso_login_async(
        registered_user_id,
        request,
        client_redirect_url,
        new_user=False,
        auth_provider_id="<unknown>",
    ):
        """
        Answer a request of a browser's with a page that leads back to the
        client, a login token in hand.

        @return: waited for.
        """

    def complete_sso_login(registered_user_id, request, client_redirect_url):
        """
        The same, in the background.
        """

    def get_user_by_req(req, allow_guest=False, allow_expired=False):
        """
        @return: waited for: has C{user} (a
            L{UserID <synauth.identifiers.UserID>}), C{device_id}, C{is_guest}
            and C{access_token_id}.
        """

    def register_web_resource(path, resource):
        """
        See L{IModuleHost.register_web_resource}.
        """

    def looping_background_call(
        f, msec, *args, desc=None, run_on_all_instances=False, **kwargs
    ):
        """
        Call a function again and again, every C{msec}, the first time after
        that.
        """

    def sleep(seconds):
        """
        @return: waited for.
        """

    def defer_to_thread(f, *args, **kwargs):
        """
        @return: waited for: what C{f(*args, **kwargs)} gives on another thread.
        """

    def send_mail(recipient, subject, html, text):
        """
        @return: waited for; errs with L{synauth.errors.ConfigError} where mail
            is not set up.
        """

    def read_templates(filenames, custom_template_directory=None):
        """
        @return: a list of Jinja2 templates, in order.
        """
