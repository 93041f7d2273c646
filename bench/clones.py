"""Rows in bulk, as copies of rows that the product has written: right in every column, also new ones."""

from __future__ import annotations

from collections.abc import Mapping

from bench.world import psql

# What a copy's column is: SQL over `o` (the row copied) and `n` (the number of the copy, from 1).
Changes = Mapping[str, str]


def clone(table: str, *, where: str, changes: Changes, numbers: str = "generate_series(1, 1) AS n") -> int:
    """Copy the rows `o` that `where` picks, once for each `n` of `numbers`; how many copies there are.

    A new id is given, where the table has one, unless `changes` has it.
    """
    has_id = psql(
        f"SELECT count(*) FROM information_schema.columns WHERE table_name = '{table}' AND column_name = 'id'"
    )
    given = {"id": f"nextval(pg_get_serial_sequence('{table}', 'id'))"} if has_id != "0" else {}
    pairs = ", ".join(f"'{column}', {sql}" for column, sql in {**given, **changes}.items())
    # The copies refer to what the copied refer to, or to copies: no need to look each of them up.
    done = psql(
        f"""SET session_replication_role = replica;
        WITH made AS (
            INSERT INTO {table} SELECT copy.* FROM {table} o CROSS JOIN {numbers}
            CROSS JOIN LATERAL jsonb_populate_record(o, jsonb_build_object({pairs})) AS copy
            WHERE {where} RETURNING 1
        ) SELECT count(*) FROM made"""
    )
    return int(done)


def clone_telemetries(*, account: str, count: int) -> None:
    """Telemetries beside the account's one, with its dimensions; no data, and no runs."""
    clone(
        "ingestion_source",
        where=f"o.id = {original(account)}",
        numbers=f"generate_series(1, {count}) AS n",
        changes={
            "public_id": "gen_random_uuid()",
            "identifier": "'metric_' || n",
            "name": "'Metric ' || n",
            "prefix": "'exports/metric-' || n || '/'",
        },
    )
    sources = (
        f"(SELECT id AS n FROM ingestion_source WHERE id <> {original(account)}"
        f" AND account_id = (SELECT id FROM accounts_account WHERE slug = '{account}')) AS made"
    )
    # A telemetry is two rows of one id: its source, and what it alone has beside it.
    clone(
        "telemetry_telemetry",
        where=f"o.source_id = {original(account)}",
        numbers=sources,
        changes={"source_id": "n"},
    )
    clone(
        "telemetry_dimension",
        where=f"o.telemetry_id = {original(account)}",
        numbers=sources,
        changes={"telemetry_id": "n"},
    )


def original(account: str) -> str:
    """SQL for the id of the telemetry that the account began with."""
    return (
        "(SELECT min(s.id) FROM ingestion_source s JOIN accounts_account a ON a.id = s.account_id"
        f" WHERE a.slug = '{account}')"
    )
