"""
Tests for L{synauth.metrics.exposing}, and that what is in C{docs/} and C{contrib/}
is about the metrics that there are.
"""

import json
import os
import re
from typing import Any, Dict, List, Set, Tuple

import yaml
from prometheus_client.parser import text_string_to_metric_families
from twisted.trial.unittest import SynchronousTestCase

from synauth.auth.hashpool import HashPool
from synauth.metrics.exposing import make_exposition
from synauth.web.connections import Connections
from tests.functional.daemon import ROOT
from tests.web.accounts import PASSWORD
from tests.web.server import Server

Labels = Tuple[Tuple[str, str], ...]


class PoolThatRuns(HashPool):
    """
    Works at once, on the caller's thread, and counts.
    """

    def _start_jobs(self) -> None:
        while self._waiting:
            done, function, args = self._waiting.popleft()
            self.running += 1
            done.callback(self._finished(function(*args), 0.0))


class Exposed:
    """
    What is exposed.

    @ivar families: by name, the kind.
    @ivar samples: by name and labels, the value.
    """

    def __init__(self, text: bytes) -> None:
        self.families: Dict[str, str] = {}
        self.samples: Dict[Tuple[str, Labels], float] = {}
        for family in text_string_to_metric_families(text.decode("utf-8")):
            self.families[family.name] = family.type
            for sample in family.samples:
                key = sample[0], tuple(sorted(sample[1].items()))
                self.samples[key] = sample[2]

    def value(self, name: str, **labels: str) -> float:
        """
        @return: of one series, 0 if there is none.
        """
        return self.samples.get((name, tuple(sorted(labels.items()))), 0.0)

    def series(self, name: str) -> int:
        """
        @return: how many series a name has.
        """
        return len([key for key in self.samples if key[0] == name])


class ExposedTests(SynchronousTestCase):
    """
    A server that counts.
    """

    def setUp(self) -> None:
        self.server = Server(
            enable_metrics=True,
            pool=PoolThatRuns(lambda: None, 2),
            enable_registration=True,
            enable_registration_without_verification=True,
        )
        self.measures: Any = self.server.hs.measures
        self.server.site._requests = self.measures.requests
        self.measures.connections = Connections(self.server.reactor)
        self.exposition = make_exposition(self.measures)

    def exposed(self) -> Exposed:
        """
        @return: what is exposed now.
        """
        return Exposed(self.exposition())

    def test_requests(self) -> None:
        """
        Requests are counted under what they are for, whatever the version, and
        however many paths there are that are none.
        """
        for version in ("v3", "r0"):
            self.server.get("/_matrix/client/%s/login" % version)
        self.server.get("/_synapse/admin/v1/server_version")
        self.server.get("/v3/devices/ABC")
        for number in range(300):
            self.server.ask("GET", "/nothing/%d" % number)
            self.server.ask("M%d" % number, "/v3/login")
        exposed = self.exposed()
        name = "synauth_http_requests_total"
        for endpoint, method, status, count in (
            ("/login", "GET", "200", 2),
            ("/login", "other", "405", 300),
            ("/_synapse/admin/v1/server_version", "GET", "401", 1),
            ("/devices/{device_id}", "GET", "401", 1),
            ("unknown", "GET", "404", 300),
        ):
            value = exposed.value(name, endpoint=endpoint, method=method, status=status)
            self.assertEqual(value, count, endpoint)
        self.assertEqual(exposed.series(name), 5)
        name = "synauth_http_request_duration_seconds"
        self.assertEqual(exposed.value(name + "_count", endpoint="/login"), 302)
        bucket = exposed.value(name + "_bucket", endpoint="/login", le="+Inf")
        self.assertEqual(bucket, 302)

    def test_outcomes(self) -> None:
        """
        Logins, hashes, transactions, tokens and refusals are counted.
        """
        self.server.add_user()
        token = self.server.log_in().json["access_token"]
        self.server.post(
            "/v3/login",
            {"type": "m.login.password", "user": "alice", "password": "wrong"},
        )
        for _ in range(3):
            self.server.get("/v3/account/whoami", token=token)
        exposed = self.exposed()
        name = "synauth_auth_outcomes_total"
        password = "m.login.password"
        self.assertEqual(
            exposed.value(name, method=password, outcome="success", reason=""), 1
        )
        self.assertEqual(
            exposed.value(
                name, method=password, outcome="refused", reason="wrong_password"
            ),
            1,
        )
        # The account's own was the first.
        self.assertEqual(exposed.value("synauth_hashes_total"), 3)
        self.assertEqual(exposed.value("synauth_hash_threads"), 2)
        self.assertEqual(exposed.value("synauth_hashes_running"), 0)
        lookups = "synauth_token_lookups_total"
        self.assertEqual(exposed.value(lookups, source="database"), 1)
        self.assertEqual(exposed.value(lookups, source="memory"), 2)
        transactions = "synauth_db_transactions_total"
        self.assertGreater(
            exposed.value(transactions, kind="write", outcome="success"), 0
        )
        self.assertEqual(exposed.value("synauth_db_transactions_pending"), 0)

    def test_refusals(self) -> None:
        """
        What a limit refuses has the limit's name.
        """
        server = Server(
            enable_metrics=True,
            rc_login={"address": {"per_second": 0.01, "burst_count": 2}},
        )
        for _ in range(5):
            server.post("/v3/login", {"type": "m.login.password", "user": "a"})
        measures: Any = server.hs.measures
        self.assertEqual(measures.refusals()["rc_login.address"], 3)
        self.assertEqual(measures.refusals()["rc_registration"], 0)

    def test_sessions(self) -> None:
        """
        What is under way is counted, where it is known.
        """
        for name in ("a", "b"):
            body = {"username": name, "password": PASSWORD}
            self.assertEqual(self.server.post("/v3/register", body).code, 401)
        self.assertEqual(self.exposed().value("synauth_ui_auth_sessions"), 2)

    def test_modules(self) -> None:
        """
        Modules' calls, failures and time are counted by module.
        """
        caller = self.server.hs.auth_handler.caller
        self.successResultOf(caller.call("org.a", lambda answer: answer, lambda: 1))
        self.failureResultOf(caller.call("org.a", lambda answer: answer, lambda: 1 / 0))
        self.flushLoggedErrors()
        exposed = self.exposed()
        self.assertEqual(exposed.value("synauth_module_calls_total", module="org.a"), 2)
        failures = exposed.value("synauth_module_failures_total", module="org.a")
        self.assertEqual(failures, 1)
        name = "synauth_auth_outcomes_total"
        self.assertEqual(
            exposed.value(
                name, method="org.a", outcome="refused", reason="could_not_ask"
            ),
            1,
        )

    def test_process(self) -> None:
        """
        What is known of every Python process is there.
        """
        exposed = self.exposed()
        self.assertGreater(exposed.value("process_resident_memory_bytes"), 0)
        self.assertEqual(exposed.series("python_info"), 1)

    def test_off(self) -> None:
        """
        By default nothing is counted.
        """
        self.assertIsNone(Server().hs.measures)

    # --- What is written about them

    def names(self) -> Set[str]:
        """
        @return: the families that are ours, as Prometheus names their series.
        """
        return {
            name.replace("_total", "") + "_total" if kind == "counter" else name
            for name, kind in self.exposed().families.items()
            if name.startswith("synauth_")
        }

    def mentioned(self, text: str) -> Set[str]:
        """
        @return: the metrics that a text names.
        """
        found = set(re.findall(r"\bsynauth_[a-z_]+", text))
        return {re.sub("_(bucket|count|sum)$", "", name) for name in found}

    def read(self, *path: str) -> str:
        """
        @return: a file.
        """
        with open(os.path.join(ROOT, *path), encoding="utf-8") as stream:
            return stream.read()

    def test_documented(self) -> None:
        """
        docs/operations.rst has all of them and no others.
        """
        document = self.read("docs", "operations.rst")
        self.assertEqual(self.mentioned(document), self.names())

    def test_dashboard(self) -> None:
        """
        So has the dashboard, each of whose panels asks for one.
        """
        dashboard = json.loads(self.read("contrib", "grafana", "synauth.json"))
        expressions: List[str] = []
        for panel in dashboard["panels"]:
            if panel["type"] != "row":
                expressions += [target["expr"] for target in panel["targets"]]
                self.assertTrue(panel["targets"], panel["title"])
        self.assertEqual(self.mentioned(" ".join(expressions)), self.names())
        numbers = [panel["id"] for panel in dashboard["panels"]]
        self.assertEqual(len(set(numbers)), len(numbers))

    def test_alerts(self) -> None:
        """
        Alerts are about metrics that there are.
        """
        rules = yaml.safe_load(self.read("contrib", "prometheus", "synauth.rules.yml"))
        (group,) = rules["groups"]
        for rule in group["rules"]:
            self.assertEqual(set(rule), {"alert", "expr", "for", "annotations"})
            self.assertLessEqual(self.mentioned(rule["expr"]), self.names(), rule)
        (job,) = yaml.safe_load(self.read("contrib", "prometheus", "synauth.yml"))
        self.assertEqual(job["job_name"], "synauth")
