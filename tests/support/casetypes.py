"""Case types of a site that has changed the packaged ones: other stages, other required steps, nothing reopened."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from leadbridge.crm.casetypes import CaseTypes
from leadbridge.rulefiles.casetypes import DEFAULT_CASE_TYPES, read_case_types


def site_file() -> str:
    """The packaged file with three more stages, one that is gone and one in its place, and other required steps."""
    content = DEFAULT_CASE_TYPES.read_text()
    changes = {
        'name = "Proposal Development"\n  probability = 60': 'name = "Pilot"\n  probability = 55',
        '{ name = "Develop proposal", required = true },': '{ name = "Run pilot", required = true },',
        '{ name = "Present proposal" },': '{ name = "Measure pilot" },',
        '  [[case_types.stages]]\n  name = "Creation"': (
            '  [[case_types.stages]]\n  name = "Inbox"\n  probability = 1\n\n'
            '  [[case_types.stages]]\n  name = "Triage"\n  probability = 2\n'
            '  steps = [{ name = "Look at it", required = true }]\n\n'
            '  [[case_types.stages]]\n  name = "Creation"'
        ),
        '  [[case_types.stages]]\n  name = "Offer"': (
            '  [[case_types.stages]]\n  name = "Credit Check"\n  probability = 50\n'
            '  steps = [{ name = "Ask the bureau", required = true, skippable = true }]\n\n'
            '  [[case_types.stages]]\n  name = "Offer"'
        ),
        'selling_modes = ["B2B"]\nreopen = true': 'selling_modes = ["B2B"]',
    }
    for old, new in changes.items():
        assert content.count(old) == 1, old
        content = content.replace(old, new)
    return content


@cache
def site_case_types() -> CaseTypes:
    """The case types of that file."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "case-types.toml"
        path.write_text(site_file())
        return read_case_types(path)
