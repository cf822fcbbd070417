"""
Tests for L{synauth.web.login_details}.
"""

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from synauth.errors import MatrixError
from synauth.homeserver.logins import LoginDetails
from synauth.web.login_details import login_details


class Asking:
    """
    As much of a request as is looked at.
    """

    def client_address(self) -> str:
        """
        Where it comes from.
        """
        return "192.0.2.1"

    def getHeader(self, name: bytes) -> bytes:
        """
        The only header that counts.
        """
        return b"nio" if name == b"User-Agent" else b""


class LoginDetailsTests(SynchronousTestCase):
    """
    L{login_details}.
    """

    def details(self, **body: Any) -> LoginDetails:
        """
        @return: what a body says.
        """
        return login_details(Asking(), body)  # type: ignore[arg-type]

    def test_nothing(self) -> None:
        """
        A body need not say anything; C{null} is nothing.
        """
        nothing = LoginDetails(address="192.0.2.1", user_agent="nio")
        self.assertEqual(self.details(), nothing)
        said = dict.fromkeys(
            ("device_id", "initial_device_display_name", "refresh_token")
        )
        self.assertEqual(self.details(**said), nothing)

    def test_all(self) -> None:
        """
        It says who the device is and whether it knows how to refresh.
        """
        self.assertEqual(
            self.details(
                device_id="D", initial_device_display_name="N", refresh_token=True
            ),
            LoginDetails("D", "N", True, "192.0.2.1", "nio"),
        )

    def test_bounds(self) -> None:
        """
        An id has to be one that can be given back whole; a name is cut.
        """
        self.assertEqual(self.details(device_id="x" * 512).device_id, "x" * 512)
        name = self.details(initial_device_display_name="x" * 101).display_name
        self.assertEqual(name, "x" * 100)
        for device_id in ("", "x" * 513, 7, True, [], {}):
            error = self.assertRaises(MatrixError, self.details, device_id=device_id)
            self.assertEqual((error.code, error.errcode), (400, "M_INVALID_PARAM"))
