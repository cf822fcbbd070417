"""
What has to be installed for a test.
"""

import os
import shutil
import sys
from typing import Any, Callable, Optional, TypeVar

# Set where everything that the chosen tests need has been installed: what is
# missing there is a failure.
SKIP_NOTHING = "SYNAUTH_SKIP_NOTHING"

# Where Debian keeps servers, which is not on everybody's path.
_SERVERS = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/usr/lib"])

_Case = TypeVar("_Case", bound=type)


def server(name: str) -> Optional[str]:
    """
    @return: the path of a server's program, or C{None}.
    """
    return shutil.which(name, path=_SERVERS)


def needs_package(name: str, *versions: str) -> Callable[[_Case], _Case]:
    """
    Skip a test case unless a package is installed.

    @param name: as pip knows it.
    @param versions: how the version may begin; none for any.
    """
    found = _version(name)
    if found is None:
        return missing("%s is not installed" % (name,))
    if versions and not found.startswith(versions):
        return missing("%s %s is not %s" % (name, found, " or ".join(versions)))
    return _there


def needs_server(name: str) -> Callable[[_Case], _Case]:
    """
    Skip a test case unless a server's program is installed.
    """
    if server(name) is None:
        return missing("%s is not installed" % (name,))
    return _there


def _there(case: _Case) -> _Case:
    return case


def missing(reason: str) -> Callable[[_Case], _Case]:
    """
    Skip a test case, or have it fail where nothing may be skipped.

    @param reason: what is not there.
    """

    def decorate(case: _Case) -> _Case:
        if os.environ.get(SKIP_NOTHING):
            case.setUp = _fail(reason)  # type: ignore[attr-defined]
        else:
            case.skip = reason  # type: ignore[attr-defined]
        return case

    return decorate


def _fail(reason: str) -> Callable[[Any], None]:
    def set_up(self: Any) -> None:
        self.fail(reason)

    return set_up


def _version(package: str) -> Optional[str]:
    if sys.version_info < (3, 8):
        import pkg_resources

        try:
            return pkg_resources.get_distribution(package).version
        except pkg_resources.DistributionNotFound:
            return None
    from importlib import metadata

    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None
