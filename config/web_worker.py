"""gunicorn's threaded worker, with bounds for clients that send or read slowly.

gunicorn gives a connection a thread as soon as its first bytes arrive, and lets the thread wait for the rest:
as many slow clients as there are threads stop the site. Here the main loop, which does not block, collects a
request until it is complete or times out (settings.REQUEST_SECONDS); threads see complete requests alone.
What a thread sends is bounded too: each piece of an answer has settings.ANSWER_SECONDS. Health checks have
their own threads.

It resembles a buffering reverse proxy, for installations whose proxy does not buffer; limits for an address
are deliberately missing. TLS must end at the proxy; otherwise gunicorn serves as usual.
"""

from __future__ import annotations

import errno
import re
import selectors
import time
from collections.abc import Callable
from concurrent import futures
from functools import partial
from socket import SHUT_WR, socket
from typing import Any

from django.conf import settings
from gunicorn.workers.gthread import TConn, ThreadWorker

READ_AT_A_TIME = 64 * 1024
MAX_HEAD_BYTES = 64 * 1024  # gunicorn refuses one of half that
MAX_PENDING_BYTES = 64 * 2**20  # bytes of requests that are not whole; beyond them the oldest is dropped
HEALTH_THREADS = 2
LINGER_SECONDS = 2  # seconds
GONE = (errno.EAGAIN, errno.EWOULDBLOCK, errno.ECONNABORTED)

_LENGTH = re.compile(rb"^content-length:[ \t]*([0-9]{1,15})[ \t]*\r?$", re.IGNORECASE | re.MULTILINE)
_CHUNKED = re.compile(rb"^transfer-encoding[ \t]*:", re.IGNORECASE | re.MULTILINE)
_EXPECTS = re.compile(rb"^expect:[ \t]*100-continue[ \t]*\r?$", re.IGNORECASE | re.MULTILINE)
_HEALTH = re.compile(rb"(?:GET|HEAD) /(?:healthz|readyz)[ ?]")
_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
_NO_LENGTH = b"HTTP/1.1 411 Length Required\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
_TOO_SLOW = b"HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"


class Connection(TConn):
    """Its end is left to the main loop too: gunicorn's waits there for the client's, two seconds each."""

    linger: Callable[[socket], None]

    def close(self, graceful: bool = False) -> None:
        if graceful:
            self.linger(self.sock)
        else:
            super().close()


class PendingRequest:
    """A request that is not complete yet."""

    def __init__(self, conn: TConn, data: bytes) -> None:
        self.conn, self.data = conn, bytearray(data)
        self.ends = time.monotonic() + settings.REQUEST_SECONDS
        self.was_asked_to_go_on = False

    @property
    def is_whole(self) -> bool:
        """Or cannot become so: the server refuses it as it is."""
        end = self.data.find(b"\r\n\r\n")
        if end < 0:
            return len(self.data) > MAX_HEAD_BYTES
        found = _LENGTH.search(self.data, 0, end + 1)
        length = int(found[1]) if found else 0
        return length > settings.DATA_UPLOAD_MAX_MEMORY_SIZE or len(self.data) >= end + 4 + length

    @property
    def is_without_end(self) -> bool:
        """In chunks: its body would be read by a thread, at the client's pace. No browser sends a form so."""
        end = self.data.find(b"\r\n\r\n")
        return end >= 0 and bool(_CHUNKED.search(self.data, 0, end + 1))

    @property
    def waits_to_go_on(self) -> bool:
        """Whether the client wants to be told that its body is welcome; once."""
        end = self.data.find(b"\r\n\r\n")
        waits = not self.was_asked_to_go_on and end >= 0 and _EXPECTS.search(self.data, 0, end + 1)
        self.was_asked_to_go_on |= bool(waits)
        return bool(waits)


class Worker(ThreadWorker):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._begun: dict[TConn, PendingRequest] = {}  # the oldest first
        self._held = 0
        self._lingering: dict[socket, float] = {}

    def init_process(self) -> None:
        self._health_pool = futures.ThreadPoolExecutor(max_workers=HEALTH_THREADS)
        super().init_process()

    def accept(self, listener: socket) -> None:
        try:
            client, address = listener.accept()
        except OSError as error:
            if error.errno in GONE:
                return
            raise
        self.nr_conns += 1
        conn = Connection(self.cfg, client, address, listener.getsockname())
        conn.linger = self._drain
        self._begin(conn)

    def on_client_socket_readable(self, conn: TConn, client: socket) -> None:
        """A connection that was kept alive has more."""
        self.poller.unregister(client)
        self.keepalived_conns.remove(conn)
        self._begin(conn)

    def enqueue_req(self, conn: TConn) -> None:
        """gunicorn's call for what a client has sent behind its last request: perhaps not all of the next."""
        self._begin(conn, conn.parser.unreader.take_buffered())

    def murder_pending(self) -> None:
        """Called every second or so. A worker that is to stop waits for no request that has not begun."""
        super().murder_pending()
        now = time.monotonic()
        for begun in list(self._begun.values()):
            if begun.ends <= now:
                self._drop(begun, _TOO_SLOW)
            elif not self.alive and not begun.data:
                self._drop(begun)
        for client in [client for client, ends in self._lingering.items() if ends <= now or not self.alive]:
            self._end(client)

    def handle_request(self, req: Any, conn: TConn) -> bool:
        conn.sock.settimeout(settings.ANSWER_SECONDS)
        try:
            return bool(super().handle_request(req, conn))
        except TimeoutError:
            self.log.info("An answer was read too slowly, and broken off: %s", req.path)
            return False

    def _begin(self, conn: TConn, data: bytes = b"") -> None:
        if self.cfg.is_ssl:
            conn.sock.setblocking(True)
            self._submit(conn, self.tpool)
            return
        begun = self._begun[conn] = PendingRequest(conn, data)
        self._held += len(data)
        conn.sock.setblocking(False)
        self.poller.register(conn.sock, selectors.EVENT_READ, partial(self._read, begun))
        if data:
            self._go_on(begun)

    def _read(self, begun: PendingRequest, client: socket) -> None:
        try:
            data = client.recv(READ_AT_A_TIME)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self._drop(begun)
            return
        begun.data += data
        self._held += len(data)
        self._go_on(begun)

    def _go_on(self, begun: PendingRequest) -> None:
        if begun.is_without_end:
            self._drop(begun, _NO_LENGTH)
        elif begun.is_whole:
            self._serve(begun)
        elif begun.waits_to_go_on:
            self._tell(begun, _CONTINUE)
        while self._held > MAX_PENDING_BYTES:
            self._drop(next(iter(self._begun.values())), _TOO_SLOW)

    def _serve(self, begun: PendingRequest) -> None:
        conn, data = begun.conn, bytes(begun.data)
        self._forget(begun)
        conn.data_ready = True
        conn.init()
        conn.parser.unreader.unread(data)
        self._submit(conn, self._health_pool if _HEALTH.match(data) else self.tpool)

    def _submit(self, conn: TConn, pool: futures.ThreadPoolExecutor) -> None:
        handled = pool.submit(self.handle, conn)
        handled.add_done_callback(lambda done: self.method_queue.defer(self.finish_request, conn, done))

    def _drop(self, begun: PendingRequest, answer: bytes = b"") -> None:
        self._forget(begun)
        if answer and begun.data:
            self._tell(begun, answer)
        self.nr_conns -= 1
        begun.conn.close()

    def _forget(self, begun: PendingRequest) -> None:
        del self._begun[begun.conn]
        self._held -= len(begun.data)
        self.poller.unregister(begun.conn.sock)

    def _drain(self, client: socket) -> None:
        """Send no more, and read what still comes for a while: else the last of an answer may be lost."""
        try:
            client.shutdown(SHUT_WR)
            client.setblocking(False)
            self.poller.register(client, selectors.EVENT_READ, self._read_away)
        except (OSError, ValueError):  # closed already
            client.close()
            return
        self._lingering[client] = time.monotonic() + LINGER_SECONDS

    def _read_away(self, client: socket) -> None:
        try:
            if client.recv(READ_AT_A_TIME):
                return
        except BlockingIOError:
            return
        except OSError:
            self.log.debug("A client has gone.")
        self._end(client)

    def _end(self, client: socket) -> None:
        del self._lingering[client]
        self.poller.unregister(client)
        client.close()

    def _tell(self, begun: PendingRequest, answer: bytes) -> None:
        """As far as it can be told at once."""
        try:
            begun.conn.sock.send(answer)
        except OSError:
            self.log.debug("A client could not be told.")
