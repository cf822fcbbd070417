"""
The C{synauth} command: what an operator does beside running the daemon.
"""

from synauth.cli.command import main

__all__ = ["main"]
