"""How much one gateway process takes in at a time: beyond it, callers are told Busy at once, and memory stays flat."""

from leadbridge.operations.dispatcher import Busy


class Room:
    """Room for the messages under way, in bytes as they came; what is made of them takes some ten times as much."""

    def __init__(self, most_bytes: int) -> None:
        self._most_bytes = most_bytes
        self._taken = 0

    def take(self, count: int) -> None:
        """Take room for bytes that have come. Raises Busy when there is none; they are not taken then."""
        if self._taken + count > self._most_bytes:
            raise Busy
        self._taken += count

    def give_back(self, count: int) -> None:
        """Give room back that was taken."""
        self._taken -= count


class Share:
    """The room of one message, given back as a whole."""

    __slots__ = ("_room", "_taken")

    def __init__(self, room: Room) -> None:
        self._room = room
        self._taken = 0

    def grow(self, count: int) -> None:
        """Take more room. Raises Busy."""
        self._room.take(count)
        self._taken += count

    def end(self) -> None:
        """Give all of it back."""
        self._room.give_back(self._taken)
        self._taken = 0
