"""Files with private keys and other secrets, whoever they are for: one rule for who may read them."""

from pathlib import Path
from stat import S_IROTH

WAY_OUT = "others may read it; take that from them (chmod o-r)"
"""What is said of a file that is refused."""


def others_may_read(path: Path) -> bool:
    """Whether everybody on this machine may read a file; its group may. Raises OSError."""
    return bool(path.stat().st_mode & S_IROTH)
