"""moto's S3 behind the stand-in's door, so that the wire protocol is not only our own idea of it."""

from __future__ import annotations

from moto.core import DEFAULT_ACCOUNT_ID
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from moto.s3.models import s3_backends
from werkzeug.test import run_wsgi_app

from demo.standin.requests import Answer, S3Request


class MotoS3:
    def __init__(self) -> None:
        self._app = DomainDispatcherApplication(create_backend_app)
        self._buckets = s3_backends[DEFAULT_ACCOUNT_ID]["aws"]
        self._buckets.reset()

    def region_of(self, bucket: str) -> str | None:
        found = self._buckets.buckets.get(bucket)
        return found.region_name if found else None

    def traits_of(self, bucket: str, key: str) -> None:
        """moto keeps none."""

    def answer(self, request: S3Request) -> Answer:
        body, status, headers = run_wsgi_app(self._app, request.environ, buffered=True)
        content = b"".join(body)
        return Answer(int(status.split()[0]), dict(headers), len(content), [content])
