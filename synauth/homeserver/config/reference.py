"""
The table of options, written for people: C{docs/configuration.rst} and a
C{homeserver.yaml} to begin with.
"""

import secrets
from typing import Any, Dict, List, Mapping, Sequence, Tuple

import yaml

from synauth.homeserver.config.listeners import LISTENER
from synauth.homeserver.config.options import GROUPS
from synauth.homeserver.config.table import Option

_INTRODUCTION = """\
.. This file is generated: python -m synauth.homeserver.config > docs/configuration.rst

Configuration
=============

synauth reads a ``homeserver.yaml`` with the keys that Synapse has for the same
things. Keys of a homeserver that synauth has no use for are passed over;
``synauth check-config homeserver.yaml`` names them, and says what was probably
meant where a name comes close to one of the keys below. A key below with a
wrong value stops the start: the message names file, line and key, what was
found and what is expected, for all mistakes at once. A key that stands twice in
one mapping is a mistake, too. In the section ``synauth``, which is synauth's
own, so is an unknown key.

Without any configuration the server is called ``localhost``, listens at
127.0.0.1:8008 and keeps its data in ``./synauth-data``. ``synauth
generate-config --server-name example.com`` prints a file to begin with.

Several files
    ``--config`` may be given several times. A key at top level of a later file
    replaces the whole of what an earlier file has under it.

The command line
    ``--server-name`` and ``--data-dir`` replace what the files say; ``--listen``
    (a Twisted endpoint description, repeatable) replaces all listeners.
    ``--enable-registration`` sets ``enable_registration`` and
    ``enable_registration_without_verification``: anybody who reaches the server
    can make an account. It is meant for trying things out.

Paths
    A relative path is relative to the directory that synauth is started in.

Times
    ``30s``, ``5m``, ``24h``, ``7d``, ``1w``, ``1y`` (365 days), or a whole
    number of milliseconds.

Secrets
    The values of secret keys never appear in messages and logs. ``""``,
    ``"None"`` and ``"null"`` in the place of a secret are taken as "not set",
    with a warning: a template that writes ``None`` for nothing would otherwise
    give every server the same secret.

A dot in a name below stands for indentation: ``password_config.pepper`` is
written as::

    password_config:
      pepper: "..."
"""


def reference() -> str:
    """
    @return: C{docs/configuration.rst}.
    """
    parts = [_INTRODUCTION]
    for title, options in GROUPS:
        parts.append("\n%s\n%s\n" % (title, "-" * len(title)))
        for option in options:
            parts.append(_entry(option, option.key))
            if option.key == "listeners":
                parts.extend(
                    _entry(each, "listeners[].%s" % (each.key,)) for each in LISTENER
                )
    return "".join(parts)


def _entry(option: Option, name: str) -> str:
    default = "none"
    if option.default is not None:
        default = "``%s``" % (_flow(option.default),)
    # Two spaces end a sentence in the source, one does in a page.
    doc = option.doc.replace(".  ", ". ")
    null = " May be ``null``." if option.nullable else ""
    return "\n``%s``\n    %s\n\n    Expects %s. Default: %s.%s\n" % (
        name,
        doc,
        option.kind.expects,
        default,
        null,
    )


def _flow(value: Any) -> str:
    """
    @return: a value as YAML on one line.
    """
    text = yaml.safe_dump(value, default_flow_style=True, width=10000)
    return str(text).replace("\n...\n", "\n").strip()


def sample_config(server_name: str, data_dir: str) -> str:
    """
    Write a C{homeserver.yaml} in which every option stands, those at their
    defaults as comments, with secrets of its own.

    @param server_name: the name of the server.
    @param data_dir: the data directory.
    """
    active = {
        "server_name": server_name,
        "synauth.data_dir": data_dir,
        "macaroon_secret_key": secrets.token_urlsafe(64),
        "registration_shared_secret": secrets.token_urlsafe(48),
    }
    tops: Dict[str, List[Option]] = {}
    for _, options in GROUPS:
        for option in options:
            tops.setdefault(option.key.partition(".")[0], []).append(option)
    parts = [
        "# A configuration of synauth.  Lines that begin with # and no space are"
        " the\n# defaults; all keys are explained in the documentation, too.\n"
        "# Keep this file to yourself: there are secrets in it.\n"
    ]
    for below in tops.values():
        parts.append("\n" + _sample_of(below, active))
    return "".join(parts)


def _sample_of(options: Sequence[Option], active: Mapping[str, Any]) -> str:
    """
    Write one key at top level and all that is below it.
    """
    lines: List[str] = []
    mark = "" if any(option.key in active for option in options) else "#"
    written: Tuple[str, ...] = ()
    for option in options:
        path = tuple(option.key.split("."))
        for depth in range(1, len(path)):
            if written[:depth] != path[:depth]:
                lines.append("%s%s%s:" % (mark, "  " * (depth - 1), path[depth - 1]))
        written = path[:-1]
        indent = "  " * (len(path) - 1)
        lines.append("%s# %s" % (indent, option.doc))
        value = active.get(option.key, option.default)
        lines.append(
            "%s%s%s: %s"
            % ("" if option.key in active else "#", indent, path[-1], _flow(value))
        )
    return "\n".join(lines) + "\n"
