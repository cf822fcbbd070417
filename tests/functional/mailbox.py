"""
A mail server that keeps what it is sent.
"""

import asyncio
import queue
import re
import threading
from email import message_from_bytes
from email.message import Message
from typing import Any, Dict
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

from tests.functional.daemon import PATIENCE_S

try:
    from aiosmtpd.smtp import SMTP
except ImportError:
    SMTP = None


class Mailbox:
    """
    Runs in a thread until it is stopped.

    @param tls: an C{ssl.SSLContext} to speak TLS by from the first byte.
    @param options: of the aiosmtpd server.
    @ivar port: where it listens.
    """

    def __init__(self, tls: Any = None, **options: Any) -> None:
        self._arrived: "queue.Queue[bytes]" = queue.Queue()
        self._loop = asyncio.new_event_loop()
        starting = self._loop.create_server(
            lambda: SMTP(self, loop=self._loop, **options), "127.0.0.1", 0, ssl=tls
        )
        self._server = self._loop.run_until_complete(starting)
        self.port = self._server.sockets[0].getsockname()[1]
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._thread.start()

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        """
        Keep a mail.
        """
        self._arrived.put(envelope.content)
        return "250 OK"

    def settings(self) -> Dict[str, Any]:
        """
        @return: what a daemon is told that sends its mail here.
        """
        return {
            "smtp_host": "127.0.0.1",
            "smtp_port": self.port,
            "notif_from": "%(app)s <matrix@example.org>",
        }

    def next_bytes(self) -> bytes:
        """
        @return: the next mail, once it is there, as it was sent.
        """
        return self._arrived.get(timeout=PATIENCE_S)

    def parsed(self, content: bytes) -> Message:
        """
        @return: a mail that was sent.
        """
        return message_from_bytes(content)

    def next(self) -> Message:
        """
        @return: the next mail, once it is there.
        """
        return self.parsed(self.next_bytes())

    def is_empty(self) -> bool:
        """
        @return: whether nothing has come since.
        """
        return self._arrived.empty()

    def stop(self) -> None:
        """
        End the thread.
        """
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._server.close()
        self._loop.run_until_complete(self._server.wait_closed())
        self._loop.close()


def link_in(mail: Message) -> str:
    """
    @return: the link in a mail: there is one, and it is the same in its text
        and in its HTML.
    """
    texts = {
        part.get_content_type(): part.get_payload(decode=True).decode("utf-8")  # type: ignore[union-attr]
        for part in mail.walk()
        if not part.is_multipart()
    }
    (link,) = re.findall(r"https?://\S+", texts["text/plain"])
    (linked,) = re.findall(r'href="([^"]+)"', texts["text/html"])
    assert linked.replace("&amp;", "&") == link, (link, linked)
    return str(link)


def path_of(link: str) -> str:
    """
    @return: the path and the query of a link.
    """
    parts = urlsplit(link)
    return "%s?%s" % (parts.path, parts.query)


def open_link(base: str, link: str) -> int:
    """
    Open a link as a person does, and say yes if there is a question.

    @param base: the daemon's address.
    @return: the status.
    """
    method = "POST" if "/password_reset/" in link else "GET"
    with urlopen(Request(base + path_of(link), method=method)) as answer:
        return int(answer.status)
