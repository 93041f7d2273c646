"""Tags for templates/layout.html and templates/components/."""

from __future__ import annotations

import re

from django import forms, template
from django.forms.boundfield import BoundField, BoundWidget
from django.template.loader import render_to_string
from django.utils.html import format_html_join
from django.utils.safestring import SafeString

register = template.Library()


@register.simple_block_tag
def text(content: str) -> SafeString:
    """`{% text as name %}…{% endtext %}`: store the text of a block, to print it more than once.

    What the block printed is escaped already.
    """
    return SafeString(content.strip())  # nosec B703 (a template rendered it)


@register.simple_block_tag
def table(content: str, caption: str, css: str = "", card: str = "") -> SafeString:
    """`{% table "Caption" %}<thead>…<tbody>…{% endtable %}`: components/table.html around head and body.

    `css` and `card` are further classes of the table and of the card around it.
    """
    return render_to_string(
        "components/table.html", {"content": content, "caption": caption, "css": css, "card": card}
    )


@register.filter
def breakable(name: str) -> SafeString:
    """A name without spaces (a key, an address, a column), whose line may break between its parts."""
    parts = re.split(r"(?<=[/_@.=])(?=\w)", str(name))
    return format_html_join(SafeString("<wbr>"), "{}", ((part,) for part in parts))


@register.filter
def control_kind(field: BoundField) -> str:
    """Which markup a form field takes: hidden, choices (radios or checkboxes), checkbox, select or input."""
    widget = field.field.widget
    kinds = (
        (forms.HiddenInput, "hidden"),
        (forms.RadioSelect, "choices"),  # CheckboxSelectMultiple is one
        (forms.CheckboxInput, "checkbox"),
        (forms.Select, "select"),
    )
    return next((kind for widget_type, kind in kinds if isinstance(widget, widget_type)), "input")


@register.filter
def control(field: BoundField, css_class: str) -> SafeString:
    """The field's control, with the class added to those that its widget has."""
    return field.as_widget(attrs={"class": _join_classes(field, css_class)})


@register.filter
def choices(field: BoundField) -> list[BoundWidget]:
    """The radios or checkboxes of a field, one by one."""
    attrs = {"id": field.auto_id, "class": _join_classes(field, "form-check-input")}
    widget = field.field.widget
    options = widget.subwidgets(field.html_name, field.value(), attrs=attrs)
    return [BoundWidget(widget, option, field.form.renderer) for option in options]


def _join_classes(field: BoundField, css_class: str) -> str:
    invalid = "is-invalid" if field.errors else ""
    return " ".join(filter(None, [field.field.widget.attrs.get("class"), css_class, invalid]))
