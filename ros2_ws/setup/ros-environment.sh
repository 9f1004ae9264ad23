# Sourced by setup.sh and cargo-build.sh: what r2r needs to know about a ROS 2 installation.

# Interface packages that the workspace uses, nested ones too.
interface_packages="physical_ai_msgs;action_msgs;builtin_interfaces;control_msgs;diagnostic_msgs;geometry_msgs;lifecycle_msgs;nav_msgs;rcl_interfaces;rosgraph_msgs;sensor_msgs;service_msgs;std_msgs;std_srvs;tf2_msgs;trajectory_msgs;unique_identifier_msgs"

# Those of them that setup/interfaces defines for a ROS 2 that lacks them.
generated_packages="tf2_msgs control_msgs"

# The one of the prefixes in a colon-separated list that holds a package; nothing if none does.
prefix_of() { # package, prefixes
  local prefix IFS=:
  for prefix in $2; do
    [ -e "$prefix/share/$1/package.xml" ] && { printf '%s' "$prefix"; return; }
  done
}

# The shared libraries' folders of the prefixes in a colon-separated list, colon-separated.
# Prefixes made of wheels have the libraries that auditwheel copied in folders of their own.
library_folders() { # prefixes
  local prefix folder folders="" IFS=:
  for prefix in $1; do
    for folder in "$prefix"/lib "$prefix"/lib/python3*/site-packages/ros_*.libs "$prefix"/lib/x86_64-linux-gnu; do
      [ -d "$folder" ] && folders="$folders:$folder"
    done
  done
  printf '%s' "${folders#:}"
}

# Those prefixes of a colon-separated list that have libraries, and with them the interface packages.
prefixes_with_libraries() { # prefixes
  local prefix kept="" IFS=:
  for prefix in $1; do
    compgen -G "$prefix/lib/*.so" >/dev/null && kept="$kept:$prefix"
  done
  printf '%s' "${kept#:}"
}

# Names what msg/ and setup/interfaces hold. r2r makes its bindings anew only when its environment changes, so this stands among
# the packages there, where it is the name of none.
interface_version() {
  local top
  top=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
  cat "$top"/msg/*/* "$top"/ros2_ws/setup/interfaces/*/*/* | sha256sum | cut -c1-16
}
