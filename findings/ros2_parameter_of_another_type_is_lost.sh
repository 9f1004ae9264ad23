#!/usr/bin/env bash
# ROS 2 Jazzy (rclpy 7.1.6, rcl 9.2.x, wheels from PyPI): a parameter that is given again with another type is
# lost without a word.
#
# A file says `rate: 10`, the command line says `-p rate:=2.5`, and the node runs at 10. The same with a second
# parameter file. rcl keeps one value of each type and hands out the first type that it finds in a fixed order
# (bool, integer, double, string); what was written last does not count. The other way round (10.0, then 3) works,
# which hides it: whether an override works depends on a decimal point in a file that somebody else wrote.
#
# usage: ros2_parameter_of_another_type_is_lost.sh      (Python 3.10 to 3.13; installs about 200 MB into a
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
file() { printf '/**:\n  ros__parameters:\n    rate: %s\n' "$2" > "$folder/$1.yaml"; }
rate() { (cd "$folder" && venv/bin/python node.py --ros-args "$@" 2> stderr) || { cat "$folder/stderr" >&2; exit 1; }; }
changed=0
check() { # expected, what, arguments
  local expected=$1 what=$2 seen; shift 2
  seen=$(rate "$@")
  echo "$what: the node gets $seen"
  [ -s "$folder/stderr" ] && { echo "  it said: $(cat "$folder/stderr")"; changed=1; }
  [ "$seen" = "$expected" ] || { echo "  CHANGED: was $expected"; changed=1; }
}
file ten 10; file ten_and_a_half 10.0; file later 2.5; file text fast
check 10   "rate: 10 in a file, then -p rate:=2.5  " --params-file ten.yaml -p rate:=2.5
check 10   "rate: 10, then rate: 2.5 in a later file" --params-file ten.yaml --params-file later.yaml
check 10   "rate: 10 in a file, then -p rate:=fast " --params-file ten.yaml -p rate:=fast
check 2.5  "rate: 10.0 in a file, then -p rate:=2.5 " --params-file ten_and_a_half.yaml -p rate:=2.5
check 3    "rate: 10.0 in a file, then -p rate:=3   " --params-file ten_and_a_half.yaml -p rate:=3
exit $changed
