#!/usr/bin/env bash
# Installs everything that building and running needs, into ignored folders of this checkout.
# Safe to run again at any time: what is done is not done twice, what broke half-way is made anew.
# usage: setup.sh [--no-build | --libraries]
#   --no-build   everything but the workspace itself
#   --libraries  only what colcon does not bring: system packages, MuJoCo, missing interface packages
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
ws=$(dirname "$here")
top=$(dirname "$ws")
deps=$ws/.deps
mkdir -p "$deps"
touch "$deps/COLCON_IGNORE"
# shellcheck source=ros2_ws/setup/ros-environment.sh
source "$here/ros-environment.sh"

say() { printf '[setup] %s\n' "$*" >&2; }
fail() { printf '[setup] ERROR: %s\n' "$*" >&2; exit 1; }

# Runs a step unless its stamp holds the hash of its inputs; the stamp is written only on success.
step() { # name, inputs (text), command...
  local name=$1 inputs=$2 began=$SECONDS hash
  shift 2
  hash=$(printf '%s' "$inputs" | sha256sum | cut -c1-16)
  [ "$(cat "$deps/.$name.done" 2>/dev/null)" = "$hash" ] && return 0
  rm -f "$deps/.$name.done"
  say "$name …"
  "$@"
  printf '%s' "$hash" > "$deps/.$name.done"
  say "$name: done in $((SECONDS - began)) s"
}

missing_packages() {
  command -v cmake >/dev/null || echo cmake
  command -v clang >/dev/null || echo clang
  ls /usr/lib/llvm-*/lib/libclang.so* >/dev/null 2>&1 || ls /usr/lib/*/libclang*.so* >/dev/null 2>&1 || echo libclang-dev
  command -v c++ >/dev/null || echo build-essential
  command -v make >/dev/null || echo build-essential
  command -v unzip >/dev/null || echo unzip
  command -v curl >/dev/null || echo curl
}

install_packages() {
  local packages sudo=""
  packages=$(missing_packages | sort -u | tr '\n' ' ')
  [ -n "${packages// /}" ] || return 0
  if [ "$(id -u)" != 0 ]; then
    sudo -n true 2>/dev/null || fail "packages are missing; install them and run this again: sudo apt-get install -y $packages"
    sudo="sudo -n"
  fi
  say "installing $packages"
  $sudo apt-get update -qq
  # shellcheck disable=SC2086
  $sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $packages >/dev/null
}

find_python() {
  local candidate
  for candidate in "${PYTHON:-}" python3 python3.12 python3.11 python3.13 python3.10; do
    [ -n "$candidate" ] && command -v "$candidate" >/dev/null || continue
    "$candidate" - <<'PY' 2>/dev/null && { echo "$candidate"; return; }
import os, sys, sysconfig, venv, ensurepip
ok = (3, 10) <= sys.version_info[:2] <= (3, 13)
sys.exit(not (ok and os.path.exists(sysconfig.get_paths()["include"] + "/Python.h")))
PY
  done
}

make_prefix() {
  local python
  python=$(find_python)
  if [ -z "$python" ] && [ "$(id -u)" = 0 ]; then
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends python3 python3-dev python3-venv >/dev/null
    python=$(find_python)
  fi
  [ -n "$python" ] || fail "no Python 3.10 to 3.13 with headers and venv; install python3-dev and python3-venv, or set PYTHON"
  rm -rf "$deps/ros"
  bash "$here/make-prefix.sh" "$deps/ros" "$python"
}

fetch_mujoco() {
  local python=$1
  "$python" -m pip --version >/dev/null 2>&1 || fail "pip is missing: sudo apt-get install -y python3-pip"
  rm -rf "$deps/mujoco" "$deps/mujoco.tmp"
  mkdir -p "$deps/mujoco.tmp"
  # The library is the same in the wheel of every Python version.
  "$python" -m pip download -q --disable-pip-version-check --no-deps --only-binary=:all: \
    --python-version 3.11 --implementation cp --platform manylinux_2_28_x86_64 --platform manylinux_2_27_x86_64 \
    -d "$deps/mujoco.tmp" mujoco==3.17.0
  unzip -q -j "$deps"/mujoco.tmp/*.whl 'mujoco/libmujoco.so.*' -d "$deps/mujoco.tmp"
  rm "$deps"/mujoco.tmp/*.whl
  ln -s libmujoco.so.3.17.0 "$deps/mujoco.tmp/libmujoco.so"
  mv "$deps/mujoco.tmp" "$deps/mujoco"
}

build_missing() { # interface package
  cd "$ws"
  colcon --log-base "$deps/log" build --base-paths setup/interfaces --build-base "$deps/build" \
    --install-base "$deps/interfaces" --packages-select "$1" --event-handlers console_direct- >/dev/null
}

build_interfaces() {
  cd "$ws"
  colcon --log-base "$deps/log" build --base-paths src/physical_ai_msgs --build-base "$deps/build" \
    --install-base "$deps/interfaces" --packages-select physical_ai_msgs --event-handlers console_direct- >/dev/null
}

# Descriptions of robots that everybody uses, for the tests; the folder is an ament prefix, too.
fetch_robots() {
  local python=$1
  rm -rf "$deps/robots" "$deps/robots.tmp"
  mkdir -p "$deps/robots.tmp"
  "$python" -m pip download -q --disable-pip-version-check --no-deps --only-binary=:all: \
    -d "$deps/robots.tmp" example-robot-data==6.0.0
  unzip -q "$deps"/robots.tmp/*.whl 'cmeel.prefix/share/*' -d "$deps/robots.tmp"
  mv "$deps/robots.tmp/cmeel.prefix" "$deps/robots"
  rm -r "$deps/robots.tmp"
}

# Turns xacro files into URDF; an environment of its own, since ROS 2 has its own pins.
fetch_xacro() {
  local python=$1
  rm -rf "$deps/xacro"
  "$python" -m venv "$deps/xacro"
  "$deps/xacro/bin/python" -m pip install -q --disable-pip-version-check xacro==2.1.1 pyyaml==6.0.3
}

# Everything that knows where things lie on this machine.
write_environment() {
  local prefixes=$1 libs=$2
  mkdir -p "$top/.cargo"
  cat > "$deps/config.toml" <<EOF
# Generated by ros2_ws/setup/setup.sh for this machine; do not edit, do not commit.
[env]
ROS_DISTRO = "jazzy"
AMENT_PREFIX_PATH = "$prefixes"
CMAKE_PREFIX_PATH = "$prefixes"
LD_LIBRARY_PATH = "$libs"
IDL_PACKAGE_FILTER = "$interface_packages;$(interface_version)"
MUJOCO_DYNAMIC_LINK_DIR = "$deps/mujoco"

[build]
rustflags = ["-C", "link-arg=-Wl,--disable-new-dtags,-rpath,$libs"]
EOF
  # Only when it changed: cargo would build everything again.
  cmp -s "$deps/config.toml" "$top/.cargo/config.toml" || cp "$deps/config.toml" "$top/.cargo/config.toml"
  cat > "$ws/setup.bash" <<EOF
# Generated by ros2_ws/setup/setup.sh. For shells in which ros2 tools, rclpy or physical-ai are used.
$ros_setup
export AMENT_PREFIX_PATH="${prefixes%":$ros"}:\${AMENT_PREFIX_PATH:-}"
export LD_LIBRARY_PATH="$libs:\${LD_LIBRARY_PATH:-}"
for _site in "$deps"/interfaces/*/lib/python3*/site-packages; do
  [ -d "\$_site" ] && export PYTHONPATH="\$_site:\${PYTHONPATH:-}"
done
export PATH="$top/target/release:\$PATH"
export FASTRTPS_DEFAULT_PROFILES_FILE="$top/params/fastdds.xml" FASTDDS_DEFAULT_PROFILES_FILE="$top/params/fastdds.xml"
unset _site
EOF
}

build_workspace() {
  cd "$top"
  say "building the workspace (the first time takes some minutes) …"
  cargo build --release --workspace --locked
}

case $(uname -m) in x86_64) ;; *) fail "$(uname -m): only x86-64 is supported" ;; esac
command -v cargo >/dev/null || fail "no Rust toolchain: install it from https://rustup.rs and run this again"
# colcon builds packages at the same time, and each of them comes here.
exec 9>"$deps/.lock"
flock -n 9 || { say "another set-up is running; waiting for it"; flock 9; }
step packages "$(missing_packages)" install_packages

if [ -n "${AMENT_PREFIX_PATH:-}" ] && [ "${ROS_DISTRO:-}" = jazzy -o "${ROS_DISTRO:-}" = kilted ] && [ -z "${_ROS_WHEELS_BOOTSTRAP_COMPLETE:-}" ]; then
  ros=${AMENT_PREFIX_PATH##*:}
elif [ -e /opt/ros/jazzy/setup.bash ]; then
  ros=/opt/ros/jazzy
elif [ -e /opt/ros/kilted/setup.bash ]; then
  ros=/opt/ros/kilted
else
  ros=$deps/ros
  # A prefix that a copied or moved checkout brought along points to the old place.
  step prefix "$(cat "$here/make-prefix.sh" "$here/requirements-jazzy.txt"; echo "$deps")" make_prefix
fi
ros_setup="source \"$ros/setup.bash\""
set +u; unset AMENT_PREFIX_PATH CMAKE_PREFIX_PATH LD_LIBRARY_PATH
# shellcheck disable=SC1090,SC1091
source "$ros/setup.bash"; set -u
command -v colcon >/dev/null || fail "colcon is missing: sudo apt-get install -y python3-colcon-common-extensions"
python=$(command -v python3)
[ -x "$deps/ros/bin/python" ] && python=$deps/ros/bin/python
step mujoco "3.17.0 $deps" fetch_mujoco "$python"
step robots "6.0.0 $deps" fetch_robots "$python"
step xacro "2.1.1 $deps" fetch_xacro "$python"
missing=""
for package in $generated_packages; do
  [ -z "$(prefix_of "$package" "$AMENT_PREFIX_PATH")" ] || continue
  step "$package" "$(cat "$here/interfaces/$package"/*.* "$here/interfaces/$package"/*/*; echo "$deps $ros")" build_missing "$package"
  missing=$missing:$deps/interfaces/$package
done
[ "${1:-}" = --libraries ] && exit 0
step interfaces "$(cat "$ws/src/physical_ai_msgs/CMakeLists.txt" "$top"/msg/*/*; echo "$deps $ros")" build_interfaces

prefixes=$deps/interfaces/physical_ai_msgs$missing:$ros
write_environment "$prefixes" "$(library_folders "$prefixes"):$deps/mujoco"
unset LD_LIBRARY_PATH AMENT_PREFIX_PATH CMAKE_PREFIX_PATH
exec 9>&-
[ "${1:-}" = --no-build ] || build_workspace
