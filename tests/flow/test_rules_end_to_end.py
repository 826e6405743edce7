"""A site's files of rules in force: in a server, and in the worker processes that take in a bulk file."""

from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest

from leadbridge.authentication.callers import add_caller
from leadbridge.caller import Role
from leadbridge.rulefiles.questionnaires import DEFAULT_QUESTIONNAIRE
from leadbridge.store.database import Database
from tests.support.bulk_by_hand import file_of, small_lead
from tests.support.calls import PASSWORD, Wire, admit, column
from tests.support.commands import command
from tests.support.messages_by_hand import create_lead, lead_fields, new_prospect, person, questionnaire_answer
from tests.support.server import Server

RULES = """\
[[rules]]
name = "hot"
when = { score = { from = 65 } }
owner = "RM-1"

[[rules]]
name = "partners"
partners = [{ party = "ACME", capacity = 2, weight = 9 }, { party = "BETA", capacity = 3 }]
"""
ANSWERS = "".join(
    f"<lbl:QuestionnaireAnswer><lbl:QuestionID>{question}</lbl:QuestionID><lbl:AnswerCode>{code}</lbl:AnswerCode>"
    "</lbl:QuestionnaireAnswer>"
    for question, code in (("NEED", "SURE"), ("TIMING", "NOW"))
)


@pytest.fixture
def files(tmp_path: Path) -> dict[str, str]:
    """The settings that name the site's files: other weights make a hot lead of what would be a warm one."""
    rules, questionnaire = tmp_path / "rules.toml", tmp_path / "questionnaire.toml"
    rules.write_text(RULES)
    site = DEFAULT_QUESTIONNAIRE.read_text().replace('"DEFAULT"', '"SITE"').replace("weight = 30", "weight = 33")
    questionnaire.write_text(site)
    return {
        "LEADBRIDGE_ASSIGNMENT__RULES_FILE": str(rules),
        "LEADBRIDGE_SCORING__QUESTIONNAIRE_FILE": str(questionnaire),
    }


def test_a_server_scores_and_assigns_by_the_sites_files(sqlite_url: str, tmp_path: Path, files: dict[str, str]) -> None:
    admit(sqlite_url, ("desk", PASSWORD), Role.CALLCENTRE)
    with Server(sqlite_url, tmp_path, environment=files) as server:
        answers = [questionnaire_answer("NEED", "SURE"), questionnaire_answer("TIMING", "NOW")]
        request = create_lead(lead_fields(prospect=new_prospect(person()), answers=answers))
        answer = Wire(server.url, ("desk", PASSWORD)).done(request)
    assert (answer.one("Lead/QualificationLevelCode"), answer.one("Lead/QualificationScoreValue")) == ("03", "66")
    assert [item.one("Note").split(":")[0] for item in answer.log_items("LEAD.ASSIGNED")] == [
        "SalesResponsibleParty is RM-1 by rule hot",
        "SalesPartnerParty is ACME by rule partners",
    ]


def test_worker_processes_of_a_bulk_file_keep_to_the_capacities(
    database: Database, database_url: str, tmp_path: Path, files: dict[str, str]
) -> None:
    add_caller(
        database, caller_id="acme", name="acme", roles=[Role.PARTNER], password="correct horse", now=datetime.now(UTC)
    )
    path = tmp_path / "leads.xml"
    path.write_bytes(file_of([small_lead(number, content=ANSWERS) for number in range(1, 13)]))
    environment = {
        **files,
        "LEADBRIDGE_DATABASE_URL": database_url,
        "LEADBRIDGE_BULK__CHUNK_RECORDS": "2",
        "LEADBRIDGE_BULK__WORKERS": "2",
    }
    done = command("bulk", "import", str(path), "--caller", "acme", environment=environment)
    assert done.code == 0, done.out + done.err
    assert Counter(column(database, "lead", "sales_partner_party_id")) == {"ACME": 2, "BETA": 3, None: 7}
    assert set(column(database, "lead", "sales_responsible_party_id")) == {"RM-1"}
    assert set(column(database, "lead", "questionnaire_id")) == {"SITE/1"}
