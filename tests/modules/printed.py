"""
The example of the documentation of the callbacks, as it is printed there.

That text is not this project's and so is not in it: C{SYNAUTH_SOURCES} says in
which folder the document is.
"""

import os
import re

FOLDER = "SYNAUTH_SOURCES"


def printed_module(folder: str) -> str:
    """
    @return: the source of the C{MyAuthProvider} in one of a folder's documents.
    """
    for name in sorted(os.listdir(folder)):
        path = os.path.join(folder, name)
        if name.endswith(".md"):
            with open(path, encoding="utf-8") as document:
                text = document.read()
            for block in re.findall(r"^```python\n(.*?)^```", text, re.S | re.M):
                if "class MyAuthProvider" in block:
                    found: str = block
                    return found
    raise LookupError("no document in %s has the example" % (folder,))


exec(printed_module(os.environ[FOLDER]))
