import pytest

from deploy.find_stale_names import find_all_stale

FILES = {
    "shop/__init__.py": "",
    "shop/models.py": "class Order:\n    total = 0\n\n    def pay(self):\n        self.paid = True\n",
    "shop/prices.py": "RATE = 2\nGRANT = 'shop.pay_order'\nif RATE:\n    import json\n",
    "docs/decisions/0001-orders.md": "Orders.\n",
    "Makefile": "lint:\n",
}


@pytest.fixture
def find(tmp_path):
    def find(path, text, skipped=()):
        files = FILES | {path: text}
        for name, content in files.items():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_text(content, encoding="utf-8")
        return find_all_stale(tmp_path, list(files), skipped)

    return find


@pytest.mark.parametrize(
    "name",
    [
        *("shop.prices", "shop.prices.RATE", "shop.prices.json", "shop.models.Order.pay"),
        *("shop.models.Order.total", "shop.Order", "shop.pay_order", "shop/prices.py", "prices.py"),
        *("shop/{models,prices}.py", "docs/decisions/", "decision 0001", "docs/decisions/0001"),
        *("https://example.com/shop/gone.py", "workshop.gone", "s3://bucket/shop/gone.md"),
    ],
)
def test_what_exists_or_is_not_ours_passes(find, name):
    assert find("README.md", f"See {name}.\n") == []


@pytest.mark.parametrize(
    ("text", "stale"),
    [
        ("See shop.gone.", "shop.gone"),
        ("See shop.prices.TAX.", "shop.prices.TAX"),
        ("See shop.models.Order.refund.", "shop.models.Order.refund"),
        ("See `shop/gone.py`.", "shop/gone.py"),
        ("See shop/{models,gone}.py.", "shop/gone.py"),
        ("See `gone.py`.", "gone.py"),
        ("See shop/gone/.", "shop/gone"),
        ("See decisions 0001 and 0002.", "decision 0002"),
        ("See docs/decisions/0003.", "decision 0003"),
    ],
)
def test_a_stale_name_is_reported_with_its_line(find, text, stale):
    assert find("README.md", f"\n{text}\n") == [f"README.md:2: {stale}"]


def test_comments_and_docstrings_of_python_are_read_and_code_is_not(find):
    text = '"""As shop.gone."""\n\nx = shop.missing  # see shop/gone.py\n'

    assert find("shop/views.py", text) == ["shop/views.py:1: shop.gone", "shop/views.py:3: shop/gone.py"]


def test_comments_of_templates_are_read_and_markup_is_not(find):
    text = "<p>{{ shop.gone }}</p>\n{# see shop/gone.py #}\n"

    assert find("templates/shop.html", text) == ["templates/shop.html:2: shop/gone.py"]


def test_skipped_folders_are_not_read(find):
    assert find("shop/views.py", "# see shop.gone\n", skipped=("shop/",)) == []
