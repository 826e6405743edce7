"""A process that takes chunks in: `python -m leadbridge.bulk.worker`, started by `running` and by nobody else.

It is told its assignment on standard input, then chunks, and says on standard output what came of each. It ends with
its input, and so with whatever started it, however that ended. It loads no more than it needs: each costs memory.
"""

import gc
import os
import pickle
import signal
import sys
from typing import BinaryIO

from leadbridge import log
from leadbridge.bulk.assignment import Assignment
from leadbridge.bulk.intake import Intake
from leadbridge.bulk.splitting import Chunk
from leadbridge.store.database import Database
from leadbridge.store.errors import DatabaseUnreachable

_log = log.get_logger(__name__)


def main() -> None:
    """Work until the input ends."""
    orders, answers = sys.stdin.buffer, sys.stdout.buffer
    sys.stdout = sys.stderr  # whatever prints does not get between the answers
    for number in (signal.SIGINT, signal.SIGTERM):  # they reach the whole family; the parent decides what they mean
        signal.signal(number, signal.SIG_IGN)
    try:
        assignment: Assignment = pickle.load(orders)  # noqa: S301  # our own parent wrote it, into a pipe of its own
    except EOFError:
        return  # there was no job after all
    os.nice(assignment.niceness)
    log.configure(assignment)
    database = Database(assignment.database_url, pool_size=1, background=True)
    intake = Intake(
        database,
        assignment.job,
        policy=assignment.policy,
        limits=assignment.limits,
        patience=assignment.patience,
    )
    # A chunk makes a hundred thousand objects and hardly a cycle; looking for some again and again costs a tenth.
    gc.freeze()
    gc.disable()
    try:
        _work(intake, orders, answers)
    except (EOFError, BrokenPipeError):
        pass
    finally:
        database.dispose()


def _work(intake: Intake, orders: BinaryIO, answers: BinaryIO) -> None:
    while True:
        chunk: Chunk = pickle.load(orders)  # noqa: S301  # as above
        try:
            answer: dict[str, int] | str | None = intake.take(chunk)
        except DatabaseUnreachable:
            answer = "the database does not answer"
        except Exception:  # noqa: BLE001  # the parent is told, and the traceback is in the log
            reference = log.new_correlation_id()
            _log.exception("chunk failed unforeseen", chunk=chunk.number, correlation_id=reference)
            answer = f"an unforeseen error, which is logged as {reference}"
        pickle.dump(answer, answers)
        answers.flush()
        del chunk
        gc.collect()


if __name__ == "__main__":
    main()
