"""`leadbridge questionnaire …`, `assign …`, `case-types …`: what is in force is shown, a file checked before it is."""

from pathlib import Path

import pytest
import time_machine

from leadbridge.rulefiles.casetypes import DEFAULT_CASE_TYPES
from leadbridge.rulefiles.questionnaires import DEFAULT_QUESTIONNAIRE
from leadbridge.store.database import Database
from tests.store.rows import a_lead, store_leads
from tests.support.commands import command


def test_the_questionnaire_in_force_is_shown_with_its_weights_and_ranges() -> None:
    done = command("questionnaire", "show", environment={})
    assert done.code == 0
    assert "SURE" in done.out
    assert "+30" in done.out
    assert "Questionnaire DEFAULT/1: scores from -30 to 100.\n  01 cold: -30 to 29\n" in done.out


def test_a_sound_file_is_accepted_and_shown_where_the_setting_names_it(tmp_path: Path) -> None:
    path = tmp_path / "site.toml"
    path.write_text(
        DEFAULT_QUESTIONNAIRE.read_text().replace('"DEFAULT"', '"SITE"').replace("= 65", "= 165").replace("64", "164")
    )
    checked = command("questionnaire", "check", str(path), environment={})
    assert (checked.code, checked.err) == (0, "")
    assert "03 hot: no answers come to it" in checked.out
    shown = command("questionnaire", "show", environment={"LEADBRIDGE_SCORING__QUESTIONNAIRE_FILE": str(path)})
    assert "Questionnaire SITE/1" in shown.out


@pytest.mark.parametrize("command_line", [("questionnaire", "check", "{}"), ("questionnaire", "show"), ("serve",)])
def test_a_file_that_cannot_be_used_is_refused_with_place_and_reason(
    tmp_path: Path, command_line: tuple[str, ...]
) -> None:
    path = tmp_path / "site.toml"
    path.write_text(DEFAULT_QUESTIONNAIRE.read_text().replace("from = 65", "from = 66"))
    environment = {
        "LEADBRIDGE_SCORING__QUESTIONNAIRE_FILE": str(path),
        "LEADBRIDGE_DATABASE_URL": f"sqlite:///{tmp_path / 'leadbridge.db'}",
    }
    done = command(*(part.format(path) for part in command_line), environment=environment)
    assert (done.code, done.out) == (1, "")
    line = path.read_text().splitlines().index("from = 66") + 1
    said = f"{path}, line {line}: thresholds[3].from: no level is made by scores from 65 to 65.\n"
    assert done.err == f"leadbridge: {said}"


RULES = """\
[[rules]]
name = "cards"
when = { products = ["CARD*"] }
owner = "RM-1"

[[rules]]
name = "partners"

[[rules.partners]]
party = "ACME"
capacity = 1

[[rules.partners]]
party = "BETA"
weight = 2

[[rules.partners]]
party = "SELDOM"
days = ["mon"]
"""


def test_assign_alone_tells_what_it_can_do() -> None:
    done = command("assign", environment={})
    assert done.code == 0
    assert "--explain" in done.out
    assert "check" in done.out


def test_the_rules_explain_what_they_say_to_a_lead(database_url: str, tmp_path: Path) -> None:
    database = Database(database_url)
    store_leads(database, a_lead(1), a_lead(2, sales_partner_party_id="ACME"), a_lead(3, sales_partner_party_id="BETA"))
    path = tmp_path / "rules.toml"
    path.write_text(RULES)
    environment = {"LEADBRIDGE_DATABASE_URL": database_url, "LEADBRIDGE_ASSIGNMENT__RULES_FILE": str(path)}
    with time_machine.travel("2026-03-03T12:00:00Z", tick=False):
        done = command("assign", "--explain", "1", environment=environment)
        named = command("assign", "--explain", "0000000002", environment=environment)
    assert (done.code, done.err) == (0, "")
    assert (
        done.out
        == """\
Lead 0000000001 on a tue (UTC):

SalesResponsibleParty: nobody
  rule cards: does not apply
    products CARD*: no
  => no rule decides

SalesPartnerParty: nobody
  rule partners: applies
    ACME: 1 of 1 leads to work on, weight 1, full
    BETA: 1 leads to work on, weight 2, 0.50 for its weight <- chosen
    SELDOM: 0 leads to work on, weight 1, does not work on a tue
  => BETA by rule partners
"""
    )
    assert "SalesPartnerParty: ACME, which no rule overrules; without it\n" in named.out
    assert "=> ACME by rule partners" in named.out
    missing = command("assign", "--explain", "77", environment=environment)
    assert (missing.code, missing.out) == (1, "")
    assert missing.err.startswith("leadbridge: there is no lead 77; ")
    database.dispose()


def test_a_file_of_rules_is_checked(tmp_path: Path) -> None:
    path = tmp_path / "rules.toml"
    path.write_text(RULES)
    done = command("assign", "check", str(path), environment={})
    assert done.code == 0
    assert done.out == (
        f"{path} has 2 assignment rules; days begin in UTC.\n"
        "  cards: products CARD*; SalesResponsibleParty RM-1\n"
        "  partners: any lead; SalesPartnerParty ACME or BETA or SELDOM\n"
    )
    path.write_text(RULES.replace("capacity = 1", "capacity = 0"))
    for command_line in (("assign", "check", str(path)), ("assign", "--explain", "1"), ("serve",)):
        refused = command(
            *command_line,
            environment={
                "LEADBRIDGE_ASSIGNMENT__RULES_FILE": str(path),
                "LEADBRIDGE_DATABASE_URL": f"sqlite:///{tmp_path / 'leadbridge.db'}",
            },
        )
        assert (refused.code, refused.out) == (1, "")
        assert f"{path}, line 11: rules[2].partners[1].capacity: should be greater than" in refused.err


def test_the_case_types_in_force_are_shown_and_a_file_of_them_is_checked(tmp_path: Path) -> None:
    path = tmp_path / "cases.toml"
    path.write_text(DEFAULT_CASE_TYPES.read_text().replace('"Negotiation"', '"Terms"').replace('"Offer"', '"Quote"'))
    checked = command("case-types", "check", str(path), environment={})
    assert (checked.code, checked.err) == (0, "")
    assert "Qualification, Analysis, Proposal Development, Decision, Terms, Closed\n" in checked.out
    shown = command("case-types", "show", environment={"LEADBRIDGE_CRM__CASE_TYPES_FILE": str(path)})
    assert "B2C opportunity (OPPORTUNITY of B2C; closed ones may be reopened)" in shown.out
    for words in ("Quote", "70 %", "Make offer", "required, may be skipped", "optional"):
        assert words in shown.out
    path.write_text(path.read_text().replace("probability = 70", "probability = 170"))
    for command_line in (("case-types", "check", str(path)), ("case-types", "show"), ("serve",)):
        refused = command(
            *command_line,
            environment={
                "LEADBRIDGE_CRM__CASE_TYPES_FILE": str(path),
                "LEADBRIDGE_DATABASE_URL": f"sqlite:///{tmp_path / 'leadbridge.db'}",
            },
        )
        assert (refused.code, refused.out) == (1, "")
        assert ": case_types[3].stages[3].probability: must lie between 0 and 100" in refused.err
