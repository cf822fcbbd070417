"""
Makes C{twistd synauth} known.  Strings only: this file is imported by every
C{twistd} command of every application on the machine.
"""

from twisted.application.service import ServiceMaker

synauth = ServiceMaker(
    "synauth",
    "synauth.tap",
    "The authentication half of a Matrix homeserver.",
    "synauth",
)
