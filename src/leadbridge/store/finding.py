"""How Find gets one page out of a million rows: ordered by id, by an index that fits what is asked for.

Every block of a Find is a condition. Whatever the blocks, one of three ways leads to the page:

- *collect*: where few rows fulfil one of the conditions, an index gives all their ids, and the rest is asked of these;
- *streams*: where many rows have one of a few values (a status, the days of a month), an index over (value, id) has
  the ids of each value in their order; the first of each are merged, so that nothing is sorted and no hit is far away;
- *walk*: where many rows fulfil everything, the ids are walked in their order until the page is full.

Which one, the store decides itself: it counts, in indexes and up to a bound, how many rows each condition has. A
planner would have to guess, and takes values and ids for independent of each other, which they are not: leads of one
campaign, one month or one status lie together, and a walk to the end of their table in search of one more takes long.

What was counted decides also how the other conditions are asked. One over another table is a list made once where that
is short, and a look for each row that is walked where it is long. And a text whose beginning is not known, which no
index finds, is sought from the one end of its index to the other where nothing else is few.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final, TypeAlias

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    Select,
    Table,
    and_,
    false,
    func,
    literal,
    or_,
    select,
    true,
    union,
    union_all,
)

from leadbridge.selection import WILDCARD, Boundary, Interval, selects
from leadbridge.store.columntypes import Reversed
from leadbridge.store.database import Transaction
from leadbridge.store.inserts import Row
from leadbridge.store.nested import first_of_each, one_of_those
from leadbridge.store.statements import as_rows, begins_known, end_as_beginning, matching

# A way with more rows is not collected. Measured with a million leads: to look so many up takes some 20 ms, and to walk
# to a page of which one row in fifty is a hit takes no longer.
FEW: Final = 20_000
# A column with more values in an interval has no streams: the first ids of each would be too many.
_MOST_VALUES: Final = 1_000
# So many streams are written into the statement, so that the database plans for their values.
_WRITTEN_OUT: Final = 20
# A list of more rows is not made: looks take no longer. Each stream makes its own.
_MOST_LISTED: Final = 30_000
_MOST_LISTED_BY_ALL_STREAMS: Final = 90_000
# So many rows with a text whose beginning is not known are soon met by a walk along the ids.
_MOST_SOUGHT: Final = 4_000
# It is sought only if of the first so many rows fewer than one in a hundred have it.
_SAMPLE: Final = 5_000
SOUGHT: Final = "sought"


@dataclass(frozen=True, slots=True, eq=False)
class Collected:
    """Rows whose ids an index gives, some perhaps twice.

    Not `exact` says that some of them do not fulfil the condition, `once` that none comes twice.
    """

    ids: Select[Any] | CompoundSelect[Any]
    share: float = 1  # so many times FEW rows are too many to be of use
    exact: bool = True
    once: bool = False
    counted: Select[Any] | CompoundSelect[Any] | None = None  # what is counted in place of the ids, at less cost

    @property
    def most(self) -> int:
        """So many rows are too many to be of use."""
        return int(FEW * self.share)


@dataclass(frozen=True, slots=True, eq=False)
class Streams:
    """Rows in which a column has one of its values; each column has an index with the id behind it."""

    parts: Sequence[tuple[ColumnElement[Any], Sequence[Any]]]
    exact: bool = True

    @property
    def most(self) -> int:
        """So many rows are too many to be collected."""
        return FEW

    @property
    def count(self) -> int:
        """How many streams there are to merge."""
        return sum(len(values) for _, values in self.parts)


Way: TypeAlias = Collected | Streams


@dataclass(frozen=True, slots=True, eq=False)
class Sought:
    """Texts whose beginning is not known: the keys of all rows that have one, by a walk through their whole index."""

    keys: Select[Any]
    sampled: Select[Any]  # how many of the first rows have one
    way: Collected  # once the keys are known: they are its parameter SOUGHT


@dataclass(frozen=True, slots=True)
class Block:
    """A condition, and the ways to the rows that fulfil it; none where no index is of use."""

    condition: ColumnElement[bool]
    ways: Sequence[Way] = ()
    # The condition said by a list that is made once; the only way gives as many rows as the list has, or more.
    listed: ColumnElement[bool] | None = None
    sought: Sought | None = None


@dataclass(slots=True)
class Search:
    """What is looked for: rows of a table that every block lets through."""

    table: Table
    id: ColumnElement[Any]
    parameters: Mapping[str, Any]
    blocks: list[Block] = field(default_factory=list)

    @property
    def ids(self) -> Select[Any]:
        """The ids of all hits."""
        return select(self.id).where(*(block.condition for block in self.blocks))


def page(tx: Transaction, search: Search, *, limit: int | None, after: str | None) -> tuple[list[Row], bool]:
    """The hits behind the id `after`, by id, at most `limit`; and whether there are more."""
    most = None if limit is None else limit + 1
    plan = _plan(tx, search)
    if isinstance(plan.way, Streams) and not plan.way.count:
        return [], False
    conditions = [each for each in plan.conditions if not each.compare(true())]
    if isinstance(plan.way, Collected) and plan.way.once and not conditions:
        # OFFSET 0 keeps PostgreSQL from walking along the ids in search of these.
        ids = plan.way.ids.offset(0).subquery()
        (key,) = ids.c
        hits = select(key).order_by(key).limit(most)
        hits = hits if after is None else hits.where(key > after)
    else:
        if after is not None:
            conditions.append(search.id > after)
        hits = select(search.id).where(*conditions).order_by(search.id).limit(most)
        if isinstance(plan.way, Collected):
            hits = hits.where(one_of_those(search.id, plan.way.ids))
        elif isinstance(plan.way, Streams):
            hits = _merged(hits, plan.way).limit(most)
    rows = _fetch(tx, select(search.table).where(one_of_those(search.id, hits)).order_by(search.id), plan.parameters)
    return rows[:limit], most is not None and len(rows) == most


def _fetch(tx: Transaction, statement: Select[Any], parameters: Mapping[str, Any]) -> list[Row]:
    return as_rows(tx.connection.execute(statement, parameters))


def _merged(hits: Select[Any], way: Streams) -> Select[Any]:
    streams: list[Select[Any]] = []
    for column, values in way.parts:
        if way.count <= _WRITTEN_OUT:
            streams += [select(*hits.where(column == value).subquery().c) for value in values]
        else:
            streams.append(_each(column, values, hits))
    # The same row may be in two streams, so that they are made one before they are cut.
    merged = (union(*streams) if len(way.parts) > 1 else union_all(*streams)).subquery()
    (key,) = merged.c
    return select(key).order_by(key)


def _each(column: ColumnElement[Any], values: Sequence[Any], hits: Select[Any]) -> Select[Any]:
    return first_of_each(column, values, lambda value: hits.where(column == value))


@dataclass(frozen=True, slots=True)
class _Plan:
    """The way with the fewest rows, and what is asked of its rows; no way is the walk along the ids."""

    way: Way | None
    conditions: Sequence[ColumnElement[bool]]
    parameters: Mapping[str, Any]


def _plan(tx: Transaction, search: Search) -> _Plan:
    ways = [way for block in search.blocks for way in block.ways]
    sizes = _sizes(tx, search, ways)
    few = [(size, place) for place, (way, size) in enumerate(zip(ways, sizes, strict=True)) if size < way.most]
    chosen: Way | None = ways[min(few)[1]] if few else None
    parameters = search.parameters
    if chosen is None:
        chosen, sought = _sought(tx, search)
        parameters = {**parameters, SOUGHT: sought}
    bounds: list[ColumnElement[bool]] = []
    streams = [way for way in ways if isinstance(way, Streams)]
    if chosen is None and streams:
        chosen = min(streams, key=lambda way: way.count)
        bounds = _bounds(tx, search, [way for way in streams if way is not chosen])
    most = _MOST_LISTED
    if isinstance(chosen, Streams):
        most = min(most, _MOST_LISTED_BY_ALL_STREAMS // max(chosen.count, 1))
    size_of = dict(zip(ways, sizes, strict=True))
    conditions = []
    for block in search.blocks:
        if chosen is not None and chosen in block.ways and chosen.exact:
            continue
        short = block.listed is not None and all(size_of[way] < most for way in block.ways)
        conditions.append(block.listed if short and block.listed is not None else block.condition)
    return _Plan(chosen, [*conditions, *bounds], parameters)


def _sizes(tx: Transaction, search: Search, ways: Sequence[Way]) -> list[int]:
    """How many rows each way has, up to where it does not matter any more."""
    if not ways or (len(ways) == 1 and isinstance(ways[0], Streams)):
        return [way.most for way in ways]  # there is nothing to choose from
    bounds = {
        way: max(way.most, _MOST_LISTED) for block in search.blocks if block.listed is not None for way in block.ways
    }
    counts = [
        select(func.count())
        .select_from(_rows(search, way, bounds.get(way, way.most)).subquery())
        .scalar_subquery()
        .label(f"way{place}")
        for place, way in enumerate(ways)
    ]
    (found,) = _fetch(tx, select(*counts), search.parameters)
    return list(found.values())


def _rows(search: Search, way: Way, most: int) -> Select[Any]:
    """One row for each of a way, at most so many."""
    if isinstance(way, Collected):
        counted = way.ids if way.counted is None else way.counted
        return select(literal(1)).select_from(counted.subquery()).limit(most)
    parts = union_all(*(select(search.id).where(column.in_(values)) for column, values in way.parts)).subquery()
    return select(literal(1)).select_from(parts).limit(most)


def _sought(tx: Transaction, search: Search) -> tuple[Collected | None, Sequence[str]]:
    """The way to few rows with a text whose beginning is not known, and their keys; none where nothing is few."""
    for sought in (block.sought for block in search.blocks if block.sought is not None):
        if tx.connection.execute(sought.sampled).scalar_one() < _SAMPLE // 100:
            keys = tx.connection.execute(sought.keys.limit(_MOST_SOUGHT)).scalars().all()
            if len(keys) < _MOST_SOUGHT:
                return sought.way, keys
    return None, ()


def _bounds(tx: Transaction, search: Search, ways: Sequence[Streams]) -> list[ColumnElement[bool]]:
    """Where the ids of several ways begin and end, as conditions."""
    ends = []
    for way in ways:
        for end, order in ((func.min, search.id.asc()), (func.max, search.id.desc())):
            first = select(search.id).order_by(order).limit(1)
            ids = union_all(*(_each(column, values, first) for column, values in way.parts)).subquery()
            ends.append(select(end(*ids.c)).scalar_subquery())
    if not ends:
        return []
    (found,) = _fetch(tx, select(*(end.label(f"end{place}") for place, end in enumerate(ends))), {})
    found_ends = list(found.values())
    if None in found_ends:  # a way without any row: there is no hit
        return [false()]
    return [search.id >= max(found_ends[::2]), search.id <= min(found_ends[1::2])]


# ------------------------------------------------------------------------------------------- ways of a block


def may_be_few(block: Sequence[Interval]) -> bool:
    """Whether an index can give the rows of a block: it includes, and by texts whose beginning is known."""
    included = [each for each in block if not each.exclude]
    return bool(included) and all(map(begins_known, included))


def by_value(
    tx: Transaction, column: ColumnElement[Any], block: Sequence[Interval], *, ids: ColumnElement[Any]
) -> list[Way]:
    """The way of a block over a column that has few values: those that lie in the block; none where it is of no use."""
    if not may_be_few(block):
        return []
    values: set[Any] = set()
    for each in block:
        if not each.exclude:
            if each.boundary is Boundary.EQUAL and WILDCARD not in str(each.lower):
                values.add(each.lower)
            else:
                values.update(values_within(tx, column, each))
    if len(values) > _MOST_VALUES:
        return by_interval(tx, [column], block, ids=ids)
    return [Streams([(column, sorted(value for value in values if selects(value, block)))])]


def by_interval(
    tx: Transaction,
    columns: Sequence[ColumnElement[Any]],
    block: Sequence[Interval],
    *,
    ids: ColumnElement[Any] | Select[Any],
    share: float = 1,
    counted: Select[Any] | None = None,
    reversible: bool = False,
) -> list[Way]:
    """The way of a block over columns that have many values, by its intervals; none where it is of no use.

    `ids` is the id, or a query that selects it to which what the column must be is added; and so is `counted`, which is
    counted in its place. `reversible` says that there are indexes over the reversed texts, too.
    """
    backwards = reversible and tx.connection.dialect.name == "postgresql"
    included = [each for each in block if not each.exclude]
    indexed = [_indexed(column, each, backwards=backwards) for column in columns for each in included]
    conditions = [each for each in indexed if each is not None]
    if not included or len(conditions) < len(indexed):
        return []

    def within(query: Select[Any]) -> Select[Any] | CompoundSelect[Any]:
        parts = [query.where(condition) for condition in conditions]
        return parts[0] if len(parts) == 1 else union_all(*parts)

    instead = None if counted is None else within(counted)
    if isinstance(ids, Select):
        return [Collected(within(ids), share, exact=False, counted=instead)]
    # Rows that the block excludes are among them, so that it is asked again.
    alone = len(columns) == len(block) == 1 and begins_known(block[0])
    return [Collected(within(select(ids)), share, exact=alone, once=alone, counted=instead)]


def _indexed(column: ColumnElement[Any], interval: Interval, *, backwards: bool) -> ColumnElement[bool] | None:
    """What an index can give of an interval, perhaps more than lies in it; none where it gives nothing."""
    if begins_known(interval):
        return matching(column, interval)
    end = end_as_beginning(interval)
    return matching(Reversed(column), end) if backwards and end is not None else None


def by_list(
    tx: Transaction, key: ColumnElement[Any], keys: Select[Any], values: ColumnElement[Any], block: Sequence[Interval]
) -> ColumnElement[bool] | None:
    """A block over the values of another table, said by the list of those it includes; none where no index has them.

    `keys` selects what `key` must be one of, to which what the value must be is added. There are indexes over the
    reversed values, too. A block that also excludes has none.
    """
    backwards = tx.connection.dialect.name == "postgresql"
    parts = []
    for each in block:
        indexed = _indexed(values, each, backwards=backwards)
        if each.exclude or indexed is None:
            return None
        parts.append(matching(values, each) if begins_known(each) else and_(indexed, matching(values, each)))
    return one_of_list(key, keys.where(or_(*parts))) if parts else None


def one_of_list(key: ColumnElement[Any], keys: Select[Any] | CompoundSelect[Any]) -> ColumnElement[bool]:
    """Say that a column holds one of the texts of a query, of which the database makes a table of its own first.

    IS TRUE keeps PostgreSQL from making a join of it, whose order it would have to guess.
    """
    return key.in_(keys).is_(true())


def by_search(
    columns: Sequence[ColumnElement[Any]], block: Sequence[Interval], *, keys: Select[Any], way: Select[Any]
) -> Sought | None:
    """What a block seeks that includes a text whose beginning is not known; none where every beginning is known.

    To `keys` what the columns must be is added: one index has them all. `way` gives the ids for those of the parameter
    SOUGHT.
    """
    included = [each for each in block if not each.exclude]
    if not included or may_be_few(block):
        return None

    def fits(columns: Iterable[ColumnElement[Any]]) -> ColumnElement[bool]:
        return or_(*(matching(column, each) for column in columns for each in included))

    (key,) = keys.selected_columns
    first = keys.add_columns(*columns).order_by(key).limit(_SAMPLE).subquery()
    _, *texts = first.c
    sampled = select(func.count()).select_from(first).where(fits(texts))
    return Sought(keys.where(fits(columns)), sampled, Collected(way, exact=False))


def by_day(tx: Transaction, day: ColumnElement[Any], block: Sequence[Interval]) -> list[Way]:
    """The way of a block over moments by the days on which a moment of it may lie."""
    if not may_be_few(block):
        return []
    days: set[Any] = set()
    for each in block:
        if not each.exclude:
            days.update(values_within(tx, day, _days(each)))
    return [Streams([(day, sorted(days))], exact=False)] if len(days) <= _MOST_VALUES else []


def _days(moments: Interval) -> Interval:
    """The days on which the moments of an interval lie, the first and the last perhaps in part."""
    lower, upper = _day(moments.lower), _day(moments.upper)
    match moments.boundary:
        case Boundary.EQUAL:
            return Interval(False, Boundary.EQUAL, lower)
        case Boundary.LESS | Boundary.LESS_OR_EQUAL:
            return Interval(False, Boundary.LESS_OR_EQUAL, lower)
        case Boundary.GREATER | Boundary.GREATER_OR_EQUAL:
            return Interval(False, Boundary.GREATER_OR_EQUAL, lower)
        case _:
            return Interval(False, Boundary.BETWEEN, lower, upper)


def _day(moment: object) -> Any:
    return moment.astimezone(UTC).date() if isinstance(moment, datetime) else moment


def values_within(tx: Transaction, column: ColumnElement[Any], interval: Interval) -> list[Any]:
    """The different values that lie in an interval, in their order; one more than have streams, and no further.

    From each value the index is asked for the next.
    """
    within = matching(column, interval)
    found = select(func.min(column).label("value")).where(within).cte("found", recursive=True)
    following = select(func.min(column)).where(within, column > found.c.value).correlate(found).scalar_subquery()
    found = found.union_all(select(following).where(found.c.value.is_not(None)))
    statement = select(found.c.value).where(found.c.value.is_not(None)).limit(_MOST_VALUES + 1)
    return [row["value"] for row in _fetch(tx, statement, {})]
