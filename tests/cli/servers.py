"""
A homeserver for the C{register-user} command to talk to.
"""

import hashlib
import hmac
import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any, Dict, List, Optional, Tuple

NONCE = "n0nce"


class SharedSecretServer:
    """
    A server at 127.0.0.1, on a thread of its own, that checks the proof.

    @ivar secret: its shared secret.
    @ivar accounts: the bodies that were posted with a good proof.
    @ivar answer: C{(status, headers, body)} to give whatever is asked, or
        C{None}.
    """

    def __init__(self, secret: str) -> None:
        self.secret = secret
        self.accounts: List[Dict[str, Any]] = []
        self.answer: Optional[Tuple[int, Dict[str, str], bytes]] = None
        owner = self

        class Handler(BaseHTTPRequestHandler):
            """
            One request.
            """

            def do_GET(self) -> None:
                """
                Give a nonce.
                """
                self.reply(200, {}, json.dumps({"nonce": NONCE}).encode("ascii"))

            def do_POST(self) -> None:
                """
                Make an account.
                """
                length = int(self.headers["Content-Length"])
                body = json.loads(self.rfile.read(length).decode("utf-8"))
                status, answer = owner.register(self.path, body)
                self.reply(status, {}, json.dumps(answer).encode("ascii"))

            def reply(self, status: int, headers: Dict[str, str], body: bytes) -> None:
                """
                Send an answer, unless another was prepared.
                """
                if owner.answer is not None:
                    status, headers, body = owner.answer
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *args: Any) -> None:
                """
                Say nothing.
                """

        self._server = HTTPServer(("127.0.0.1", 0), Handler)
        self.port = self._server.server_address[1]
        self.url = "http://127.0.0.1:%d" % (self.port,)
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.01}
        )
        self._thread.start()

    def close(self) -> None:
        """
        Stop it.
        """
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def register(self, path: str, body: Dict[str, Any]) -> Tuple[int, Dict[str, Any]]:
        """
        @return: status and body for a registration.
        """
        fields = [
            body["nonce"],
            body["username"],
            body["password"],
            "admin" if body["admin"] else "notadmin",
        ]
        if "user_type" in body:
            fields.append(body["user_type"])
        message = b"\x00".join(field.encode("utf-8") for field in fields)
        good = hmac.new(self.secret.encode("utf-8"), message, hashlib.sha1).hexdigest()
        if path != "/_synapse/admin/v1/register":
            return 404, {"errcode": "M_UNRECOGNIZED", "error": "Unrecognized request"}
        if body["mac"] != good:
            return 403, {"errcode": "M_FORBIDDEN", "error": "HMAC incorrect"}
        if body["username"] in [each["username"] for each in self.accounts]:
            return 400, {"errcode": "M_USER_IN_USE", "error": "User ID taken"}
        self.accounts.append(body)
        return 200, {"user_id": "@%s:test" % (body["username"],), "access_token": "tok"}
