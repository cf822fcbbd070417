"""
From files and command line to a L{HomeServerConfig}.
"""

import os.path
from typing import Any, Dict, List, Mapping, Optional, Sequence, Tuple

from synauth.auth.settings import PasswordPolicy, RateLimit
from synauth.errors import ConfigError
from synauth.homeserver.config.account import login_via_existing_session
from synauth.homeserver.config.captcha import captcha_box
from synauth.homeserver.config.checks import check
from synauth.homeserver.config.consent import user_consent
from synauth.homeserver.config.kinds import ONLY_FOR_REAUTH, TEXT, list_of
from synauth.homeserver.config.lifetimes import settle_lifetimes
from synauth.homeserver.config.listeners import LISTENERS
from synauth.homeserver.config.mail import email_of
from synauth.homeserver.config.options import OPTIONS
from synauth.homeserver.config.secretfile import SECRET_FILES, read_secret_files
from synauth.homeserver.config.settings import Database, HomeServerConfig, Listener
from synauth.homeserver.config.table import Reading
from synauth.homeserver.config.yamlfile import Node, Place, read_yaml
from synauth.storage.engines import SQLITE

COMMAND_LINE = Place("the command line")
_DEFAULTS = Place("the defaults")

_ENDPOINTS = list_of(TEXT, "a list of endpoint descriptions")


def load_config(
    paths: List[str], overrides: Mapping[str, Any], data_dir: Optional[str]
) -> HomeServerConfig:
    """
    Read and check a configuration.

    @param paths: YAML files; a key at the top level of a later one replaces
        that of an earlier one.
    @param overrides: keys at top level that replace what the files have, in
        plain Python values; C{None} is as if not given.  C{"listen"} is a list
        of endpoint descriptions, and C{"enable_registration"} opens
        registration without a further word.
    @param data_dir: the data directory, C{None} for what the files say.
    @raise ConfigError: with all mistakes, one a line.
    """
    reading = Reading()
    root, replaced = _merge(paths, overrides, reading)
    listen: Any = ()
    if "listen" in overrides and overrides["listen"] is not None:
        node = Node.of(overrides["listen"], COMMAND_LINE)
        listen = _ENDPOINTS.read(node, "listen", reading)
    given = reading.mapping(root, OPTIONS)
    read_secret_files(given, root, reading)
    values = dict(_defaults(), **given)
    if data_dir is not None:
        values["synauth.data_dir"] = data_dir
    settle_lifetimes(values, given, root, reading)
    check(values, root, listen, reading)
    reading.finish()
    return _assemble(values, _listeners(values["listeners"], listen, replaced), reading)


def _merge(
    paths: List[str], overrides: Mapping[str, Any], reading: Reading
) -> Tuple[Node, List[Node]]:
    """
    @return: all that counts, and the C{listeners} that later ones have replaced.
    """
    top: Dict[Any, Node] = {}
    replaced = []
    for path in paths:
        try:
            found = read_yaml(path).value
        except ConfigError as e:
            reading.add_error(e)
            continue
        if "listeners" in top and "listeners" in found:
            replaced.append(top["listeners"])
        top.update(found)
    for key, value in overrides.items():
        if value is not None and key != "listen":
            top[key] = Node.of(value, COMMAND_LINE)
    if overrides.get("enable_registration") is True:
        top["enable_registration_without_verification"] = Node(True, COMMAND_LINE)
    place = Place(paths[0], 1) if paths else COMMAND_LINE
    return Node(top, place), replaced


def _defaults() -> Dict[str, Any]:
    reading = Reading()
    values = {
        option.key: reading.option(
            option, Node.of(option.default, _DEFAULTS), option.key
        )
        for option in OPTIONS
    }
    reading.finish()
    return values


def _listeners(
    listeners: Sequence[Listener], listen: Sequence[str], replaced: Sequence[Node]
) -> Dict[str, Any]:
    """
    @param listen: the endpoint descriptions of the command line, which take the
        place of the listeners for clients.
    @param replaced: the listeners of earlier files, as they stand there.
    """
    clients = tuple(each for each in listeners if each.clients)
    proxied: Sequence[Listener] = clients
    for earlier in reversed(replaced):
        # Those for metrics alone say nothing of the proxy before the others.
        if not proxied:
            found = LISTENERS.read(earlier, "listeners", Reading()) or ()
            proxied = [each for each in found if each.clients]
    return {
        "listeners": () if listen else clients,
        "metrics_listeners": tuple(each for each in listeners if not each.clients),
        "listen": tuple(listen),
        "listen_x_forwarded": bool(listen and proxied)
        and all(each.x_forwarded for each in proxied),
    }


def _assemble(
    values: Mapping[str, Any], listeners: Mapping[str, Any], reading: Reading
) -> HomeServerConfig:
    # What has one name and one value is called the same on the object.
    same = {
        option.key: values[option.key]
        for option in OPTIONS
        if "." not in option.key and option.key not in SECRET_FILES.values()
    }
    same.update(listeners)
    same["modules"] = values["modules"] or ()
    oldest = same.pop("ldap_config")
    same["password_providers"] = (() if oldest is None else (oldest,)) + (
        values["password_providers"] or ()
    )
    return HomeServerConfig(
        custom_template_directory=values["templates.custom_template_directory"],
        data_dir=values["synauth.data_dir"],
        database=_database(values),
        password_enabled=bool(values["password_config.enabled"]),
        password_only_for_reauth=values["password_config.enabled"] == ONLY_FOR_REAUTH,
        password_localdb_enabled=values["password_config.localdb_enabled"],
        password_pepper=values["password_config.pepper"] or "",
        password_policy=_policy(values),
        ui_auth_session_timeout=values["ui_auth.session_timeout"],
        login_via_existing_session=login_via_existing_session(values),
        require_approval_for_new_accounts=values[
            "experimental_features.msc3866.require_approval_for_new_accounts"
        ],
        rc_login_address=_rate(values, "rc_login.address"),
        rc_login_account=_rate(values, "rc_login.account"),
        rc_login_failed_attempts=_rate(values, "rc_login.failed_attempts"),
        rc_registration=_rate(values, "rc_registration"),
        rc_registration_token_validity=_rate(values, "rc_registration_token_validity"),
        rc_3pid_validation=_rate(values, "rc_3pid_validation"),
        email=email_of(values),
        msisdn_delegate=values["account_threepid_delegates.msisdn"],
        sessions=values["synauth.sessions"],
        log_format=values["synauth.log_format"],
        access_log=values["synauth.access_log"],
        captcha_box=captcha_box(values),
        user_consent=user_consent(values),
        max_connections=values["synauth.max_connections"],
        max_connections_per_address=values["synauth.max_connections_per_address"],
        request_timeout=values["synauth.request_timeout"],
        stop_timeout=values["synauth.stop_timeout"],
        hash_threads=values["synauth.hash_threads"],
        hash_queue=values["synauth.hash_queue"],
        max_devices=values["synauth.max_devices"],
        max_sessions=values["synauth.max_sessions"],
        max_session_bytes=values["synauth.max_session_bytes"],
        module_timeout=values["synauth.module_timeout"],
        module_timeouts=values["synauth.module_timeouts"] or {},
        unused_keys=tuple(reading.unused),
        warnings=tuple(reading.warnings),
        **same,
    )


def _database(values: Mapping[str, Any]) -> Database:
    args = dict(values["database.args"] or {})
    name = values["database.name"]
    if name == SQLITE and args.get("database") is None:
        args["database"] = os.path.join(values["synauth.data_dir"], "homeserver.db")
    return Database(name, args, values["database.allow_unsafe_locale"])


def _rate(values: Mapping[str, Any], key: str) -> RateLimit:
    return RateLimit(values[key + ".per_second"], values[key + ".burst_count"])


def _policy(values: Mapping[str, Any]) -> Optional[PasswordPolicy]:
    section = "password_config.policy."
    if not values[section + "enabled"]:
        return None
    return PasswordPolicy(
        minimum_length=values[section + "minimum_length"],
        require_digit=values[section + "require_digit"],
        require_symbol=values[section + "require_symbol"],
        require_lowercase=values[section + "require_lowercase"],
        require_uppercase=values[section + "require_uppercase"],
    )
