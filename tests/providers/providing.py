"""
What the tests of legacy providers start from.
"""

from typing import Any, Dict, List, Tuple

from synauth.identifiers import qualify
from synauth.providers.legacy import legacy_callbacks, register_legacy
from tests.providers.asking import HOSTNAME, AskingTestCase, answering


class LegacyTestCase(AskingTestCase):
    """
    A provider can be made of functions, and registered.
    """

    def setUp(self) -> None:
        """
        Nothing has been called.
        """
        super().setUp()
        self.heard: List[Tuple[Any, ...]] = []

    def hearing(self, name: str, answer: Any = None) -> Any:
        """
        @return: a function that remembers how it was called.
        """

        def method(*args: Any, **kwargs: Any) -> Any:
            self.heard.append((name, args, kwargs) if kwargs else (name, *args))
            return answering(answer)()

        return method

    def provider(self, **methods: Any) -> Any:
        """
        @return: a provider with these methods, which remember how they were
            called, and answer this.
        """
        provider = type("Provider", (), {})()
        types = methods.pop("types", None)
        if types is not None:
            provider.get_supported_login_types = self.hearing("types", types)
        for name, answer in methods.items():
            setattr(
                provider,
                name,
                answer if callable(answer) else self.hearing(name, answer),
            )
        return provider

    def register(self, **methods: Any) -> None:
        """
        Register such a provider.
        """
        register_legacy(self.callbacks, self.provider(**methods), HOSTNAME)
        self.heard = []

    def callbacks_of(self, **methods: Any) -> Dict[str, Any]:
        """
        @return: what such a provider's methods amount to.
        """
        return legacy_callbacks(
            "p",
            self.provider(**methods),
            lambda user: qualify(user, HOSTNAME),
            HOSTNAME,
        )

    def ask(self, login_type: str, **fields: Any) -> Any:
        """
        @return: whom the provider vouches for.
        """
        answer = self.successResultOf(
            self.callbacks.check_auth("alice", login_type, fields)
        )
        return answer and answer.user_id
