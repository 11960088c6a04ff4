import signal
import subprocess
import sys

from tests.measure.native.guard import Guard


def test_a_body_can_be_read_to_its_end():
    with Guard(10_000) as guard:
        for body in (b"", b"a", bytes(range(256)) * 39):
            assert bytes(guard.put(body)) == body


def test_one_byte_too_far_ends_the_process():
    too_far = (
        "import ctypes, sys; from tests.measure.native.guard import Guard; view = Guard(10).put(b'abc');"
        "import numpy; at = numpy.frombuffer(view, dtype='u1').ctypes.data;"
        "print(ctypes.string_at(at, 3), flush=True); ctypes.string_at(at, 4)"
    )
    done = subprocess.run([sys.executable, "-c", too_far], capture_output=True, text=True, check=False)
    assert done.stdout == "b'abc'\n"
    assert done.returncode == -signal.SIGSEGV
