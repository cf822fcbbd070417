"""
An unmodified Matrix client, matrix-nio, against the daemon as it is shipped.
"""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Callable

from tests.functional.daemon import DaemonTestCase

try:
    import nio
except ImportError:
    nio = None


class NioTests(DaemonTestCase):
    """
    What somebody does who uses a client for the first time.
    """

    if nio is None:
        skip = "matrix-nio is not installed"

    def with_client(self, talk: Callable[[Any], Any]) -> None:
        """
        Let a client talk to a new daemon with the shipped settings.
        """
        daemon = self.start(None, None, "--enable-registration")

        async def session() -> None:
            client = nio.AsyncClient("http://127.0.0.1:%d" % daemon.port(), "alice")
            try:
                await talk(client)
            finally:
                await client.close()

        # A loop in a thread of its own keeps out of the reactor's way.
        with ThreadPoolExecutor(1) as thread:
            thread.submit(asyncio.run, session()).result()

    def test_session(self) -> None:
        """
        It registers, is told how to log in, logs in, is told who it is, and
        logs out.
        """

        async def talk(client: Any) -> None:
            registered = await client.register("alice", "wonderland-1", "Looking glass")
            self.assertIsInstance(registered, nio.RegisterResponse)
            self.assertEqual(registered.user_id, "@alice:localhost")
            self.assertEqual(client.access_token, registered.access_token)

            flows = await client.login_info()
            self.assertIsInstance(flows, nio.LoginInfoResponse)
            self.assertIn("m.login.password", flows.flows)

            first = client.device_id
            client.device_id = None
            answer = await client.login("wonderland-1", "Rabbit hole")
            self.assertIsInstance(answer, nio.LoginResponse)
            self.assertEqual(answer.user_id, "@alice:localhost")
            self.assertNotEqual(answer.device_id, first)
            self.assertNotEqual(answer.access_token, registered.access_token)

            me = await client.whoami()
            self.assertIsInstance(me, nio.WhoamiResponse)
            self.assertEqual(
                (me.user_id, me.device_id, me.is_guest),
                ("@alice:localhost", answer.device_id, False),
            )

            token = client.access_token
            self.assertIsInstance(await client.logout(), nio.LogoutResponse)
            client.access_token = token
            refused = await client.whoami()
            self.assertIsInstance(refused, nio.WhoamiError)
            self.assertEqual(refused.status_code, "M_UNKNOWN_TOKEN")

            # That was one login; the one that came with the account goes on.
            client.access_token = registered.access_token
            me = await client.whoami()
            self.assertEqual(me.device_id, first)
            self.assertIsInstance(await client.logout(True), nio.LogoutResponse)

        self.with_client(talk)

    def test_devices(self) -> None:
        """
        It lists devices, renames one, and removes others once it has said the
        password again; their logins end, its own goes on.
        """

        async def talk(client: Any) -> None:
            await client.register("alice", "wonderland-1", "Looking glass")
            own, token = client.device_id, client.access_token
            others = []
            for name in ("Rabbit hole", "Tea party"):
                client.device_id = None
                answer = await client.login("wonderland-1", name)
                others.append((answer.device_id, answer.access_token))
            client.device_id, client.access_token = own, token

            listed = await client.devices()
            self.assertIsInstance(listed, nio.DevicesResponse)
            names = {device.id: device.display_name for device in listed.devices}
            (hole, _), (party, _) = others
            expected = {own: "Looking glass", hole: "Rabbit hole", party: "Tea party"}
            self.assertEqual(names, expected)

            renamed = await client.update_device(hole, {"display_name": "Burrow"})
            self.assertIsInstance(renamed, nio.UpdateDeviceResponse)
            listed = await client.devices()
            names = {device.id: device.display_name for device in listed.devices}
            self.assertEqual(names[hole], "Burrow")

            asked = await client.delete_devices([hole, party])
            self.assertIsInstance(asked, nio.DeleteDevicesAuthResponse)
            self.assertEqual(asked.flows, [{"stages": ["m.login.password"]}])
            auth = {
                "type": "m.login.password",
                "identifier": {"type": "m.id.user", "user": "alice"},
                "password": "wonderland-2",
                "session": asked.session,
            }
            wrong = await client.delete_devices([hole, party], auth)
            self.assertIsInstance(wrong, nio.DeleteDevicesAuthResponse)
            auth["password"] = "wonderland-1"
            deleted = await client.delete_devices([hole, party], auth)
            self.assertIsInstance(deleted, nio.DeleteDevicesResponse)

            listed = await client.devices()
            self.assertEqual([device.id for device in listed.devices], [own])
            for _, ended in others:
                client.access_token = ended
                refused = await client.whoami()
                self.assertEqual(refused.status_code, "M_UNKNOWN_TOKEN")

        self.with_client(talk)

    def test_refusals(self) -> None:
        """
        It understands why it is refused: a wrong password, a name that is
        taken, a token that is nobody's.
        """

        async def talk(client: Any) -> None:
            await client.register("alice", "wonderland-1")
            client.access_token = ""
            taken = await client.register("alice", "wonderland-2")
            self.assertIsInstance(taken, nio.responses.RegisterErrorResponse)
            self.assertEqual(taken.status_code, "M_USER_IN_USE")
            wrong = await client.login("wonderland-2")
            self.assertIsInstance(wrong, nio.LoginError)
            self.assertEqual(wrong.status_code, "M_FORBIDDEN")
            client.access_token = "nobodys"
            nobody = await client.whoami()
            self.assertIsInstance(nobody, nio.WhoamiError)
            self.assertEqual(nobody.status_code, "M_UNKNOWN_TOKEN")

        self.with_client(talk)
