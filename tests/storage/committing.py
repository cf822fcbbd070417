"""
A process that logs users in until it is killed, and tells of each login that
it was told is kept.  See L{tests.storage.test_crash}.
"""

import sys
from typing import Any, Generator

from twisted.internet import reactor
from twisted.internet.defer import inlineCallbacks

from synauth.storage.database import Database
from synauth.storage.datastore import DataStore
from synauth.storage.migrations import prepare_database
from synauth.storage.records import NewAccount, NewLogin
from synauth.storage.sqlite import SqliteEngine
from tests.storage.fixtures import SteadyClock


@inlineCallbacks
def log_in(store: DataStore, worker: str) -> Generator[Any, Any, None]:
    """
    Make accounts, each with a login, one after the other.
    """
    number = 0
    while True:
        number += 1
        name = "%s%d" % (worker, number)
        user_id = "@%s:example.org" % name
        yield store.create_user(
            NewAccount(user_id, "hash", 1),
            NewLogin(user_id, "D", "token-" + name, 1, refresh_token="r-" + name),
        )
        sys.stdout.write(name + "\n")
        sys.stdout.flush()


def main(path: str) -> None:
    """
    @param path: of the database, which is made.
    """
    engine = SqliteEngine(path)
    prepare_database(engine)
    database = Database(reactor, engine)
    database.start()
    store = DataStore(database, SteadyClock())
    for worker in "abc":
        log_in(store, worker)
    reactor.run()


if __name__ == "__main__":
    main(sys.argv[1])
