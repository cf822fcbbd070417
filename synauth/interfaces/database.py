"""
Where what the daemon keeps is kept.
"""

from zope.interface import Attribute, Interface


class IDatabase(Interface):
    """
    Where the stores keep things: runs functions that speak SQL.  A function is
    called with a cursor and the remaining arguments, on a thread of the
    database's own, so it may block, and may touch nothing else that changes.
    """

    engine = Attribute("What SQL can't say the same way everywhere.")
    news = Attribute(
        "How processes on it tell each other things, a"
        " L{synauth.storage.news.News}; None if they can't."
    )

    def start():
        """
        Open the database.
        """

    def close():
        """
        Finish what has been asked for and close the database.
        """

    def read(function, *args):
        """
        Run a function that changes nothing.  Each of its statements sees what
        was committed before that statement.

        @return: a Deferred that fires with C{function(txn, *args)}, or errs
            with what it raised.
        """

    def write(function, *args):
        """
        Run a function in a transaction, as if no other writer overlapped it.
        If one did, the function is called again, so it must change nothing
        but the database.

        @return: a Deferred that fires with C{function(txn, *args)} once that
            is on the disk, or errs with what it raised once nothing of it is
            left.
        """


class IEngine(Interface):
    """
    A kind of database: all that SQL can't say the same way everywhere.

    The SQL of this package has C{?} for its parameters.  A C{bool} may go into
    any column that holds a truth value, be it C{BOOLEAN} or C{SMALLINT}.
    """

    name = Attribute("What a person is told which database it is: C{str}.")
    Error = Attribute("What the database's module raises: a class.")
    shared = Attribute("Whether other processes may write to it too: C{bool}.")

    def create():
        """
        Make the database unless there is one, where that is ours to do.

        @raise synauth.errors.ConfigError: if that can't be done.
        """

    def connect():
        """
        @return: a connection that is not set up yet: nothing was written.  It
            has C{cursor}, C{commit}, C{rollback} and C{close}.
        """

    def check(txn):
        """
        Look at a database before anything in it is changed.

        @raise synauth.errors.ConfigError: if it is not fit for us.
        """

    def set_up(connection):
        """
        Make a connection fit for use.
        """

    def allow_writing(txn, allowed):
        """
        Say whether what follows on this connection may write, where a
        transaction does not say it by itself.
        """

    def begin(txn):
        """
        Begin a transaction that writes.  What it has read is still so when it
        is committed, or else it fails with an error after which it can be
        done again.
        """

    def begin_alone(txn):
        """
        Begin a transaction that writes and that nobody else's of this kind
        overlaps, also in other processes: it waits for those, and sees what
        they have done.  For changes of the schema.
        """

    def next_id(txn, table):
        """
        A fresh row id.  It was never another row's, even if that row is gone:
        a request may still be holding its id.

        @param txn: a transaction that writes.
        @param table: one with an C{id}.
        @return: an C{int}.
        """

    def tables(txn):
        """
        @return: a set of the names of all tables that there are.
        """

    def prepare(txn):
        """
        Make what belongs to the schema but is not a table, unless it is there.
        """

    def statements(script):
        """
        Take a script apart.

        @return: an iterator of what can be executed by itself.
        """

    def explain(error):
        """
        @param error: an L{Error} that stopped the start.
        @return: what is wrong and what to do, for the operator: C{str}.
        """
