"""How much one gateway process holds at a time: beyond it, callers are told Busy at once, and memory stays flat.

What is decided here:
- An eighth is kept for short messages, so that calls go on where somebody has filled the rest with long ones.
- What came from one address (of IPv6 its /64) and has not shown yet who sends it is held within a quarter of the
  whole: whoever has shown nothing cannot shut everybody out. So are long answers that wait for one address to read
  them. An eighth of that, too, is kept for short messages, and the largest message always fits.
"""

from leadbridge.authentication.networks import network_of
from leadbridge.operations.dispatcher import Busy

# From this length on (bytes), parsing, validation and decoding run in a thread: they take milliseconds
# then, in which the event loop would serve nobody else. Below, changing threads costs more than it saves.
LONG_MESSAGE = 131_072


class Room:
    """Room for the messages under way, in bytes as they came; what is made of them takes some ten times as much.

    `largest_message` is what one address may hold in any case. Shares of the room do the counting.
    """

    __slots__ = ("most", "most_for_long", "most_of_one", "most_of_one_for_long", "taken", "taken_by")

    def __init__(self, most_bytes: int, *, largest_message: int = 0) -> None:
        quarter = most_bytes // 4
        self.most = most_bytes
        self.most_for_long = most_bytes - most_bytes // 8
        self.most_of_one_for_long = max(quarter - quarter // 8, largest_message)
        self.most_of_one = self.most_of_one_for_long + quarter // 8
        self.taken = 0
        self.taken_by: dict[str, int] = {}  # by network, as far as nobody has vouched for it


class Share:
    """The room of one message and then of its answer, given back as a whole."""

    __slots__ = ("_network", "_room", "_taken", "_unvouched")

    def __init__(self, room: Room, address: str) -> None:
        self._room = room
        self._network = network_of(address)
        self._taken = 0
        self._unvouched = 0

    def grow(self, count: int, *, in_any_case: bool = False) -> None:
        """Take more room. Raises Busy when there is none; it is not taken then, unless `in_any_case`."""
        room = self._room
        mine = self._taken + count
        taken = room.taken + count
        by_network = room.taken_by.get(self._network, 0) + count
        if mine > LONG_MESSAGE:
            too_much = taken > room.most_for_long or by_network > room.most_of_one_for_long
        else:
            too_much = taken > room.most or by_network > room.most_of_one
        if too_much and not in_any_case:
            raise Busy
        self._taken = mine
        self._unvouched += count
        room.taken = taken
        room.taken_by[self._network] = by_network

    def vouch(self) -> None:
        """The sender has shown who it is: what it sent is held against its address no longer."""
        taken_by = self._room.taken_by
        left = taken_by.pop(self._network, 0) - self._unvouched
        self._unvouched = 0
        if left > 0:
            taken_by[self._network] = left

    def end(self) -> None:
        """Give all of it back."""
        if self._unvouched:
            self.vouch()
        self._room.taken -= self._taken
        self._taken = 0
