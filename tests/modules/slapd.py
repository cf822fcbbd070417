"""
OpenLDAP's C{slapd} in a child process.
"""

import os
import subprocess
from typing import Tuple

from tests.modules.child import Child, accepts, free_port
from tests.modules.needs import server

BASE = "ou=people,dc=example,dc=org"
READER = "cn=reader,dc=example,dc=org"
READER_PASSWORD = "off with their heads"

_CONFIGURATION = """\
include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
pidfile {directory}/slapd.pid
modulepath /usr/lib/ldap
moduleload back_mdb
database mdb
suffix dc=example,dc=org
rootdn {reader}
directory {directory}/data
"""

_ENTRIES = """\
dn: dc=example,dc=org
objectClass: dcObject
objectClass: organization
dc: example
o: Wonderland

dn: {reader}
objectClass: organizationalRole
objectClass: simpleSecurityObject
cn: reader
userPassword: {password}

dn: {base}
objectClass: organizationalUnit
ou: people
"""

_PERSON = """
dn: uid={uid},{base}
objectClass: inetOrgPerson
uid: {uid}
cn: {name}
sn: {name}
mail: {uid}@example.org
userPassword: {password}
"""


class Slapd:
    """
    A directory of people.

    @param directory: empty; everything is kept there.
    @param people: user name, display name and password of each.
    @ivar uri: where it is.
    """

    def __init__(self, directory: str, *people: Tuple[str, str, str]) -> None:
        self._directory = directory
        self._port = free_port()
        self.uri = "ldap://127.0.0.1:%d" % (self._port,)
        os.mkdir(os.path.join(directory, "data"))
        self._configuration = self._write(
            "slapd.conf", _CONFIGURATION.format(directory=directory, reader=READER)
        )
        entries = _ENTRIES.format(base=BASE, reader=READER, password=READER_PASSWORD)
        for uid, name, password in people:
            entries += _PERSON.format(base=BASE, uid=uid, name=name, password=password)
        subprocess.check_output(
            [str(server("slapadd")), "-f", self._configuration]
            + ["-l", self._write("people.ldif", entries)],
            stderr=subprocess.STDOUT,
        )
        self.start()

    def start(self) -> None:
        """
        Start it, and wait until it answers.
        """
        self._child = Child(
            [str(server("slapd")), "-f", self._configuration]
            # With a debug level, even 0, it stays in the foreground.
            + ["-h", self.uri, "-d", "0"],
            self._directory,
        )
        self._child.wait_until(lambda: accepts(self._port))

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
