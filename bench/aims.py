"""What the project has set itself, and where the newest results say how far it got."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

Figures = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Aim:
    """`read` takes the figure out of the results of `measurement`; `reached` compares it with the limit."""

    measurement: str
    what: str
    aim: str
    read: Callable[[Figures], float]
    reached: Callable[[float], bool]
    show: str = "{:.2f}"


def _share(way: str) -> Callable[[Figures], float]:
    return lambda figures: figures["share_of_copy"][way]


def _times(peer: str) -> Callable[[Figures], float]:
    return lambda figures: figures["ours_times_as_fast"][peer]


def _page(name: str) -> Callable[[Figures], float]:
    return lambda figures: figures["pages"][name]["median_ms"]


def _at_least(limit: float) -> Callable[[float], bool]:
    return lambda figure: figure >= limit


def _at_most(limit: float) -> Callable[[float], bool]:
    return lambda figure: figure <= limit


AIMS = [
    Aim("sync", "one process, a file a day", "≥ 0.30 A, better 0.5", _share("many"), _at_least(0.3)),
    Aim("sync", "one process, one file", "≥ 0.30 A, better 0.5", _share("one"), _at_least(0.3)),
    Aim("sync", "two processes, a file a day", "≥ 0.45 A, better 0.8", _share("many_two"), _at_least(0.45)),
    Aim(
        "sync",
        "the same again (`--reimport`), to the first import",
        "≥ 0.7",
        lambda figures: figures["seconds"]["one"] / figures["seconds"]["reimport"],
        _at_least(0.7),
    ),
    Aim(
        "workers",
        "two workers to one, 100 files, a core for each (held to 0.4 of one)",
        "≥ 1.5 times",
        lambda figures: figures["two_held_times_one"],
        _at_least(1.5),
    ),
    Aim(
        "workers",
        "the same, where PostgreSQL and S3 have no core of their own",
        "≥ 1.5 times",
        lambda figures: figures["two_workers_times_one"],
        _at_least(1.5),
    ),
    Aim("peers", "to DictReader and bulk_create", "≥ 12 times", _times("naive"), _at_least(12), "{:.0f}"),
    Aim("peers", "to dlt, as documented", "≥ 12 times", _times("dlt"), _at_least(12), "{:.0f}"),
    Aim("peers", "to dlt's fastest", "≥ 2 times", _times("dlt_fastest"), _at_least(2), "{:.1f}"),
    Aim(
        "large",
        "one file of 2 GB, to one of 2 million rows",
        "0.8 to 1.2",
        lambda figures: figures["share_of_one"]["large"],
        _at_least(0.8),
    ),
    Aim(
        "large",
        "memory for it",
        "< 300 MB",
        lambda figures: figures["peak_mb"]["large"],
        _at_most(300),
        "{:.0f} MB",
    ),
    Aim(
        "preview",
        "preview of 2 GB: asked of S3",
        "≤ 2 MB",
        lambda figures: figures["bytes"] / 10**6,
        _at_most(2),
        "{:.2f} MB",
    ),
    Aim(
        "preview",
        "memory for it",
        "< 150 MB",
        lambda figures: figures["peak_mb"],
        _at_most(150),
        "{:.0f} MB",
    ),
    Aim(
        "nothing-new",
        "nothing new, beside the list calls",
        "< 50 ms",
        lambda figures: figures["work_ms"],
        _at_most(50),
        "{:.0f} ms",
    ),
    Aim("pages", "Telemetries, 1,000 of them", "< 150 ms", _page("table"), _at_most(150), "{:.0f} ms"),
    Aim("pages", "detail page, 10 million points", "< 150 ms", _page("detail"), _at_most(150), "{:.0f} ms"),
]
