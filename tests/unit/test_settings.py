"""Settings: where a value comes from, what is refused, and what is shown."""

import json
import pickle
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from leadbridge.settings import MASK, CrmSettings, Settings, SettingsError
from leadbridge.settings.sources import SHORT_NAMES, every_setting, variable_of

SECRET = "correct horse"


def value_at(settings: Settings, *path: str) -> Any:
    value: Any = settings
    for name in path:
        value = getattr(value, name)
    return value


def problems(**values: Any) -> list[str]:
    with pytest.raises(SettingsError) as caught:
        Settings(**values)
    return caught.value.problems


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "leadbridge.toml"
    path.write_text("")
    monkeypatch.setenv("LEADBRIDGE_CONFIG", str(path))
    return path


# ------------------------------------------------------------------------------------------------- where from


def test_without_environment_and_file_the_defaults_hold() -> None:
    settings = Settings()
    assert settings.database_url == "sqlite:///var/leadbridge.db"
    assert settings.host == "127.0.0.1"
    assert settings.crm.wsdl is None
    assert settings.crm.ntb_closed_opportunity == "lead"
    assert settings.gate.deepest_element == 32
    assert settings.idempotency.keep_days == 7


def test_an_argument_beats_the_environment_which_beats_the_file(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config.write_text("port = 1\nworkers = 1\nhost = 'file'\n")
    monkeypatch.setenv("LEADBRIDGE_PORT", "2")
    monkeypatch.setenv("LEADBRIDGE_WORKERS", "2")
    settings = Settings(port=3)
    assert (settings.port, settings.workers, settings.host) == (3, 2, "file")


def test_tables_are_merged_key_by_key(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config.write_text("[gate]\ndeepest_element = 7\nmost_elements = 8\n")
    monkeypatch.setenv("LEADBRIDGE_GATE__MOST_ELEMENTS", "9")
    gate = Settings(gate={"longest_name": 10}).gate
    assert (gate.deepest_element, gate.most_elements, gate.longest_name) == (7, 9, 10)


def test_a_table_may_be_given_as_an_object() -> None:
    assert Settings(crm=CrmSettings(default_owner_id="RM-1")).crm.default_owner_id == "RM-1"


@pytest.mark.parametrize(("variable", "path"), SHORT_NAMES.items())
def test_short_names_work(variable: str, path: tuple[str, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEADBRIDGE_CRM_USERNAME", "gateway")
    monkeypatch.setenv("LEADBRIDGE_CRM_PASSWORD", SECRET)
    monkeypatch.setenv(variable, "given")
    value = value_at(Settings(), *path)
    assert (value if isinstance(value, str) else value.get_secret_value()) == "given"


def test_every_setting_has_its_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    defaults = Settings()
    for path, _ in every_setting(Settings):
        value = value_at(defaults, *path)
        if isinstance(value, tuple):
            monkeypatch.setenv(variable_of(path), ", ".join(value))
        elif isinstance(value, dict):
            monkeypatch.setenv(variable_of(path), ", ".join(f"{key}={one}" for key, one in value.items()))
        elif value is not None:
            monkeypatch.setenv(variable_of(path), str(value))
    assert Settings() == defaults


def test_codes_of_single_callers_come_from_the_file_or_the_environment(
    config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config.write_text("[lead_duplicates.callers]\nacme = 'CREATE'\n")
    assert Settings().lead_duplicates.callers == {"acme": "CREATE"}
    monkeypatch.setenv("LEADBRIDGE_LEAD_DUPLICATES__CALLERS", "acme=LINK, beta=MERGE")
    assert Settings().lead_duplicates.callers == {"acme": "LINK", "beta": "MERGE"}
    assert problems(lead_duplicates={"callers": {"acme": "PERHAPS"}})


def test_what_is_wrong_with_the_value_of_a_single_caller_is_told_with_its_place(
    config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LEADBRIDGE_QUOTA__CALLERS", "acme=x")
    (found,) = problems()
    assert found.startswith("quota.callers.acme: ")
    assert found.endswith("Change it in the environment (LEADBRIDGE_QUOTA__CALLERS).")
    monkeypatch.setenv("LEADBRIDGE_QUOTA__CALLERS", "beta=1,acme")
    (found,) = problems()
    assert "must be ID=value for each caller" in found
    monkeypatch.delenv("LEADBRIDGE_QUOTA__CALLERS")
    config.write_text("[quota.callers]\nacme = 'x'\n")
    (found,) = problems()
    assert found.endswith(f"Change it in {config}.")


def test_an_empty_variable_counts_as_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEADBRIDGE_PORT", "")
    monkeypatch.setenv("LEADBRIDGE_CONFIG", "")
    assert Settings().port == 8000


def test_settings_reach_worker_processes_whole() -> None:
    settings = Settings(crm={"username": "gateway", "password": SECRET}, port=1)
    assert pickle.loads(pickle.dumps(settings)) == settings


def test_settings_do_not_change() -> None:
    settings = Settings()
    with pytest.raises(ValidationError):
        settings.port = 1
    with pytest.raises(ValidationError):
        settings.gate.deepest_element = 1


def test_every_setting_gives_the_reason_for_its_default() -> None:
    for path, field in every_setting(Settings):
        assert len(field.description or "") > 20, path


# ---------------------------------------------------------------------------------------------------- refused


def test_a_misspelt_variable_is_named_with_the_nearest_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEADBRIDGE_GATE__DEEPST_ELEMENT", "3")
    (problem,) = problems()
    assert problem == (
        "LEADBRIDGE_GATE__DEEPST_ELEMENT: no such setting. Rename it to LEADBRIDGE_GATE__DEEPEST_ELEMENT"
        " in the environment, or remove it."
    )


def test_a_misspelt_key_in_the_file_is_named_with_the_nearest_one(config: Path) -> None:
    config.write_text("[gate]\ndeepst_element = 3\n")
    assert problems() == [
        f"gate.deepst_element: no such setting. Rename it to gate.deepest_element in {config}, or remove it."
    ]


def test_a_name_unlike_any_other_points_to_the_list(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEADBRIDGE_QQQQQQQQ", "3")
    assert "`leadbridge settings`" in problems()[0]


def test_what_serve_hands_to_its_workers_is_no_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEADBRIDGE_INTERNAL_CREDENTIAL", SECRET)
    Settings()


def test_all_problems_are_told_at_once_with_their_places(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config.write_text("wsdl_access = 'everyone'\ncrm = 5\n")
    monkeypatch.setenv("LEADBRIDGE_PORT", "99999")
    monkeypatch.setenv("LEADBRIDGE_HOSTS", "x")
    found = problems(workers=0)
    assert [line.split(":")[0] for line in found] == [
        "LEADBRIDGE_HOSTS",
        "port",
        "workers",
        "wsdl_access",
        "crm",
    ]
    assert found[1].endswith("Change it in the environment (LEADBRIDGE_PORT).")
    assert found[2].endswith("Change it in the arguments.")
    assert found[3].endswith(f"Change it in {config}.")
    assert "table" in found[4]


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("database_url",), "mysql://leadbridge@db/leadbridge"),
        (("database_url",), "sqlite:///"),
        (("public_url",), "leads.example.com"),
        (("public_url",), "ftp://leads.example.com"),
        (("public_url",), "https://user@leads.example.com"),
        (("public_url",), "https://leads.example.com:port"),
        (("public_url",), "https://leads.example.com/?wsdl"),
        (("host",), "http://127.0.0.1"),
        (("port",), -1),
        (("workers",), 0),
        (("log_level",), "LOUD"),
        (("crm", "default_owner_id"), "X" * 21),
        (("crm", "read_timeout_seconds"), 0),
        (("crm", "read_timeout_seconds"), float("inf")),
        (("forwarding", "batch"), 0),
        (("gate", "largest_message_bytes"), 0),
        (("matching", "default_phone_region"), "de"),
        (("idempotency", "keep_days"), 0),
        (("code_lists", "reason_codes"), ["00a"]),
        (("crm", "owner_ids"), ["RM-1", "x" * 21]),
        (("json_body", "largest_bytes"), 1_023),
        (("code_lists", "reason_codes"), ["00001"]),
    ],
)
def test_a_value_out_of_bounds_is_refused_by_name(path: tuple[str, ...], value: object) -> None:
    values: Any = value
    for name in reversed(path):
        values = {name: values}
    assert [line.split(":")[0] for line in problems(**values)] == [".".join(path)]


@pytest.mark.parametrize(
    ("values", "named"),
    [
        ({"crm": {"username": "gateway"}}, "crm.password"),
        ({"crm": {"password": SECRET}}, "crm.username"),
        ({"crm": {"authentication": "digest"}}, "crm.authentication needs crm.username"),
        ({"crm": {"authentication": "username_token"}}, "crm.authentication needs crm.username"),
        ({"forwarding": {"lease_seconds": 35}}, "forwarding.lease_seconds"),
        ({"forwarding": {"longest_delay_seconds": 0.5}}, "longest_delay_seconds"),
    ],
)
def test_settings_that_contradict_each_other_are_refused(values: dict[str, Any], named: str) -> None:
    (problem,) = problems(**values)
    assert named in problem


def test_the_two_names_of_one_setting_may_not_differ(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEADBRIDGE_CRM_WSDL", "one.wsdl")
    monkeypatch.setenv("LEADBRIDGE_CRM__WSDL", "one.wsdl")
    assert Settings().crm.wsdl == "one.wsdl"
    monkeypatch.setenv("LEADBRIDGE_CRM__WSDL", "other.wsdl")
    assert "LEADBRIDGE_CRM__WSDL" in problems()[0]


@pytest.mark.parametrize(
    ("content", "said"),
    [(b"port = ", "not valid TOML"), (b"host = '\xff'", "not UTF-8"), (None, "cannot be read")],
)
def test_a_file_that_cannot_be_read_is_named(config: Path, content: bytes | None, said: str) -> None:
    config.unlink() if content is None else config.write_bytes(content)
    (problem,) = problems()
    assert problem.startswith(f"LEADBRIDGE_CONFIG: the file {config} ")
    assert said in problem


def test_row_24_no_problem_repeats_a_value(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config.write_text(f"[crm]\npassword = 5\nusername = ['{SECRET}']\n")
    monkeypatch.setenv("LEADBRIDGE_DATABASE_URL", f"mysql://leadbridge:{SECRET}@db/leadbridge")
    monkeypatch.setenv("LEADBRIDGE_CODE_LISTS__GROUP_CODES", SECRET)
    monkeypatch.setenv("LEADBRIDGE_LOG_LEVEL", SECRET)
    with pytest.raises(SettingsError) as caught:
        Settings(port=SECRET)
    assert len(caught.value.problems) == 6
    assert SECRET not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None


# ------------------------------------------------------------------------------------------------------ shown


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("sqlite:///var/leadbridge.db", "sqlite:///var/leadbridge.db"),
        ("postgresql://db/leadbridge", "postgresql://db/leadbridge"),
        ("postgresql://leadbridge@db/leadbridge", "postgresql://leadbridge@db/leadbridge"),
        (
            "postgresql://leadbridge:hush@db:5432/leadbridge",
            f"postgresql://leadbridge:{MASK}@db:5432/leadbridge",
        ),
        ("postgresql+psycopg://leadbridge:hu/s@h@db/x", f"postgresql+psycopg://leadbridge:{MASK}@db/x"),
        ("postgresql://db/x?user=u&password=hush&port=1", f"postgresql://db/x?user=u&password={MASK}&port=1"),
        ("postgresql://db/x?sslpassword=hush", f"postgresql://db/x?sslpassword={MASK}"),
    ],
)
def test_row_32_the_database_password_is_masked(url: str, shown: str) -> None:
    assert Settings(database_url=url).masked()["database_url"] == shown


def test_masked_settings_are_plain_data_in_the_shape_of_the_file() -> None:
    settings = Settings(
        database_url=f"postgresql://leadbridge:{SECRET}@db/leadbridge",
        crm={"username": "gateway", "password": SECRET, "wsdl": f"https://gateway:{SECRET}@crm/?wsdl"},
    )
    masked = settings.masked()
    assert SECRET not in json.dumps(masked)
    assert masked["crm"]["username"] == "gateway"
    assert masked["crm"]["password"] == MASK
    assert masked["crm"]["wsdl"] == f"https://gateway:{MASK}@crm/?wsdl"
    assert set(masked) == set(Settings.model_fields)
    assert Settings().masked()["crm"]["password"] is None


def test_row_32_no_secret_stands_in_the_representation() -> None:
    settings = Settings(
        database_url=f"postgresql://leadbridge:{SECRET}@db/leadbridge",
        crm={"username": "gateway", "password": SECRET, "wsdl": f"https://gateway:{SECRET}@crm/?wsdl"},
    )
    assert SECRET not in repr(settings)
    assert SECRET not in str(settings)


@pytest.mark.parametrize(
    ("values", "address"),
    [
        ({}, "http://127.0.0.1:8000"),
        ({"host": "::1", "port": 1}, "http://[::1]:1"),
        ({"public_url": "https://leads.example.com/crm/"}, "https://leads.example.com/crm"),
        ({"public_url": "https://[2001:db8::1]:8443"}, "https://[2001:db8::1]:8443"),
    ],
)
def test_the_published_address_is_the_public_one_or_else_the_listening_one(
    values: dict[str, Any], address: str
) -> None:
    assert Settings(**values).address == address
