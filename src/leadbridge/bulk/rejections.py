"""The leads of a job that were not taken, as a bulk file that can be mended and sent again."""

from collections.abc import Iterator
from datetime import datetime

from lxml import etree

from leadbridge.contract import codec
from leadbridge.contract.files import NAMESPACES
from leadbridge.messages import BasicMessageHeader
from leadbridge.operations.call import named_uuid, zoned
from leadbridge.operations.rejections import returned_lead
from leadbridge.store import bulk
from leadbridge.store.database import Database
from leadbridge.store.inserts import Row

_PAGE = 200  # leads in memory at once
_PAGE_BYTES = 8_000_000
_DECLARED = "".join(f' xmlns:{prefix}="{NAMESPACES[prefix]}"' for prefix in ("lbb", "lbl", "lbc"))


def rejections_file(database: Database, job: Row, *, now: datetime) -> Iterator[bytes]:
    """A LeadBulk of a job's rejections, piece by piece, each lead with its LogItems; nothing where there are none.

    It has a UUID of its own, because under the first one a mended lead would be a conflict; the same each
    time, so that what is mended twice is one lead. Raises StoreError.
    """
    after: int | None = None
    while True:
        with database.read() as tx:
            rows = bulk.rejections(tx, job["id"], after=after, limit=_PAGE, most_bytes=_PAGE_BYTES)
        if not rows:
            break
        if after is None:
            yield _opening(job, now)
        yield b"".join(etree.tostring(returned_lead(row), encoding="utf-8") + b"\n" for row in rows)
        after = rows[-1]["record"]
    if after is not None:
        yield b"</lbb:LeadBulk>\n"


def _opening(job: Row, now: datetime) -> bytes:
    header = BasicMessageHeader(
        uuid=named_uuid(job["uuid"], f"rejections/{job['id']}"),
        reference_uuid=job["uuid"],
        creation_date_time=zoned(now),
        test_data_indicator=job["test_data"] or None,
    )
    root = f"<?xml version='1.0' encoding='UTF-8'?>\n<lbb:LeadBulk{_DECLARED}>\n".encode()
    return root + codec.encode_part(header, f"{{{NAMESPACES['lbb']}}}BasicMessageHeader") + b"\n"
