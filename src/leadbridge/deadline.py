"""An HTTP answer that must be there by one moment, however many pieces it comes in.

A timeout of a socket's own begins again with each byte, so that an answer that drips would never end.
"""

import io
import socket
from http import HTTPStatus
from http.client import HTTPConnection, HTTPResponse
from time import monotonic
from typing import Any


def answer_by(connection: HTTPConnection, deadline: float) -> HTTPResponse:
    """The answer to the request that was sent; reading its body ends by the same moment of `time.monotonic`.

    Raises TimeoutError, also later while the body is read, and what `getresponse` raises.
    """

    def timed(sock: socket.socket, *args: Any, **kwargs: Any) -> HTTPResponse:
        return _Final(_Timed(sock, deadline), *args, **kwargs)  # type: ignore[arg-type] # it calls makefile

    connection.response_class = timed  # type: ignore[assignment] # it is called as the class would be
    return connection.getresponse()


class _Final(HTTPResponse):
    """An answer that is final: those before it, such as 103 Early Hints, are passed over (RFC 9110, section 15.2)."""

    def begin(self, **kwargs: Any) -> None:
        """Read the status and the headers. The standard library passes over 100 alone."""
        super().begin(**kwargs)
        while HTTPStatus.CONTINUE <= self.status < HTTPStatus.OK and self.status != HTTPStatus.SWITCHING_PROTOCOLS:
            self.headers = self.msg = None  # type: ignore[assignment] # as before it has begun
            super().begin(**kwargs)


class _Timed(io.RawIOBase):
    """What an HTTPResponse reads from: a socket whose every wait ends at one deadline."""

    def __init__(self, sock: socket.socket, deadline: float) -> None:
        self._sock = sock
        self._deadline = deadline
        # Holds the socket open until the answer is read, also when the connection is closed before that.
        self._raw = sock.makefile("rb", buffering=0)

    def makefile(self, _mode: str) -> io.BufferedReader:
        """What an HTTPResponse asks of a socket."""
        return io.BufferedReader(self)

    def readable(self) -> bool:
        """Always."""
        return True

    def readinto(self, buffer: Any) -> int | None:
        """Read what is there; TimeoutError when the deadline is over."""
        left = self._deadline - monotonic()
        if left <= 0:
            raise TimeoutError
        self._sock.settimeout(left)
        return self._raw.readinto(buffer)

    def close(self) -> None:
        """Let go of the socket."""
        self._raw.close()
        super().close()
