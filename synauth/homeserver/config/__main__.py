"""
C{python -m synauth.homeserver.config} prints C{docs/configuration.rst}.
"""

import sys

from synauth.homeserver.config.reference import reference

if __name__ == "__main__":
    sys.stdout.write(reference())
