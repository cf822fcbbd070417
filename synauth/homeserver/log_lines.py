"""
What the log's lines look like: as text, or as JSON.

Neither lets a value of an event make a line of its own: in text, what comes
after a line break is indented, and other control characters are escaped; JSON
has ASCII only.
"""

import json
import math
from datetime import datetime, timezone
from typing import Any, Dict, Mapping, Optional

from twisted.logger import formatEvent, formatEventAsClassicLogText

from synauth.request_ids import current

# Of a JSON line, in bytes.
MAX_LINE = 16384

# What the lines have by themselves, and what the older log writes into events
# for its own use.
_NOT_FIELDS = {"time", "level", "namespace", "request_id", "message", "traceback"}
_NOT_FIELDS |= {"truncated", "format", "isError", "failure", "system", "why"}

_CONTROLS = {
    code: "\\x%02x" % code
    for code in [*range(0x20), *range(0x7F, 0xA0)]
    if code not in (0x09, 0x0A)
}
_CONTROLS.update({code: "\\u%04x" % code for code in (0x2028, 0x2029)})

_dumps = json.JSONEncoder(separators=(",", ":"), allow_nan=False).encode

Event = Dict[str, Any]


def with_request(event: Event) -> Dict[str, Any]:
    """
    @param event: an event.
    @return: a copy that has the id of the request in its C{log_system}: where
        the line says who speaks.
    """
    system = event.get("log_system")
    if system is None:
        system = "%s#%s" % (event.get("log_namespace", "-"), _level(event))
    request_id = _request_id(event)
    if request_id is not None:
        system = "%s request=%s" % (system, request_id)
    return dict(event, log_system=system)


def text_line(event: Event) -> Optional[str]:
    """
    @param event: an event.
    @return: Twisted's own line, with the id of the request; C{None} if there
        is nothing to say.
    """
    line = formatEventAsClassicLogText(with_request(event))
    if line is None:
        return None
    # Half a character can't be written to any file.
    line = line.encode("utf-8", "backslashreplace").decode("utf-8")
    return line.translate(_CONTROLS)


def json_line(event: Event) -> Optional[str]:
    """
    @param event: an event.
    @return: a line with a JSON object: C{time}, C{level}, C{namespace},
        C{request_id} if there is one, C{message}, C{traceback} if there is one,
        and what else the event has that JSON can say.  C{None} if there is
        nothing to say.
    """
    try:
        return _json_line(event)
    except Exception as error:
        told = {
            "time": None,
            "level": "error",
            "namespace": __name__,
            "message": "An event could not be written: " + type(error).__name__,
        }
        return _dumps(told) + "\n"


def _json_line(event: Event) -> Optional[str]:
    message = formatEvent(event)
    failure = event.get("log_failure")
    if not message and failure is None:
        return None
    # In this order: what a filter looks for stands at the beginning of the line,
    # before anything that a client may have had a part in.
    told: Dict[str, Any] = {
        "time": _time(event.get("log_time")),
        "level": _level(event),
        "namespace": str(event.get("log_namespace", "-")),
    }
    request_id = _request_id(event)
    if request_id is not None:
        told["request_id"] = request_id
    told["message"] = message
    if failure is not None:
        told["traceback"] = failure.getTraceback()
    line = _dumps(dict(told, **_fields(event, message)))
    return (line if len(line) < MAX_LINE else _shortened(told)) + "\n"


def _fields(event: Event, message: str) -> Dict[str, Any]:
    fields: Dict[str, Any] = {}
    for name, value in event.items():
        if name.startswith("log_") or name in _NOT_FIELDS:
            continue
        if isinstance(value, bytes):
            value = value.decode("utf-8", "backslashreplace")
        if value is None or isinstance(value, (bool, int)):
            fields[name] = value
        elif isinstance(value, float):
            fields[name] = value if math.isfinite(value) else repr(value)
        elif isinstance(value, str) and value != message:
            fields[name] = value
    return fields


def _shortened(told: Mapping[str, Any]) -> str:
    """
    The message from its beginning and the traceback to its end, as far as they
    have room, and no fields.
    """
    short = dict(told, namespace=_fitting(told["namespace"], MAX_LINE // 16))
    short["message"] = _fitting(told["message"], MAX_LINE // 4)
    if "traceback" in told:
        backwards = _fitting(told["traceback"][::-1], MAX_LINE // 2)
        short["traceback"] = backwards[::-1]
    short["truncated"] = True
    return _dumps(short)


def _fitting(text: str, room: int) -> str:
    """
    @return: as much of the text's beginning as has room in JSON.
    """
    text = text[:room]
    while len(_dumps(text)) > room:
        text = text[: len(text) * 3 // 4]
    return text


def _level(event: Event) -> str:
    level = event.get("log_level")
    return "info" if level is None else str(level.name)


def _request_id(event: Event) -> Optional[str]:
    said = event.get("request_id")
    return said if isinstance(said, str) else current.get()


def _time(seconds: Any) -> Optional[str]:
    try:
        moment = datetime.fromtimestamp(seconds, timezone.utc)
    except (TypeError, ValueError, OverflowError, OSError):
        return None
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
