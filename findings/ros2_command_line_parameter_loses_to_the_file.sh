#!/usr/bin/env bash
# ROS 2 Jazzy (rclpy 7.1.6, rcl 9.2.x, wheels from PyPI): `-p`, and a later parameter file, lose to an earlier
# file's section of the node, but only if that file has a `/**` section before it.
#
# -p and later files are merged into the section of the same name where it stands first, and sections count in
# that order. `-p rate:=3` is written to `/**`; a file with `/**` and then `/mixer` has `/mixer` after it, and wins.
# Without the `/**` in that file the same command line wins. So a default that somebody adds to the top of a file
# switches off the -p of everybody who starts the node.
#
# usage: ros2_command_line_parameter_loses_to_the_file.sh     (Python 3.10 to 3.13; installs about 200 MB into a
# temporary folder). Ends with 0 as long as it is so, and with 1 when the behaviour has changed.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q ros-jazzy-rclpy==7.1.6 ros-rmw-fastrtps-cpp==8.4.3
ln -sf librmw_fastrtps_cpp.so "$folder/venv/lib/librmw_implementation.so"
site=$("$folder/venv/bin/python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
export ROS_DISTRO=jazzy RMW_IMPLEMENTATION=rmw_fastrtps_cpp AMENT_PREFIX_PATH="$folder/venv"
export LD_LIBRARY_PATH="$folder/venv/lib:$(printf '%s:' "$site"/ros_*.libs)" _ROS_WHEELS_BOOTSTRAP_COMPLETE=1
export ROS_AUTOMATIC_DISCOVERY_RANGE=LOCALHOST ROS_DOMAIN_ID=${ROS_DOMAIN_ID:-87} ROS_LOG_DIR="$folder"
cat > "$folder/node.py" <<'PY'
import sys
import rclpy
rclpy.init(args=sys.argv)
node = rclpy.create_node("mixer", automatically_declare_parameters_from_overrides=True)
print(repr(node.get_parameter("rate").value))
rclpy.shutdown()
PY
section() { printf '%s:\n  ros__parameters:\n    %s\n' "$1" "$2"; }
{ section /mixer 'rate: 2'; } > "$folder/own.yaml"
{ section '/**' 'level: 1'; section /mixer 'rate: 2'; } > "$folder/other_default_first.yaml"
{ section '/**' 'rate: 1'; section /mixer 'rate: 2'; } > "$folder/default_first.yaml"
{ section '/**' 'rate: 3'; } > "$folder/later.yaml"
rate() { (cd "$folder" && venv/bin/python node.py --ros-args "$@" 2> stderr) || { cat "$folder/stderr" >&2; exit 1; }; }
changed=0
check() { # expected, what, arguments
  local expected=$1 what=$2 seen; shift 2
  seen=$(rate "$@")
  echo "$what: the node gets $seen"
  [ "$seen" = "$expected" ] || { echo "  CHANGED: was $expected"; changed=1; }
}
check 3 "/mixer: 2, then -p rate:=3                  " --params-file own.yaml -p rate:=3
check 2 "/**: 1, /mixer: 2, then -p rate:=3          " --params-file default_first.yaml -p rate:=3
check 2 "/**: something else, /mixer: 2, -p rate:=3  " --params-file other_default_first.yaml -p rate:=3
check 3 "/mixer: 2, then a file with /**: 3          " --params-file own.yaml --params-file later.yaml
check 2 "/**: 1, /mixer: 2, then a file with /**: 3  " --params-file default_first.yaml --params-file later.yaml
exit $changed
