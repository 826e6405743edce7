"""The status feed while many write and readers crash between reading and acknowledging: nothing lost, nothing twice."""

import random
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from leadbridge.store import journal
from leadbridge.store.database import Database
from tests.support.calls import DESK, SECONDS, Calls, at_once
from tests.support.feed import Told, a_lead, acknowledge, known, partner, read_changes, told
from tests.support.messages_by_hand import change_lead, lead_fields

WRITERS = 20
CHANGES = 8  # of each writer
LEADS = 12
ACME = partner("acme")
READERS = (DESK, DESK, DESK, ACME, ACME)  # several of one feed at once, as when one is started again too early


@dataclass
class Seen:
    """What the readers of one feed saw, all together."""

    by_position: dict[str, Told] = field(default_factory=dict)
    acknowledged: str = "0000000000"
    pages: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def note(self, changes: list[Told], *, acknowledged_before: str) -> None:
        """Hold a page against everything that is known when it comes."""
        with self.lock:
            self.pages += 1
            assert [one.position for one in changes] == sorted(one.position for one in changes)
            for one in changes:
                assert one.position > acknowledged_before
                assert self.by_position.setdefault(one.position, one) == one

    def note_acknowledged(self, position: str) -> None:
        """The confirmation has come."""
        with self.lock:
            self.acknowledged = max(self.acknowledged, position)

    def reasons(self, lead_id: str) -> list[str]:
        """The reasons told about one lead, in the order of the feed."""
        changes = [one for _, one in sorted(self.by_position.items())]
        return [one.reason for one in changes if (one.lead_id, one.kind) == (lead_id, "DECLINED")]


def test_with_writers_and_crashing_readers_nothing_is_lost_and_nothing_acknowledged_comes_again(
    two_gateways: tuple[Calls, Calls],
) -> None:
    known(two_gateways[0].database, ACME)
    lead_ids = [a_lead(two_gateways[n % 2], given_to="ACME") for n in range(LEADS)]
    seen = {DESK.id: Seen(), ACME.id: Seen()}
    written = threading.Event()

    def write(number: int) -> None:
        """Decline leads, each time with a reason of its own, and open them again, while others do so as well."""
        chance = random.Random(number)
        for change in range(CHANGES):
            calls, lead_id = two_gateways[chance.randrange(2)], chance.choice(lead_ids)
            reason = f"{number:02d}{change:02d}"
            calls.send(change_lead(lead_id, lead_fields(name=None, status="5"), reason=reason))
            calls.send(change_lead(lead_id, lead_fields(name=None, status="1")))

    def read(number: int) -> None:
        """Read on; every other time crash, which is to know nothing any more of what was read."""
        reader, chance = READERS[number], random.Random(-number)
        mine, ends = seen[reader.id], False
        while not ends:
            nothing_more_comes, before = written.is_set(), mine.acknowledged
            request = read_changes(most=chance.randint(1, 30))
            changes = told(two_gateways[number % 2].done(request, caller=reader))
            mine.note(changes, acknowledged_before=before)
            ends = nothing_more_comes and not changes
            if changes and chance.random() < 0.5:
                position = changes[-1].position
                two_gateways[chance.randrange(2)].done(acknowledge(position), caller=reader)
                mine.note_acknowledged(position)

    with ThreadPoolExecutor(len(READERS)) as threads:
        reading = [threads.submit(read, number) for number in range(len(READERS))]
        try:
            at_once(WRITERS, write)
        finally:
            written.set()
        for one in reading:
            one.result(SECONDS)

    happened = {lead_id: _declined(two_gateways[0].database, lead_id) for lead_id in lead_ids}
    assert sum(map(len, happened.values())) > WRITERS
    for feed in seen.values():
        assert {lead_id: feed.reasons(lead_id) for lead_id in lead_ids} == happened
        assert list(map(int, sorted(feed.by_position))) == list(range(1, len(feed.by_position) + 1))
        assert feed.pages > 10  # they did read while others wrote


def _declined(database: Database, lead_id: str) -> list[str]:
    """The reasons a lead was declined for, as the journal has them: the order in which it was locked."""
    with database.read() as tx:
        return [row["reason_code"] for row in journal.of(tx, "lead", lead_id) if row["new_status"] == "5"]
