"""What the state machine of leads would like to send, before it is known which leads there are."""

from dataclasses import dataclass, replace

from hypothesis import strategies as st

from tests.support.lead_model import CHANGE, CREATE, DELETE, SAVE

KEYS = ["K-1", "K-2", "K-3"]
PLACES = st.integers(0, 11)  # of a lead or business partner among those that there are; see `_at`
PARTIES = st.sampled_from(["ACME", "BOREALIS", "NOBODY"])
SELDOM = st.integers(0, 3).map(lambda number: number == 0)


def seldom(strategy: st.SearchStrategy[str]) -> st.SearchStrategy[str | None]:
    """A value once in a while."""
    return st.one_of(st.none(), st.none(), strategy)


@dataclass(frozen=True)
class Wish:
    """What a step would like to send of a lead; places become leads and business partners when it is sent."""

    action: str
    place: int
    anybodys: bool  # the lead may be one that the caller does not see, or that is gone
    by_key: str | None
    state: str | None  # fresh, or stale
    renamed: bool
    status: str | None
    key: str | None
    prospect: int | None
    party: str | None
    taken: bool
    decision: str | None


CREATES = st.builds(
    Wish,
    action=st.just(CREATE),
    place=st.just(0),
    anybodys=st.just(False),
    by_key=st.none(),
    state=st.none(),
    renamed=st.just(True),
    status=st.sampled_from([None, None, "2", "3", "4"]),
    key=seldom(st.sampled_from(KEYS)),
    prospect=st.one_of(st.none(), PLACES),
    party=seldom(PARTIES),
    taken=st.just(False),
    decision=st.none(),
)
CHANGES = st.builds(
    Wish,
    action=st.just(CHANGE),
    place=PLACES,
    anybodys=SELDOM,
    by_key=seldom(st.sampled_from(KEYS)),
    state=st.sampled_from([None, "fresh", "fresh", "stale"]),
    renamed=SELDOM,
    status=seldom(st.sampled_from("1223334567")),
    key=seldom(st.sampled_from(KEYS)),
    prospect=st.one_of(st.none(), st.none(), st.none(), PLACES),
    party=seldom(PARTIES),
    taken=SELDOM,
    decision=seldom(st.sampled_from(["ACCEPT", "ACCEPT", "DECLINE"])),
)
DELETES = st.builds(
    Wish,
    action=st.just(DELETE),
    place=PLACES,
    anybodys=SELDOM,
    by_key=seldom(st.sampled_from(KEYS)),
    state=st.sampled_from([None, "fresh", "stale"]),
    renamed=st.just(False),
    status=st.none(),
    key=st.none(),
    prospect=st.none(),
    party=st.none(),
    taken=st.just(False),
    decision=st.none(),
)
SAVES = st.builds(replace, CREATES, action=st.just(SAVE), key=st.sampled_from(KEYS))
RECORDS = st.lists(st.one_of(CREATES, CHANGES, DELETES, SAVES), min_size=1, max_size=5)
