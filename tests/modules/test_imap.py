"""
matrix-synapse-imap and Dovecot.
"""

import os
import shutil
import tempfile

from tests.functional.daemon import ANY_FREE_PORT, QUICK, DaemonTestCase
from tests.modules.dovecot import Dovecot
from tests.modules.hosts import as_provider
from tests.modules.logins import LoginAssertions, email_login, password_login
from tests.modules.needs import needs_package, needs_server

ALICE = "@alice:example.org"
PASSWORD = "curiouser"
MODULE = "imap_auth_provider.IMAPAuthProvider"


@needs_package("matrix-synapse-imap", "0.")
@needs_server("dovecot")
class ImapTests(LoginAssertions, DaemonTestCase):
    """
    A daemon that asks a mail server.
    """

    def setUp(self) -> None:
        """
        Start both.
        """
        # Dovecot's users have to get in, which trial's folders may not let them.
        directory = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, directory)
        os.chmod(directory, 0o755)
        self.dovecot = Dovecot(directory, ("alice@example.org", PASSWORD))
        self.addCleanup(self.dovecot.stop)
        entry = {
            "module": MODULE,
            "config": {
                "enabled": True,
                "create_users": True,
                "server": "127.0.0.1",
                "port": self.dovecot.port,
            },
        }
        once = {"per_second": 0.001, "burst_count": 1}
        limits = dict(QUICK["rc_login"], failed_attempts=once)
        directory = self.make_directory()
        config = dict(QUICK, rc_login=limits, **as_provider(entry))
        path = self.write_config(directory, config)
        self.daemon = self.launch(
            directory, "--listen", ANY_FREE_PORT, "--config", path
        )
        self.client = self.daemon.client()

    def test_logins(self) -> None:
        """
        The first login makes the account; the name, the full id and the
        address are the same person.
        """
        for user in ("alice", ALICE):
            self.assert_in(self.client, password_login(user, PASSWORD), ALICE)
        login = email_login("alice@example.org", PASSWORD)
        self.assert_in(self.client, login, ALICE)

    def test_wrong_password(self) -> None:
        """
        The mail server's no is a no.
        """
        self.assert_refused(self.client, password_login("alice", "Curiouser"))
        self.assertEqual(self.client.register("alice").status, 200)

    def test_unknown_user(self) -> None:
        """
        Who has no mailbox gets no account.
        """
        self.assert_refused(self.client, password_login("hatter", PASSWORD))
        self.assertEqual(self.client.register("hatter").status, 200)

    def test_mail_server_down_and_back(self) -> None:
        """
        A mail server that is down lets nobody in, which the log says and which
        counts against nobody.
        """
        login = password_login("alice", PASSWORD)
        self.assert_in(self.client, login, ALICE)
        self.dovecot.stop()
        for _ in range(3):
            self.assert_refused(self.client, login)
        self.assertIn(MODULE + " could not be asked", self.daemon.log())
        self.dovecot.start()
        self.assert_in(self.client, login, ALICE)
