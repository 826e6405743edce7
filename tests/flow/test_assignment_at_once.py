"""Assignment rules under load: leads of one batch spread, gateways that create at once keep to the capacities."""

from collections import Counter
from datetime import UTC, datetime

import pytest

from leadbridge.assignment import AssignmentRule, AssignmentRules, Candidate, Conditions, Outcome
from leadbridge.contract import codec
from leadbridge.contract.parsing import parse
from leadbridge.operations.call import Call, Policy
from leadbridge.operations.lead_assignment import explain
from leadbridge.operations.lead_intake import LeadIntake, Verdict
from leadbridge.store.database import Database
from tests.support.calls import DESK, at_once, column, gateway
from tests.support.messages_by_hand import create_lead, lead_fields, new_prospect, new_uuid, person

THREADS = 24
NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)


def policy(*candidates: Candidate) -> Policy:
    """One rule for every lead."""
    rule = AssignmentRule("all", Conditions(regions=None), {Outcome.PARTNER: candidates})
    return Policy(assignment_rules=AssignmentRules((rule,)))


def given_to(database: Database) -> Counter[object]:
    """How many leads each partner has; None stands for nobody."""
    return Counter(column(database, "lead", "sales_partner_party_id"))


def test_the_leads_of_one_chunk_of_a_bulk_file_spread(database: Database) -> None:
    calls = [
        Call(DESK, codec.decode(parse(create_lead(uuid=new_uuid()))), b"hash", NOW, correlation_id="test")
        for _ in range(9)
    ]
    rules = policy(Candidate("ACME", weight=2, capacity=5), Candidate("BETA", capacity=2))
    for part in (calls[:4], calls[4:]):  # two chunks: the second goes on from what the first left
        keys = [str(id(call)) for call in part]
        intake = LeadIntake(part, record_keys=keys, file_uuid=new_uuid(), policy=rules, root="/lbb:LeadBulk/lbb:Lead")
        with database.write() as tx:
            assert {outcome.verdict for outcome in intake.write(tx)} == {Verdict.ACCEPTED}
    assert column(database, "lead", "sales_partner_party_id") == [
        *("ACME", "BETA", "ACME", "ACME", "BETA", "ACME", "ACME"),
        *(None, None),
    ]


def test_gateways_that_create_at_once_never_exceed_a_capacity(database_url: str) -> None:
    rules = policy(Candidate("ACME", capacity=5), Candidate("BETA", weight=2, capacity=10))
    databases = Database(database_url), Database(database_url)
    with gateway(databases[0], rules) as first, gateway(databases[1], rules) as second:

        def send(number: int) -> None:
            partner = person(emails=[f"anna{number % 4}@example.org"])  # shared, so that other locks are held too
            request = create_lead(lead_fields(prospect=new_prospect(partner)), uuid=new_uuid())
            (first, second)[number % 2].done(request)

        at_once(THREADS, send)
        assert given_to(databases[0]) == {"ACME": 5, "BETA": 10, None: THREADS - 15}
    for one in databases:
        one.dispose()


@pytest.mark.parametrize("weights", [(1, 1, 1), (1, 2, 5)])
def test_gateways_that_create_at_once_share_out_by_weight(database_url: str, weights: tuple[int, ...]) -> None:
    """A capacity that is never reached makes them take turns, and so the shares exact."""
    rules = policy(*(Candidate(f"P{weight}-{n}", weight, 1000) for n, weight in enumerate(weights)))
    databases = Database(database_url), Database(database_url)
    with gateway(databases[0], rules) as first, gateway(databases[1], rules) as second:
        at_once(THREADS, lambda number: (first, second)[number % 2].done(create_lead(uuid=new_uuid())))
        each = THREADS // sum(weights)
        assert given_to(databases[0]) == {f"P{weight}-{n}": weight * each for n, weight in enumerate(weights)}
    for one in databases:
        one.dispose()


def test_a_stored_lead_is_explained_without_counting_itself(database: Database) -> None:
    rules = policy(Candidate("ACME", capacity=1), Candidate("BETA"))
    with gateway(database, rules) as calls:
        ids = [calls.done(create_lead(uuid=new_uuid())).one("Lead/ID") for _ in range(2)]
    with database.read() as tx:
        first, second = (explain(tx, lead_id, rules.assignment_rules, NOW) for lead_id in ids)
        assert explain(tx, "0000009999", rules.assignment_rules, NOW) is None
    assert first is not None
    assert second is not None
    assert first.named == {Outcome.OWNER: None, Outcome.PARTNER: "ACME"}
    (said,) = first.rules[Outcome.PARTNER]
    assert [(one.candidate.party, one.load, one.full) for one in said.considered] == [
        ("ACME", 0, False),
        ("BETA", 1, False),
    ]
    assert said.decision is not None
    assert said.decision.party == "ACME"
    (said,) = second.rules[Outcome.PARTNER]
    assert [(one.load, one.full) for one in said.considered] == [(1, True), (0, False)]
