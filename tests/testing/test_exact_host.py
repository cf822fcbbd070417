"""
The host in memory has what the handler of 2016 uses of its host, and no more.
"""

from typing import Any, Set

from twisted.trial.unittest import SynchronousTestCase

from synauth.testing.hosts import STYLES, MemoryHomeServer


def methods(part: Any) -> Set[str]:
    """
    @return: the public methods of a part of the host.
    """
    return {
        name
        for name in dir(type(part))
        if not name.startswith("_") and callable(getattr(type(part), name))
    }


class ExactHostTests(SynchronousTestCase):
    """
    L{MemoryHomeServer}, whatever it answers with.
    """

    def test_exact(self) -> None:
        """
        Each part has the methods that source 000 calls.  The reactor alone is
        more: the source hashes without threads.
        """
        for style in STYLES:
            hs = MemoryHomeServer(style)
            self.assertEqual(
                {
                    "get_auth",
                    "get_clock",
                    "get_datastore",
                    "get_device_handler",
                    "get_handlers",
                    "get_pusherpool",
                    "get_reactor",
                    "get_simple_http_client",
                },
                methods(hs),
            )
            self.assertEqual(
                {
                    "add_access_token_to_user",
                    "add_refresh_token_to_user",
                    "get_users_by_id_case_insensitive",
                    "user_add_threepid",
                    "user_delete_access_tokens",
                    "user_set_password_hash",
                },
                methods(hs.get_datastore()),
            )
            handlers = hs.get_handlers()
            for part, names in (
                (hs.get_device_handler(), {"check_device_registered"}),
                (hs.get_pusherpool(), {"remove_pushers_by_user"}),
                (hs.get_simple_http_client(), {"post_urlencoded_get_json"}),
                (handlers.identity_handler, {"threepid_from_creds"}),
                (handlers.registration_handler, {"register"}),
                (hs.get_clock(), {"time_msec"}),
            ):
                self.assertEqual(names, methods(part))

    def test_nothing_else(self) -> None:
        """
        What else is asked for is not there.
        """
        hs: Any = MemoryHomeServer()
        for part, name in (
            (hs, "get_registration_handler"),
            (hs.config, "password_enabled"),
            (hs.get_datastore(), "get_device"),
            (hs.get_handlers(), "device_handler"),
        ):
            with self.assertRaises(AttributeError):
                getattr(part, name)
