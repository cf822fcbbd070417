"""
Runs conversations of matrix-js-sdk.
"""

import json
import os
import shutil
import subprocess
from typing import Any, Callable, Optional

from tests.functional.daemon import PATIENCE_S, DaemonTestCase
from tests.js.install import HERE
from tests.modules.needs import missing, needs_server

DIRECTORY = os.environ.get("SYNAUTH_JS_SDK", "")
_SDK = os.path.join(DIRECTORY, "node_modules", "matrix-js-sdk")


def _there(case: Any) -> Any:
    return case


_needs_sdk = _there
if not DIRECTORY or not os.path.isdir(_SDK):
    _needs_sdk = missing("matrix-js-sdk is not installed")


@needs_server("node")
@_needs_sdk
class NodeTestCase(DaemonTestCase):
    """
    A test with a daemon and the SDK.
    """

    def talk(
        self,
        name: str,
        follow: Optional[Callable[[], None]] = None,
        user: str = "alice",
        password: str = "wonderland-1",
        **args: Any,
    ) -> Any:
        """
        Have a conversation with the daemon.

        @param name: which of those in C{talk.js}.
        @param follow: called when a mail has been asked for, to follow the
            link in it.
        @param args: what it is told besides.
        @return: what came of it.
        """
        # Node looks for packages beside the script.
        script = shutil.copy(os.path.join(HERE, "talk.js"), DIRECTORY)
        base = "http://127.0.0.1:%d" % self.daemon.port()
        args.update(base=base, user=user, password=password)
        node = subprocess.Popen(
            ["node", script, name, json.dumps(args)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            universal_newlines=True,
        )
        self.addCleanup(_end, node)
        assert node.stdin is not None and node.stdout is not None
        said = ""
        for said in node.stdout:
            if said == "mail\n":
                assert follow is not None, "no mail was expected"
                follow()
                node.stdin.write("followed\n")
                node.stdin.flush()
        _, complaint = node.communicate(timeout=PATIENCE_S)
        self.assertEqual(node.returncode, 0, complaint + self.daemon.log())
        return json.loads(said)


def _end(node: Any) -> None:
    if node.poll() is None:
        node.kill()
        node.wait()
    for stream in (node.stdin, node.stdout, node.stderr):
        stream.close()
