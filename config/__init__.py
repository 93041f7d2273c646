"""Settings, urls, the Celery app: what puts the parts together. Nothing imports from here."""

from config.celery import app as celery_app

__all__ = ["celery_app"]
