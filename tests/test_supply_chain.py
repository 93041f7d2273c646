"""What we did not write: locked, listed, and asked about."""

from __future__ import annotations

import base64
import json
import re
import secrets
import subprocess
import sys
from pathlib import Path

import pytest

from deploy.audit import Verdict, judge_npm, judge_python, main
from docs.dependencies import PAGE, WHY, list_direct, list_sections, render_page

ROOT = Path(__file__).resolve().parent.parent
LOCKS = ["base.txt", "dev.txt", "node.txt"]
PACKAGES = json.loads((ROOT / "package-lock.json").read_text(encoding="utf-8"))["packages"]


class TestTheLocks:
    @pytest.mark.parametrize("lock", LOCKS)
    def test_every_python_package_is_one_version_with_hashes(self, lock):
        text = (ROOT / "requirements" / lock).read_text(encoding="utf-8").replace("\\\n", " ")
        lines = [line for line in text.splitlines() if line.strip() and not line.strip().startswith("#")]

        assert lines
        assert [
            line[:60] for line in lines if not re.match(r"\S+==\S+ .*--hash=sha256:[0-9a-f]{64}", line)
        ] == []

    @pytest.mark.parametrize("lock", [*LOCKS, "../package-lock.json"])
    def test_no_lock_names_where_packages_come_from(self, lock):
        text = (ROOT / "requirements" / lock).read_text(encoding="utf-8")
        addresses = re.findall(r"https?://[^\s\"]+", text)

        assert [
            address
            for address in addresses
            if "github.com" not in address and "opencollective" not in address
        ] == []

    def test_every_package_of_the_pages_has_an_integrity_hash(self):
        packages = {name: package for name, package in PACKAGES.items() if name}

        assert packages
        for name, package in packages.items():
            algorithm, _, digest = package["integrity"].partition("-")
            assert (algorithm, len(base64.b64decode(digest))) == ("sha512", 64), name
            assert "resolved" not in package, name

    def test_set_up_installs_with_hashes_and_runs_no_script_of_a_package(self):
        makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
        installs = re.findall(r"pip install .*", makefile.split("# Renews the locks")[0])

        assert installs
        assert [line for line in installs if "--require-hashes" not in line] == []
        assert "npm ci --ignore-scripts" in makefile

    def test_production_runs_what_was_tested(self):
        def read(lock: str) -> set[str]:
            text = (ROOT / "requirements" / lock).read_text(encoding="utf-8")
            return set(re.findall(r"^(\S+==\S+)", text, flags=re.MULTILINE))

        assert read("base.txt") <= read("dev.txt")


class TestTheList:
    def test_it_is_written_from_the_locks(self):
        assert PAGE.read_text(encoding="utf-8") == render_page(), "run: python -m docs.dependencies"

    def test_every_direct_dependency_says_why_and_every_other_who_needs_it(self):
        rows = [one for section in list_sections().values() for one in section]

        assert rows
        assert [one.name for one in rows if not one.licence or one.why.strip() in ("", "needed by")] == []

    def test_no_reason_is_left_of_what_is_gone(self):
        npm = json.loads((ROOT / "package.json").read_text(encoding="utf-8"))
        direct = set().union(*list_direct().values(), npm["dependencies"], npm["devDependencies"])

        assert set(WHY) == direct


class TestTheAudit:
    CLEAN = '{"dependencies": [{"name": "a", "version": "1", "vulns": []}]}'
    FLAWED = '{"dependencies": [{"name": "a", "version": "1", "vulns": [{"id": "CVE-1"}]}]}'
    UNKNOWN = '{"dependencies": [{"name": "a", "version": "1", "skip_reason": "not found"}]}'

    def test_a_known_vulnerability_is_named(self):
        assert judge_python("base.txt", self.FLAWED).describe() == "VULNERABLE: base.txt: a 1: CVE-1"

    @pytest.mark.parametrize(
        ("output", "errors"), [(UNKNOWN, ""), ("", "Traceback\nConnectionError: no such host\n")]
    )
    def test_no_answer_is_not_a_clean_one(self, output, errors):
        verdict = judge_python("base.txt", output, errors)

        assert not verdict.is_complete
        assert verdict.describe().startswith("NOT AUDITED: base.txt: ")

    def test_an_answer_for_every_package_is(self):
        assert judge_python("base.txt", self.CLEAN).describe().startswith("Audited: base.txt")

    def test_npm_is_read_too(self):
        report = {"metadata": {"dependencies": {"total": 5}}, "vulnerabilities": {}}
        assert judge_npm("lock", json.dumps(report)).is_complete
        report["vulnerabilities"] = {"chart.js": {"severity": "high"}}
        assert judge_npm("lock", json.dumps(report)).found == ("chart.js: high",)
        assert judge_npm("lock", '{"error": {}}', "npm error no answer").problem == "npm error no answer"

    @pytest.mark.parametrize(
        ("verdict", "required", "code"),
        [
            (Verdict("x", audited=1), True, 0),
            (Verdict("x", audited=1, found=("a 1: CVE-1",)), False, 1),
            (Verdict("x", not_audited=1), False, 0),
            (Verdict("x", not_audited=1), True, 1),
        ],
    )
    def test_its_exit_code(self, monkeypatch, capsys, verdict, required, code):
        monkeypatch.setattr("deploy.audit.audit_python", lambda _lock: verdict)
        monkeypatch.setattr("deploy.audit.audit_npm", lambda: verdict)

        assert main(required=required) == code
        assert capsys.readouterr().out.count("x") >= 4


def find_secrets(path: Path) -> int:
    """The exit code of detect-secrets' own hook, as `make lint` calls it."""
    command = [sys.executable, "-m", "detect_secrets.pre_commit_hook", "--baseline", ".secrets.baseline"]
    return subprocess.run([*command, path], cwd=ROOT, check=False, capture_output=True).returncode


class TestTheScanForSecrets:
    def test_it_finds_one(self, tmp_path):
        planted = tmp_path / "settings.py"
        planted.write_text(f"key = 'AKIA{secrets.token_hex(8).upper()}'\n", encoding="utf-8")

        assert find_secrets(planted) == 1

    def test_it_is_content_with_what_has_none(self, tmp_path):
        clean = tmp_path / "settings.py"
        clean.write_text("name = 'Denominator'\n", encoding="utf-8")

        assert find_secrets(clean) == 0

    def test_its_baseline_allows_none_by_line_for_lines_move(self):
        assert json.loads((ROOT / ".secrets.baseline").read_text(encoding="utf-8"))["results"] == {}


class TestTheHostedWorkflow:
    WORKFLOW = (ROOT / ".github" / "workflows" / "ci.yml").read_text(encoding="utf-8")

    def test_it_runs_what_a_machine_of_ones_own_runs(self):
        assert ".ci/run coverage" in self.WORKFLOW
        assert "make screenshots" in self.WORKFLOW

    def test_every_action_is_one_commit_with_its_version_beside_it(self):
        uses = re.findall(r"uses: (.*)", self.WORKFLOW)

        assert uses
        assert [one for one in uses if not re.fullmatch(r"[\w/-]+@[0-9a-f]{40} # v[0-9.]+", one)] == []

    def test_it_may_read_the_repository_and_no_more(self):
        assert re.findall(r"permissions:((?:\n +.*)+)", self.WORKFLOW) == ["\n  contents: read"]


QUICK = ["ruff check", "ruff format", "djlint", "lint-imports", "detect-secrets-hook"]


@pytest.mark.parametrize("tool", [*QUICK, "mypy", "bandit", "find_stale_names", "audit.py"])
def test_lint_runs_every_tool(tool):
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    lint = makefile.split("\nlint: setup\n")[1].split("\n\n")[0]

    assert tool in lint


@pytest.mark.parametrize("tool", QUICK)
def test_the_hooks_of_commits_run_the_quick_ones_as_they_are_locked(tool):
    hooks = (ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8")

    assert f".venv/bin/{tool}" in hooks
    assert "http" not in hooks
