"""
What L{tests.dropin.started} was started with.
"""

from typing import List

ARGUMENTS: List[List[str]] = []
