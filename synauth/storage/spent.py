"""
What is good once, and was used.
"""

from twisted.enterprise.adbapi import Transaction


def spend(txn: Transaction, token: str, expires: int) -> bool:
    """
    @param token: what names it, of a kind that nobody chose.
    @param expires: when it would not be good any more anyway, in ms.
    @return: whether this is its first use.
    """
    txn.execute("SELECT 1 FROM synauth_spent WHERE token = ?", (token,))
    if txn.fetchone() is not None:
        return False
    txn.execute(
        "INSERT INTO synauth_spent (token, expires) VALUES (?, ?)", (token, expires)
    )
    return True


def prune_spent(txn: Transaction, now: int, limit: int) -> int:
    """
    Forget what has expired.

    @param limit: how many at most.
    @return: how many there were.
    """
    txn.execute(
        "SELECT token FROM synauth_spent WHERE expires < ? ORDER BY expires LIMIT ?",
        (now, limit),
    )
    expired = txn.fetchall()
    txn.executemany("DELETE FROM synauth_spent WHERE token = ?", expired)
    return len(expired)
