"""
A bad connection to a database server.
"""

import os
import socket
import threading
from typing import Any, Dict, List, Optional

from tests.storage.postgresql import Args


class Proxy:
    """
    Stands between synauth and a server, on a port of its own, and is in the
    way.

    @ivar args: to connect through it.
    """

    def __init__(self, args: Args) -> None:
        self._server = self._address(args)
        self._lock = threading.Lock()
        self._sockets: List[socket.socket] = []
        self._open = threading.Event()
        self._open.set()
        self._cut_before: Optional[bytes] = None
        self._cut_after: Optional[bytes] = None
        self._listener: Any = None
        self._port = 0
        self.listen()
        self.args: Args = dict(args, host="127.0.0.1", port=self._port)

    def _address(self, args: Dict[str, Any]) -> Any:
        host, port = args.get("host") or "/var/run/postgresql", args.get("port", 5432)
        if host.startswith("/"):
            return os.path.join(host, ".s.PGSQL.%s" % port)
        return host, int(port)

    def listen(self) -> None:
        """
        Take connections (again).
        """
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", self._port))
        listener.listen(20)
        self._port = listener.getsockname()[1]
        self._listener = listener
        threading.Thread(target=self._accept, args=(listener,), daemon=True).start()

    def refuse(self) -> None:
        """
        Take no connections, and cut those that there are.
        """
        listener, self._listener = self._listener, None
        if listener is not None:
            listener.shutdown(socket.SHUT_RDWR)
            listener.close()
        self.cut()

    def cut(self) -> None:
        """
        Cut all connections.
        """
        with self._lock:
            for each in self._sockets:
                _shut(each)
            self._sockets.clear()

    def block(self) -> None:
        """
        Keep connections, take new ones, and pass nothing on.
        """
        self._open.clear()

    def unblock(self) -> None:
        """
        Pass on what has come, and what comes.
        """
        self._open.set()

    def cut_at(self, before: bytes = b"", after: bytes = b"") -> None:
        """
        Cut a connection once, when these words come from a client.

        @param before: the server does not get to see them.
        @param after: it does, and its answer is lost.
        """
        self._cut_before, self._cut_after = before or None, after or None

    def close(self) -> None:
        """
        Be gone.
        """
        self.unblock()
        self.refuse()

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            family = socket.AF_UNIX if isinstance(self._server, str) else socket.AF_INET
            server = socket.socket(family)
            server.connect(self._server)
            with self._lock:
                self._sockets += [client, server]
            for pair in ((client, server), (server, client)):
                threading.Thread(
                    target=self._pass_on, args=(*pair, pair[0] is client), daemon=True
                ).start()

    def _pass_on(
        self, source: socket.socket, target: socket.socket, of_client: bool
    ) -> None:
        lose_answer = False
        try:
            while True:
                data = source.recv(65536)
                if not data:
                    break
                self._open.wait()
                if of_client and self._cut_before and self._cut_before in data:
                    self._cut_before = None
                    break
                if of_client and self._cut_after and self._cut_after in data:
                    self._cut_after = None
                    lose_answer = True
                    # The client hears nothing more, and the server is heard out.
                    _shut(source)
                target.sendall(data)
                if lose_answer:
                    return
        except OSError:
            pass
        finally:
            if not lose_answer:
                _shut(source)
                _shut(target)


def _shut(each: socket.socket) -> None:
    try:
        each.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass
