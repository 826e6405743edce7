"""What can go wrong in the store, as far as a caller of it must tell one from the other.

Everything else is a defect and keeps SQLAlchemy's own exception type.
"""


class StoreError(Exception):
    """Base of the errors below."""


class DatabaseUnreachable(StoreError):
    """The database cannot be reached, went away, had no connection free or stayed locked. Worth a try later."""


class CommitUnknown(DatabaseUnreachable):
    """The database went away during a commit: what was to be written may be there or not. Who can tell whether it is,
    by a key, may try again.
    """


class SchemaBehind(StoreError):
    """The database's schema is not the one this version was written for. `leadbridge migrate` mends it."""


class LaneFull(StoreError):
    """More calls wait for the write lane than it takes. The caller should answer Busy at once."""


class LaneStopped(StoreError):
    """The write lane was stopped, or stopped before it came to this call. Nothing of the call was written."""
