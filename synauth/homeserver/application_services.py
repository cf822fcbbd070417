"""
Application services: programs that register and use accounts of their own
(application service API, "Registration").
"""

import hashlib
import os.path
import re
from typing import Any, Dict, List, Optional, Pattern, Sequence, Tuple

import attr

from synauth.errors import ConfigError
from synauth.homeserver.config.yamlfile import Node, read_yaml
from synauth.homeserver.regexes import MAX_REPEATS, runs_away
from synauth.identifiers import MAX_USER_ID_BYTES, UserID


@attr.s(frozen=True, slots=True, auto_attribs=True)
class Namespace:
    """
    User ids of an application service.

    @ivar pattern: matches from their beginning.
    @ivar exclusive: whether nobody else may have them.
    """

    pattern: Pattern[str]
    exclusive: bool

    def matches(self, user_id: str) -> bool:
        """
        @return: whether it is one of these.
        """
        return len(user_id) <= MAX_USER_ID_BYTES and bool(self.pattern.match(user_id))


@attr.s(frozen=True, slots=True, auto_attribs=True, eq=False)
class ApplicationService:
    """
    An application service.

    @ivar sender: its own user id.
    @ivar users: what belongs to it besides.
    @ivar rate_limited: whether its logins count as others do.
    """

    id: str
    as_token: str = attr.ib(repr=False)
    sender: str
    users: Tuple[Namespace, ...]
    rate_limited: bool = True

    def is_interested_in(self, user_id: str) -> bool:
        """
        @return: whether it may act as this user.
        """
        return user_id == self.sender or any(
            namespace.matches(user_id) for namespace in self.users
        )

    def owns(self, user_id: str) -> bool:
        """
        @return: whether nobody else may have this id.
        """
        return user_id == self.sender or any(
            namespace.exclusive and namespace.matches(user_id)
            for namespace in self.users
        )


class ApplicationServices:
    """
    All application services of the server.
    """

    def __init__(self, services: Sequence[ApplicationService] = ()) -> None:
        self._services = services
        # By a hash, so that how long a look-up takes tells nothing of a token.
        self._by_token = {_digest(each.as_token): each for each in services}

    def __bool__(self) -> bool:
        return bool(self._services)

    def by_token(self, token: str) -> Optional[ApplicationService]:
        """
        @param token: what a client sent.
        @return: whose C{as_token} it is, or C{None}.
        """
        return self._by_token.get(_digest(token)) if self._by_token else None

    def owner_of(self, user_id: str) -> Optional[ApplicationService]:
        """
        @return: the service that alone may have this id, or C{None}.
        """
        for service in self._services:
            if service.owns(user_id):
                return service
        return None


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()


def load_application_services(
    paths: Sequence[str], hostname: str
) -> ApplicationServices:
    """
    Read registrations.

    @param paths: the files.
    @param hostname: the server name.
    @raise ConfigError: with the file, the key and what is wrong with it.
    """
    services: List[ApplicationService] = []
    for path in paths:
        service = _Registration(path, hostname).read()
        for other in services:
            for key in ("id", "as_token"):
                if getattr(other, key) == getattr(service, key):
                    raise ConfigError(
                        "%s: %s: the same as in another registration" % (path, key)
                    )
        services.append(service)
    return ApplicationServices(services)


class _Registration:
    def __init__(self, path: str, hostname: str) -> None:
        if not os.path.exists(path):
            raise ConfigError("app_service_config_files: there is no file %s" % (path,))
        self._path = path
        self._hostname = hostname
        self._root: Dict[Any, Node] = read_yaml(path).value

    def read(self) -> ApplicationService:
        localpart = self._text("sender_localpart")
        sender = "@%s:%s" % (localpart, self._hostname)
        if not UserID.is_valid(sender):
            raise self._wrong(
                self._root["sender_localpart"], "sender_localpart", "a localpart"
            )
        # What the service is told with, and where, is not used here, but has to be
        # there: null for a service that wants to hear of nothing.
        self._text("hs_token")
        url = self._root.get("url")
        if url is not None and not isinstance(url.value, (str, type(None))):
            raise self._wrong(url, "url", "an address, or null")
        return ApplicationService(
            id=self._text("id"),
            as_token=self._text("as_token"),
            sender=sender,
            users=self._users(),
            rate_limited=self._rate_limited(),
        )

    def _rate_limited(self) -> bool:
        node = self._root.get("rate_limited")
        if node is None or node.value is None:
            return True
        if not isinstance(node.value, bool):
            raise self._wrong(node, "rate_limited", "true or false")
        return node.value

    def _text(self, key: str) -> str:
        node = self._root.get(key)
        if node is None:
            raise ConfigError("%s: %s: missing, expected text" % (self._path, key))
        if not isinstance(node.value, str) or not node.value:
            raise self._wrong(node, key, "text")
        return node.value

    def _users(self) -> Tuple[Namespace, ...]:
        namespaces = self._root.get("namespaces")
        if namespaces is None or namespaces.value is None:
            return ()
        if not isinstance(namespaces.value, dict):
            raise self._wrong(namespaces, "namespaces", "a mapping")
        users = namespaces.value.get("users")
        if users is None or users.value is None:
            return ()
        if not isinstance(users.value, list):
            raise self._wrong(users, "namespaces.users", "a list")
        return tuple(
            self._namespace(node, "namespaces.users[%d]" % n)
            for n, node in enumerate(users.value)
        )

    def _namespace(self, node: Node, key: str) -> Namespace:
        found = node.plain() if isinstance(node.value, dict) else {}
        regex, exclusive = found.get("regex"), found.get("exclusive")
        if not isinstance(regex, str) or not isinstance(exclusive, bool):
            raise self._wrong(node, key, "regex, and exclusive: true or false")
        try:
            pattern = re.compile(regex)
        except re.error as error:
            raise ConfigError("%s: %s.regex: it is none: %s" % (node.place, key, error))
        if runs_away(regex):
            raise ConfigError(
                "%s: %s.regex: expected at most %d repeats, such as .*, and none of"
                " what has repeats or choices in it, such as (a+)+: it could take for"
                " ever to see that a name does not match"
                % (node.place, key, MAX_REPEATS)
            )
        return Namespace(pattern, exclusive)

    def _wrong(self, node: Node, key: str, expected: str) -> ConfigError:
        return ConfigError("%s: %s: expected %s" % (node.place, key, expected))
