"""
Tests for L{synauth.homeserver.smtp}: a mail server on a socket of its own.
"""

import datetime
import ipaddress
import os
import ssl
from typing import Any, Generator, Tuple

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID
from hypothesis import strategies as st
from twisted.internet.defer import inlineCallbacks
from twisted.internet.ssl import Certificate, trustRootFromCertificates
from twisted.trial.unittest import SynchronousTestCase, TestCase
from zope.interface.verify import verifyObject

from synauth.errors import LimitExceededError, MatrixError
from synauth.homeserver.config.settings import EmailConfig
from synauth.homeserver.smtp import (
    DELIVERY_TIMEOUT,
    MAX_LENGTH,
    MAX_WAITING,
    Mailer,
    compose,
    in_ascii,
)
from synauth.homeserver.smtp_delivery import DeliveryError
from synauth.interfaces import IMailer
from synauth.threepids import canonical
from tests.functional.mailbox import Mailbox
from tests.modules.needs import needs_package
from tests.properties import given
from tests.storage.fixtures import NOW_MS, SteadyClock

try:
    from twisted.internet.testing import MemoryReactorClock
except ImportError:  # Twisted 19.2
    from twisted.test.proto_helpers import MemoryReactorClock

PASSWORD = "a-secret-of-the-mail-server"

Steps = Generator[Any, Any, None]


def settings(**changes: Any) -> EmailConfig:
    """
    @return: how mail is sent.
    """
    values = {
        "smtp_host": "127.0.0.1",
        "smtp_port": 25,
        "smtp_user": None,
        "smtp_pass": None,
        "force_tls": False,
        "require_transport_security": False,
        "enable_tls": True,
        "tlsname": "127.0.0.1",
        "notif_from": "Us <us@example.org>",
        "app_name": "Matrix",
        "validation_token_lifetime": 1000,
        "subjects": {},
    }
    return EmailConfig(**dict(values, **changes))


def certificate(folder: str, address: str = "127.0.0.1") -> Tuple[ssl.SSLContext, Any]:
    """
    Make a certificate for an address.

    @return: a server's context, and what a client has to trust.
    """
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, address)])
    begin = datetime.datetime(2020, 1, 1)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(begin)
        .not_valid_after(begin + datetime.timedelta(days=20000))
        .add_extension(
            x509.SubjectAlternativeName(
                [x509.IPAddress(ipaddress.ip_address(address))]
            ),
            critical=False,
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = os.path.join(folder, "server.pem")
    pem = made.public_bytes(serialization.Encoding.PEM)
    with open(path, "wb") as stream:
        stream.write(
            key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.TraditionalOpenSSL,
                serialization.NoEncryption(),
            )
        )
        stream.write(pem)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(path)
    return context, trustRootFromCertificates([Certificate.loadPEM(pem)])


def authenticator(
    server: Any, session: Any, envelope: Any, kind: str, data: Any
) -> Any:
    """
    Let one user in.
    """
    from aiosmtpd.smtp import AuthResult

    right = (data.login, data.password) == (b"us", PASSWORD.encode("ascii"))
    return AuthResult(success=right, handled=False)


@needs_package("aiosmtpd")
class DeliveryTests(TestCase):
    """
    Mail over real connections.
    """

    def serve(self, **options: Any) -> Mailbox:
        """
        @return: a mail server.
        """
        mailbox = Mailbox(**options)
        self.addCleanup(mailbox.stop)
        return mailbox

    def send(self, mailbox: Mailbox, trust: Any = None, **changes: Any) -> Any:
        """
        Send a mail there.
        """
        from twisted.internet import reactor

        config = settings(smtp_port=mailbox.port, **changes)
        mailer = Mailer(config, reactor, SteadyClock(), trust)
        return mailer.send_email("a@example.org", "Subject", "<p>html</p>", "text")

    def folder(self) -> str:
        """
        @return: an empty directory.
        """
        path: str = self.mktemp()
        os.makedirs(path)
        return path

    @inlineCallbacks
    def assert_sent(self, mailbox: Mailbox, *args: Any, **changes: Any) -> Steps:
        """
        Send a mail, and find it.
        """
        yield self.send(mailbox, *args, **changes)
        self.assertIn(b"Subject: Subject\r\n", mailbox.next_bytes())

    @inlineCallbacks
    def assert_not_sent(self, mailbox: Mailbox, *args: Any, **changes: Any) -> Steps:
        """
        Try to send a mail, which fails in words without a secret.
        """
        sent = self.send(mailbox, *args, **changes)
        error = yield self.assertFailure(sent, DeliveryError)
        self.assertNotIn(PASSWORD, str(error))
        self.assertNotIn("\n", str(error))
        self.assertLess(len(str(error)), 100)
        self.assertTrue(mailbox._arrived.empty())

    @inlineCallbacks
    def test_plain(self) -> Steps:
        """
        Without TLS on offer mail goes without, unless it has to have it.
        """
        mailbox = self.serve()
        yield self.assert_sent(mailbox)
        yield self.assert_not_sent(mailbox, require_transport_security=True)

    @inlineCallbacks
    def test_starttls(self) -> Steps:
        """
        TLS is used where it is offered, and the certificate has to be right.
        """
        context, trust = certificate(self.folder())
        mailbox = self.serve(tls_context=context, require_starttls=True)
        yield self.assert_sent(mailbox, trust, require_transport_security=True)
        yield self.assert_not_sent(mailbox)
        yield self.assert_not_sent(mailbox, trust, tlsname="mail.example.org")
        yield self.assert_not_sent(mailbox, trust, enable_tls=False)

    @inlineCallbacks
    def test_implicit_tls(self) -> Steps:
        """
        The same, from the first byte.
        """
        context, trust = certificate(self.folder())
        mailbox = self.serve(tls=context)
        yield self.assert_sent(mailbox, trust, force_tls=True)
        yield self.assert_not_sent(mailbox, None, force_tls=True)
        yield self.assert_not_sent(mailbox, trust, force_tls=True, tlsname="127.0.0.2")

    @inlineCallbacks
    def test_authentication(self) -> Steps:
        """
        The right password lets us in; a wrong one does not get into an error.
        """
        mailbox = self.serve(authenticator=authenticator, auth_require_tls=False)
        yield self.assert_sent(mailbox, smtp_user="us", smtp_pass=PASSWORD)
        yield self.assert_not_sent(
            mailbox, smtp_user="us", smtp_pass=PASSWORD + "-wrong"
        )

    @inlineCallbacks
    def test_password_in_the_clear(self) -> Steps:
        """
        A password goes over no network without TLS.
        """
        mailbox = self.serve(authenticator=authenticator, auth_require_tls=False)
        yield self.assert_not_sent(
            mailbox, smtp_host="127.1", smtp_user="us", smtp_pass=PASSWORD
        )


class ComposeTests(SynchronousTestCase):
    """
    L{compose}, L{Mailer} without a server.
    """

    def test_interface(self) -> None:
        """
        It provides what modules are promised.
        """
        mailer = Mailer(settings(), MemoryReactorClock(), SteadyClock())
        verifyObject(IMailer, mailer)

    def test_headers(self) -> None:
        """
        A mail says whom it is from, what it is about and when it was written.
        """
        mail = compose(
            settings(),
            "a@example.org",
            "\u00e4",
            "<p>x</p>",
            "x",
            NOW_MS,
            "example.org",
        )
        self.assertEqual(mail["From"], "Us <us@example.org>")
        self.assertEqual(mail["Date"], "Fri, 14 Jul 2017 02:40:00 +0000")
        self.assertEqual(mail["Auto-Submitted"], "auto-generated")
        self.assertTrue(mail["Message-ID"].endswith("@example.org>"))
        kinds = [part.get_content_type() for part in mail.iter_parts()]
        self.assertEqual(kinds, ["text/plain", "text/html"])

    def test_line_breaks(self) -> None:
        """
        No header has another one in it.
        """
        for recipient, subject in (
            ("a@example.org\r\nBcc: b@example.org", "x"),
            ("a@example.org", "x\nBcc: b@example.org"),
        ):
            with self.assertRaises(ValueError):
                compose(settings(), recipient, subject, "x", "x", NOW_MS, "x")

    @given(st.text(max_size=30), st.text(max_size=30))
    def test_mailbox_is_the_address(self, local: str, domain: str) -> None:
        """
        What counts as an address is what a mail server is told, to the letter.
        """
        from twisted.mail.smtp import quoteaddr

        try:
            address = canonical("email", "%s@%s" % (local, domain))
        except MatrixError:
            return
        self.assertEqual(quoteaddr(address), b"<%s>" % address.encode("ascii"))

    def test_another_mailbox(self) -> None:
        """
        A mail that would go elsewhere goes nowhere.
        """
        mailer = Mailer(settings(), MemoryReactorClock(), SteadyClock())
        sent = mailer.send_email("x<b@evil.org>.example.org", "s", "h", "t")
        self.failureResultOf(sent, DeliveryError, ValueError)

    def test_not_ascii(self) -> None:
        """
        A domain is written as mail servers of all ages take it; other letters
        before the @ are refused in words.
        """
        in_german = "a.b@b\u00fccher.example"
        self.assertEqual(in_ascii(in_german), "a.b@xn--bcher-kva.example")
        self.assertEqual(in_ascii("a@example.org"), "a@example.org")
        mailer = Mailer(settings(), MemoryReactorClock(), SteadyClock())
        for address in ("\u00e4@example.org", "a@\udce4.org", "a@" + "x" * 70):
            sent = mailer.send_email(address, "s", "h", "t")
            error = self.failureResultOf(sent, ValueError).value
            self.assertEqual(str(error), "an address is not ASCII")

    def test_length(self) -> None:
        """
        A mail has an end, before anything is made of it.
        """
        mailer = Mailer(settings(), MemoryReactorClock(), SteadyClock())
        half = "x" * (MAX_LENGTH // 2)
        self.assertNoResult(mailer.send_email("a@example.org", "s", half, half))
        sent = mailer.send_email("a@example.org", "s", half, half + "x")
        error = self.failureResultOf(sent, ValueError).value
        self.assertIn("at most %d characters" % MAX_LENGTH, str(error))

    def test_silent_server(self) -> None:
        """
        A server that says nothing is waited for for a minute.
        """
        reactor = MemoryReactorClock()
        mailer = Mailer(settings(), reactor, SteadyClock())
        sent = mailer.send_email("a@example.org", "s", "h", "t")
        reactor.advance(DELIVERY_TIMEOUT - 1)
        self.assertNoResult(sent)
        reactor.advance(1)
        error = self.failureResultOf(sent, DeliveryError).value
        self.assertEqual(str(error), "the mail server 127.0.0.1:25 took too long")

    def test_too_much(self) -> None:
        """
        What waits for a silent server has an end.
        """
        mailer = Mailer(settings(), MemoryReactorClock(), SteadyClock())
        waiting = []
        for _ in range(MAX_WAITING + 4):
            waiting.append(mailer.send_email("a@example.org", "s", "h", "t"))
        sent = mailer.send_email("a@example.org", "s", "h", "t")
        self.failureResultOf(sent, LimitExceededError)
        self.assertRaises(LimitExceededError, mailer.require_room)
