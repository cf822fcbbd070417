"""
Modules for the endpoints' tests.
"""

from typing import Any, Dict, List, Optional, Tuple

PASSWORD = ("m.login.password", ("password",))
OWN = ("org.example.word", ("word", "colour"))


class Module:
    """
    A module that answers what it is told to, and remembers what it was asked.

    @ivar name: what messages call it.
    @ivar asked: each question: its kind and its arguments.
    @ivar answers: the answers by the kind: a value, an exception to raise, or a
        function of the arguments.
    @ivar api: what it was handed.
    """

    def __init__(
        self, name: str = "module", checkers: Tuple[Any, ...] = (), **answers: Any
    ) -> None:
        self.name = name
        self.asked: List[Tuple[Any, ...]] = []
        self.answers: Dict[str, Any] = answers
        self.api: Any = None
        self._checkers = checkers

    @property
    def entry(self) -> Tuple[str, Any]:
        """
        @return: what L{tests.web.server.Server} loads.
        """
        return self.name, self.load

    def load(self, config: Any, api: Any) -> "Module":
        """
        Register the callbacks: one of each kind that there is an answer for.
        """
        self.api = api
        callbacks = {
            kind: self._callback(kind) for kind in self.answers if kind != "check_auth"
        }
        if self._checkers:
            check_auth = self._callback("check_auth")
            callbacks["auth_checkers"] = dict.fromkeys(self._checkers, check_auth)
        api.register_password_auth_provider_callbacks(**callbacks)
        return self

    def questions(self, kind: str) -> List[Tuple[Any, ...]]:
        """
        @return: the arguments of each question of a kind.
        """
        return [asked[1:] for asked in self.asked if asked[0] == kind]

    def _callback(self, kind: str) -> Any:
        def callback(*args: Any) -> Any:
            self.asked.append((kind, *args))
            answer = self.answers.get(kind)
            if isinstance(answer, Exception):
                raise answer
            return answer(*args) if callable(answer) else answer

        return callback


def checker(answer: Any, *keys: Any, name: Optional[str] = None) -> Module:
    """
    @param keys: login types and their fields, those of a password by default.
    @return: a module that gives one answer to every C{check_auth}.
    """
    return Module(name or "module", keys or (PASSWORD,), check_auth=answer)
