"""Counting: what is collected twice, and records by class-O slots, which stand in clear with the record."""

from collections.abc import Sequence

from ledger.core.count_tables import DAY, FINER_DIGITS, MONTH, TableRule
from ledger.count_rows import AskedTables, CountedGroup, CountedPeriods, KeptCounts, OnceFigures
from ledger.rows import RecordSubject
from ledger.store.session import Session

# Each place is one probe of subjects_token and one of records_identity, however many records are stored.
DUPLICATES = """
    WITH given AS (
        SELECT * FROM unnest(%b::int4[], %b::bytea[], %b::bytea[], %b::int4[])
            AS given (place, record_id, token, version)
        WHERE version = 1
            OR (SELECT token FROM subjects WHERE subjects.record_id = given.record_id) IS DISTINCT FROM given.token),
    numbered AS (SELECT *, row_number() OVER (PARTITION BY token ORDER BY place) AS nth FROM given)
    SELECT place FROM numbered
    WHERE nth > 1 OR EXISTS (
        SELECT FROM subjects JOIN records USING (record_id) JOIN submissions USING (entry_id)
        WHERE subjects.token = numbered.token AND subjects.item = %s AND subjects.record_id <> numbered.record_id
            AND NOT superseded AND NOT hidden AND COALESCE(recorded_at, accepted_at) >= %s)
    ORDER BY place"""
NOTE_REFUSED = """
    INSERT INTO refused_duplicates (publisher, submission_id, item, duplicates, refused_at)
    VALUES (%s, %s, %s, %s, %s) ON CONFLICT DO NOTHING"""
# A Query without a purpose is of a refused submission.
ONCE = """
    WITH period AS (SELECT %s::int8 AS from_at, %s::int8 AS until_at),
    taken AS (
        SELECT item, sum(about_persons)::int8 AS taken, sum(cardinality(duplicates))::int8 AS warned
        FROM submissions, period
        WHERE about_persons > 0 AND accepted_at >= from_at AND accepted_at < until_at GROUP BY item),
    refused AS (
        SELECT item, sum(duplicates)::int8 AS refused FROM refused_duplicates, period
        WHERE refused_at >= from_at AND refused_at < until_at GROUP BY item),
    avoided AS (
        SELECT (message ->> 'item')::int4 AS item, count(*) AS avoided FROM entries, period
        WHERE entry_type = 4 AND message ->> 'queryType' = '1' AND message ->> 'resultCount' <> '0'
            AND message ->> 'purpose' <> '0' AND created_at >= from_at AND created_at < until_at GROUP BY 1)
    SELECT item, COALESCE(taken, 0), COALESCE(warned, 0), COALESCE(refused, 0), COALESCE(avoided, 0)
    FROM taken FULL JOIN refused USING (item) FULL JOIN avoided USING (item) ORDER BY item"""
GROUPS = {
    "class": "COALESCE(record_class, '')",
    "category": "COALESCE(split_part(record_class, '/', 1), '')",
    "level": "COALESCE(level::text, '')",
    "region": "left(region, %s)",
    "day": "to_char(to_timestamp(at + %s) AT TIME ZONE 'UTC', 'YYYY-MM-DD')",
}
"""Expressions of the groups; `%s` stands for the digits of a region, or for the seconds that days begin earlier."""
COUNT = """
    WITH chosen AS (
        SELECT record_id, record_class, level, region, COALESCE(occurred_at, recorded_at, accepted_at) AS at
        FROM records JOIN submissions USING (entry_id)
        WHERE records.item = %s AND NOT superseded AND NOT hidden AND length(region) >= %s),
    grouped AS (
        SELECT left(region, %s) AS place, to_char(to_timestamp(at + %s) AT TIME ZONE 'UTC', %s) AS period, {groups}token
        FROM chosen LEFT JOIN subjects USING (record_id) WHERE at >= %s AND at < %s)
    SELECT place, period, {shown}, count(*), count(DISTINCT token)
    FROM grouped WHERE period = ANY(%s) GROUP BY place, period{by}"""
PERIOD_SHAPES = {MONTH: "YYYY-MM", DAY: "YYYY-MM-DD"}
MADE = """
    SELECT region, period, rule_version, made_at, tables FROM kept_counts
    WHERE item = %s AND region = ''
        AND (tables::json ->> 'from')::int8 < %s AND (tables::json ->> 'until')::int8 > %s"""
SHOWN = """
    SELECT tables::json ->> %s FROM kept_counts
    WHERE item = %s AND region BETWEEN %s AND %s AND length(region) = %s AND period = ANY(%s)
        AND tables::json -> %s IS NOT NULL
    LIMIT %s"""
KEEP = """
    INSERT INTO kept_counts (item, region, period, rule_version, made_at, tables)
    SELECT %s, * FROM unnest(%s::text[], %s::text[], %s::int8[], %s::int8[], %s::text[]) ON CONFLICT DO NOTHING"""


def count_statement(counted: CountedPeriods) -> tuple[str, list[object]]:
    """Return the statement of the tables' counts and its values."""
    rule, offset = counted.rule, counted.utc_offset_seconds
    given = {"region": FINER_DIGITS[rule.region_digits], "day": offset}
    names = ("first", "second")[: len(rule.by)]
    statement = COUNT.format(
        groups="".join(f"{GROUPS[group]} AS {name}, " for group, name in zip(rule.by, names, strict=True)),
        shown=", ".join([*names, "NULL", "NULL"][:2]),
        by=f", CUBE ({', '.join(names)})" if names else "",
    )
    placed = [counted.item, rule.region_digits, rule.region_digits, offset, PERIOD_SHAPES[rule.period]]
    grouped = [given[group] for group in rule.by if group in given]
    return statement, [*placed, *grouped, counted.from_at, counted.until_at, [*counted.periods]]


class Counts(Session):
    """See `ledger.count_rows.Counting`."""

    def duplicate_places(self, item: int, subjects: Sequence[RecordSubject], since: int) -> Sequence[int]:
        """Return the places of records about a person of whom the item holds a current record already."""
        named = [(place, row) for place, row in enumerate(subjects) if row.token is not None]
        rows = [(place, row.record_id, row.token, row.version) for place, row in named]
        if not rows:
            return ()
        columns = [list(column) for column in zip(*rows, strict=True)]
        return tuple(row[0] for row in self._rows(DUPLICATES, (*columns, item, since)))

    def note_refused(self, publisher: int, submission_id: bytes, item: int, duplicates: int, refused_at: int) -> None:
        """Count the duplicates of a refused submission, once for each submissionId."""
        self._run(NOTE_REFUSED, (publisher, submission_id, item, duplicates, refused_at))

    def once_figures(self, from_at: int, until_at: int) -> Sequence[OnceFigures]:
        """Return the figures of every item of which there are any in [from, until), by item."""
        return [OnceFigures(*row) for row in self._rows(ONCE, (from_at, until_at))]

    def count_records(self, counted: CountedPeriods) -> Sequence[CountedGroup]:
        """Return the counts of the tables of all regions: by both groups, by each, and over all, of one state."""
        statement, values = count_statement(counted)
        return [CountedGroup(*row) for row in self._rows(statement, values, prepare=False)]

    def made_periods(self, item: int, from_at: int, until_at: int) -> Sequence[KeptCounts]:
        """Return the periods whose tables were made and of which some part lies in [from, until)."""
        return [KeptCounts(*row) for row in self._rows(MADE, (item, until_at, from_at))]

    def shown_tables(self, item: int, rule: TableRule, asked: AskedTables) -> Sequence[str]:
        """Return tables by a rule (JSON) of which a threshold shows something, no more than `asked.most`."""
        digits, k = rule.region_digits, str(asked.k)
        region = asked.region[:digits]
        first, last = region.ljust(digits, "0"), region.ljust(digits, "9")
        values = (k, item, first, last, digits, [*asked.periods], k, asked.most)
        return [row[0] for row in self._rows(SHOWN, values)]

    def keep_counts(self, item: int, kept: Sequence[KeptCounts]) -> None:
        """Keep what was made; what was kept before stays as it is."""
        columns = zip(
            *((one.region, one.period, one.rule_version, one.made_at, one.tables) for one in kept), strict=True
        )
        self._run(KEEP, (item, *(list(column) for column in columns)))
