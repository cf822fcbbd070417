"""
What a row in the table of all that is served is (the table itself is
L{synauth.web.endpoints}), and the tree that is made of rows.
"""

from typing import Any, Mapping, Sequence, Tuple, Union

import attr
from twisted.web.resource import IResource

from synauth.errors import ConfigError
from synauth.web.json_resource import Handler, JsonResource

CLIENT_VERSIONS = ("api/v1", "r0", "v1", "v3", "unstable", "v2_alpha")

# Who may, in words of the documentation.
ANYBODY = "anybody"
USERS = "users, with an access token"
GUESTS = "users and guests, with an access token"
ADMINISTRATORS = "administrators of the server, with an access token"


def client_prefixes(*versions: str) -> Tuple[str, ...]:
    """
    @param versions: of L{CLIENT_VERSIONS}.
    @return: the prefixes of the client-server API for them.
    """
    return tuple("/_matrix/client/" + version for version in versions)


@attr.s(frozen=True, slots=True, auto_attribs=True)
class Route:
    """
    What is done at one path, under one or more prefixes, for one method.

    @ivar method: the HTTP method.
    @ivar prefixes: what the path may begin with; C{("",)} for nothing.
    @ivar path: the rest, from its slash on.  A segment C{{name}} stands for
        any non-empty one, which the handler is given as the keyword C{name}.
    @ivar handler: what is done: a L{Handler}, or where it is found:
        C{"endpoint.method"}.
    @ivar who: who may; for the documentation.
    @ivar summary: what it is for, a sentence; for the documentation.
    @ivar own: whether each server answers this for itself: a reverse proxy
        that sends here what is about authentication leaves it where it was.
    """

    method: str
    prefixes: Tuple[str, ...]
    path: str
    handler: Union[str, Handler]
    who: str = ANYBODY
    summary: str = ""
    own: bool = False


# Rows that belong together.
Group = Tuple[Route, ...]


def build_root(
    routes: Sequence[Route], endpoints: Mapping[str, Any] = {}
) -> JsonResource:
    """
    Make the tree of resources.

    A static segment goes before a parameter in the same place, and there is no
    way back: a route below the parameter is not found through a static segment
    that has no such child.

    @param routes: the table.
    @param endpoints: the objects that the routes' handlers name.
    @return: the root; what it does not know is answered with a 404.
    @raise ValueError: if two routes claim the same method and path.
    """
    root = JsonResource()
    for route in routes:
        handler = _find(route.handler, endpoints)
        for prefix in route.prefixes:
            place = _place(root, route, prefix + route.path, handler)
            # Of the same thing in several versions there is one count.
            one = len(route.prefixes) == 1
            place.endpoint = prefix + route.path if one else route.path
    return root


def add_resource(root: JsonResource, path: str, resource: IResource) -> None:
    """
    Hang a resource of a module's into the tree.

    @param path: where, from its slash on; everything below is the resource's.
    @raise ConfigError: if something is served there, or further up, already.
    """
    place = root
    *way, last = path.encode("utf-8").split(b"/")[1:]
    for segment in way:
        child = place.children.setdefault(segment, JsonResource())
        if not isinstance(child, JsonResource):
            raise ConfigError("%s is served by another module already" % path)
        place = child
    if last in place.children:
        raise ConfigError("%s is served already" % path)
    place.putChild(last, resource)


def _find(handler: Union[str, Handler], endpoints: Mapping[str, Any]) -> Handler:
    if not isinstance(handler, str):
        return handler
    endpoint, _, method = handler.partition(".")
    found: Handler = getattr(endpoints[endpoint], method)
    return found


def _place(
    root: JsonResource, route: Route, path: str, handler: Handler
) -> JsonResource:
    place = root
    names = []
    for segment in path.split("/")[1:]:
        if segment.startswith("{"):
            names.append(segment[1:-1])
            if place.parameter is None:
                place.parameter = JsonResource()
            place = place.parameter
        else:
            place = _child(place, segment.encode("ascii"))
    try:
        place.add_handler(route.method, handler, tuple(names))
    except ValueError:
        raise ValueError("Two routes for %s %s" % (route.method, path))
    return place


def _child(place: JsonResource, segment: bytes) -> JsonResource:
    if segment not in place.children:
        place.putChild(segment, JsonResource())
    child: JsonResource = place.children[segment]
    return child
