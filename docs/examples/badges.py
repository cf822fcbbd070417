"""
A module for synauth, or for any homeserver with the same module API: staff log
in with the badge that they carry.  A badge is good for one device at a time.

docs/modules.rst goes through it step by step.
"""

from hmac import compare_digest
from typing import Any, Dict, Optional


class BadgeModule:
    """
    Lets in whoever has a badge.

    @param config: what C{parse_config} gave: localparts by their badges.
    @param api: the homeserver's C{ModuleApi}.
    """

    def __init__(self, config: Dict[str, str], api: Any) -> None:
        self._owners = config
        self._api = api
        # The access token that each badge has opened last.
        self._open: Dict[str, str] = {}
        api.register_password_auth_provider_callbacks(
            auth_checkers={("org.example.badge", ("badge",)): self.check_badge},
            on_logged_out=self.on_logged_out,
        )

    @staticmethod
    def parse_config(config: Any) -> Dict[str, str]:
        """
        Check the settings; the server does not start if they are wrong.
        """
        badges = config.get("badges")
        if not isinstance(badges, dict) or not badges:
            raise ValueError("badges: expected a mapping of badges and localparts")
        for badge, localpart in badges.items():
            if not isinstance(badge, str) or not isinstance(localpart, str):
                raise ValueError("badges: write badges and localparts in quotes")
        return badges

    async def check_badge(self, user: str, login_type: str, login_dict: Any) -> Any:
        """
        Say whose login this is.
        """
        badge = self._known(login_dict["badge"])
        if badge is None:
            return None
        owner = self._api.get_qualified_user_id(self._owners[badge])
        if self._api.get_qualified_user_id(user) != owner:
            return None
        if await self._api.check_user_exists(owner) is None:
            await self._api.register_user(self._owners[badge])

        async def logged_in(response: Dict[str, Any]) -> None:
            before = self._open.get(badge)
            self._open[badge] = response["access_token"]
            if before is not None:
                await self._api.invalidate_access_token(before)

        return owner, logged_in

    async def on_logged_out(
        self, user_id: str, device_id: Optional[str], access_token: str
    ) -> None:
        """
        Forget a token that has ended.
        """
        for badge, token in list(self._open.items()):
            if token == access_token:
                del self._open[badge]

    def _known(self, shown: Any) -> Optional[str]:
        """
        Find a badge, in a time that says nothing about how much of it is right.
        """
        if not isinstance(shown, str):
            return None
        found = None
        for badge in self._owners:
            if compare_digest(badge.encode(), shown.encode(errors="replace")):
                found = badge
        return found
