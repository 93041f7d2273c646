from __future__ import annotations

import pytest

from telemetry.wizard.steps import STEPS, first_incomplete, get_step, is_locked, replace_answer

ANSWERS = {
    "source": {"endpoint": "e", "prefix": "usage/", "name": "Usage"},
    "preview": {"confirmed": True},
    "date": {"date_column": "day", "date_format": "yyyy-MM-dd"},
    "dimensions": {"dimensions": ["team", "region"]},
    "metric": {"metric_column": "requests"},
}


def test_the_steps_are_the_six_of_the_design_in_their_order():
    assert [step.slug for step in STEPS] == ["source", "preview", "date", "dimensions", "metric", "review"]
    assert [step.number for step in STEPS] == [1, 2, 3, 4, 5, 6]
    assert STEPS[2].heading == "Step 3 of 6: Date"


@pytest.mark.parametrize("number", range(6))
def test_a_draft_stands_at_its_first_step_without_an_answer_and_what_follows_is_locked(number):
    answers = dict(list(ANSWERS.items())[:number])
    assert first_incomplete(answers) is STEPS[number]
    assert [is_locked(step, answers) for step in STEPS] == [False] * (number + 1) + [True] * (5 - number)


@pytest.mark.parametrize(
    ("step", "change", "void"),
    [
        ("source", {"name": "Other"}, []),
        ("source", {"prefix": "other/"}, ["preview", "date", "dimensions", "metric"]),
        ("source", {"endpoint": "f"}, ["preview", "date", "dimensions", "metric"]),
        ("preview", {}, []),
        ("date", {"date_format": "yyyy-M-d"}, []),
        ("date", {"date_column": "other"}, []),
        ("date", {"date_column": "team"}, ["dimensions"]),
        ("date", {"date_column": "requests"}, ["metric"]),
        ("dimensions", {"dimensions": []}, []),
        ("dimensions", {"dimensions": ["team", "other"]}, []),
        ("dimensions", {"dimensions": ["team", "requests"]}, ["metric"]),
        ("metric", {"metric_column": "bytes"}, []),
    ],
)
def test_a_changed_answer_voids_exactly_what_depends_on_it(step, change, void):
    given = {**ANSWERS[step], **change}
    kept, found = replace_answer(ANSWERS, step=get_step(step), given=given)
    assert [later.slug for later in found] == void
    assert kept == {slug: answer for slug, answer in {**ANSWERS, step: given}.items() if slug not in void}
