#!/usr/bin/env bash
# Brings a machine to where colo runs: `requirements/install.sh STEP...` from the repository root.
#
# Each step installs or builds only what is missing, and remembers what it did as a digest of its inputs under
# build/stamps, so that a second call costs next to nothing and needs neither network nor root. A step that cannot
# be done ends with one sentence that names the package, and leaves the tool's own output under build/logs.
set -euo pipefail
cd "$(dirname "$0")/.."
mkdir -p build/stamps build/logs

say() { printf 'setup: %s\n' "$*"; }
fail() { printf 'setup: %s\n' "$*" >&2; exit 1; }

# digest TEXT FILE...: one digest of the words, of where the checkout stands, and of the files.
digest() {
  local words=$1
  shift
  { printf '%s\n%s\n' "$PWD" "$words"; cat "$@" </dev/null; } | sha256sum | cut -d' ' -f1
}
done_already() { [[ -f build/stamps/$1 && $(<"build/stamps/$1") == "$2" ]]; }
remember() { printf '%s\n' "$2" >"build/stamps/$1"; }

# last_words LOG PATTERN: the first line of a log that says what went wrong, else its last.
last_words() { { grep -m1 -E "$2" "$1" || tail -n1 "$1"; } | sed -E 's/^(\s|×|╰|─|▶|cause:)+//'; }

# ---- system packages -----------------------------------------------------------------------------------------------

present() {
  case $1 in
    /*) compgen -G "$1" >/dev/null ;;
    *) command -v "$1" >/dev/null ;;
  esac
}

# missing_packages FILE: those of the list whose sign is not here, as "package (sign), ...".
missing_packages() {
  local package sign found=
  while read -r package sign; do
    [[ -z $package || $package == \#* ]] || present "$sign" || found+="$package ($sign), "
  done <"$1"
  printf '%s' "${found%, }"
}

as_root() {
  if [[ $(id -u) == 0 ]]; then
    "$@"
  elif [[ -t 0 ]]; then
    sudo "$@"
  else
    sudo -n "$@"
  fi
}

may_become_root() {
  [[ $(id -u) == 0 ]] && return 0
  command -v sudo >/dev/null || return 1
  [[ -t 0 ]] || sudo -n true 2>/dev/null
}

# apt FILE: installs the packages of the list that are missing, or says which ones somebody with root must install.
apt() {
  local missing names log=build/logs/apt.log
  missing=$(missing_packages "$1")
  [[ -z $missing ]] && return 0
  names=$(sed -E 's/ \([^)]*\),?//g' <<<"$missing")
  command -v apt-get >/dev/null || fail "this system has no apt; install what these Debian packages hold: $missing"
  may_become_root || fail "missing: $missing; only root can install them: sudo apt-get install $names"
  say "installing system packages: $names"
  # shellcheck disable=SC2086
  apt_install $names >"$log" 2>&1 || true
  missing=$(missing_packages "$1")
  [[ -z $missing ]] ||
    fail "missing, and apt could not install it: $missing; apt says: $(last_words "$log" '^E: ') (log: $log)"
}

# apt_install PACKAGE...: Debian's PostgreSQL makes and starts a server of its own when it is installed; it is told
# not to, for ours is started by the supervisor, from build/.
apt_install() {
  local settings=/etc/postgresql-common/createcluster.conf quiet=
  as_root apt-get update -q
  if [[ " $* " == *" postgresql "* && ! -e $settings ]]; then
    apt_get postgresql-common
    as_root sed -i 's/^#create_main_cluster.*/create_main_cluster = false/' "$settings"
    quiet=1
  fi
  apt_get "$@"
  if [[ -n $quiet ]]; then as_root sed -i 's/^create_main_cluster.*/#create_main_cluster = true/' "$settings"; fi
}

apt_get() { as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "$@" </dev/null; }

# ---- Python environments -------------------------------------------------------------------------------------------

# python_between LOWEST HIGHEST: the system's interpreter if its version fits, else another that is on the PATH.
python_between() {
  local candidate
  for candidate in "${PYTHON:-/usr/bin/python3}" python3 python3.14 python3.13 python3.12 python3.11; do
    if "$candidate" -c "import ensurepip, sys; sys.exit(not ($1 <= sys.version_info[:2] <= $2))" 2>/dev/null; then
      "$candidate" -c 'import os, sys; print(os.path.realpath(sys.executable))'
      return 0
    fi
  done
  return 1
}

# install_uv: the installer of both environments, in a small environment of its own.
install_uv() {
  local python wanted log=build/logs/bootstrap.log
  python=$(core_python)
  wanted=$(digest "$python" requirements/bootstrap.txt)
  done_already bootstrap "$wanted" && [[ -x build/bootstrap/bin/uv ]] && return 0
  rm -rf build/bootstrap
  "$python" -m venv build/bootstrap >"$log" 2>&1 || fail "no virtual environment from $python: $(tail -n1 "$log")"
  build/bootstrap/bin/python -m pip install --disable-pip-version-check --quiet --require-hashes \
    -r requirements/bootstrap.txt >>"$log" 2>&1 ||
    fail "pip could not install uv (requirements/bootstrap.txt): $(last_words "$log" '^ERROR'); log: $log"
  remember bootstrap "$wanted"
}

# environment NAME FOLDER PYTHON: a virtual environment that holds exactly what requirements/NAME.txt locks.
environment() {
  local name=$1 folder=$2 python=$3 wanted log=build/logs/$1.log
  wanted=$(digest "$python $("$python" -V)" "requirements/$name.txt")
  done_already "$name" "$wanted" && [[ -x $folder/bin/python ]] && return 0
  say "installing the $name packages into $folder"
  install_uv
  if [[ ! -f build/stamps/$name || $(readlink -f "$folder/bin/python") != "$python" ]]; then
    build/bootstrap/bin/uv venv --quiet --clear --python "$python" "$folder" >"$log" 2>&1 ||
      fail "no virtual environment $folder: $(tail -n1 "$log")"
  fi
  build/bootstrap/bin/uv pip sync --compile-bytecode --require-hashes --python "$folder/bin/python" \
    "requirements/$name.txt" >"$log" 2>&1 ||
    fail "the packages of requirements/$name.txt cannot be installed: $(last_words "$log" 'Failed to|^error'); log: $log"
  remember "$name" "$wanted"
}

core_python() {
  python_between '(3, 11)' '(3, 14)' ||
    fail "no Python from 3.11 to 3.14 was found (tried ${PYTHON:-/usr/bin/python3} and the PATH)"
}

core() {
  local python
  python=$(core_python)
  environment core build/venv "$python"
  # The project itself, so that `build/venv/bin/python -m ...` works without a variable.
  printf "%s\n" "$PWD" "$PWD/build/cmake/python" >"$(echo build/venv/lib/python3.*/site-packages)/colo.pth"
}

# flink: PyFlink 2.3 has no packages for Python 3.13; where the system has nothing older, uv brings one.
flink() {
  local python
  python=$(python_between '(3, 11)' '(3, 12)' || managed_python 3.12) ||
    fail "Flink 2.3 needs Python 3.11 or 3.12; neither is here, and uv could not bring one (log: build/logs/python.log)"
  environment flink build/flink-venv "$python"
}

managed_python() {
  install_uv >&2
  build/bootstrap/bin/uv python install --install-dir build/python --no-bin "$1" >build/logs/python.log 2>&1 || return 1
  realpath build/python/cpython-"$1".*/bin/python"$1" | head -n1
}

# ---- C++ -----------------------------------------------------------------------------------------------------------

# build: the programs and the bindings that a run needs.
build() { compile build/cmake 'engine exchange_simulator colo_engine' -DCOLO_MARCH="${COLO_MARCH:-native}"; }

# build_tests: the same, and the C++ tests.
build_tests() { compile build/cmake all -DCOLO_MARCH="${COLO_MARCH:-native}"; }

# benchmarks: the programs that measure, and the generator of their inputs.
benchmarks() { compile build/cmake benchmarks -DCOLO_MARCH="${COLO_MARCH:-native}"; }

# simulation: the program that runs the whole system in one process.
simulation() { compile build/cmake simulate -DCOLO_MARCH="${COLO_MARCH:-native}"; }

# sanitized: the programs and tests once more, stopping at the first error in memory or arithmetic; and what threads
# share without a lock, stopping at the first race.
sanitized() {
  compile build/sanitized all -DCOLO_BINDINGS=OFF -DCOLO_SANITIZE=address,undefined
  compile build/threads test_rings -DCOLO_BINDINGS=OFF -DCOLO_SANITIZE=thread
}

# fuzzers: every decoder as a fuzzer, with clang.
fuzzers() {
  local compiler
  compiler=$(compgen -G '/usr/bin/clang++-1[6-9]' | sort -V | tail -n1)
  compile build/fuzz fuzzers -DCOLO_BINDINGS=OFF -DCOLO_FUZZ=ON -DCMAKE_CXX_COMPILER="$compiler" \
    -DCOLO_SANITIZE=fuzzer-no-link,address,undefined
}

# compile FOLDER TARGETS OPTION...: configures anew when a CMakeLists.txt came, from nothing when the options, the
# interpreter or its packages changed, and leaves the rest to ninja.
compile() {
  local folder=$1 name=${1##*/} targets=$2 wanted log
  shift 2
  wanted=$(digest "$(readlink -f build/venv/bin/python) $*" requirements/core.txt)
  done_already "$name-cache" "$wanted" || rm -rf "$folder"
  remember "$name-cache" "$wanted"
  wanted+=$(find engine strategies tests -name CMakeLists.txt | sort | sha256sum)
  log=build/logs/$name-configure.log
  if ! done_already "$name" "$wanted" || [[ ! -f $folder/build.ninja ]]; then
    cmake -G Ninja -S . -B "$folder" -DPython_EXECUTABLE="$PWD/build/venv/bin/python" "$@" >"$log" 2>&1 || {
      cat "$log" >&2
      fail "cmake could not configure the engine; log: $log"
    }
    remember "$name" "$wanted"
  fi
  log=build/logs/$name-build.log
  # shellcheck disable=SC2086
  ninja -C "$folder" $targets 2>&1 | tee "$log" | build_progress || {
    grep -vE '^\[[0-9]+/[0-9]+\] |^ninja: Entering' "$log" >&2
    fail "the engine does not compile; log: $log"
  }
}

# build_progress: of ninja's lines shows that there is something to build, and on a terminal how far it is.
build_progress() {
  local line said=
  while read -r line; do
    [[ $line =~ ^\[([0-9]+/[0-9]+)\]\ (Building|Linking) ]] || continue
    if [[ -t 1 ]]; then
      printf '\rsetup: building the engine %s ' "${BASH_REMATCH[1]}"
    elif [[ -z $said ]]; then
      say "building the engine"
    fi
    said=1
  done
  if [[ -n $said && -t 1 ]]; then echo; fi
}

# ---- JVM -----------------------------------------------------------------------------------------------------------

# jars NAME FOLDER: the jars that FOLDER/pom.xml pins, checksums verified, as build/jars/NAME.
jars() {
  local name=$1 pom=$2/pom.xml wanted log=$PWD/build/logs/maven-$1.log
  wanted=$(digest "$name" "$pom")
  done_already "jars-$name" "$wanted" && [[ -d build/jars/$name ]] && return 0
  say "fetching the jars of $pom"
  rm -rf "build/jars/$name"
  mvn --batch-mode --strict-checksums --file "$pom" dependency:copy-dependencies \
    -DoutputDirectory="$PWD/build/jars/$name" >"$log" 2>&1 </dev/null ||
    fail "Maven could not fetch the jars of $pom: $(last_words "$log" '^\[ERROR\]'); log: $log"
  remember "jars-$name" "$wanted"
}

# flink_format: compiles the table format in pipelines/flink/format against PyFlink's own jars.
flink_format() {
  local wanted classes=build/jars/flink-format.classes log=build/logs/javac.log sources
  mapfile -t sources < <(find pipelines/flink/format -type f | sort)
  wanted=$(digest "$(<build/stamps/flink) $(<build/stamps/jars-flink)" "${sources[@]}")
  done_already flink-format "$wanted" && return 0
  say "compiling the Flink format"
  rm -rf "$classes"
  mkdir -p "$classes"
  find pipelines/flink/format -name '*.java' -print0 |
    xargs -0 javac --release 17 -Xlint:all -Werror -proc:none -d "$classes" \
      -cp "$(echo build/flink-venv/lib/python3*/site-packages/pyflink/lib)/*" >"$log" 2>&1 ||
    { cat "$log" >&2; fail "the Flink format does not compile; log: $log"; }
  if [[ -d pipelines/flink/format/META-INF ]]; then cp -r pipelines/flink/format/META-INF "$classes/"; fi
  jar --create --file build/jars/flink/colo-flink-format.jar -C "$classes" .
  rm -rf "$classes"
  remember flink-format "$wanted"
}

java_version() {
  local version
  version=$(javac -version 2>&1 | grep -oE '[0-9]+' | head -n1)
  ((${version:-0} >= 17)) || fail "javac is version ${version:-unknown}; Kafka, Flink and Chronicle Queue need Java 17 or newer"
}

# chronicle: the journal that ours is measured against; `make bench` alone asks for it.
chronicle() {
  java_version
  jars chronicle engine/bench/chronicle
}

services() {
  java_version
  flink
  jars kafka pipelines/services
  jars flink pipelines/flink
  flink_format
}

# ---- kernels -------------------------------------------------------------------------------------------------------

# kernels: Debian's cloud kernel and its real-time kernel as build/kernels/NAME/vmlinuz, for tests that boot them as a
# guest; nothing is installed. Where they cannot be had, those tests skip.
kernels() {
  local name package log=build/logs/kernels.log
  for name in cloud rt; do
    [[ -f build/kernels/$name/vmlinuz ]] && continue
    package=$(apt-cache depends "linux-image-$name-amd64" 2>/dev/null | sed -n 's/.*Depends: \(linux-image.*\)/\1/p')
    rm -rf "build/kernels/$name"
    mkdir -p "build/kernels/$name/package"
    if [[ -n $package ]] && (cd "build/kernels/$name/package" && apt-get download "$package") >"$log" 2>&1; then
      say "unpacked the kernel $package"
      dpkg-deb -x build/kernels/"$name"/package/*.deb "build/kernels/$name/package"
      mv build/kernels/"$name"/package/boot/vmlinuz-* "build/kernels/$name/vmlinuz"
    else
      say "no kernel linux-image-$name-amd64 can be had from apt: tests that boot it will skip (log: $log)"
    fi
    rm -rf "build/kernels/$name/package"
  done
}

# ---- the rest ------------------------------------------------------------------------------------------------------

# lock: resolves what requirements/*.in ask for; the newest that fits, for every Python from 3.11 on, without naming
# the index it came from.
lock() {
  local name
  install_uv
  for name in bootstrap core flink; do
    env -u PIP_FIND_LINKS -u UV_FIND_LINKS build/bootstrap/bin/uv pip compile --quiet --upgrade --universal \
      --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links \
      --custom-compile-command "make lock" "requirements/$name.in" -o "requirements/$name.txt"
  done
}

# started_here PID: whether the process is one of this checkout's: pids are used again by others.
started_here() {
  [[ $(readlink "/proc/$1/cwd" 2>/dev/null)/ == "$PWD"/* ]] && return 0
  tr '\0' ' ' <"/proc/$1/cmdline" 2>/dev/null | grep -qF "$PWD/build/"
}

# clean: ends what the supervisor recorded under build/<site>/pids, politely first, and removes build/ and what the
# journals of its runs left in memory.
clean() {
  local file pid pids=() waited
  for file in build/*/pids/*.pid; do
    [[ -f $file ]] || continue
    read -r pid _ <"$file" || true
    if [[ $pid =~ ^[0-9]+$ ]] && started_here "$pid"; then pids+=("$pid"); fi
  done
  if ((${#pids[@]})); then
    say "stopping ${#pids[@]} processes"
    kill "${pids[@]}" 2>/dev/null || true
    for ((waited = 0; waited < 100; waited++)); do
      kill -0 "${pids[@]}" 2>/dev/null || break
      sleep 0.1
    done
    kill -KILL "${pids[@]}" 2>/dev/null || true
  fi
  # Of killed runs, the tests' included, hot journal segments are left in memory.
  { find build -path '*/runs/*' -name engine.json -exec \
      sed -nE 's|.*"hot_directory": *"(/dev/shm/colo-[^"/]+)".*|\1|p' {} + 2>/dev/null || true; } |
    xargs -r -d '\n' rm -rf
  rm -rf build
}

for step in "$@"; do
  case $step in
    apt-base | apt-services | apt-bench | apt-fuzz | apt-guest | apt-measure) apt "requirements/$step.txt" ;;
    core | build | build_tests | simulation | benchmarks | chronicle | fuzzers | sanitized | services | lock | \
      kernels | clean) "$step" ;;
    *) fail "no step is called $step" ;;
  esac
done
