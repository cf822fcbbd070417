"""
Where a user is logged in: C{/devices} and C{/delete_devices} (specification,
"Device management").
"""

from typing import Any, Dict, List

from twisted.internet.defer import Deferred, inlineCallbacks

from synauth.awaiting import Steps
from synauth.constants import Codes
from synauth.errors import MatrixError
from synauth.homeserver.logins import Requester
from synauth.homeserver.server import HomeServer
from synauth.storage.records import Device
from synauth.web.auditing import audit
from synauth.web.json_body import optional, parse_json_object, required
from synauth.web.login_details import MAX_DEVICE_ID_LENGTH, MAX_DISPLAY_NAME_LENGTH
from synauth.web.request import SynauthRequest
from synauth.web.requester import get_requester
from synauth.web.ui_auth import after_ui_auth

JsonDict = Dict[str, Any]

# More than anybody has; those who have piled up thousands can come again.
MAX_DEVICES = 1000


class DeviceEndpoints:
    """
    Shows, names and removes the devices of whoever asks.

    @param hs: the server.
    """

    def __init__(self, hs: HomeServer) -> None:
        self._hs = hs
        self._store = hs.get_datastore()

    @inlineCallbacks
    def devices(self, request: SynauthRequest) -> Steps[JsonDict]:
        """
        All devices.
        """
        requester = yield get_requester(self._hs, request, allow_guest=True)
        devices = yield self._store.get_devices_by_user(requester.user_id)
        return {"devices": [_shown(device) for device in devices]}

    @inlineCallbacks
    def device(self, request: SynauthRequest, device_id: str) -> Steps[JsonDict]:
        """
        One device.
        """
        requester = yield get_requester(self._hs, request, allow_guest=True)
        device = yield self._store.get_device(requester.user_id, device_id)
        if device is None:
            raise _no_device()
        return _shown(device)

    @inlineCallbacks
    def rename(self, request: SynauthRequest, device_id: str) -> Steps[Any]:
        """
        Give a device another name.  An application service makes one so.
        """
        requester = yield get_requester(self._hs, request, allow_guest=True)
        name = optional(parse_json_object(request), "display_name", str)
        if name is not None and len(name) > MAX_DISPLAY_NAME_LENGTH:
            raise MatrixError(
                400,
                "A device's name may have at most %d characters"
                % MAX_DISPLAY_NAME_LENGTH,
                Codes.TOO_LARGE,
            )
        found = yield self._store.update_device(requester.user_id, device_id, name)
        if found:
            return {}
        if requester.service is None:
            raise _no_device()
        if len(device_id) > MAX_DEVICE_ID_LENGTH:
            raise MatrixError(
                400,
                "A device id has at most %d characters" % MAX_DEVICE_ID_LENGTH,
                Codes.INVALID_PARAM,
            )
        yield self._store.store_device(requester.user_id, device_id, name)
        return 201, {}

    @inlineCallbacks
    def delete(self, request: SynauthRequest, device_id: str) -> Steps[JsonDict]:
        """
        Remove a device, when its user has authenticated for it.
        """
        requester = yield get_requester(self._hs, request, even_suspended=True)
        body = parse_json_object(request, allow_empty=True)
        answer = yield after_ui_auth(
            self._hs,
            request,
            requester,
            body,
            lambda params: self._delete(request, requester, [device_id]),
            may_skip=True,
            service_may=True,
        )
        return answer

    @inlineCallbacks
    def delete_several(self, request: SynauthRequest) -> Steps[JsonDict]:
        """
        Remove several devices.
        """
        requester = yield get_requester(self._hs, request, even_suspended=True)
        body = parse_json_object(request)
        if "devices" in body:
            _device_ids(body)
        answer = yield after_ui_auth(
            self._hs,
            request,
            requester,
            body,
            lambda params: self._delete(request, requester, _device_ids(params)),
            may_skip=True,
            service_may=True,
        )
        return answer

    def _delete(
        self, request: SynauthRequest, requester: Requester, device_ids: List[str]
    ) -> "Deferred[JsonDict]":
        def done(result: Any) -> JsonDict:
            for device_id in device_ids:
                audit(
                    self._hs.audit,
                    request,
                    "delete_device",
                    user_id=requester.user_id,
                    device_id=device_id,
                )
            return {}

        return self._hs.logins.end_devices(requester.user_id, device_ids).addCallback(
            done
        )


def _device_ids(params: JsonDict) -> List[str]:
    device_ids = required(params, "devices", list)
    if not all(type(each) is str for each in device_ids):
        raise MatrixError(
            400, "Parameter 'devices' must be strings", Codes.INVALID_PARAM
        )
    if len(device_ids) > MAX_DEVICES:
        raise MatrixError(
            400, "At most %d devices at a time" % MAX_DEVICES, Codes.TOO_LARGE
        )
    return list(dict.fromkeys(device_ids))


def _shown(device: Device) -> JsonDict:
    return {
        "device_id": device.device_id,
        "display_name": device.display_name,
        "last_seen_ip": device.ip,
        "last_seen_ts": device.last_seen_ms,
    }


def _no_device() -> MatrixError:
    return MatrixError(404, "No device found", Codes.NOT_FOUND)
