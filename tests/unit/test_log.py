"""Log lines: their two forms, what libraries may say, and what never gets out."""

import json
import logging
import logging.config
import threading
from collections.abc import Iterator

import pytest

from leadbridge.log import (
    LIBRARY_LEVELS,
    configure,
    correlated,
    get_logger,
    logging_config,
    new_correlation_id,
)
from leadbridge.settings import Settings
from tests.support.logs import log_plainly

PERSONAL = "Anna Marked"


@pytest.fixture(autouse=True)
def restored() -> Iterator[None]:
    """The process's logging as it was: it belongs to all tests."""
    root = logging.getLogger()
    handlers = list(root.handlers)
    levels = {name: logging.getLogger(name).level for name in ("root", "leadbridge", *LIBRARY_LEVELS)}
    yield
    root.handlers[:] = handlers
    for name, level in levels.items():
        logging.getLogger(name).setLevel(level)
    log_plainly()


def fail() -> None:
    try:
        int(PERSONAL)
    except ValueError as error:
        raise LookupError(PERSONAL) from error


def logged(capsys: pytest.CaptureFixture[str]) -> str:
    captured = capsys.readouterr()
    assert captured.out == ""
    return captured.err


def test_a_text_line_has_time_level_logger_event_and_fields(capsys: pytest.CaptureFixture[str]) -> None:
    configure(Settings())
    get_logger("leadbridge.soap").info("call answered", operation="CreateLead", status=200)
    time, level, logger, *rest = logged(capsys).split()
    assert time.endswith("Z")
    assert (level, logger) == ("info", "leadbridge.soap")
    assert rest == ["call", "answered", "operation=CreateLead", "status=200"]


def test_a_json_line_is_one_object(capsys: pytest.CaptureFixture[str]) -> None:
    configure(Settings(log_format="json"))
    get_logger("leadbridge.soap").warning("call refused", fault="Busy", waiting=10)
    line = json.loads(logged(capsys))
    assert line.pop("timestamp").endswith("Z")
    assert line == {
        "level": "warning",
        "logger": "leadbridge.soap",
        "event": "call refused",
        "fault": "Busy",
        "waiting": 10,
    }


@pytest.mark.parametrize("form", ["text", "json"])
def test_a_field_cannot_forge_a_line(form: str, capsys: pytest.CaptureFixture[str]) -> None:
    configure(Settings(log_format=form))
    get_logger("leadbridge").info("caller unknown", caller_id="x\n00:00:00Z info \x1b[31mforged\u2028")
    text = logged(capsys)
    assert len(text.splitlines()) == 1
    assert "\x1b" not in text


@pytest.mark.parametrize("form", ["text", "json"])
def test_a_traceback_shows_places_and_types_but_no_text_of_exceptions(
    form: str, capsys: pytest.CaptureFixture[str]
) -> None:
    configure(Settings(log_format=form))
    try:
        fail()
    except LookupError:
        get_logger("leadbridge").exception("defect")
    text = logged(capsys)
    assert PERSONAL not in text
    assert "builtins.ValueError" in text
    assert "builtins.LookupError" in text
    assert text.index("ValueError") < text.index("LookupError")
    assert f"{__name__}.fail, line {fail.__code__.co_firstlineno + 4}" in text


def test_a_traceback_of_a_library_is_held_to_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    configure(Settings())
    try:
        fail()
    except LookupError:
        logging.getLogger("asyncio").exception("Task exception was never retrieved")
    text = logged(capsys)
    assert "builtins.LookupError" in text
    assert PERSONAL not in text


def test_a_failed_system_call_says_why(capsys: pytest.CaptureFixture[str]) -> None:
    configure(Settings())
    try:
        raise ConnectionRefusedError(111, "Connection refused")
    except OSError:
        get_logger("leadbridge").exception("core CRM unavailable")
    assert "builtins.ConnectionRefusedError: Connection refused" in logged(capsys)


def test_an_exception_that_caused_itself_is_told_once(capsys: pytest.CaptureFixture[str]) -> None:
    configure(Settings())
    first, second = ValueError(), KeyError()
    first.__cause__, second.__cause__ = second, first
    get_logger("leadbridge").error("defect", exc_info=first)
    assert logged(capsys).count("builtins.") == 2


def test_the_level_is_that_of_the_settings(capsys: pytest.CaptureFixture[str]) -> None:
    configure(Settings(log_level="warning"))
    get_logger("leadbridge.store").info("unheard")
    get_logger("leadbridge.store").warning("heard")
    text = logged(capsys)
    assert "unheard" not in text
    assert "heard" in text


def test_libraries_are_heard_from_warning_on_and_spyne_not_at_all(
    capsys: pytest.CaptureFixture[str],
) -> None:
    configure(Settings(log_level="DEBUG"))
    for name in ("zeep.transports", "sqlalchemy.engine", "_granian", "anything"):
        logging.getLogger(name).info("unheard")
        logging.getLogger(name).warning("heard from %s", name)
    logging.getLogger("spyne.protocol.xml").error(PERSONAL)
    text = logged(capsys)
    assert "unheard" not in text
    assert text.count("heard from") == 4
    assert PERSONAL not in text


def test_configuring_again_replaces_the_set_up(capsys: pytest.CaptureFixture[str]) -> None:
    log = get_logger("leadbridge")
    configure(Settings())
    log.info("first")
    configure(Settings(log_format="json"))
    log.info("second")
    first, second = logged(capsys).splitlines()
    assert first.endswith("first")
    assert json.loads(second)["event"] == "second"


def test_the_set_up_is_plain_data_for_worker_processes() -> None:
    config = json.loads(json.dumps(logging_config(Settings())))
    logging.config.dictConfig(config)


def test_a_correlation_id_is_on_every_line_of_its_block_and_of_its_thread(
    capsys: pytest.CaptureFixture[str],
) -> None:
    configure(Settings())
    log = get_logger("leadbridge")
    with correlated(new_correlation_id()) as correlation_id:
        log.info("inside")
        other = threading.Thread(target=lambda: log.info("elsewhere"))
        other.start()
        other.join()
        logging.getLogger("zeep").warning("also inside")
    log.info("outside")
    lines = logged(capsys).splitlines()
    assert [f"correlation_id={correlation_id}" in line for line in lines] == [True, False, True, False]


def test_correlation_ids_differ() -> None:
    assert new_correlation_id() != new_correlation_id()
