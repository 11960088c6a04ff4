"""Does the repository keep its own rules: locked, host-free, bare, one version, a reason for each dependency?"""

import json
import re
import subprocess
import tomllib
from importlib.metadata import version
from pathlib import Path
from urllib.parse import urlsplit

import pytest

import hatch_build
from tools import lock

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
# Addresses that packages come from; spelled in pieces so that this file does not name them.
REGISTRIES = [".".join(name) for name in (("pypi", "org"), ("pythonhosted", "org"), ("npmjs", "org"), ("npmjs", "com"))]


def committed() -> list[Path]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True)
    return [path for name in listed.stdout.split("\0") if name and (path := ROOT / name).is_file()]


def names(requirements: list[str]) -> set[str]:
    return {re.split(r"[^\w.-]", requirement, maxsplit=1)[0] for requirement in requirements}


def test_no_committed_file_names_a_package_registry():
    found = [
        f"{path.relative_to(ROOT)} names {registry}"
        for path in committed()
        for registry in REGISTRIES
        if registry.encode() in path.read_bytes()
    ]
    assert found == []


@pytest.mark.parametrize("name", ["requirements.lock", "requirements-dev.lock", "requirements-node.lock"])
def test_a_lock_matches_the_project_and_names_no_host(name):
    assert lock.faults(name, lock.wanted(PROJECT)[name]) == []


def test_a_lock_made_from_other_requirements_is_refused():
    [fault] = lock.faults("requirements.lock", [*PROJECT["project"]["dependencies"], "leftpad>=1"])
    assert "make lock" in fault


def test_a_lock_with_an_index_or_without_a_hash_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(lock, "ROOT", tmp_path)
    (tmp_path / "x.lock").write_text(f"{lock.INPUTS}{lock.inputs_hash([])}\n--index-url https://example.org/\na==1\n")

    faults = " ".join(lock.faults("x.lock", []))

    assert "https://example.org/" in faults
    assert "a==1 without a hash" in faults


def test_both_locks_pin_the_same_versions():
    runtime, dev = (
        {*re.findall(r"^[\w.-]+==\S+", (ROOT / name).read_text(), flags=re.MULTILINE)}
        for name in ("requirements.lock", "requirements-dev.lock")
    )
    assert runtime <= dev


def test_the_npm_lock_has_hashes_and_no_addresses():
    packages = json.loads((ROOT / "frontend" / "package-lock.json").read_text(encoding="utf-8"))["packages"]
    third_party = [entry for name, entry in packages.items() if name]
    assert third_party
    assert all("resolved" not in entry and entry["integrity"].startswith("sha512-") for entry in third_party)


def test_package_init_files_are_bare():
    found = [path for path in (ROOT / "src").rglob("__init__.py") if path.read_text(encoding="utf-8").strip()]
    assert [path.parent.name for path in found] == ["testing"]  # what users import; nothing of ours lies above it


def test_the_installed_version_is_the_projects():
    assert version("watchkeeper") == PROJECT["project"]["version"]


def test_every_dependency_has_its_line_of_reason_and_no_line_is_left_over():
    text = (ROOT / "docs" / "decisions" / "dependencies.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `([^`]+)` \| (.+) \|$", text, flags=re.MULTILINE)
    groups = PROJECT["dependency-groups"]
    npm = json.loads((ROOT / "frontend" / "package.json").read_text(encoding="utf-8"))["dependencies"]
    wanted = names([*PROJECT["project"]["dependencies"], *groups["dev"], *groups["node"]]) | set(npm)
    assert {name for name, _ in rows} == wanted
    assert all(len(reason.split()) > 1 for _, reason in rows)


def test_the_pages_scripts_are_fetched_and_not_committed():
    assert hatch_build.up_to_date(ROOT)
    assert not [path for path in committed() if hatch_build.VENDOR.as_posix() in path.as_posix()]


def test_a_changed_npm_lock_makes_the_fetched_scripts_stale(tmp_path):
    vendor, frontend = tmp_path / hatch_build.VENDOR, tmp_path / hatch_build.FRONTEND
    vendor.mkdir(parents=True)
    frontend.mkdir()
    (frontend / "package-lock.json").write_text("{}")
    for name in hatch_build.ASSETS.values():
        (vendor / name).touch()
    (vendor / ".stamp").write_text(hatch_build.stamp_of(tmp_path))
    assert hatch_build.up_to_date(tmp_path)

    (frontend / "package-lock.json").write_text('{"lockfileVersion": 3}')

    assert not hatch_build.up_to_date(tmp_path)


def test_pages_and_styles_name_no_foreign_host():
    web = ROOT / "src" / "watchkeeper" / "web"
    ours = [path for path in web.rglob("*") if path.suffix in {".html", ".css", ".js"} and "vendor" not in path.parts]
    loaded = r"(?:src|href|url|import)\s*[=(]\s*[\"']?(https?://[^\s\"')]+|//[^\s\"')]+)"
    found = [
        f"{path.relative_to(ROOT)}: {address}"
        for path in ours
        for address in re.findall(loaded, path.read_text(encoding="utf-8"))
        if urlsplit(address).hostname not in {"127.0.0.1", "localhost"}
    ]
    assert found == []
