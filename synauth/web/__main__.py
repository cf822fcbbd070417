"""
C{python -m synauth.web} prints C{docs/endpoints.rst}.
"""

import sys

from synauth.web.listing import listing

if __name__ == "__main__":
    sys.stdout.write(listing())
