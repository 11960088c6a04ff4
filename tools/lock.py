"""
Do the lock files pin exactly what pyproject.toml asks for, and name no host?

`python -m tools.lock` resolves anew and writes them; `--check` only reads: each lock carries a hash of what was asked
for when it was written, so the check needs no network and cannot change its mind when somebody publishes a release.

>>> named_hosts("numpy==2.4.6 \\\\\\n    --hash=sha256:0a1b\\n--index-url https://example.org/simple\\n")
['https://example.org/simple']
"""

import argparse
import hashlib
import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).parent.parent
LOWEST_PYTHON = "3.11"
INPUTS = "# inputs: sha256:"


def wanted(project: dict[str, object]) -> dict[str, list[str]]:
    """What each lock file must satisfy: file name to requirements."""
    runtime = list(project["project"]["dependencies"])  # type: ignore[index]  # TOML has no static shape
    groups: dict[str, list[str]] = project["dependency-groups"]  # type: ignore[assignment]  # TOML has no static shape
    return {
        "requirements.lock": runtime,
        "requirements-dev.lock": [*runtime, *groups["dev"]],
        "requirements-node.lock": list(groups["node"]),
    }


def inputs_hash(requirements: list[str]) -> str:
    """The same for the same requirements in any order."""
    return hashlib.sha256(json.dumps([LOWEST_PYTHON, *sorted(requirements)]).encode()).hexdigest()


def named_hosts(text: str) -> list[str]:
    """Every address or index option in the text of a lock file; there should be none."""
    return re.findall(r"\w+://\S+", text) + re.findall(r"^(--(?:extra-)?index-url(?: \S+)?)$", text, flags=re.MULTILINE)


def write(name: str, requirements: list[str], *, upgrade: bool) -> None:
    """Resolve for every supported Python and platform, with hashes; keep what is pinned unless `upgrade`."""
    uv = Path(sys.executable).with_name("uv")
    options = ["--universal", "--python-version", LOWEST_PYTHON, "--generate-hashes", "--no-header", "--quiet"]
    command = [str(uv), "pip", "compile", "-", *options, *(["--upgrade"] if upgrade else []), "--output-file", name]
    command += ["--no-annotate", "--no-config", "--no-emit-index-url", "--no-emit-find-links"]
    if name == "requirements-dev.lock":
        command += ["--constraint", "requirements.lock"]  # both pin the same versions
    subprocess.run(command, cwd=ROOT, input="\n".join(requirements), text=True, check=True)  # noqa: S603 - own arguments
    body = (ROOT / name).read_text(encoding="utf-8")
    header = f"# Written by `make lock` from pyproject.toml; do not edit.\n{INPUTS}{inputs_hash(requirements)}\n"
    (ROOT / name).write_text(header + body, encoding="utf-8")


def faults(name: str, requirements: list[str]) -> list[str]:
    """What is wrong with one lock file, in sentences; empty when nothing is."""
    path = ROOT / name
    if not path.is_file():
        return [f"{name} is missing: run `make lock`"]
    text = path.read_text(encoding="utf-8")
    found = [f"{name} names a host, which a lock must not: {host}" for host in named_hosts(text)]
    if f"{INPUTS}{inputs_hash(requirements)}\n" not in text:
        found.append(f"{name} was not made from this pyproject.toml: run `make lock`")
    unhashed = re.findall(r"^(\S+==\S+)(?:\s*;[^\\\n]*)?\s*$", text, flags=re.MULTILINE)
    return found + [f"{name} pins {pin} without a hash: run `make lock`" for pin in unhashed]


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tools.lock", description="Write or check the lock files.")
    parser.add_argument("--check", action="store_true", help="only check; change nothing")
    parser.add_argument("--upgrade", action="store_true", help="take the newest versions instead of the pinned ones")
    arguments = parser.parse_args()
    locks = wanted(tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8")))
    if not arguments.check:
        for name, requirements in locks.items():
            write(name, requirements, upgrade=arguments.upgrade)
    found = [fault for name, requirements in locks.items() for fault in faults(name, requirements)]
    print("\n".join(found) or f"lock: {len(locks)} files match pyproject.toml, every pin has hashes, no host is named")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
