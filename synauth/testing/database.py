"""
A database without threads.
"""

from synauth.storage.inline import InlineDatabase

__all__ = ["InlineDatabase"]
