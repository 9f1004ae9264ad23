#!/usr/bin/env bash
# ROS 2 Jazzy (rmw_fastrtps_cpp 8.4.3 with Fast DDS 2.14, wheels from PyPI): ROS_AUTOMATIC_DISCOVERY_RANGE=LOCALHOST
# brings shared memory back that a Fast DDS profile has taken away.
#
# A profile with UDP as the only transport and useBuiltinTransports false is obeyed: the process maps no shared memory of
# Fast DDS. With the discovery range LOCALHOST, which sounds as if it were about who is found, the same process with the
# same profile maps it again: rmw_fastrtps appends a shared-memory transport with the default segment, and a UDP
# transport of its own, to those of the profile. Nothing is printed. Who took shared memory away (containers without a
# common /dev/shm or user, processes that are debugged or stopped) has it back as soon as somebody sets the variable.
#
# usage: ros2_localhost_range_overrules_the_transports_of_a_profile.sh      (Linux, Python 3.10 to 3.13; installs about
# 200 MB into a temporary folder). Ends with 0 as long as it is so, and with 1 when the behaviour has changed.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q ros-jazzy-rclpy==7.1.6 ros-rmw-fastrtps-cpp==8.4.3
ln -sf librmw_fastrtps_cpp.so "$folder/venv/lib/librmw_implementation.so"
site=$("$folder/venv/bin/python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
export ROS_DISTRO=jazzy RMW_IMPLEMENTATION=rmw_fastrtps_cpp AMENT_PREFIX_PATH="$folder/venv"
export LD_LIBRARY_PATH="$folder/venv/lib:$(printf '%s:' "$site"/ros_*.libs)" _ROS_WHEELS_BOOTSTRAP_COMPLETE=1
export ROS_DOMAIN_ID=${ROS_DOMAIN_ID:-87} ROS_LOG_DIR="$folder"
cat > "$folder/udp.xml" <<'XML'
<?xml version="1.0" encoding="UTF-8"?>
<profiles xmlns="http://www.eprosima.com">
  <transport_descriptors>
    <transport_descriptor><transport_id>udp</transport_id><type>UDPv4</type></transport_descriptor>
  </transport_descriptors>
  <participant profile_name="plain" is_default_profile="true">
    <rtps>
      <userTransports><transport_id>udp</transport_id></userTransports>
      <useBuiltinTransports>false</useBuiltinTransports>
    </rtps>
  </participant>
</profiles>
XML
cat > "$folder/node.py" <<'PY'
import rclpy
rclpy.init()
node = rclpy.create_node("plain")
maps = open("/proc/self/maps").read()
print(len({line.split()[-1] for line in maps.splitlines() if "/dev/shm/fastrtps_" in line}))
rclpy.shutdown()
PY
files() { (cd "$folder" && env "$@" venv/bin/python node.py); }
changed=0
check() { # none or some, what, environment
  local expected=$1 what=$2 seen; shift 2
  seen=$(files "$@")
  echo "$what: $seen files of shared memory mapped"
  case $expected in none) [ "$seen" = 0 ] ;; some) [ "$seen" -gt 0 ] ;; esac || { echo "  CHANGED: was $expected"; changed=1; }
}
udp=FASTRTPS_DEFAULT_PROFILES_FILE=$folder/udp.xml
check some "no profile, SUBNET        " ROS_AUTOMATIC_DISCOVERY_RANGE=SUBNET
check none "UDP in the profile, SUBNET" ROS_AUTOMATIC_DISCOVERY_RANGE=SUBNET "$udp"
check none "UDP in the profile, OFF   " ROS_AUTOMATIC_DISCOVERY_RANGE=OFF "$udp"
check some "the same, LOCALHOST       " ROS_AUTOMATIC_DISCOVERY_RANGE=LOCALHOST "$udp"
exit $changed
