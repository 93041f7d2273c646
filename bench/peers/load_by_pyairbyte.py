"""PyAirbyte: source-s3 into its PostgreSQL cache: `load_by_pyairbyte.py PREFIX CONNECTOR`."""

from __future__ import annotations

import os
import sys
from pathlib import Path

os.environ |= {"DO_NOT_TRACK": "1", "AIRBYTE_OFFLINE_MODE": "1"}

import airbyte as ab
from airbyte.caches import PostgresCache


def main(prefix: str, connector: str) -> None:
    source = ab.get_source(
        "source-s3",
        local_executable=Path(connector),
        config={
            "bucket": os.environ["PEER_BUCKET"],
            "endpoint": os.environ["AWS_ENDPOINT_URL"],
            "region_name": "us-east-1",
            "aws_access_key_id": os.environ["AWS_ACCESS_KEY_ID"],
            "aws_secret_access_key": os.environ["AWS_SECRET_ACCESS_KEY"],
            "streams": [{"name": "requests", "globs": [f"{prefix}*.csv"], "format": {"filetype": "csv"}}],
        },
        streams=["requests"],
    )
    cache = PostgresCache(
        host=os.environ["PEER_HOST"],
        port=int(os.environ["PEER_PORT"]),
        username=os.environ["PEER_USER"],
        password=os.environ["PEER_PASSWORD"],
        database=os.environ["PEER_DATABASE"],
        schema_name="peer",
    )
    source.read(cache=cache, force_full_refresh=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
