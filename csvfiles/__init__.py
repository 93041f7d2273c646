"""The one CSV reader, for the wizard's preview and the daily sync. Knows no S3, no settings, no models."""
