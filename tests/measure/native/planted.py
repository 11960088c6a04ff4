"""
Would the tests notice a defect in a compiled part?

A `Defect` is a change to the source of a part: a text that occurs once, and what stands there instead. `caught`
compiles the changed source (without optimising), loads it in a process of its own and sets a hunt on it: a function of
the tests, named `module:function`, that takes the loaded part and says what is wrong with it, or None. A process that
dies caught it too: that is what the guard page is for.

    caught(Defect(part="traces", file="attributes.pyx", old="varint(r) != 0", new="True"), "tests.measure...:hunt", tmp)
"""

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from importlib.machinery import ExtensionFileLoader
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

import hatch_build
from watchkeeper.measure.native import backend

ROOT = Path(__file__).parents[3]
SOURCES = ROOT / hatch_build.NATIVE
PACKAGE = backend.__name__.rpartition(".")[0]
QUICK = ("-O0", "-g0")
LONGEST_HUNT_S = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class Defect:
    """
    In the source `file` of a part (or of one that it is made with), `new` stands in place of `old`.

    A change to a .pxd is compiled into `into`, else into the part itself.
    """

    part: str
    file: str
    old: str
    new: str
    into: str = ""

    @property
    def changed(self) -> str:
        """
        The part that is compiled anew.
        """
        return self.into or (self.file.removesuffix(".pyx") if self.file.endswith(".pyx") else self.part)


def caught(defect: Defect, hunt: str, folder: Path) -> str | None:
    """
    How a hunt noticed the defect: what it said, or how its process ended; None where it noticed nothing.

    Raises AssertionError where the defect cannot be planted: its text is not there once, or does not compile.
    """
    plant(defect, folder)
    command = [sys.executable, "-m", __name__, str(folder), defect.part, hunt]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=LONGEST_HUNT_S, check=False)
    if done.returncode == 0:
        return None
    return done.stdout if done.returncode == 1 else f"ended with {done.returncode}\n{done.stderr[-2000:]}"


def mutant(part: str, old: str, new: str, *, folder: Path, file: str = "", into: str = "") -> ModuleType:
    """
    The part with a defect, loaded into this process beside the sound one. For a defect that cannot end the process.
    """
    plant(Defect(part=part, file=file or f"{part}.pyx", old=old, new=new, into=into), folder)
    return loaded(folder, part)


def plant(defect: Defect, folder: Path) -> None:
    """
    The sound extensions, and the one with the defect in place of its own, in a folder.
    """
    for path in (*SOURCES.glob("*.pxd"), *SOURCES.glob("*.pyx"), *SOURCES.glob(f"*{hatch_build.suffix()}")):
        shutil.copyfile(path, folder / path.name)
    source = folder / defect.file
    text = source.read_text(encoding="utf-8")
    assert text.count(defect.old) == 1, (
        f"{defect.file} holds {text.count(defect.old)} times {defect.old!r}; wanted once"
    )
    source.write_text(text.replace(defect.old, defect.new), encoding="utf-8")
    fault = hatch_build.compile_part(folder, defect.changed, flags=QUICK)
    assert fault is None, fault


def loaded(folder: Path, part: str) -> ModuleType:
    """
    A part from this folder, with those that it is made with from there too; the process keeps its own.
    """
    names = {one: f"{PACKAGE}.{one}" for one in made_with(folder, part)}
    own = {name: sys.modules.pop(name) for name in names.values() if name in sys.modules}
    try:
        for one, name in names.items():
            path = str(hatch_build.extension_of(folder, one))
            spec = spec_from_file_location(name, path, loader=ExtensionFileLoader(name, path))
            assert spec is not None
            assert spec.loader is not None
            sys.modules[name] = module_from_spec(spec)
            spec.loader.exec_module(sys.modules[name])
        return sys.modules[names[part]]
    finally:
        for name in names.values():
            sys.modules.pop(name, None)
        sys.modules.update(own)


def made_with(folder: Path, part: str) -> list[str]:
    """
    The parts that this one needs, each after those that it needs; this one last.
    """
    found: list[str] = []

    def visit(one: str) -> None:
        for needed in _cimported(folder, one):
            if needed not in found and needed != one:
                visit(needed)
        if one not in found:
            found.append(one)

    visit(part)
    return found


def _cimported(folder: Path, part: str) -> Iterator[str]:
    for path in (folder / f"{part}.pxd", folder / f"{part}.pyx"):
        if path.exists():
            for one in re.findall(rf"from {re.escape(PACKAGE)}\.(\w+) cimport", path.read_text(encoding="utf-8")):
                if (folder / f"{one}.pyx").exists():
                    yield one


def main(folder: str, part: str, hunt: str) -> int:
    """
    Set a hunt on a part: 1 where it found something, and says so.
    """
    module, _, function = hunt.partition(":")
    found = getattr(import_module(module), function)(loaded(Path(folder), part))
    if found is not None:
        print(found)
    return 0 if found is None else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
