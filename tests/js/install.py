"""
C{python -m tests.js.install DIRECTORY}: install what C{package.json} names.
"""

import os
import shutil
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))

NPM = ("npm", "install", "--no-audit", "--no-fund", "--no-package-lock")


def install(directory: str) -> None:
    """
    @param directory: where C{node_modules} will be; made if need be.
    """
    os.makedirs(directory, exist_ok=True)
    shutil.copy(os.path.join(HERE, "package.json"), directory)
    subprocess.run(NPM, cwd=directory, check=True)


if __name__ == "__main__":
    install(sys.argv[1])
