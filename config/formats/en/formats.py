"""How pages write dates and times: one style everywhere, also in Django admin and static/app.js."""

DATE_FORMAT = "j M Y"
DATETIME_FORMAT = "j M Y, H:i e"
SHORT_DATE_FORMAT, SHORT_DATETIME_FORMAT = DATE_FORMAT, DATETIME_FORMAT
TIME_FORMAT = "H:i e"
MONTH_DAY_FORMAT = "j M"
