#!/usr/bin/env bash
# Builds one crate for colcon, against the interfaces of the sourced underlay and overlay.
# usage: cargo-build.sh CRATE TARGET_FOLDER
#
# `make` builds against interfaces of its own in .deps, which work without colcon's install folder. Here
# those that colcon has just built count, so that installed nodes and whatever else is in the overlay
# agree on every message. The two never share a target folder: each would rebuild what the other made.
set -euo pipefail
crate=${1:?usage: cargo-build.sh CRATE TARGET_FOLDER}
target=${2:?usage: cargo-build.sh CRATE TARGET_FOLDER}
here=$(cd "$(dirname "$0")" && pwd)
ws=$(dirname "$here")
# shellcheck source=ros2_ws/setup/ros-environment.sh
source "$here/ros-environment.sh"

# Packages of programs come and go in this list; a list that changes makes cargo build r2r again.
prefixes=$(prefixes_with_libraries "${AMENT_PREFIX_PATH:?source the setup file of ROS 2, and build with colcon}")
[ -n "$(prefix_of physical_ai_msgs "$prefixes")" ] || {
  echo "cargo-build: physical_ai_msgs is not in AMENT_PREFIX_PATH; build it first: colcon build --packages-up-to $crate" >&2
  exit 1
}
bash "$here/setup.sh" --libraries
for package in $generated_packages; do
  [ -n "$(prefix_of "$package" "$prefixes")" ] || prefixes=$prefixes:$ws/.deps/interfaces/$package
done
libraries=$(library_folders "$prefixes"):$ws/.deps/mujoco

# r2r 0.9.7 does not know Kilted, whose interface it can use as Jazzy's.
export ROS_DISTRO=jazzy
export AMENT_PREFIX_PATH=$prefixes CMAKE_PREFIX_PATH=$prefixes
export IDL_PACKAGE_FILTER="$interface_packages;$(interface_version)"
export LD_LIBRARY_PATH=$libraries MUJOCO_DYNAMIC_LINK_DIR=$ws/.deps/mujoco
# Replaces the flags in .cargo/config.toml, which name the interfaces in .deps.
export RUSTFLAGS="-C link-arg=-Wl,--disable-new-dtags,-rpath,$libraries"
# make's job server is not cargo's.
unset MAKEFLAGS MAKELEVEL MFLAGS
cd "$ws/.."
exec cargo build --release --locked --package "$crate" --target-dir "$target"
