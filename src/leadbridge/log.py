"""Log lines on stderr: constant events with identifiers, never values.

An event is a fixed sentence ("call answered"); what differs goes into fields, and only identifiers, counts,
codes and durations go there: `log.info("lead stored", lead_id=lead_id)`. Names, addresses, notes and messages
never do. That is why a traceback here shows places and exception types but not what the exceptions say:
theirs is text of libraries, and libraries quote the value they stumbled over.
"""

import json
import logging
import logging.config
import os
import re
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
from types import TracebackType
from typing import Any, Protocol

import structlog
from structlog.typing import EventDict, ExcInfo, Processor, WrappedLogger


class LogSettings(Protocol):
    """The part of the settings that matters here; a process that is to stay small has no more of them."""

    @property
    def log_level(self) -> str:
        """The least that is logged of leadbridge itself."""

    @property
    def log_format(self) -> str:
        """`text` or `json`."""


# The least that is logged of libraries. Spyne is silent: its errors quote whole messages and parser texts,
# and each reaches the fault table, which logs it with an identifier. The others are free of data at WARNING.
LIBRARY_LEVELS: dict[str, str | int] = {
    "spyne": logging.CRITICAL + 1,
    "zeep": "WARNING",
    "sqlalchemy": "WARNING",
    "alembic": "WARNING",
    "_granian": "WARNING",
    "granian.access": "WARNING",
}

_BARE = re.compile(r"[\w.:/@+-]+", re.ASCII)


def configure(settings: LogSettings) -> None:
    """Send every log line of this process to stderr, in the configured form. Calling it again replaces the
    set-up."""
    logging.config.dictConfig(logging_config(settings))
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *_shared_processors(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,  # module loggers exist before the settings are read
    )


def logging_config(settings: LogSettings) -> dict[str, Any]:
    """The set-up of the standard library's logging as plain data, which a server can hand to its worker
    processes.

    Such a server applies it with `logging.config.dictConfig`.
    """
    loggers: dict[str, dict[str, Any]] = {
        name: {"level": level, "handlers": [], "propagate": True} for name, level in LIBRARY_LEVELS.items()
    }
    loggers["leadbridge"] = {"level": settings.log_level, "handlers": [], "propagate": True}
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"lines": {"()": "leadbridge.log.formatter", "form": settings.log_format}},
        "handlers": {"stderr": {"class": "logging.StreamHandler", "stream": "ext://sys.stderr", "formatter": "lines"}},
        "loggers": loggers,
        "root": {"level": "WARNING", "handlers": ["stderr"]},
    }


def get_logger(name: str) -> structlog.stdlib.BoundLogger:
    """The logger of a module; `name` is its `__name__`."""
    return structlog.stdlib.get_logger(name)


def new_correlation_id() -> str:
    """An identifier that a fault shows to the caller and the log shows to the operator: 32 hexadecimal
    digits."""
    return os.urandom(16).hex()


@contextmanager
def correlated(correlation_id: str) -> Iterator[str]:
    """Put `correlation_id` on every line logged inside the block.

    It follows tasks of asyncio. A thread that works for several calls enters the block anew for each.
    """
    with structlog.contextvars.bound_contextvars(correlation_id=correlation_id):
        yield correlation_id


def formatter(form: str) -> logging.Formatter:
    """What turns a record of ours or of a library into a line; `form` is `text` or `json`."""
    last = _json_line if form == "json" else _text_line
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=_shared_processors(),
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, last],
    )


def _shared_processors() -> list[Processor]:
    return [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.ExceptionRenderer(traceback_without_values),
    ]


def traceback_without_values(exc_info: ExcInfo) -> str:
    """The traceback of an exception and of those that led to it: places and types, and no text of any
    exception.

    The one exception from that is the system's own word for a failed system call ("Connection refused").
    """
    parts: list[str] = []
    error: BaseException | None = exc_info[1]
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        parts.append("\n".join([*_places(error.__traceback__), _type_of(error)]))
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return "\n\nwhich led to\n\n".join(reversed(parts))


def _places(traceback: TracebackType | None) -> Iterator[str]:
    while traceback is not None:
        code = traceback.tb_frame.f_code
        module = traceback.tb_frame.f_globals.get("__name__", "?")
        yield f"  {module}.{code.co_qualname}, line {traceback.tb_lineno}"
        traceback = traceback.tb_next


def _type_of(error: BaseException) -> str:
    name = f"{type(error).__module__}.{type(error).__qualname__}"
    if isinstance(error, OSError) and error.strerror:
        return f"{name}: {error.strerror}"
    return name


def _json_line(_logger: WrappedLogger, _method: str, event: EventDict) -> str:
    first = {key: event.pop(key) for key in ("timestamp", "level", "logger", "event") if key in event}
    return json.dumps({**first, **event}, default=str)


def _text_line(_logger: WrappedLogger, _method: str, event: EventDict) -> str:
    """`12:03:04.123456Z info leadbridge.soap call answered operation=CreateLead`, then a traceback's lines.

    Control characters and foreign letters are escaped, so that a field cannot forge a line.
    """
    exception = event.pop("exception", None)
    head = [
        event.pop("timestamp", "").partition("T")[2],
        f"{event.pop('level', ''):<8}",
        event.pop("logger", "") or "-",
        _one_line(str(event.pop("event", ""))),
    ]
    line = " ".join([*head, *_fields(event)])
    if exception is None:
        return line
    return line + "".join(f"\n    {part}" for part in str(exception).splitlines())


def _fields(event: MutableMapping[str, Any]) -> Iterator[str]:
    for key, value in event.items():
        text = value if isinstance(value, str) else str(value)
        yield f"{key}={text if _BARE.fullmatch(text) else json.dumps(text)}"


def _one_line(text: str) -> str:
    return json.dumps(text)[1:-1].replace('\\"', '"')
