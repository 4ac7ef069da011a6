# Sourced by run, test and check (POSIX sh): the Python environment .venv, the built page, Chromium. Each step is quick when done before.
# Everything installed from PyPI is pinned with hashes in requirements/.

say() { printf '%s\n' "$*" >&2; }
die() {
    say "$*"
    exit 1
}

top=$(cd "$(dirname "$0")/.." && pwd)
cd "$top" || exit 1
venv_python=$top/.venv/bin/python

# Standard output and errors go to a file and are shown only when the command fails.
quietly() {
    quiet_log=$(mktemp)
    if "$@" >"$quiet_log" 2>&1 </dev/null; then
        rm -f "$quiet_log"
    else
        quiet_code=$?
        cat "$quiet_log" >&2
        rm -f "$quiet_log"
        say "This failed: $*"
        return "$quiet_code"
    fi
}

# Debian and its children: apt_install PACKAGE… as root, or through sudo where it asks nothing.
apt_install() {
    command -v apt-get >/dev/null || return 1
    if [ "$(id -u)" = 0 ]; then
        as_root=env
    elif command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
        as_root='sudo -n env'
    else
        return 1
    fi
    say "Installing $* with apt …"
    $as_root apt-get update -q >/dev/null 2>&1 </dev/null # a stale list is no reason to stop: the next line tells
    quietly $as_root DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "$@"
}

find_python() {
    for candidate in ${PYTHON:-python3 python3.14 python3.13 python3.12 python3.11 python}; do
        if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            command -v "$candidate"
            return
        fi
    done
    return 1
}

ensure_venv() {
    "$venv_python" -c 'import pip' 2>/dev/null && return
    python=$(find_python) || die "Python 3.11 or newer is needed and was not found (PYTHON=/path/to/python names one)."
    if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
        version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
        apt_install "python$version-venv" || apt_install python3-venv ||
            die "This Python has no venv. Install it with: sudo apt install python3-venv   and run this again."
    fi
    say "Making .venv with $("$python" --version) …"
    quietly "$python" -m venv --clear .venv || exit 1
}

# Python's own pip is as old as Python: a current one, also in a .venv from before.
ensure_pip() {
    wanted=$(sed -n 's/^pip==\([^ ]*\).*/\1/p' requirements/pip.txt)
    [ "$("$venv_python" -c 'import importlib.metadata as m; print(m.version("pip"))' 2>/dev/null)" = "$wanted" ] && return
    quietly "$venv_python" -m pip install --disable-pip-version-check --require-hashes -r requirements/pip.txt || exit 1
}

packages_stamp() { cat requirements/run.txt "requirements/$1.txt" pyproject.toml hatch_build.py | cksum; }
packages_done() { [ "$(cat ".venv/stamp-$1" 2>/dev/null)" = "$(packages_stamp "$1")" ]; }

# ensure_packages run|dev: the locked packages, and this checkout itself. dev contains run.
ensure_packages() {
    ensure_venv
    ensure_pip
    if packages_done "$1" || packages_done dev; then return; fi
    say "Installing Python packages …"
    quietly "$venv_python" -m pip install --disable-pip-version-check --require-hashes -r "requirements/$1.txt" || exit 1
    quietly "$venv_python" -m pip install --disable-pip-version-check --no-deps --no-build-isolation --editable . || exit 1
    # as pip does for what it copies: a start that compiles nothing is quicker, and leaves a megabyte less behind
    quietly "$venv_python" -m compileall -q storj_monitor || exit 1
    packages_stamp "$1" >".venv/stamp-$1"
}

node_is_good() {
    command -v npm >/dev/null &&
        node -e 'const [a, b] = process.versions.node.split(".").map(Number); process.exit((a === 20 && b >= 19) || (a === 22 && b >= 12) || a > 22 ? 0 : 1)' 2>/dev/null
}

# Node.js of the machine, or the one that PyPI has, in .venv.
ensure_node() {
    node_is_good && return
    ensure_venv
    PATH=$top/.venv/bin:$PATH
    export PATH
    node_is_good && return
    ensure_pip
    say "No Node.js that is new enough on this machine: installing one into .venv …"
    quietly "$venv_python" -m pip install --disable-pip-version-check --require-hashes -r requirements/node.txt || exit 1
    node_is_good || die "Node.js 20.19 or newer is needed and could not be installed; see https://nodejs.org."
}

ensure_npm_packages() {
    ensure_node
    npm_stamp=$(cat web/package.json web/package-lock.json | cksum)
    [ "$(cat web/node_modules/.stamp 2>/dev/null)" = "$npm_stamp" ] && return
    say "Installing the page's build tools …"
    (cd web && quietly npm ci --no-audit --no-fund) || exit 1
    printf '%s\n' "$npm_stamp" >web/node_modules/.stamp
}

page_stamp() {
    find web -type f -not -path '*/node_modules/*' -not -path '*/test-results/*' -exec cksum {} + | LC_ALL=C sort | cksum
}

ensure_page() {
    stamp_file=storj_monitor/web_dist/.stamp
    if [ ! -f web/package.json ]; then
        [ -f storj_monitor/web_dist/index.html ] || say "There are no sources of the page here (web/); the monitor runs without it."
        return
    fi
    [ -f storj_monitor/web_dist/index.html ] && [ "$(cat $stamp_file 2>/dev/null)" = "$(page_stamp)" ] && return
    ensure_npm_packages
    say "Building the page …"
    (cd web && quietly npm run build) || exit 1
    page_stamp >$stamp_file
}

find_chromium() {
    for candidate in ${CHROMIUM:-chromium-headless-shell chromium chromium-browser google-chrome google-chrome-stable}; do
        command -v "$candidate" && return
    done
    for candidate in "/Applications/Chromium.app/Contents/MacOS/Chromium" "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"; do
        [ -x "$candidate" ] && printf '%s\n' "$candidate" && return
    done
    return 1
}

# Sets CHROMIUM for the tests; fails when there is none and none can be installed.
ensure_chromium() {
    CHROMIUM=$(find_chromium) || {
        { apt_install chromium-headless-shell || apt_install chromium; } && CHROMIUM=$(find_chromium)
    } || return 1
    export CHROMIUM
}
