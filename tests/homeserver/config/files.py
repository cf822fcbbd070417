"""
Configuration files for tests.
"""

from typing import List, Union

from twisted.trial.unittest import SynchronousTestCase

from synauth.errors import ConfigError
from synauth.homeserver.config import HomeServerConfig, load_config


class ConfigFiles(SynchronousTestCase):
    """
    A test case that writes configuration files and loads them.
    """

    def write(self, content: Union[str, bytes]) -> str:
        """
        @return: the path of a new file with that content.
        """
        path = self.mktemp()
        if isinstance(content, str):
            content = content.encode("utf-8")
        with open(path, "wb") as opened:
            opened.write(content)
        return path

    def load(self, *contents: str) -> HomeServerConfig:
        """
        @return: what files with these contents come to.
        """
        return load_config([self.write(each) for each in contents], {}, None)

    def mistakes(self, content: Union[str, bytes]) -> List[str]:
        """
        @return: the lines of the error that a file causes, with C{FILE} for its
            path.
        """
        path = self.write(content)
        error = self.assertRaises(ConfigError, load_config, [path], {}, None)
        return str(error).replace(path, "FILE").splitlines()
