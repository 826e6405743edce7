"""How a command tells the person who gave it what is wrong."""


class Complaint(Exception):
    """One sentence and the way out. Exit code 1, unless told."""

    def __init__(self, text: str, *, code: int = 1) -> None:
        super().__init__(text)
        self.code = code
