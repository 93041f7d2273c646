"""The one order in which every transaction takes its locks.

1. the run, also one that is inserted: `run_one_at_a_time` waits for whoever is ending the run before
2. files of the run that are still to be read, by id
3. the source
4. its source files, days, and what its dataset keeps
5. the account, or a person

A later one may be taken without the earlier ones, never an earlier one after a later one. Files of a run that
are read or failed, drafts and endpoints are locked by nobody who waits. Foreign keys lock nothing in the way:
they are checked at commit. Should two transactions meet all the same, PostgreSQL ends one of them, and
`core.locks.retry_deadlocks` begins it again; a run begins again in `ingestion.work`.
"""

from __future__ import annotations

from ingestion.models import Source


def lock_source(source_id: int) -> Source:
    """The source as it is stored, until the end of this transaction.

    Files of a source begin to count one after the other, or each would miss the other's data.
    """
    return Source.objects.select_for_update(no_key=True).get(pk=source_id)
