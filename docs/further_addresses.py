"""The product's addresses as docs/further_pages.py serves them: with the style page, and one that breaks."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.urls import path

from config import urls as product
from config.style import show_style


def break_down(request: HttpRequest) -> HttpResponse:
    raise RuntimeError("asked to, for the picture of what people see then")


handler400 = product.handler400
urlpatterns = [*product.urlpatterns, path("style/", show_style, name="style"), path("broken/", break_down)]
