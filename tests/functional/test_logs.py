"""
The log, as the daemon writes it.
"""

import json
import os
import re
import subprocess
from typing import Any, Dict, List

from tests.functional.client import V3
from tests.functional.daemon import ANY_FREE_PORT, QUICK, Daemon, DaemonTestCase

JSON = dict(QUICK, synauth={"log_format": "json", "access_log": True})
TEXT = dict(QUICK, synauth={"access_log": True})


def parsed(log: str) -> List[Dict[str, Any]]:
    """
    @return: the objects of a log of JSON, which is nothing else, once it has
        begun: what Python itself warns of comes before.
    """
    return [json.loads(line) for line in log[log.index("{") :].splitlines()]


class LogTests(DaemonTestCase):
    """
    C{synauth.log_format} and C{synauth.access_log}.
    """

    def test_json(self) -> None:
        """
        From the first line to the last each is an object, and those of a
        request have its id.
        """
        daemon = self.start(JSON)
        client = daemon.client()
        self.assertEqual(client.register("alice").status, 200)
        answer = client.login("alice", password="wrong\n\u2028")
        self.assertEqual(answer.status, 403)
        client.get(V3 + "/account/whoami?access_token=secret")
        daemon.stop()
        lines = parsed(daemon.log())
        self.assertTrue(any("starting up" in line["message"] for line in lines))
        self.assertIn("Server Shut Down.", lines[-1]["message"])
        for line in lines:
            self.assertRegex(line["time"], r"\A\d{4}-\d\d-\d\dT[\d:]{8}\.\d{3}Z\Z")
        served = [line for line in lines if line["namespace"] == "synauth.access"]
        self.assertEqual(
            [(line["path"], line["status"]) for line in served],
            [
                (V3 + "/register", 200),
                (V3 + "/login", 403),
                (V3 + "/account/whoami", 401),
            ],
        )
        self.assertEqual(len({line["request_id"] for line in served}), 3)
        (refused,) = [line for line in lines if line.get("outcome") == "refused"]
        self.assertEqual(refused["request_id"], served[1]["request_id"])
        self.assertEqual(refused["reason"], "wrong_password")
        self.assertNotIn("secret", daemon.log())

    def test_text(self) -> None:
        """
        The same as text.
        """
        daemon = self.start(TEXT)
        daemon.client().login("alice")
        daemon.stop()
        lines = daemon.log().splitlines()
        (audit,) = [line for line in lines if "[synauth.audit#warn request=" in line]
        (access,) = [line for line in lines if "[synauth.access#info request=" in line]
        ids = [re.findall(r" request=([^]]*)\]", line) for line in (audit, access)]
        self.assertEqual(ids[0], ids[1])
        self.assertRegex(*ids[0], r"\A[0-9a-f]{6}-1\Z")

    def test_log_file(self) -> None:
        """
        So it is in a file that C{twistd} is told of.
        """
        directory = self.make_directory()
        config = self.write_config(directory, JSON)
        listening = ["--listen", ANY_FREE_PORT, "--config", config]
        path = os.path.join(directory, "log")
        daemon = Daemon(directory, listening, ["--logfile", path])
        self.addCleanup(daemon.stop)
        while not os.path.exists(path) or "synauth listens" not in _read(path):
            with self.assertRaises(subprocess.TimeoutExpired, msg=daemon.log()):
                daemon.process.wait(0.05)
        daemon.stop()
        self.assertNotIn("{", daemon.log())
        messages = [line["message"] for line in parsed(_read(path))]
        self.assertIn("starting up", messages[1])
        self.assertIn("Server Shut Down.", messages[-1])


def _read(path: str) -> str:
    with open(path, encoding="ascii") as log:
        return log.read()
