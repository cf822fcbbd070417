"""
Forms.
"""

from typing import Any, Optional

from twisted.trial.unittest import SynchronousTestCase

from synauth.web.form import parse_form
from synauth.web.request import MAX_BODY_BYTES
from synauth.web.routes import Route
from tests.web.client import Answer, ask, site_of

FORM = "application/x-www-form-urlencoded"


class FormTests(SynchronousTestCase):
    """
    L{parse_form}, of what a browser sends.
    """

    def send(self, body: bytes, kind: Optional[str] = FORM) -> Answer:
        """
        @return: the fields of a form, or the error.
        """

        def echo(request: Any) -> Any:
            return parse_form(request)

        headers = (("Content-Type", kind),) if kind is not None else ()
        return ask(site_of(Route("POST", ("",), "/", echo)), "POST", "/", body, headers)

    def test_fields(self) -> None:
        """
        Fields come as text, whatever is in it; those in the query are not
        among them.
        """
        body = b"a=1&b=a+b%26c%3D%E2%98%83&c=&%C3%A4=x&d"
        for kind in (FORM, FORM + "; charset=UTF-8", FORM.upper()):
            answer = self.send(body, kind)
            fields = {"a": "1", "b": "a b&c=\u2603", "c": "", "\xe4": "x", "d": ""}
            self.assertEqual((answer.code, answer.json), (200, fields))

    def test_empty(self) -> None:
        """
        A form can be empty.
        """
        self.assertEqual(self.send(b"").json, {})

    def test_other_kinds(self) -> None:
        """
        A form with files, or JSON, or what does not say what it is, is not
        looked at.
        """
        for kind in ("multipart/form-data; boundary=x", "application/json", "", None):
            answer = self.send(b"a=1", kind)
            self.assertEqual((answer.code, answer.json["errcode"]), (415, "M_UNKNOWN"))

    def test_refused(self) -> None:
        """
        A field twice, what is not text, a NUL, and more fields than any form
        has are refused.
        """
        many = b"&".join(b"%d=" % i for i in range(101))
        for body in (b"a=1&a=1", b"a=%FF", b"%FF=a", b"a=%00", b"a=\0", many):
            answer = self.send(body)
            self.assertEqual(
                (answer.code, answer.json["errcode"]), (400, "M_INVALID_PARAM"), body
            )

    def test_too_large(self) -> None:
        """
        A form is bounded as every body is.
        """
        self.assertEqual(self.send(b"a=" + b"x" * MAX_BODY_BYTES).code, 413)
