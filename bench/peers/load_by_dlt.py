"""dlt, filesystem to PostgreSQL: `load_by_dlt.py PREFIX documented | arrow-merge | fastest`.

documented: the verified source's read_csv, merged on a primary key, as its page shows it.
arrow-merge: the same merge, of pyarrow tables, loaded by COPY as the page on performance recommends.
fastest: those tables appended to an empty table, with no key: as fast as dlt goes.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator

os.environ |= {
    "RUNTIME__DLTHUB_TELEMETRY": "false",
    "RUNTIME__LOG_LEVEL": "WARNING",
    "SOURCES__FILESYSTEM__CREDENTIALS__ENDPOINT_URL": os.environ["AWS_ENDPOINT_URL"],
    "SOURCES__FILESYSTEM__CREDENTIALS__AWS_ACCESS_KEY_ID": os.environ["AWS_ACCESS_KEY_ID"],
    "SOURCES__FILESYSTEM__CREDENTIALS__AWS_SECRET_ACCESS_KEY": os.environ["AWS_SECRET_ACCESS_KEY"],
    "SOURCES__FILESYSTEM__CREDENTIALS__REGION_NAME": "us-east-1",
}

import dlt
import pyarrow.csv
from dlt.sources.filesystem import filesystem, read_csv

KEY = ["date", "team", "environment", "feature"]


@dlt.transformer(standalone=True)
def read_arrow(items: list) -> Iterator[object]:
    for item in items:
        with item.open() as file:
            yield pyarrow.csv.read_csv(file)


def main(prefix: str, way: str) -> None:
    files = filesystem(bucket_url=f"s3://{os.environ['PEER_BUCKET']}/{prefix}", file_glob="*.csv")
    rows = (files | (read_csv() if way == "documented" else read_arrow())).with_name("requests")
    if way == "fastest":
        rows.apply_hints(write_disposition="append")
    else:
        rows.apply_hints(write_disposition="merge", primary_key=KEY)
    pipeline = dlt.pipeline(
        pipeline_name="bench",
        pipelines_dir=os.environ["PEER_FOLDER"],
        destination=dlt.destinations.postgres(_get_url()),
        dataset_name="peer",
    )
    done = pipeline.run(rows, loader_file_format=None if way == "documented" else "csv")
    done.raise_on_failed_jobs()


def _get_url() -> str:
    """With a password, which dlt insists on, also where the server asks for none."""
    peer = {name: os.environ[f"PEER_{name}"] for name in ("USER", "PASSWORD", "HOST", "PORT", "DATABASE")}
    return "postgresql://{USER}:{PASSWORD}@{HOST}:{PORT}/{DATABASE}".format(**peer)


if __name__ == "__main__":
    main(*sys.argv[1:])
