"""The command line without a process of its own: what `leadbridge …` prints and how it ends, in milliseconds."""

from __future__ import annotations

import io
import logging
import os
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from unittest.mock import patch

import structlog

from leadbridge import cli


@dataclass(frozen=True)
class Done:
    """How a command ended: its exit code, and what went to standard output and standard error."""

    code: int
    out: str
    err: str


def command(*arguments: str, environment: Mapping[str, str], standard_input: str = "") -> Done:
    """Run one command in this process, as `leadbridge` would in one of its own."""
    out, err = io.StringIO(), io.StringIO()
    code: object = 0
    with (
        patch.dict(os.environ, environment),
        patch("sys.argv", ["leadbridge", *arguments]),
        patch("sys.stdin", io.StringIO(standard_input)),
        _logging_as_before(),
        warnings.catch_warnings(),
        redirect_stdout(out),
        redirect_stderr(err),
    ):
        # The library asks whether a test forgot the arguments; they are in sys.argv, where a process has them.
        warnings.filterwarnings("ignore", message="Cyclopts application invoked without tokens")
        try:
            cli.main()
        except SystemExit as end:
            code = end.code
    if isinstance(code, str):  # what Python does with such a code: it prints it and ends with 1
        err.write(code + "\n")
        code = 1
    assert code is None or isinstance(code, int)
    return Done(code or 0, out.getvalue(), err.getvalue())


@contextmanager
def _logging_as_before() -> Iterator[None]:
    """A command sets up the process's log; the tests that follow in this process shall not notice."""
    loggers = [logging.getLogger(), *(logging.getLogger(name) for name in ("leadbridge", "zeep", "granian"))]
    before = [(one, one.level, one.handlers[:], one.propagate) for one in loggers]
    configured, configuration = structlog.is_configured(), structlog.get_config()
    try:
        yield
    finally:
        for one, level, handlers, propagate in before:
            one.setLevel(level)
            one.handlers[:] = handlers
            one.propagate = propagate
        structlog.reset_defaults()
        if configured:
            structlog.configure(**configuration)
