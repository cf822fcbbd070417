"""
The daemon's first lines, and the last ones where it can't start.
"""

import os
import signal
import socket
import sqlite3
import stat

from tests.functional.daemon import ANY_FREE_PORT, QUICK, DaemonTestCase


class DefaultTests(DaemonTestCase):
    """
    Without any configuration.
    """

    def test_defaults(self) -> None:
        """
        It serves localhost, keeps its data in a directory that is closed to
        others, lets nobody register, and says all of that.
        """
        directory = self.make_directory()
        daemon = self.start(None, directory)
        data = os.path.join(directory, "synauth-data")
        self.assertEqual(stat.S_IMODE(os.stat(data).st_mode), 0o700)
        answer = daemon.client().register("alice")
        self.assertEqual((answer.status, answer.body["errcode"]), (403, "M_FORBIDDEN"))
        daemon.stop()
        self.assertIn("The data of localhost is in " + data, daemon.log())
        self.assertIn("Nobody can register", daemon.log())
        self.assertIn("--enable-registration", daemon.log())

    def test_default_port(self) -> None:
        """
        It listens on port 8008 of the loopback address.
        """
        with socket.socket() as taken:
            taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                taken.bind(("127.0.0.1", 8008))
                taken.listen(1)
            except OSError:
                # Somebody else has it, which does as well.
                pass
            daemon = self.launch(self.make_directory())
            self.assertEqual(daemon.wait(), 1, daemon.log())
        self.assertIn("synauth: can't listen on 127.0.0.1:8008", daemon.log())

    def test_enable_registration(self) -> None:
        """
        With C{--enable-registration} anybody registers, as the log says.
        """
        daemon = self.start(None, None, "--enable-registration")
        answer = daemon.client().register("alice")
        self.assertEqual(
            (answer.status, answer.body["home_server"]), (200, "localhost")
        )
        daemon.stop()
        self.assertIn("Anybody can register", daemon.log())

    def test_command_line_wins(self) -> None:
        """
        The command line replaces what the configuration says.
        """
        directory = self.make_directory()
        data = os.path.join(directory, "elsewhere")
        arguments = ["--server-name", "example.com", "--data-dir", data]
        daemon = self.start(QUICK, directory, *arguments)
        answer = daemon.client().register("alice")
        self.assertEqual(answer.body["user_id"], "@alice:example.com")
        made = sorted(os.listdir(directory))
        self.assertEqual(made, ["elsewhere", "homeserver.yaml"])


class RefusalTests(DaemonTestCase):
    """
    It says in one line why it can't start, and ends with status 1.
    """

    def assert_refuses(self, directory: str, *arguments: str) -> str:
        """
        Start, in vain.

        @return: the line.
        """
        daemon = self.launch(directory, "--listen", ANY_FREE_PORT, *arguments)
        self.assertEqual(daemon.wait(), 1, daemon.log())
        self.assertNotIn("Traceback", daemon.log())
        said = [line for line in daemon.log().splitlines() if "synauth: " in line]
        self.assertEqual(len(said), 1, daemon.log())
        return said[0]

    def test_port_in_use(self) -> None:
        """
        Somebody else listens there.
        """
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen(1)
            endpoint = "tcp:%d:interface=127.0.0.1" % taken.getsockname()[1]
            said = self.assert_refuses(self.make_directory(), "--listen", endpoint)
        self.assertIn("can't listen on " + endpoint, said)
        self.assertIn("in use", said)

    def test_data_directory_in_use(self) -> None:
        """
        Another daemon has it, until it stops or is killed.
        """
        directory = self.make_directory()
        first = self.start(QUICK, directory)
        said = self.assert_refuses(directory)
        self.assertIn("synauth-data", said)
        self.assertEqual(first.client().get("/health").status, 200)
        first.stop(signal.SIGKILL)
        self.start(QUICK, directory)

    def test_broken_configuration(self) -> None:
        """
        A value has the wrong type: file, line, key, what was found and what is
        expected.
        """
        directory = self.make_directory()
        path = self.write_config(directory, {"bcrypt_rounds": "many"})
        said = self.assert_refuses(directory, "--config", path)
        for part in (path + ":2", "bcrypt_rounds", "'many'", "a whole number"):
            self.assertIn(part, said)

    def test_missing_configuration(self) -> None:
        """
        The file is not there.
        """
        directory = self.make_directory()
        path = os.path.join(directory, "nowhere.yaml")
        self.assertIn(path, self.assert_refuses(directory, "--config", path))

    def test_endpoint_that_is_none(self) -> None:
        """
        Nobody knows where that would be.
        """
        said = self.assert_refuses(self.make_directory(), "--listen", "looking:glass")
        self.assertIn("looking:glass", said)

    def test_unwritable_directory(self) -> None:
        """
        There is a file where the data directory should be.
        """
        directory = self.make_directory()
        data = os.path.join(directory, "synauth-data")
        with open(data, "w"):
            pass
        said = self.assert_refuses(directory)
        self.assertIn("the data directory", said)
        self.assertIn("File exists", said)

    def test_database_of_a_newer_schema(self) -> None:
        """
        A newer synauth has been here.
        """
        directory = self.make_directory()
        self.start(QUICK, directory).stop()
        path = os.path.join(directory, "synauth-data", "homeserver.db")
        connection = sqlite3.connect(path)
        connection.execute("UPDATE synauth_schema_version SET version = 9999")
        connection.commit()
        connection.close()
        said = self.assert_refuses(directory)
        self.assertIn("its schema is version 9999", said)

    def test_signing_key_that_others_can_read(self) -> None:
        """
        Somebody else may be signing tokens with it.
        """
        directory = self.make_directory()
        self.start(QUICK, directory).stop()
        os.chmod(os.path.join(directory, "synauth-data", "macaroon_secret_key"), 0o644)
        self.assertIn("other users have access", self.assert_refuses(directory))

    def test_broken_server_name(self) -> None:
        """
        The command line is checked as the configuration is.
        """
        said = self.assert_refuses(
            self.make_directory(), "--server-name", "not a server name"
        )
        self.assertIn("server_name", said)
