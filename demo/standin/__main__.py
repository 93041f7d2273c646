"""`python -m demo.standin --port P --folder DIR --role-file roles.json`

Serves the files of DIR (each folder in it a bucket) as they are at the moment, and the roles of the JSON
file (a list of objects with the fields of demo.standin.roles.Role), read again whenever it changes.
More roles: `curl -X PUT --data '[{"arn": ..., "external_id": ..., "bucket": ...}]' URL/_standin/roles`.
"""

from __future__ import annotations

import argparse
from contextlib import suppress
from pathlib import Path
from typing import Any

from demo.standin.app import App
from demo.standin.s3 import S3
from demo.standin.server import make_app_server, read_roles
from demo.standin.stores import DEFAULT_REGION, FolderStore


class FolderApp(App):
    """Reads the file of roles again when it has changed."""

    def __init__(self, store: FolderStore, role_file: Path) -> None:
        super().__init__(S3(store))
        self._role_file = role_file
        self._read_at = 0

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
        changed_at = self._role_file.stat().st_mtime_ns if self._role_file.exists() else 0
        if changed_at != self._read_at:
            self._read_at = changed_at
            read_roles(self._role_file, self.roles)
        return super().__call__(environ, start_response)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m demo.standin", description="A stand-in of S3 and STS.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=9000)
    parser.add_argument("--folder", type=Path, required=True, help="each folder in it is a bucket")
    parser.add_argument("--role-file", type=Path, required=True, help="JSON list of roles")
    parser.add_argument("--region", default=DEFAULT_REGION, help="of all buckets")
    parser.add_argument(
        "--learn-for",
        metavar="BUCKET",
        help="a role that is not in the file may read it, and trusts the first external ID it is asked with",
    )
    options = parser.parse_args()
    app = FolderApp(FolderStore(options.folder, region=options.region), options.role_file)
    app.roles.learns_for = options.learn_for
    with suppress(KeyboardInterrupt):
        make_app_server(app, host=options.host, port=options.port).serve_forever()


if __name__ == "__main__":
    main()
