"""What a Django project writes at first: csv.DictReader and bulk_create, a transaction for each file.

Meant well: batches of 5,000, exact decimals, a file's earlier rows replaced, from S3 over the wire.
"""

from __future__ import annotations

import csv
import io
import os
import sys
from datetime import date
from decimal import Decimal

import boto3
import django
import environ
from django.conf import settings

settings.configure(
    DATABASES={"default": environ.Env().db("DATABASE_URL")},
    INSTALLED_APPS=[],
    USE_TZ=True,
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
)
django.setup()

from django.db import connection, models, transaction  # noqa: E402 - once there are settings


class Point(models.Model):
    key = models.CharField(max_length=1024)
    date = models.DateField()
    team = models.TextField()
    environment = models.TextField()
    feature = models.TextField()
    requests = models.DecimalField(max_digits=38, decimal_places=18)

    class Meta:
        app_label = "naive"
        db_table = "naive_point"
        indexes = [models.Index(fields=["key"], name="naive_by_file")]

    def __str__(self) -> str:
        return f"{self.date}: {self.requests}"


def main(prefix: str) -> None:
    with connection.schema_editor() as editor:
        editor.create_model(Point)
    s3, bucket = boto3.client("s3"), os.environ["PEER_BUCKET"]
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
        for entry in page["Contents"]:
            body = s3.get_object(Bucket=bucket, Key=entry["Key"])["Body"]
            load(entry["Key"], io.TextIOWrapper(body, encoding="utf-8", newline=""))


def load(key: str, text: io.TextIOWrapper) -> None:
    points = (
        Point(
            key=key,
            date=date.fromisoformat(row["date"]),
            team=row["team"],
            environment=row["environment"],
            feature=row["feature"],
            requests=Decimal(row["requests"]),
        )
        for row in csv.DictReader(text)
    )
    with transaction.atomic():
        Point.objects.filter(key=key).delete()
        Point.objects.bulk_create(points, batch_size=5_000)


if __name__ == "__main__":
    main(sys.argv[1])
