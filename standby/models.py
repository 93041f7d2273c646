from __future__ import annotations

from django.db import models


class KeptValue(models.Model):
    """What the cache keeps while Redis is away (standby.values): places, counters, the state of a test."""

    key = models.CharField(max_length=250, primary_key=True)
    value = models.JSONField()
    expires_at = models.DateTimeField(null=True)  # None: never

    class Meta:
        indexes = [models.Index(fields=["expires_at"], name="kept_value_by_expiry")]

    def __str__(self) -> str:
        return self.key


class KeptTask(models.Model):
    """A message that the work queue did not take; `good_until` it is sent again and again (standby.queue)."""

    name = models.CharField(max_length=200)
    kwargs = models.JSONField()
    created_at = models.DateTimeField()
    good_until = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["good_until"], name="kept_task_by_end")]

    def __str__(self) -> str:
        return self.name


class QueuedMail(models.Model):
    """A mail that is still to be sent. It may hold a link that is worth a password: gone once it is sent."""

    recipient = models.EmailField(max_length=254)
    subject = models.CharField(max_length=200)
    text = models.TextField()
    created_at = models.DateTimeField()
    good_until = models.DateTimeField()  # after it the mail would only confuse: it is deleted unsent
    attempts = models.PositiveSmallIntegerField(default=0)
    next_try_at = models.DateTimeField()  # moved on by whoever sends it: two never do at once

    class Meta:
        indexes = [models.Index(fields=["next_try_at"], name="queued_mail_by_next_try")]

    def __str__(self) -> str:
        return f"{self.subject} to {self.recipient}"


class Heartbeat(models.Model):
    """When the scheduler, or a worker of a queue, was last alive (standby.heartbeats)."""

    name = models.CharField(max_length=100, primary_key=True)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name
