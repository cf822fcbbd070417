"""
The rows of the client-server API and of pages, see L{synauth.web.endpoints}.
"""

from synauth.web.prefixes import (
    ALWAYS,
    ANYWHERE,
    CLIENT,
    OLD,
    SINCE_R0,
    SINCE_V1,
    SINCE_V2,
    STATIC,
)
from synauth.web.routes import ANYBODY, GUESTS, USERS, Group, Route, client_prefixes

SERVER: Group = (
    Route(
        "GET",
        ANYWHERE,
        "/health",
        "health.ready",
        ANYBODY,
        "Whether the server can serve: 503 while its database does not answer, and"
        " while it is being stopped.",
        own=True,
    ),
    Route(
        "GET",
        ANYWHERE,
        "/health/live",
        "health.live",
        ANYBODY,
        "Whether the process answers at all.",
        own=True,
    ),
    Route(
        "GET",
        ANYWHERE,
        "/health/ready",
        "health.ready",
        ANYBODY,
        "The same as ``/health``.",
        own=True,
    ),
    Route(
        "GET",
        ANYWHERE,
        "/.well-known/matrix/client",
        "discovery.well_known",
        ANYBODY,
        "Where clients find the server, if ``public_baseurl`` is set.",
        own=True,
    ),
    Route(
        "GET",
        CLIENT,
        "/versions",
        "discovery.versions",
        ANYBODY,
        "The versions of the specification.",
        own=True,
    ),
)

SESSIONS: Group = (
    Route("GET", SINCE_V1, "/login", "login.flows", ANYBODY, "The ways to log in."),
    Route("POST", SINCE_V1, "/login", "login.log_in", ANYBODY, "Logs in."),
    Route(
        "POST",
        SINCE_V1,
        "/logout",
        "sessions.log_out",
        GUESTS,
        "Ends the login that the token belongs to.",
    ),
    Route(
        "POST",
        SINCE_V1,
        "/logout/all",
        "sessions.log_out_all",
        GUESTS,
        "Ends all logins of the user.",
    ),
    Route(
        "GET",
        SINCE_V2,
        "/account/whoami",
        "sessions.whoami",
        GUESTS,
        "Whose the token is.",
    ),
    Route(
        "POST",
        SINCE_R0,
        "/refresh",
        "sessions.refresh",
        ANYBODY,
        "New tokens for a refresh token.",
    ),
    Route(
        "POST",
        OLD,
        "/tokenrefresh",
        "sessions.refresh",
        ANYBODY,
        "The same, under its name of 2016.",
    ),
)

REGISTRATION: Group = (
    Route(
        "GET",
        client_prefixes("v1", "unstable"),
        "/register/m.login.registration_token/validity",
        "registration_tokens.validity",
        ANYBODY,
        "Whether a registration token is good.",
    ),
    Route(
        "POST",
        SINCE_V2,
        "/register",
        "register.register",
        ANYBODY,
        "Makes an account, with user-interactive authentication.",
    ),
    Route(
        "GET",
        SINCE_V2,
        "/register/available",
        "register.available",
        ANYBODY,
        "Whether a name is free.",
    ),
)

ACCOUNT: Group = (
    (
        Route(
            "POST",
            SINCE_R0,
            "/account/password",
            "password.change",
            ANYBODY,
            "Changes a password, with user-interactive authentication, or for the"
            " owner of an address.",
        ),
        Route(
            "POST",
            SINCE_R0,
            "/account/deactivate",
            "deactivate.deactivate",
            USERS,
            "Ends the account, with user-interactive authentication.",
        ),
    )
    + tuple(
        Route(method, SINCE_R0, path, handler, USERS, summary)
        for method, path, handler, summary in (
            ("GET", "/account/3pid", "threepids.threepids", "The user's addresses."),
            (
                "POST",
                "/account/3pid",
                "threepids.add_by_creds",
                "The older name of the next.",
            ),
            (
                "POST",
                "/account/3pid/add",
                "threepids.add",
                "Adds a proved address, with user-interactive authentication.",
            ),
            (
                "POST",
                "/account/3pid/bind",
                "threepids.bind",
                "Has a trusted identity server publish an address.",
            ),
            ("POST", "/account/3pid/delete", "threepids.delete", "Removes an address."),
            (
                "POST",
                "/account/3pid/unbind",
                "threepids.unbind",
                "Says that no identity server can be told to forget an address.",
            ),
        )
    )
    + (
        Route(
            "POST",
            client_prefixes("v1", "unstable"),
            "/login/get_token",
            "capabilities.login_token",
            USERS,
            "A token with which another client logs in, with user-interactive"
            " authentication.",
        ),
        Route(
            "GET",
            SINCE_R0,
            "/capabilities",
            "capabilities.capabilities",
            GUESTS,
            "What the user can do.",
            own=True,
        ),
        Route(
            "GET",
            SINCE_R0,
            "/profile/{user_id}",
            "profile.profile",
            ANYBODY,
            "What a user is called.",
            own=True,
        ),
        Route(
            "GET",
            SINCE_R0,
            "/profile/{user_id}/displayname",
            "profile.displayname",
            ANYBODY,
            "The same, the name alone.",
            own=True,
        ),
        Route(
            "PUT",
            SINCE_R0,
            "/profile/{user_id}/displayname",
            "profile.set_displayname",
            GUESTS,
            "Changes it.",
            own=True,
        ),
    )
)

DEVICES: Group = (
    Route("GET", SINCE_R0, "/devices", "devices.devices", USERS, "The user's devices."),
    Route(
        "GET", SINCE_R0, "/devices/{device_id}", "devices.device", USERS, "One of them."
    ),
    Route(
        "PUT", SINCE_R0, "/devices/{device_id}", "devices.rename", USERS, "Names it."
    ),
    Route(
        "DELETE",
        SINCE_R0,
        "/devices/{device_id}",
        "devices.delete",
        USERS,
        "Removes it and ends its login, with user-interactive authentication.",
    ),
    Route(
        "POST",
        SINCE_R0,
        "/delete_devices",
        "devices.delete_several",
        USERS,
        "The same for several.",
    ),
)

PAGES: Group = (
    Route(
        "GET",
        ALWAYS,
        "/auth/{stage}/fallback/web",
        "fallback.show",
        ANYBODY,
        "The page of a stage, for clients that do not know it.",
    ),
    Route(
        "POST",
        ALWAYS,
        "/auth/{stage}/fallback/web",
        "fallback.submit",
        ANYBODY,
        "What was filled in there.",
    ),
    Route(
        "GET",
        ANYWHERE,
        "/_matrix/consent",
        "consent.show",
        ANYBODY,
        "The rules that users agree to.",
    ),
    Route("GET", STATIC, "/login/", "login_page.show", ANYBODY, "A page that logs in."),
)
