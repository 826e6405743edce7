"""What `leadbridge serve` says of settings before it starts."""

from __future__ import annotations

from structlog.testing import capture_logs

from leadbridge import serving
from leadbridge.caller import Role
from leadbridge.settings import Settings
from leadbridge.store.database import Database
from tests.support.doors import add_callers


def test_settings_for_callers_that_do_not_exist_are_warned_of(database: Database) -> None:
    add_callers(database, acme=Role.PARTNER)
    settings = Settings(
        wss={"must_sign": "acme,acmee"},
        quota={"callers": {"acme": 1, "bta": 2}, "callers_bulk_bytes_per_day": {"acme": 1, "gama": 2}},
        lead_duplicates={"callers": {"acme": "LINK", "dlta": "LINK"}},
    )
    with capture_logs() as lines:
        serving._warn_of_unknown_callers(settings, database)
    assert [(line["log_level"], line["setting"], line["caller"]) for line in lines] == [
        ("warning", "wss.must_sign", "acmee"),
        ("warning", "quota.callers", "bta"),
        ("warning", "quota.callers_bulk_bytes_per_day", "gama"),
        ("warning", "lead_duplicates.callers", "dlta"),
    ]
