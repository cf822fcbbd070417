"""
A module with callbacks, as the documentation of the callbacks shows one: it
answers with bare ids.
"""

from typing import Any, Dict, Optional

LOGIN_TYPE = "my.login_type"


class Wordkeeper:
    """
    Lets in who knows the word.

    @param config: a word for each C{user}, as it is typed.
    @param api: the homeserver's C{ModuleApi}.
    """

    def __init__(self, config: Dict[str, str], api: Any) -> None:
        self._words = config
        self._api = api
        api.register_password_auth_provider_callbacks(
            auth_checkers={
                (LOGIN_TYPE, ("my_field",)): self.check_field,
                ("m.login.password", ("password",)): self.check_password,
            }
        )

    async def check_field(
        self, username: str, login_type: str, login_dict: Dict[str, Any]
    ) -> Optional[str]:
        """
        The login type of its own.
        """
        return self._checked(username, login_dict["my_field"])

    async def check_password(
        self, username: str, login_type: str, login_dict: Dict[str, Any]
    ) -> Optional[str]:
        """
        The word as a password.
        """
        return self._checked(username, login_dict["password"])

    def _checked(self, username: str, word: str) -> Optional[str]:
        if self._words.get(username) != word:
            return None
        user_id: str = self._api.get_qualified_user_id(username)
        return user_id
