"""
Limits that all processes of a server count together: a leaky bucket for each
limited thing, of which all that is kept is when it will have run empty.
"""

from typing import Optional

from twisted.enterprise.adbapi import Transaction


def hit(
    txn: Transaction, bucket: str, now: float, action_ms: float, bucket_ms: float
) -> Optional[float]:
    """
    Count one, or refuse.

    @param bucket: which.
    @param now: in ms.
    @param action_ms: what one adds.
    @param bucket_ms: how much there is room for.
    @return: C{None} if it was counted, else when to come again, in ms from now.
    """
    found = _empty_at(txn, bucket)
    # No bucket holds more than it can, even if a clock was put back.
    empty_at = min(now if found is None else found, now + bucket_ms)
    empty_at = max(empty_at, now) + action_ms
    over = empty_at - bucket_ms - now
    if over > 0:
        return over
    _keep(txn, bucket, empty_at, found is None)
    return None


def refund(txn: Transaction, bucket: str, now: float, action_ms: float) -> None:
    """
    Take back one that was counted.
    """
    found = _empty_at(txn, bucket)
    if found is not None:
        _keep(txn, bucket, max(found - action_ms, now), False)


def _empty_at(txn: Transaction, bucket: str) -> Optional[float]:
    txn.execute("SELECT empty_at FROM synauth_rate_limits WHERE bucket = ?", (bucket,))
    row = txn.fetchone()
    return None if row is None else row[0]


def _keep(txn: Transaction, bucket: str, empty_at: float, new: bool) -> None:
    txn.execute(
        "INSERT INTO synauth_rate_limits (empty_at, bucket) VALUES (?, ?)"
        if new
        else "UPDATE synauth_rate_limits SET empty_at = ? WHERE bucket = ?",
        (empty_at, bucket),
    )


def prune_rate_limits(txn: Transaction, now: float, limit: int) -> int:
    """
    Forget buckets that are empty.

    @param limit: how many at most.
    @return: how many there were.
    """
    txn.execute(
        "SELECT bucket FROM synauth_rate_limits WHERE empty_at < ?"
        " ORDER BY empty_at LIMIT ?",
        (now, limit),
    )
    empty = txn.fetchall()
    txn.executemany(
        "DELETE FROM synauth_rate_limits WHERE bucket = ? AND empty_at < ?",
        [(bucket, now) for (bucket,) in empty],
    )
    return len(empty)
