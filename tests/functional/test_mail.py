"""
Mails, as a mail server gets them from the daemon.
"""

from typing import Any

from tests.functional.client import V3
from tests.functional.daemon import QUICK, DaemonTestCase
from tests.functional.mailbox import Mailbox, link_in, open_link
from tests.modules.needs import needs_package

ADDRESS = "alice@example.org"


@needs_package("aiosmtpd")
class MailTests(DaemonTestCase):
    """
    A mail for somebody who registers.
    """

    def setUp(self) -> None:
        """
        Start a mail server, and a daemon that sends its mail there.
        """
        self.mailbox = Mailbox()
        self.addCleanup(self.mailbox.stop)
        self.daemon = self.start(
            dict(
                QUICK,
                email=self.mailbox.settings(),
                public_baseurl="http://matrix.example.org/",
            )
        )

    def ask(self, attempt: int = 1) -> Any:
        """
        Ask for a mail.

        @return: the answer's body.
        """
        body = {"client_secret": "s3cret", "email": ADDRESS, "send_attempt": attempt}
        path = V3 + "/register/email/requestToken"
        answer = self.daemon.client().post(path, body)
        self.assertEqual(answer.status, 200, answer.body)
        return answer.body

    def test_message(self) -> None:
        """
        A mail has its headers, two parts with the same link, and lines that
        end as lines of a mail do.
        """
        self.ask()
        content = self.mailbox.next_bytes()
        self.assertNotIn(b"\r\r", content)
        self.assertNotIn(b"\n", content.replace(b"\r\n", b""))
        mail = self.mailbox.parsed(content)
        self.assertEqual(mail["To"], ADDRESS)
        self.assertEqual(mail["From"], "Matrix <matrix@example.org>")
        self.assertEqual(mail.get_content_type(), "multipart/alternative")
        link = link_in(mail)
        self.assertTrue(link.startswith("http://matrix.example.org/_matrix/"), link)

    def test_link(self) -> None:
        """
        The link can be opened, twice; a repeated request sends nothing.
        """
        sid = self.ask()["sid"]
        link = link_in(self.mailbox.next())
        base = "http://127.0.0.1:%d" % self.daemon.port()
        self.assertEqual([open_link(base, link) for _ in range(2)], [200, 200])
        self.assertEqual(self.ask()["sid"], sid)
        self.ask(2)
        self.assertEqual(self.mailbox.next()["To"], ADDRESS)
        self.assertTrue(self.mailbox.is_empty())
