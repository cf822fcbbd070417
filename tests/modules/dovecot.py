"""
The IMAP server Dovecot in a child process.
"""

import grp
import os
import pwd
import subprocess
from typing import Tuple

from tests.modules.child import Child, accepts, free_port
from tests.modules.needs import server

# It wants users of its own where root starts it; everybody else's runs as that
# user throughout.
_CONFIGURATION = """\
base_dir = {directory}/run
state_dir = {directory}/run
log_path = /dev/stderr
protocols = imap
ssl = required
ssl_cert = <{directory}/certificate.pem
ssl_key = <{directory}/key.pem
default_internal_user = {user}
default_internal_group = {group}
default_login_user = {login_user}
mail_location = maildir:{directory}/mail/%u
mail_uid = {user}
mail_gid = {group}
first_valid_uid = 1
first_valid_gid = 1
auth_mechanisms = plain login
auth_failure_delay = 0
passdb {{
  driver = passwd-file
  args = {directory}/people
}}
userdb {{
  driver = static
  args = uid={user} gid={group} home={directory}/mail/%u
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = 0
  }}
  inet_listener imaps {{
    address = 127.0.0.1
    port = {port}
    ssl = yes
  }}
}}
service anvil {{
  chroot =
}}
"""


class Dovecot:
    """
    Mailboxes, over TLS with a certificate that nobody vouches for.

    @param directory: empty, and open to all users; everything is kept there.
    @param people: login name and password of each.
    @ivar port: where it is, on 127.0.0.1.
    """

    def __init__(self, directory: str, *people: Tuple[str, str]) -> None:
        self._directory = directory
        self.port = free_port()
        as_root = os.geteuid() == 0
        own = pwd.getpwuid(os.geteuid())
        user = pwd.getpwnam("dovecot") if as_root else own
        os.mkdir(os.path.join(directory, "mail"))
        os.chown(os.path.join(directory, "mail"), user.pw_uid, user.pw_gid)
        subprocess.check_output(
            ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"]
            + ["-subj", "/CN=localhost", "-keyout", "key.pem"]
            + ["-out", "certificate.pem"],
            cwd=directory,
            stderr=subprocess.STDOUT,
        )
        self._write("people", "".join("%s:{PLAIN}%s\n" % each for each in people))
        self._configuration = self._write(
            "dovecot.conf",
            _CONFIGURATION.format(
                directory=directory,
                user=user.pw_name,
                group=grp.getgrgid(user.pw_gid).gr_name,
                login_user="dovenull" if as_root else own.pw_name,
                port=self.port,
            ),
        )
        self.start()

    def start(self) -> None:
        """
        Start it, and wait until it answers.
        """
        self._child = Child(
            [str(server("dovecot")), "-F", "-c", self._configuration],
            self._directory,
        )
        self._child.wait_until(lambda: accepts(self.port))

    def stop(self) -> None:
        """
        Stop it, unless it has stopped.
        """
        self._child.stop()

    def _write(self, name: str, content: str) -> str:
        path = os.path.join(self._directory, name)
        with open(path, "w", encoding="utf-8") as stream:
            stream.write(content)
        return path
