"""
C{/_synapse/admin/v2/users}: accounts, for administrators.
"""

from typing import Any, Dict, Tuple

from twisted.internet.defer import inlineCallbacks

from synauth.awaiting import Steps
from synauth.constants import Codes
from synauth.errors import MatrixError
from synauth.homeserver.logins import Requester
from synauth.homeserver.server import HomeServer
from synauth.identifiers import UserID
from synauth.storage.user_list import ListedUser
from synauth.web.admin_forms import account_form, local_user, user_query
from synauth.web.auditing import audit
from synauth.web.json_body import parse_json_object
from synauth.web.request import SynauthRequest
from synauth.web.requester import require_admin

JsonDict = Dict[str, Any]


class AdminUserEndpoints:
    """
    Lists, shows, makes and changes accounts.

    @param hs: the server.
    """

    def __init__(self, hs: HomeServer) -> None:
        self._hs = hs
        self._store = hs.get_datastore()

    @inlineCallbacks
    def list_users(self, request: SynauthRequest) -> Steps[JsonDict]:
        """
        A page of accounts.
        """
        yield require_admin(self._hs, request)
        query = user_query(request, self._hs.hostname)
        users, total = yield self._store.get_users_paginate(query)
        answer: JsonDict = {"users": list(map(_listed, users)), "total": total}
        if users and query.start + len(users) < total:
            answer["next_token"] = "%d" % (query.start + len(users),)
        return answer

    @inlineCallbacks
    def show(self, request: SynauthRequest, user_id: str) -> Steps[JsonDict]:
        """
        All that is known of an account.
        """
        yield require_admin(self._hs, request)
        answer = yield self._described(local_user(user_id, self._hs.hostname))
        return answer

    @inlineCallbacks
    def put(self, request: SynauthRequest, user_id: str) -> Steps[Tuple[int, JsonDict]]:
        """
        Make an account, or change one.
        """
        requester = yield require_admin(self._hs, request)
        body = parse_json_object(request)
        try:
            code = yield self._put(requester, user_id, body)
        except MatrixError as error:
            audit(
                self._hs.audit,
                request,
                "admin.put_user",
                error,
                user_id=user_id,
                actor=requester.puppeteer or requester.user_id,
            )
            raise
        audit(
            self._hs.audit,
            request,
            "admin.create_user" if code == 201 else "admin.modify_user",
            user_id=user_id,
            actor=requester.puppeteer or requester.user_id,
        )
        answer = yield self._described(user_id)
        return code, answer

    @inlineCallbacks
    def _put(self, requester: Requester, user_id: str, body: JsonDict) -> Steps[int]:
        local_user(user_id, self._hs.hostname)
        form = account_form(body)
        account = yield self._store.get_user(user_id)
        if account is None:
            yield self._hs.administration.create(user_id, form)
            return 201
        yield self._hs.administration.modify(account, form, requester)
        return 200

    @inlineCallbacks
    def _described(self, user_id: str) -> Steps[JsonDict]:
        info = yield self._store.get_userinfo(user_id)
        details = yield self._store.get_account_details(user_id)
        if info is None or details is None:
            raise MatrixError(404, "User not found", Codes.NOT_FOUND)
        localpart = UserID.from_string(user_id).localpart
        profile = yield self._store.get_profile(localpart)
        threepids = yield self._store.user_get_threepids(user_id)
        external_ids = yield self._store.get_external_ids_by_user(user_id)
        return {
            "name": user_id,
            "displayname": profile and profile.display_name,
            "avatar_url": profile and profile.avatar_url,
            "threepids": [
                {
                    "medium": each.medium,
                    "address": each.address,
                    "validated_at": each.validated_at,
                    "added_at": each.added_at,
                }
                for each in threepids
            ],
            "external_ids": [
                {"auth_provider": provider, "external_id": external_id}
                for provider, external_id in external_ids
            ],
            "is_guest": info.is_guest,
            "admin": info.admin,
            "deactivated": info.deactivated,
            "locked": info.locked,
            "suspended": info.suspended,
            "approved": info.approved,
            "erased": details.erased,
            "shadow_banned": details.shadow_banned,
            "user_type": info.user_type,
            "creation_ts": info.creation_ts,
            "last_seen_ts": details.last_seen_ts,
            "appservice_id": details.appservice_id,
            "consent_server_notice_sent": None,
            "consent_version": details.consent_version,
            "consent_ts": details.consent_ts,
        }


def _listed(user: ListedUser) -> JsonDict:
    return {
        "name": user.user_id,
        "user_type": user.user_type,
        "is_guest": user.is_guest,
        "admin": user.admin,
        "deactivated": user.deactivated,
        "shadow_banned": user.shadow_banned,
        "displayname": user.display_name,
        "avatar_url": user.avatar_url,
        # In a list it is milliseconds.
        "creation_ts": None if user.creation_ts is None else user.creation_ts * 1000,
        "approved": user.approved,
        "erased": user.erased,
        "last_seen_ts": user.last_seen_ts,
        "locked": user.locked,
    }
