"""Other ways to bring the same files from S3 into PostgreSQL, each as its documentation sets it up.

They load rows; they do not check rules, keep exact sums, know files or reject rows with a reason. One that
needs more patience than anybody has gets a tenth of the files, once, and its rate is compared.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from bench.cost import ROOT, Cost, Failed, measure
from bench.peers.environments import get_program, get_python
from bench.peers.singer import load_by_singer
from bench.report import compare, say
from bench.sync import copy, sync
from bench.world import BUCKET, World, database_url, psql

# The stand-in's: who may do all with the buckets.
BUCKET_OWNER = "AKIABUCKETOWNER00000"  # pragma: allowlist secret (opens nothing at AWS)


@dataclass(frozen=True, slots=True)
class Peer:
    """`load` brings in the files under a prefix; `table` is where it puts the rows."""

    load: Callable[[World, str], Cost]
    table: str
    tenth: bool = False
    once: bool = False


def _script(environment: str, script: str, *arguments: str) -> Callable[[World, str], Cost]:
    def load(world: World, prefix: str) -> Cost:
        command = [get_python(environment), ROOT / "bench" / "peers" / script, prefix, *arguments]
        return measure(command, environment=make_environment(world))[0]

    return load


def _load_by_pyairbyte(world: World, prefix: str) -> Cost:
    connector = get_program("airbyte-source", "source-s3")
    return _script("airbyte", "load_by_pyairbyte.py", str(connector))(world, prefix)


PEERS = {
    "naive": Peer(_script("naive", "load_naively.py"), "naive_point"),
    "dlt": Peer(_script("dlt", "load_by_dlt.py", "documented"), "peer.requests"),
    "dlt_arrow_merge": Peer(_script("dlt", "load_by_dlt.py", "arrow-merge"), "peer.requests"),
    "dlt_fastest": Peer(_script("dlt", "load_by_dlt.py", "fastest"), "peer.requests"),
    "singer": Peer(
        lambda world, prefix: load_by_singer(make_environment(world), prefix),
        "peer.requests",
        tenth=True,
        once=True,
    ),
    "pyairbyte": Peer(_load_by_pyairbyte, "peer.requests", tenth=True, once=True),
}


def run(world: World, *, runs: int, series: int, days: int, only: Sequence[str] | None = None) -> dict:
    """`copy`, ours and each peer, one after the other, in new databases."""
    peers = {name: peer for name, peer in PEERS.items() if only is None or name in only}
    world.make_files(series=series, days=days)
    tenth = _make_tenth(world)
    rows = {"copy": series * days, "ours": series * days}
    rows |= {name: series * (tenth if peer.tenth else days) for name, peer in peers.items()}
    found: list[dict[str, Cost]] = []
    failures: dict[str, str] = {}
    for number in range(runs):
        world.fresh()
        costs = {"copy": copy(world)}
        world.fresh()
        costs["ours"] = sync(world, "many", rows=series * days)
        for name, peer in peers.items():
            if name in failures or (peer.once and number):
                continue
            say(f"peers {number + 1}/{runs}: {name}")
            try:
                costs[name] = _load(world, peer, rows[name])
            except (Failed, RuntimeError) as error:
                failures[name] = str(error)[-2_000:]
                say(f"{name} failed: {failures[name]}")
        found.append(costs)
        say(f"peers {number + 1}/{runs}: " + _describe(costs, rows))
    rows = {name: count for name, count in rows.items() if name not in failures}
    figures = compare(found, rows, base="copy")
    ours = compare(found, rows, base="ours")["share_of_ours"]
    times = {name: round(1 / share, 1) for name, share in ours.items() if name not in ("copy", "ours")}
    return {**figures, "ours_times_as_fast": times, "failures": failures}


def make_environment(world: World) -> dict[str, str]:
    """What the peers' own programs go by: the bucket's owner's keys, and PostgreSQL's address in parts."""
    server = urlsplit(database_url())
    return {
        **world.environment,
        "AWS_ACCESS_KEY_ID": BUCKET_OWNER,
        "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1",
        "PEER_BUCKET": BUCKET,
        "PEER_HOST": server.hostname or "127.0.0.1",
        "PEER_PORT": str(server.port or 5432),
        "PEER_USER": server.username or "postgres",
        "PEER_PASSWORD": server.password or "bench",
        "PEER_DATABASE": server.path.lstrip("/"),
        "PEER_FOLDER": str(world.folder / "peer"),
        "HOME": str(world.folder / "peer"),
        "DO_NOT_TRACK": "1",
    }


def _load(world: World, peer: Peer, rows: int) -> Cost:
    world.fresh()
    folder = world.folder / "peer"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    psql("CREATE SCHEMA peer")
    cost = peer.load(world, "tenth/" if peer.tenth else "many/")
    if (count := int(psql(f"SELECT count(*) FROM {peer.table}"))) != rows:
        raise RuntimeError(f"{count} rows instead of {rows}")
    return cost


def _make_tenth(world: World) -> int:
    files = sorted((world.bucket / "many").iterdir())
    files = files[: max(1, len(files) // 10)]
    shutil.rmtree(world.bucket / "tenth", ignore_errors=True)
    (world.bucket / "tenth").mkdir()
    for file in files:
        shutil.copy(file, world.bucket / "tenth" / file.name)
    world.touch_everything()
    return len(files)


def _describe(costs: dict[str, Cost], rows: dict[str, int]) -> str:
    return ", ".join(f"{name} {rows[name] / cost.seconds:,.0f} rows/s" for name, cost in costs.items())
