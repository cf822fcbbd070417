"""
The measurements of one server, each in turns with its floor.
"""

import asyncio
import itertools
from typing import Any, Callable, Dict, Iterator, List, NamedTuple, Tuple

from benchmarks.answer import LoadError, ask
from benchmarks.floor import running_floor
from benchmarks.hashing import check_many, seconds_per_check
from benchmarks.load import Load, Result
from benchmarks.matrix import Account, Requests
from benchmarks.report import cores

Address = Tuple[str, int]
Source = Callable[[], Callable[[], bytes]]


class Settings(NamedTuple):
    """
    How long and how hard.

    @ivar seconds: of one slice.
    @ivar rounds: how often the server and its floor take turns.
    @ivar limit: how many requests a slice sends at most.
    @ivar pace: requests per second where latency is what counts.
    @ivar bcrypt_rounds: the cost of the server's hashes.
    """

    seconds: float
    rounds: int
    concurrency: int
    limit: int
    pace: float
    bcrypt_rounds: int


class Row(NamedTuple):
    """
    One line of the table.

    @ivar server: the results of the slices, in order.
    @ivar floor: those of its floor, each taken right after it; for logins
        there are only rates.
    @ivar floor_rates: the floor's answers or hashes per second.
    @ivar background: the logins that went on beside C{server}, if any.
    """

    name: str
    server: List[Result]
    floor: List[Result]
    floor_rates: List[float]
    background: List[Result]


class Bench:
    """
    The measurements of one server.
    """

    def __init__(self, address: Address, account: Account, settings: Settings) -> None:
        self._address = address
        self._account = account
        self._settings = settings
        self._requests = Requests(address)

    def _load(
        self, address: Address, source: Callable[[], bytes], **changed: Any
    ) -> Load:
        values: Dict[str, Any] = {
            "concurrency": self._settings.concurrency,
            "seconds": self._settings.seconds,
            "count": self._settings.limit,
        }
        values.update(changed)
        return Load(address, source, **values)

    def throughput(
        self,
        name: str,
        source: Source,
        floor: Address,
        floor_source: Source,
        wanted: int,
    ) -> Row:
        """
        A closed loop against the server and against the bare resource.

        @param wanted: the status that every answer has to have.
        """
        row = Row(name, [], [], [], [])
        for _ in range(self._settings.rounds):
            result = asyncio.run(self._load(self._address, source()).run())
            check_statuses(name, result, wanted)
            below = asyncio.run(self._load(floor, floor_source()).run())
            row.server.append(result)
            row.floor.append(below)
            row.floor_rates.append(below.rate)
        return row

    def logins(self) -> Row:
        """
        A fixed number of logins against the same number of bare checks: the
        same work for both, to the last hash.
        """
        settings, threads = self._settings, cores()
        each = seconds_per_check(settings.bcrypt_rounds)
        count = threads * max(2, round(settings.seconds / each))
        row = Row("POST /login (password)", [], [], [], [])
        for _ in range(settings.rounds):
            result = asyncio.run(self._logins(count, settings.seconds * 5).run())
            check_statuses(row.name, result, 200)
            row.server.append(result)
            took = check_many(count, threads, settings.bcrypt_rounds)
            row.floor_rates.append(count / took)
        return row

    def _logins(self, count: int, seconds: float) -> Load:
        connections = cores() + 2
        source = self._requests.logins(self._account, connections)
        return self._load(
            self._address, source, count=count, seconds=seconds, concurrency=connections
        )

    def whoami_under_logins(self, floor_source: Source) -> Row:
        """
        Requests at a fixed pace while more logins wait than there are cores;
        the floor likewise has a thread for each core that does nothing but
        hash.
        """
        row = Row("whoami during logins", [], [], [], [])
        for _ in range(self._settings.rounds):
            result, background = asyncio.run(self._beside_logins())
            check_statuses(row.name, result, 200)
            check_statuses("logins beside whoami", background, 200)
            row.server.append(result)
            row.background.append(background)
            with running_floor(cores(), self._settings.bcrypt_rounds) as floor:
                below = asyncio.run(self._paced(floor, floor_source()).run())
            row.floor.append(below)
            row.floor_rates.append(below.rate)
        return row

    def _paced(self, address: Address, source: Callable[[], bytes]) -> Load:
        return self._load(address, source, concurrency=8, rate=self._settings.pace)

    async def _beside_logins(self) -> Tuple[Result, Result]:
        seconds = self._settings.seconds
        logins = self._logins(self._settings.limit, seconds + 1)
        background = asyncio.ensure_future(logins.run())
        # Until the hash pool has all that it can take.
        await asyncio.sleep(0.5)
        whoami = self._requests.whoami(self._account.token)
        result = await self._paced(
            self._address, itertools.repeat(whoami).__next__
        ).run()
        return result, await background

    def rows(self, floor: Address) -> Iterator[Row]:
        """
        @param floor: where the bare resource is.
        @return: the measurements, one by one.
        """
        requests, token = self._requests, self._account.token
        flows, whoami = requests.flows(), requests.whoami(token)
        yield self._plain("GET /login", flows, floor)
        yield self._plain("GET /account/whoami", whoami, floor)
        size = self._size(requests.challenges()(), 401)
        path = "/%d" % (size,)
        yield self.throughput(
            "POST /register (401)",
            requests.challenges,
            floor,
            lambda: Requests(floor).challenges(path),
            401,
        )
        if self._account.password is None:
            return
        yield self.logins()
        below = self._bare(whoami)
        yield self.whoami_under_logins(lambda: itertools.repeat(below).__next__)

    def _plain(self, name: str, request: bytes, floor: Address) -> Row:
        below = self._bare(request)
        return self.throughput(
            name,
            lambda: itertools.repeat(request).__next__,
            floor,
            lambda: itertools.repeat(below).__next__,
            200,
        )

    def _bare(self, request: bytes) -> bytes:
        """
        The request for an answer of the same size from the bare resource.
        """
        path = b"/%d" % (self._size(request, 200),)
        method, _, rest = request.split(b" ", 2)
        return b" ".join([method, path, rest])

    def _size(self, request: bytes, wanted: int) -> int:
        answer = asyncio.run(ask(self._address, request))
        if answer.status != wanted:
            path = request.split(b" ", 2)[1].decode("ascii")
            raise LoadError("%s answers with status %d" % (path, answer.status))
        return len(answer.body)


def check_statuses(name: str, result: Result, wanted: int) -> None:
    """
    A server that refuses quickly is not a fast server.

    @raise LoadError: if there is no answer or one of another status.
    """
    if set(result.statuses) != {wanted}:
        raise LoadError(
            "%s: answers by status: %r, only %d is wanted; %d refused as too many"
            % (name, result.statuses, wanted, result.limited)
        )
