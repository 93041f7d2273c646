"""The one CSV reader, for the wizard's preview and the daily sync. Knows no S3, no settings, no models."""

import csv

csv.field_size_limit(2**31 - 1)  # how long a cell may be is ours to say: Limits.row_bytes
