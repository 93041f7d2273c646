"""Pages as a browser lays them out, so that tests do not depend on where a template's lines end."""

from __future__ import annotations

import re

from django.http import HttpResponse

BLOCKS = "caption|dd|div|dl|dt|form|h1|h2|h3|li|ol|option|p|section|summary|table|tbody|td|th|thead|tr|ul"


def squeeze(answer: HttpResponse | str) -> str:
    """The markup with every run of whitespace as one space, and none beside the tags of blocks."""
    page = answer if isinstance(answer, str) else answer.content.decode()
    return re.sub(rf" ?(</?(?:{BLOCKS})\b[^>]*>) ?", r"\1", re.sub(r"[ \t\n]+", " ", page))
