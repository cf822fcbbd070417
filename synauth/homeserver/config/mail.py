"""
The options about e-mail addresses and telephone numbers.
"""

import re
from email.utils import parseaddr
from typing import Any, Dict, Mapping, Optional, Tuple

from synauth.homeserver.config.kinds import (
    BOOLEAN,
    DURATION,
    POSITIVE_NUMBER,
    SECRET,
    TEXT,
    URL,
    integer,
    list_of,
    scalar,
)
from synauth.homeserver.config.settings import AllowedThreepid, EmailConfig
from synauth.homeserver.config.table import Kind, Option, Reading
from synauth.homeserver.config.yamlfile import Node

_HOST = re.compile(r"[A-Za-z0-9.-]{1,253}(?::[0-9]{1,5})?\Z")


def _line(value: Any) -> str:
    if not isinstance(value, str) or not value.strip() or not value.isprintable():
        raise ValueError()
    try:
        value % {"app": "", "server_name": ""}
    except (KeyError, TypeError):
        # Other words than these two.
        raise ValueError()
    return value


def _mailbox(value: Any) -> str:
    written = _line(value)
    _, address = parseaddr(written % {"app": "app", "server_name": "server"})
    if address.count("@") != 1 or address.startswith("@") or address.endswith("@"):
        raise ValueError()
    if not address.isascii():
        # No mail could be sent, and nobody who asks for one is told.
        raise ValueError()
    return written


def _host(value: Any) -> str:
    if not isinstance(value, str) or not _HOST.match(value):
        raise ValueError()
    return value.lower()


LINE = scalar("one line of text, in which %% stands for a %", _line)
MAILBOX = scalar("an address such as 'Our server <noreply@example.com>'", _mailbox)
HOST = scalar("a host name, with a port if need be", _host)


def _read_allowed(node: Node, key: str, reading: Reading) -> Any:
    if not isinstance(node.value, list):
        reading.expected(node, key, ALLOWED_3PIDS.expects)
        return None
    return tuple(
        _read_one(item, "%s[%d]" % (key, i), reading)
        for i, item in enumerate(node.value)
    )


def _read_one(node: Node, key: str, reading: Reading) -> Optional[AllowedThreepid]:
    found: Dict[Any, Any] = node.plain() if isinstance(node.value, dict) else {}
    medium, pattern = found.get("medium"), found.get("pattern")
    if medium not in ("email", "msisdn") or not isinstance(pattern, str):
        reading.expected(node, key, "a medium, email or msisdn, and a pattern")
        return None
    try:
        return AllowedThreepid(medium, re.compile(pattern))
    except re.error as error:
        reading.refuse(node.place, key, "the pattern is none: %s" % (error,))
        return None


ALLOWED_3PIDS = Kind("a list of mappings with medium and pattern", _read_allowed)

MAIL: Tuple[Option, ...] = (
    Option(
        "email.notif_from",
        MAILBOX,
        None,
        "Whom mails are from; %(app)s in it becomes email.app_name.  Without it"
        " there is no mail, and nobody can prove an e-mail address to this server.",
    ),
    Option("email.smtp_host", TEXT, "localhost", "The mail server."),
    Option(
        "email.smtp_port",
        integer(1, 65535),
        None,
        "Its port; 465 with force_tls, else 25.",
    ),
    Option("email.smtp_user", TEXT, None, "Whom to log in to it as."),
    Option("email.smtp_pass", SECRET, None, "That user's password."),
    Option(
        "email.force_tls",
        BOOLEAN,
        False,
        "Whether it speaks TLS from the first byte.",
    ),
    Option(
        "email.require_transport_security",
        BOOLEAN,
        False,
        "Whether mail waits rather than go out where it does not offer TLS.",
    ),
    Option(
        "email.enable_tls",
        BOOLEAN,
        True,
        "Whether TLS (STARTTLS) is used where it is offered.",
    ),
    Option(
        "email.tlsname",
        TEXT,
        None,
        "The name that its certificate has to be for; smtp_host if not given.",
    ),
    Option(
        "email.app_name",
        LINE,
        "Matrix",
        "What mails call the service.",
    ),
    Option(
        "email.validation_token_lifetime",
        DURATION,
        "1h",
        "For how long a link in a mail is good.",
    ),
    Option(
        "email.subjects.password_reset",
        LINE,
        "[%(server_name)s] Password reset",
        "The subject of the mail with which a password is reset.",
    ),
    Option(
        "email.subjects.email_validation",
        LINE,
        "[%(server_name)s] Validate your email",
        "The subject of the mail with which an address is validated.",
    ),
    Option(
        "email.subjects.email_already_in_use",
        LINE,
        "[%(server_name)s] Email already in use",
        "The subject of the mail to an address that has an account already.",
    ),
    Option(
        "request_token_inhibit_3pid_errors",
        BOOLEAN,
        True,
        "Whether clients that ask for a mail are not told if there is an account"
        " with the address: the mail tells its owner.",
    ),
    Option(
        "next_link_domain_whitelist",
        list_of(HOST, "a list of host names"),
        None,
        "The hosts to which a browser may be sent after a link in a mail was"
        " opened; that of public_baseurl if not given.",
    ),
    Option(
        "trusted_third_party_id_servers",
        list_of(HOST, "a list of host names"),
        [],
        "The identity servers that are asked, and believed.",
    ),
    Option(
        "account_threepid_delegates.msisdn",
        URL,
        None,
        "The identity server that validates telephone numbers for this server.",
    ),
    Option(
        "allowed_local_3pids",
        ALLOWED_3PIDS,
        None,
        "The only addresses that accounts can have: each is of a medium and"
        " matches its pattern from the beginning.",
    ),
    Option(
        "rc_3pid_validation.per_second",
        POSITIVE_NUMBER,
        0.003,
        "How many validations of an address, and from a client's address, are"
        " allowed a second in the long run.",
    ),
    Option(
        "rc_3pid_validation.burst_count",
        integer(1),
        5,
        "How many of them are allowed at once before that counts.",
    ),
)


def email_of(values: Mapping[str, Any]) -> Optional[EmailConfig]:
    """
    @param values: all values.
    @return: how mail is sent, C{None} if it is not.
    """
    if values["email.notif_from"] is None:
        return None
    words = {"app": values["email.app_name"], "server_name": values["server_name"]}
    force_tls = values["email.force_tls"]
    return EmailConfig(
        smtp_host=values["email.smtp_host"],
        smtp_port=values["email.smtp_port"] or (465 if force_tls else 25),
        smtp_user=values["email.smtp_user"],
        smtp_pass=values["email.smtp_pass"],
        force_tls=force_tls,
        require_transport_security=values["email.require_transport_security"],
        enable_tls=values["email.enable_tls"],
        tlsname=values["email.tlsname"] or values["email.smtp_host"],
        notif_from=values["email.notif_from"] % words,
        app_name=values["email.app_name"],
        validation_token_lifetime=values["email.validation_token_lifetime"],
        subjects={
            key: values["email.subjects." + key] % words
            for key in ("password_reset", "email_validation", "email_already_in_use")
        },
    )


def check_mail(values: Mapping[str, Any], root: Node, reading: Reading) -> None:
    """
    Complain about options that do not go together.
    """
    section = root.value.get("email")
    if section is None or not isinstance(section.value, dict):
        # None, or complained about already.
        return
    if values["email.notif_from"] is None:
        for key in ("smtp_host", "smtp_user", "smtp_pass", "force_tls"):
            name = "email." + key
            if key in section.value and values[name] not in (None, False, "localhost"):
                if "email.notif_from" not in reading.wrong:
                    reading.refuse(
                        section.value[key].place,
                        name,
                        "found without email.notif_from, expected whom mails are from",
                    )
        return
    if values["public_baseurl"] is None and "public_baseurl" not in reading.wrong:
        reading.refuse(
            section.place,
            "public_baseurl",
            "missing, expected where the links in mails lead",
        )
    if (values["email.smtp_user"] is None) != (values["email.smtp_pass"] is None):
        if "email.smtp_pass" not in reading.wrong:
            reading.refuse(
                section.place,
                "email.smtp_user",
                "found one of smtp_user and smtp_pass, expected both or none",
            )
    if values["email.require_transport_security"] and not values["email.enable_tls"]:
        if not values["email.force_tls"]:
            reading.refuse(
                section.place,
                "email.enable_tls",
                "found false, expected true with require_transport_security",
            )
