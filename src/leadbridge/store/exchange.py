"""One round trip to PostgreSQL: several prepared statements, sent together, and all their results.

psycopg's own pipeline sends each statement by itself, waits for BEGIN, and reads the text of a statement for
placeholders each time. A transaction that writes a single lead spends more time on that than on its rows.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from itertools import count
from typing import TypeAlias

from psycopg import errors
from psycopg.pq import ConnStatus, ExecStatus, TransactionStatus
from psycopg.pq.abc import PGconn, PGresult
from psycopg.waiting import Ready, Wait

# A statement with $1, $2, … whose types it tells by casts, and the parameters as text.
Request: TypeAlias = tuple[bytes, Sequence[bytes | None]]
Waits: TypeAlias = Generator[Wait, Ready, list[PGresult]]

_BEGIN, _COMMIT, _FORGET = b"BEGIN ISOLATION LEVEL READ COMMITTED", b"COMMIT", b"DEALLOCATE ALL"
# A group's rows are written by a statement that names the columns they fill: there are more of these than a server
# could remember for each connection. Beyond so many all are forgotten, and those in use prepared again.
_MOST_PREPARED = 200


class Exchanges:
    """The exchanges over one connection. It remembers which statements are prepared there."""

    def __init__(self, pgconn: PGconn) -> None:
        self._pgconn = pgconn
        self._prepared: dict[bytes, bytes] = {}
        self._names = count()

    def run(self, requests: Sequence[Request], *, commit: bool = False) -> Waits:
        """Send statements and receive the result of each; a transaction begins with them unless one is open, and with
        `commit` it ends with them.

        Raises the error of the first one that fails: none behind it is executed. What breaks off, such as when the
        server is gone, leaves the connection in pipeline mode; it is of no use any more.
        """
        pgconn, new = self._pgconn, dict[bytes, bytes]()
        answers: list[int] = []  # the places of the statements' own results
        sent = 0
        results: list[PGresult] = []
        pgconn.enter_pipeline_mode()
        try:
            if pgconn.transaction_status == TransactionStatus.IDLE:
                pgconn.send_query_params(_BEGIN, None)
                sent += 1
            if len(self._prepared) >= _MOST_PREPARED:
                pgconn.send_query_params(_FORGET, None)
                sent += 1
                self._prepared.clear()
            for text, parameters in requests:
                name = self._prepared.get(text) or new.get(text)
                if name is None:
                    name = new[text] = b"leadbridge_%d" % next(self._names)
                    pgconn.send_prepare(name, text)
                    sent += 1
                pgconn.send_query_prepared(name, parameters)
                answers.append(sent)
                sent += 1
            if commit:
                pgconn.send_query_params(_COMMIT, None)
            pgconn.pipeline_sync()
            yield from _send(pgconn)
            yield from _receive(pgconn, results)
            pgconn.exit_pipeline_mode()
        except BaseException:
            _raise_failed(results)  # says more than that the connection broke off after it
            raise
        _raise_failed(results)
        self._prepared |= new
        return [results[place] for place in answers]


def _send(pgconn: PGconn) -> Generator[Wait, Ready, None]:
    while pgconn.flush():
        if (yield Wait.RW) & Ready.R:
            pgconn.consume_input()


def _receive(pgconn: PGconn, results: list[PGresult]) -> Generator[Wait, Ready, None]:
    """Everything that comes before the end of the pipeline."""
    while True:
        while pgconn.is_busy():
            if (yield Wait.R):
                pgconn.consume_input()
        result = pgconn.get_result()
        if result is None:
            if pgconn.status == ConnStatus.BAD:
                raise errors.OperationalError(pgconn.get_error_message())
        elif result.status == ExecStatus.PIPELINE_SYNC:
            return
        else:
            results.append(result)


def _raise_failed(results: Sequence[PGresult]) -> None:
    for result in results:
        if result.status == ExecStatus.FATAL_ERROR:
            raise errors.error_from_result(result)
