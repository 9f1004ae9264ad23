#!/usr/bin/env bash
# Makes a complete ROS 2 Jazzy prefix from Python wheels, for a machine with no /opt/ros.
# usage: make-prefix.sh DIR PYTHON      (PYTHON: a CPython 3.10 to 3.13 with headers)
set -euo pipefail
dir=${1:?usage: make-prefix.sh DIR PYTHON}
python=${2:?usage: make-prefix.sh DIR PYTHON}
here=$(cd "$(dirname "$0")" && pwd)

"$python" -m venv "$dir"
dir=$(cd "$dir" && pwd)
"$dir/bin/python" -m pip install -q --disable-pip-version-check -r "$here/requirements-jazzy.txt"

py="$dir/bin/python"
site=$("$py" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
include=$("$py" -c 'import sysconfig; print(sysconfig.get_paths()["include"])')
tag=$("$py" -c 'import sys; print(f"cp{sys.version_info.major}{sys.version_info.minor}")')
pyver=$("$py" -c 'import sys; print(f"python{sys.version_info.major}.{sys.version_info.minor}")')
numpy=$("$py" -c 'import numpy; print(numpy.get_include())')
[ -f "$include/Python.h" ] || { echo "make-prefix: no Python.h in $include: install the headers of $python" >&2; exit 1; }

# 1. The wheels were built with one RMW only, so nothing provides librmw_implementation.so.
ln -sf librmw_fastrtps_cpp.so "$dir/lib/librmw_implementation.so"

# 2. The C libraries name the Python support libraries as NEEDED, which only a Python process can load.
for lib in "$dir"/lib/*.so; do
  [ -L "$lib" ] && continue
  case $lib in *__rosidl_generator_py.so) continue ;; esac
  for needed in $("$dir/bin/patchelf" --print-needed "$lib" | grep '__rosidl_generator_py.so$' || true); do
    "$dir/bin/patchelf" --remove-needed "$needed" "$lib"
  done
done

# 3. The CMake exports name the Python and NumPy headers of the machine that built the wheels.
grep -rlZ "/opt/python/$tag-$tag" "$dir/share" --include='*.cmake' | xargs -0 -r sed -i \
  -e "s#/opt/python/$tag-$tag/lib/$pyver/site-packages/numpy/_core/include#$numpy#g" \
  -e "s#/opt/python/$tag-$tag/include/$pyver#$include#g"

# 4. The wheels carry no setup file.
cat > "$dir/setup.bash" <<EOF
export ROS_DISTRO=jazzy ROS_VERSION=2 ROS_PYTHON_VERSION=3
export RMW_IMPLEMENTATION=rmw_fastrtps_cpp
export AMENT_PREFIX_PATH="$dir\${AMENT_PREFIX_PATH:+:\$AMENT_PREFIX_PATH}"
export CMAKE_PREFIX_PATH="$dir\${CMAKE_PREFIX_PATH:+:\$CMAKE_PREFIX_PATH}"
export PATH="$dir/bin:\$PATH"
export LD_LIBRARY_PATH="$dir/lib:$(printf '%s:' "$site"/ros_*.libs)\${LD_LIBRARY_PATH:-}"
export _ROS_WHEELS_BOOTSTRAP_COMPLETE=1
EOF
