"""
The cursor that a module's function gets.
"""

from typing import Any, Callable, Iterable, Iterator, List, Tuple

from twisted.enterprise.adbapi import Transaction


class ModuleTransaction:
    """
    A cursor with what a homeserver's cursor has besides: it can be walked
    through, and told what to do afterwards.

    @param txn: the cursor.
    @ivar afterwards: what to call once all is written.
    """

    def __init__(self, txn: Transaction) -> None:
        self._txn = txn
        self.afterwards: List[Tuple[Callable[..., Any], Any, Any]] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._txn, name)

    def __iter__(self) -> Iterator[Any]:
        return iter(self._txn.fetchall())

    def execute_batch(self, sql: str, args: Iterable[Any]) -> None:
        """
        Run a statement with each of some arguments.
        """
        self._txn.executemany(sql, list(args))

    def call_after(
        self, callback: Callable[..., Any], *args: Any, **kwargs: Any
    ) -> None:
        """
        Call a function on the reactor's thread once all is written.
        """
        self.afterwards.append((callback, args, kwargs))


def run_interaction(
    txn: Transaction, function: Callable[..., Any], args: Any, kwargs: Any
) -> Tuple[Any, List[Tuple[Callable[..., Any], Any, Any]]]:
    """
    Run a module's function.

    @return: its result, and what to call afterwards.
    """
    transaction = ModuleTransaction(txn)
    return function(transaction, *args, **kwargs), transaction.afterwards
