#!/bin/sh
# Sets up .venv with everything the locks pin, and this package in place. Uses uv when it is there, else pip.
# What is missing is named with the command that installs it. Run by `make env`, from the root of the repository.
set -eu

VENV=.venv
unset PYTHONDONTWRITEBYTECODE PYTHONPATH PYTHONHOME VIRTUAL_ENV
# A personal pip configuration may choose where packages come from, not where they go or whether they are checked.
unset PIP_TARGET PIP_PREFIX PIP_ROOT PIP_NO_DEPS PIP_REQUIREMENT PIP_CONSTRAINT PIP_NO_BINARY PIP_DRY_RUN PIP_PYTHON
export PIP_USER=0 PIP_REQUIRE_VIRTUALENV=0 PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_INPUT=1

stop() { printf '%s\n' "$@" >&2; exit 1; }
say() { printf '%s\n' "$1"; }

enough='import sys; sys.exit(sys.version_info < (3, 11))'

find_python() {
    if [ -n "${PYTHON:-}" ]; then
        "$PYTHON" -c "$enough" 2>/dev/null || stop "PYTHON=$PYTHON does not run, or is older than 3.11." \
            "Name a Python 3.11 or newer: make env PYTHON=/path/to/python3"
        command -v "$PYTHON"
        return
    fi
    for name in python3.11 python3.12 python3.13 python3; do
        if command -v "$name" >/dev/null 2>&1 && "$name" -c "$enough" >/dev/null 2>&1; then
            command -v "$name"
            return
        fi
    done
    stop "Python 3.11 or newer was not found (looked for python3.11, python3.12, python3.13, python3)." \
        "Install it:  apt install python3.11 python3.11-venv   (Debian, Ubuntu)   or   brew install python@3.12" \
        "or name yours:  make env PYTHON=/path/to/python3"
}

need_venv_module() {
    "$1" -c 'import venv, ensurepip' >/dev/null 2>&1 && return
    version=$("$1" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
    stop "$1 has no venv (Debian packs it apart), so .venv cannot be made." \
        "Install it:  apt install python$version-venv" "or install uv, which needs neither venv nor pip."
}

with_uv() {
    [ -x "$VENV/bin/python" ] || uv venv --quiet --no-config --python "$python" "$VENV" || return 1
    install() { uv pip install --quiet --no-config --compile-bytecode --python "$VENV/bin/python" "$@"; }
    install_all
}

with_pip() {
    if ! "$VENV/bin/python" -m pip --version >/dev/null 2>&1; then
        need_venv_module "$python"
        "$python" -m venv --clear "$VENV" || stop "$python could not make $VENV (its message is above)."
    fi
    install() { "$VENV/bin/python" -m pip install -qq "$@"; }
    install_all
}

install_all() {
    install --require-hashes -r requirements-dev.lock || return 1
    if ! command -v npm >/dev/null 2>&1; then
        say 'No npm on this machine: taking Node from PyPI for the page scripts (61 MB, once).'
        install --require-hashes -r requirements-node.lock || return 1
    fi
    install --no-deps --no-build-isolation -e .
}

python=$(find_python)

# A .venv whose interpreter is gone or too old (an upgrade, a moved folder) is made anew.
if [ -e "$VENV" ] && ! "$VENV/bin/python" -c "$enough" >/dev/null 2>&1; then
    say "$VENV does not work any more: making it anew."
    rm -rf "$VENV"
fi

if command -v uv >/dev/null 2>&1; then
    say "Setting up $VENV with uv and $python ..."
    with_uv || { say 'uv could not do it (its message is above); trying pip.'; with_pip; }
else
    say "Setting up $VENV with pip and $python (about a minute; with uv it takes seconds) ..."
    with_pip
fi || stop "Setting up $VENV failed (the message is above). Nothing outside $VENV was changed."
say "$VENV is ready."
