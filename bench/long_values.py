"""Pages and downloads of values as long as a row may be: 181 rows of a megabyte on one day, all `<`.

`<` is what HTML makes four times as long. gunicorn serves by deploy/gunicorn.conf.py, one process, so that
its peak is that of the pages; four ask for the day at once, and one for another account's table beside them.
"""

from __future__ import annotations

import http.client
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from bench.cost import Running, measure
from bench.report import say
from bench.world import FIRST_DAY, World, free_port, psql, wait_for

ACCOUNT, OTHER = "long", "many"
ROWS, LENGTH = 181, 1_000_000
AT_ONCE = 4


def run(world: World) -> dict:
    _make_file(world)
    say(f"syncing {ROWS * LENGTH:,} bytes")
    world.manage("sync_telemetry", "requests", "--account", ACCOUNT)
    cookies = [_sign_in(world, account) for account in (ACCOUNT, OTHER)]
    detail = f"/settings/telemetry/{_public_id()}/"
    paths = {
        "day": f"{detail}days/{FIRST_DAY}/",
        "detail": detail,
        "detail by feature": f"{detail}?from={FIRST_DAY}&to={FIRST_DAY}&by=feature",
        "runs": f"{detail}runs/",
        "files": f"{detail}files/",
        "points.csv": f"{detail}points.csv",
    }
    found = {}
    with _serve(world) as (server, port):
        ask(port, "/settings/telemetry/", cookies[1])
        for name, path in paths.items():
            found[name] = ask(port, path, cookies[0])
            say(f"{name}: {found[name]}")
        found["four days at once"], found["another account's table beside them"] = _ask_together(
            port, paths["day"], cookies
        )
        peak = server.end().peak_mb
    return {"rows": ROWS, "bytes_each": LENGTH, "pages": found, "web_peak_mb": round(peak)}


def ask(port: int, path: str, cookie: str) -> dict[str, float]:
    """One request: its seconds and its bytes."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=600)
    started, size = time.perf_counter(), 0
    connection.request("GET", path, headers={"Cookie": cookie})
    answer = connection.getresponse()
    while piece := answer.read(1_000_000):
        size += len(piece)
    connection.close()
    if answer.status != 200:
        raise RuntimeError(f"{path}: {answer.status}")
    return {"seconds": round(time.perf_counter() - started, 3), "bytes": size}


def _ask_together(port: int, path: str, cookies: list[str]) -> tuple[dict, dict]:
    found: list[dict] = []
    threads = [
        threading.Thread(target=lambda: found.append(ask(port, path, cookies[0]))) for _ in range(AT_ONCE)
    ]
    for thread in threads:
        thread.start()
    beside = ask(port, "/settings/telemetry/", cookies[1])
    for thread in threads:
        thread.join()
    return max(found, key=lambda answer: answer["seconds"]), beside


def _make_file(world: World) -> None:
    folder = world.bucket / ACCOUNT
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "long.csv").open("w", encoding="utf-8") as file:
        file.write("date,team,environment,feature,requests\n")
        for number in range(ROWS):
            file.write(f"{FIRST_DAY},team,env,{number:03}{'<' * (LENGTH - 3)},1\n")
    world.touch_everything()


def _sign_in(world: World, account: str) -> str:
    email = f"{account}@example.com"
    world.manage("add_user", email, "--account", account, "--role", "admin")
    return world.inside("sign-in", email)["cookie"]


def _public_id() -> str:
    return psql(
        "SELECT s.public_id FROM ingestion_source s JOIN accounts_account a ON a.id = s.account_id"
        f" WHERE a.slug = '{ACCOUNT}'"
    )


@contextmanager
def _serve(world: World) -> Iterator[tuple[Running, int]]:
    port = free_port()
    environment = {**world.environment, "WEB_CONCURRENCY": "1", "WEB_BIND": f"127.0.0.1:{port}"}
    measure([sys.executable, "manage.py", "collectstatic", "--no-input", "-v0"], environment=environment)
    command = [sys.executable, "-m", "gunicorn", "-c", "deploy/gunicorn.conf.py", "config.wsgi"]
    with Running(command, environment=environment) as server:
        wait_for(f"http://127.0.0.1:{port}", server)
        yield server, port
