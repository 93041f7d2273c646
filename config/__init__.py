"""Settings, URLs and the Celery app. No app imports from here.

The Celery app is not imported with the package, as Celery's guide has it: a command that sends no message
would pay a tenth of a second for it; config.wsgi imports it. `celery -A config` finds `config.celery`. Apps
send by `standby.queue` alone, with the client that settings.CELERY_SENDER names.
"""
