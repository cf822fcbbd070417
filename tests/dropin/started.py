"""
Stands in for the module of a homeserver.
"""

import sys

from tests.dropin import seen

if __name__ == "__main__":
    seen.ARGUMENTS.append(sys.argv[1:])
