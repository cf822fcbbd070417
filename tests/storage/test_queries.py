"""
How the stores' queries are answered.
"""

import re
from typing import Any, Set

import attr
from twisted.trial.unittest import SynchronousTestCase

from synauth.storage.migrations import VERSION_TABLE
from synauth.storage.records import NewAccount, NewLogin, ProvedAddress, Rotation
from synauth.storage.threepid_validation import Attempt
from synauth.storage.user_list import UserQuery
from synauth.testing.storecase import ALICE, login_of
from synauth.threepids import PASSWORD_RESET, REGISTRATION
from tests.storage.fixtures import inline_store_and_database, rows

SCAN = re.compile(r"SCAN (?:TABLE )?(\w+)")


class QueryPlanTests(SynchronousTestCase):
    """
    No request waits for a walk through a whole table.
    """

    def setUp(self) -> None:
        """
        Note each statement that is run from here on.
        """
        self.store, self.database = inline_store_and_database(self)
        self.statements: Set[str] = set()
        self.database.connection.set_trace_callback(
            lambda statement: self.statements.add(statement)
        )
        self.tables = {
            name
            for (name,) in rows(
                self.database, "SELECT name FROM sqlite_master WHERE type = 'table'"
            )
        } - {VERSION_TABLE}
        self.statements.clear()

    def do(self, method: str, *args: Any) -> Any:
        """
        Call a method of the store and get its result.
        """
        return self.successResultOf(getattr(self.store, method)(*args))

    def do_everything(self) -> None:
        """
        Call every method of the store, with something to find and without.
        """
        self.do("create_user", NewAccount(ALICE, "h", 1, display_name="A"), None)
        self.do("get_user", ALICE)
        self.do("get_users_by_id_case_insensitive", ALICE)
        self.do("user_set_password_hash", ALICE, "h2")
        self.do("replace_password_hash", ALICE, "h2", "h3")
        for _ in range(2):
            self.do("user_add_threepid", ALICE, "email", "a@b", 1, 2)
            self.do("store_device", ALICE, "DEVICE", "Phone")
        self.do("add_login", login_of("one", "r1"))
        self.do("add_access_token_to_user", ALICE, "two", "OTHER")
        self.do("add_refresh_token_to_user", ALICE, "r2", "OTHER")
        for number in ("3", "4"):
            old = self.do("get_refresh_token", "r1")
            rotation = Rotation(old, "t" + number, "r" + number, None, None)
            self.do("rotate_refresh_token", rotation)
        info = self.do("get_user_by_access_token", "t4")
        self.do("get_access_token_last_validated", info.token_id)
        self.do("update_access_token_last_validated", info.token_id, 5)
        self.do("mark_access_token_as_used", ALICE, info.token_id)
        self.do("user_delete_access_tokens", ALICE, info.token_id, "DEVICE")
        self.do("user_delete_access_tokens", ALICE, info.token_id)
        self.do("delete_access_token", "t4")
        self.do("get_device", ALICE, "DEVICE")
        self.do("delete_devices", ALICE, ["DEVICE"])
        self.do("delete_all_devices", ALICE)
        self.do("get_userinfo", ALICE)
        self.do("set_server_admin", ALICE, True)
        self.do("get_user_id_by_threepid", "email", "a@b")
        self.do("user_get_threepids", ALICE)
        self.do("user_delete_threepid", ALICE, "email", "a@b")
        self.do("get_profile", "alice")
        for name in ("Alice", "Al"):
            self.do("set_profile_displayname", "alice", name)
            self.do("record_user_external_id", "idp", "1", ALICE)
        self.do("get_external_ids_by_user", ALICE)
        self.do("get_user_by_external_id", "idp", "1")
        self.manage_account()
        self.do("run_interaction", lambda txn: None)
        self.do("get_account_details", ALICE)
        self.do("change_account", ALICE, {"admin": False, "user_type": None})
        self.do("reactivate_account", ALICE)
        self.do("set_profile_avatar_url", "alice", None)
        for _ in range(2):
            self.do("replace_external_ids", ALICE, [("idp", "1")])
            self.do("replace_threepids", ALICE, [("email", "a@b")])
        self.do("replace_threepids", ALICE, [])
        self.do("add_puppet_token", ALICE, ALICE, "puppet", None)
        self.do("get_user_by_access_token", "puppet")
        self.validate_addresses()
        self.register_with_tokens()
        self.list_users()

    def register_with_tokens(self) -> None:
        """
        Do what is done with registration tokens; the list of all of them is a
        walk, which administrators alone take.
        """
        self.do("create_registration_token", "token", 5, None)
        self.do("update_registration_token", "token", {"uses_allowed": 6})
        self.do("get_registration_token", "token", 5)
        for session in ("one", "two"):
            self.do("hold_registration_token", "token", session, 5, 50)
        self.do("get_registration_holders", "token", 5)
        self.do("release_registration_tokens", ["one"])
        account = NewAccount("@b:c", None, 1, registration_token="token")
        address = ProvedAddress("email", "b@c", 5, "sid", "secret", REGISTRATION)
        account = attr.evolve(account, session_id="two", threepids=(address,))
        self.failureResultOf(self.store.create_user(account))
        before = set(self.statements)
        self.do("get_registration_tokens", 5)
        self.statements = before
        self.do("delete_registration_token", "token")

    def validate_addresses(self) -> None:
        """
        Do what is done with addresses that somebody wants to prove.
        """
        for send_attempt, token in ((1, "t1"), (2, "t2"), (2, "t3")):
            attempt = Attempt(
                "email",
                "a@b",
                "secret",
                send_attempt,
                "sid",
                token,
                None,
                10**12,
                0,
                PASSWORD_RESET,
            )
            self.do("start_validation", attempt)
        self.do("forget_attempt", "sid", 2)
        self.do("start_validation", attr.evolve(attempt, expires_ms=10**13))
        self.do("validate", "sid", "secret", "t3", 10**12)
        self.do("get_validation", "sid", "secret", 10**12)
        self.do("create_user", NewAccount("@d:e", None, 1))
        self.do("user_add_threepid", "@d:e", "email", "a@b", 1, 2)
        proved = ProvedAddress("email", "a@b", 5, "sid", "secret", PASSWORD_RESET)
        self.do("reset_password", "@d:e", "h5", True, proved, 10**12)
        for address in ("a@b", "c@b"):
            other = attr.evolve(proved, address=address, server="https://id")
            self.do("add_threepid_unless_taken", "@d:e", other, 10**12)

    def manage_account(self) -> None:
        """
        Do what users do with their own accounts.
        """
        self.do("store_device", ALICE, "DEVICE", "Phone")
        self.do("get_devices_by_user", ALICE)
        self.do("update_device", ALICE, "DEVICE", "Laptop")
        self.do("record_device_seen", ALICE, "DEVICE", 1, "::1", "nio")
        self.do("add_login", login_of("five"))
        token_id = self.do("get_user_by_access_token", "five").token_id
        self.do("change_password", ALICE, "h4", True, token_id, "DEVICE")
        self.do("change_password", ALICE, "h4")
        self.do("deactivate_account", ALICE, True)

    def list_users(self) -> None:
        """
        Look through the accounts, which is a walk: see
        L{synauth.storage.user_list}.
        """
        before = set(self.statements)
        self.do("get_users_paginate", UserQuery("example.org"))
        self.listing = {
            each for each in self.statements - before if " FROM users" in each
        }
        self.statements -= self.listing

    def plan(self, statement: str) -> str:
        """
        @return: how a statement is answered.
        """
        steps = rows(self.database, "EXPLAIN QUERY PLAN " + statement)
        return "\n".join(step[3] for step in steps)

    def test_every_method_is_here(self) -> None:
        """
        No method of the store was forgotten.
        """
        self.called: Set[str] = set()
        do = self.do

        def noting(method: str, *args: Any) -> Any:
            self.called.add(method)
            return do(method, *args)

        self.do = noting  # type: ignore[method-assign]
        self.do_everything()
        methods = {name for name in dir(type(self.store)) if not name.startswith("_")}
        self.assertEqual(self.called, methods)

    def test_no_scans(self) -> None:
        """
        Every statement of every method finds its rows by an index.
        """
        self.do_everything()
        self.database.connection.set_trace_callback(None)
        looked_at = 0
        for statement in sorted(self.statements):
            if statement.split()[0] in ("SELECT", "UPDATE", "DELETE", "WITH"):
                looked_at += 1
                scanned = set(SCAN.findall(self.plan(statement))) & self.tables
                self.assertEqual(scanned, set(), statement)
        self.assertGreater(looked_at, 20)

    def test_page_of_users(self) -> None:
        """
        A page of accounts in the order of their names is read off an index.
        """
        self.do_everything()
        (page,) = [each for each in self.listing if "COUNT" not in each]
        plan = self.plan(page)
        self.assertNotIn("TEMP B-TREE", plan)
        self.assertEqual(SCAN.findall(plan), ["users"])

    def test_a_scan_is_seen(self) -> None:
        """
        The look at the plan does notice a scan.
        """
        plan = self.plan("SELECT 1 FROM users WHERE password_hash = 'x'")
        self.assertEqual(SCAN.findall(plan), ["users"])

    def test_case_insensitive_index(self) -> None:
        """
        An account is looked up by the index that was made for that.
        """
        plan = self.plan("SELECT name FROM users WHERE lower(name) = lower('@A:x')")
        self.assertIn("users_lower_name", plan)

    def test_foreign_keys_are_indexed(self) -> None:
        """
        What a deleted refresh token takes with it is found by an index too.
        """
        for table, column in [
            ("access_tokens", "refresh_token_id"),
            ("refresh_tokens", "next_token_id"),
        ]:
            plan = self.plan("SELECT 1 FROM %s WHERE %s = 1" % (table, column))
            self.assertEqual(SCAN.findall(plan), [])

    def test_one_statement_per_access_token(self) -> None:
        """
        To find out whose an access token is takes a single statement.
        """
        self.store.create_user(NewAccount(ALICE, None, 1), NewLogin(ALICE, "D", "t", 1))
        self.statements.clear()
        self.assertIsNotNone(self.do("get_user_by_access_token", "t"))
        queries = [each for each in self.statements if not each.startswith("PRAGMA")]
        self.assertEqual(len(queries), 1, queries)
