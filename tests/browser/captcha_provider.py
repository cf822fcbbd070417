"""
A captcha's provider: its script, and the protocol by which an answer is
verified.
"""

import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any, Dict, List
from urllib.parse import parse_qs

# A box that is solved by a click, and says so as reCAPTCHA's does.
SCRIPT = b"""
function show() {
  var box = document.querySelector(".g-recaptcha");
  var button = document.createElement("button");
  button.type = "button";
  button.id = "solve";
  button.textContent = "I am a person (" + box.dataset.sitekey + ")";
  button.onclick = function () {
    var answer = document.createElement("textarea");
    answer.name = "g-recaptcha-response";
    answer.hidden = true;
    answer.value = window.answerOfTest || "solved";
    box.appendChild(answer);
    window[box.dataset.callback](answer.value);
  };
  box.appendChild(button);
}
if (document.readyState === "loading") {
  document.addEventListener("DOMContentLoaded", show);
} else {
  show();
}
"""


class _Handler(BaseHTTPRequestHandler):
    server: Any

    def do_GET(self) -> None:
        """
        The script.
        """
        self._answer(b"text/javascript", SCRIPT)

    def do_POST(self) -> None:
        """
        Verify an answer.
        """
        length = int(self.headers["Content-Length"])
        form = parse_qs(self.rfile.read(length).decode("ascii"))
        fields = {name: values[0] for name, values in form.items()}
        self.server.asked.append(fields)
        answer = {"success": fields.get("response") == "solved"}
        self._answer(b"application/json", json.dumps(answer).encode("ascii"))

    def _answer(self, kind: bytes, body: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Type", kind.decode("ascii"))
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """
        Nothing is logged.
        """


class CaptchaProvider:
    """
    Runs in a thread until it is stopped.

    @ivar asked: the forms that it was sent to verify.
    """

    def __init__(self) -> None:
        self._server = HTTPServer(("127.0.0.1", 0), _Handler)
        self.asked: List[Dict[str, str]] = []
        self._server.asked = self.asked  # type: ignore[attr-defined]
        self._thread = threading.Thread(target=self._server.serve_forever)
        self._thread.start()

    def settings(self) -> Dict[str, Any]:
        """
        @return: what a daemon is told that asks it.
        """
        base = "http://127.0.0.1:%d/" % self._server.server_port
        return {
            "enable_registration_captcha": True,
            "recaptcha_public_key": "public",
            "recaptcha_private_key": "private",
            "recaptcha_siteverify_api": base + "siteverify",
            "synauth": {"captcha": {"script_url": base + "api.js"}},
        }

    def stop(self) -> None:
        """
        End the thread.
        """
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
