"""Meltano's tap-s3-csv into its target-postgres: the pipe of `meltano run`, without its supervisor."""

from __future__ import annotations

import json
from pathlib import Path

from bench.cost import Cost, measure
from bench.peers.environments import get_program

KEY = ["date", "team", "environment", "feature"]


def load_by_singer(environment: dict[str, str], prefix: str) -> Cost:
    """From the tap's start to the target's end; the catalog is discovered before, as one does once."""
    tap, target = get_program("singer-tap", "tap-s3-csv"), get_program("singer-target", "target-postgres")
    folder = Path(environment["PEER_FOLDER"])
    files = {name: folder / f"{name}.json" for name in ("tap", "target", "catalog")}
    files["tap"].write_text(json.dumps(_configure_tap(environment, prefix)))
    files["target"].write_text(json.dumps(_configure_target(environment)))
    _, catalog = measure([tap, "--config", files["tap"], "--discover"], environment=environment)
    files["catalog"].write_text(json.dumps(_select_all(json.loads(catalog))))
    pipe = 'set -o pipefail; "$0" --config "$1" --properties "$2" | "$3" --config "$4"'
    command = ["bash", "-c", pipe, tap, files["tap"], files["catalog"], target, files["target"]]
    return measure(command, environment=environment)[0]


def _configure_tap(environment: dict[str, str], prefix: str) -> dict:
    return {
        "aws_access_key_id": environment["AWS_ACCESS_KEY_ID"],
        "aws_secret_access_key": environment["AWS_SECRET_ACCESS_KEY"],
        "aws_endpoint_url": environment["AWS_ENDPOINT_URL"],
        "bucket": environment["PEER_BUCKET"],
        "start_date": "2000-01-01T00:00:00Z",
        "tables": [
            {
                "search_prefix": prefix,
                "search_pattern": r"\.csv$",
                "table_name": "requests",
                "key_properties": KEY,
                "delimiter": ",",
            }
        ],
    }


def _configure_target(environment: dict[str, str]) -> dict:
    return {
        "host": environment["PEER_HOST"],
        "port": int(environment["PEER_PORT"]),
        "user": environment["PEER_USER"],
        "password": environment["PEER_PASSWORD"],
        "database": environment["PEER_DATABASE"],
        "default_target_schema": "peer",
    }


def _select_all(catalog: dict) -> dict:
    for stream in catalog["streams"]:
        for entry in stream["metadata"]:
            entry["metadata"]["selected"] = True
    return catalog
