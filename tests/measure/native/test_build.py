import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import hatch_build

ROOT = Path(__file__).parents[3]
SOUND = "def answer():\n    return {}\n"


@pytest.fixture
def project(tmp_path):
    """
    A folder laid out as the repository is, with two small parts.
    """
    folder = tmp_path / hatch_build.NATIVE
    folder.mkdir(parents=True)
    (folder / "one.pyx").write_text(SOUND.format(1))
    (folder / "two.pyx").write_text("from watchkeeper.measure.native.number cimport N\ndef answer():\n    return N\n")
    (folder / "number.pxd").write_text("cdef enum:\n    N = 2\n")
    return tmp_path


@pytest.fixture
def compiler():
    if fault := hatch_build.compiler_fault():
        pytest.skip(fault)


def extensions(project):
    return {path.name.removesuffix(hatch_build.suffix()) for path in project.rglob(f"*{hatch_build.suffix()}")}


@pytest.mark.usefixtures("compiler")
def test_a_part_is_compiled_beside_its_source_and_again_only_when_that_changed(project):
    folder = project / hatch_build.NATIVE
    assert sorted(hatch_build.build_native(project).fresh) == ["one", "two"]
    assert {path.suffix for path in folder.iterdir()} == {".pyx", ".pxd", ".so", ".json"}
    again = hatch_build.build_native(project)
    assert (again.fresh, again.missing) == ([], {})
    assert [path.name for path in again.files] == [f"{part}{hatch_build.suffix()}" for part in ("one", "two")]

    (folder / "one.pyx").write_text(SOUND.format(3))
    assert hatch_build.build_native(project).fresh == ["one"]
    (folder / "number.pxd").write_text("cdef enum:\n    N = 4\n")  # may be compiled into any part
    assert sorted(hatch_build.build_native(project).fresh) == ["one", "two"]
    (folder / "two.pyx").unlink()
    hatch_build.build_native(project)
    assert extensions(project) == {"one"}


@pytest.mark.usefixtures("compiler")
def test_an_extension_of_an_older_source_never_stays(project):
    hatch_build.build_native(project)
    (project / hatch_build.NATIVE / "one.pyx").write_text("def answer(:\n")
    built = hatch_build.build_native(project)
    assert extensions(project) == {"two"}
    assert list(built.missing) == ["one"]
    assert "one.pyx" in built.missing["one"]
    assert [path.name for path in built.files] == [f"two{hatch_build.suffix()}"]
    shutil.copyfile(project / built.files[0], hatch_build.extension_of(project / hatch_build.NATIVE, "one"))
    hatch_build.build_native(project)  # of another source, whoever put it there
    assert extensions(project) == {"two"}


@pytest.mark.parametrize("compiler", ["/bin/false", "/no/such/compiler"])
def test_without_a_compiler_nothing_is_compiled_and_nothing_raised(project, monkeypatch, compiler):
    monkeypatch.setenv("CC", compiler)
    built = hatch_build.build_native(project)
    assert (built.files, built.fresh, sorted(built.missing)) == ([], [], ["one", "two"])
    assert built.words()[0] == "not compiled, Python does their work: one, two"
    assert len(built.words()) == 2  # one reason, not one for each part
    assert extensions(project) == set()


def wheel(tmp_path, **env):
    """
    The wheel that hatchling makes of this repository, with only one part to compile; what it printed where it fails.
    """
    copy = tmp_path / "copy"
    shutil.copytree(ROOT / "frontend", copy / "frontend", ignore=shutil.ignore_patterns("node_modules"))
    leave = shutil.ignore_patterns("__pycache__", "*.so", "*.c", ".stamps*")
    shutil.copytree(ROOT / "src", copy / "src", ignore=leave)
    for path in (copy / hatch_build.NATIVE).glob("*.pyx"):
        if path.stem != "table":
            path.unlink()
    for name in ("pyproject.toml", "hatch_build.py", "README.md", "LICENSE", "CHANGELOG.md", ".gitignore"):
        shutil.copyfile(ROOT / name, copy / name)
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path / "out")]
    around = {**os.environ, hatch_build.DEMAND: "0", **env}
    done = subprocess.run(command, cwd=copy, env=around, capture_output=True, text=True, check=False)
    return next((tmp_path / "out").glob("*.whl"), None) if done.returncode == 0 else done.stderr + done.stdout


def backend_of(built, tmp_path):
    """
    What the package in a wheel says of its backend.
    """
    place = tmp_path / "installed"
    zipfile.ZipFile(built).extractall(place)  # a wheel of our own
    code = "from watchkeeper.measure.native import backend; print(backend.__file__); print(backend.in_use())"
    around = {**os.environ, "PYTHONPATH": str(place)}
    done = subprocess.run([sys.executable, "-c", code], env=around, capture_output=True, text=True, check=True)
    where, says = done.stdout.splitlines()
    assert where.startswith(str(place))
    return says


def test_a_machine_without_a_compiler_gets_a_wheel_of_pure_python(tmp_path):
    built = wheel(tmp_path, CC="/bin/false")
    assert isinstance(built, Path), built
    assert built.name.endswith("-py3-none-any.whl")
    assert backend_of(built, tmp_path) == "Python"


def test_where_the_parts_are_demanded_a_build_without_a_compiler_fails(tmp_path):
    said = wheel(tmp_path, CC="/bin/false", WATCHKEEPER_NATIVE="1")
    assert "WATCHKEEPER_NATIVE is set, and these parts did not compile: table" in str(said)


@pytest.mark.usefixtures("compiler")
def test_a_wheel_with_a_compiled_part_is_of_this_platform_and_carries_it(tmp_path):
    built = wheel(tmp_path, WATCHKEEPER_NATIVE="1")
    assert isinstance(built, Path), built
    assert not built.name.endswith("-any.whl")
    names = zipfile.ZipFile(built).namelist()
    assert f"watchkeeper/measure/native/table{hatch_build.suffix()}" in names
    assert not [name for name in names if name.endswith(".c") or ".stamps" in name]
    assert "watchkeeper/web/static/vendor/htmx.min.js" in names
