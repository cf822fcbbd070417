"""
synauth: the authentication half of a Matrix homeserver, on Twisted.
"""

from synauth.auth.handler import AuthHandler

__all__ = ["AuthHandler"]
