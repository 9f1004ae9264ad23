#!/usr/bin/env bash
# mesh-loader 0.1.13 (Rust, crates.io): whether a binary STL is read depends on how many triangles it has. With a header
# that begins with "solid", one of 11 triangles is read and one of 10 is refused ("expected facet normal or endsolid").
#
# CAD programs write "solid NAME" into the 80 bytes of free text of a binary STL, as in text files, and readers have to find
# out otherwise. mesh-loader reads the first line as text and goes over to binary where it does not look like it. But where a
# byte of the number behind the text is 10 or 13, it is the end of a line: the text seems good, what comes next is an
# error, and there is no going over. So it is with 10 and 13 triangles, 2560 to 2815 and 3328 to 3583 of them, and more: three
# meshes of the public robots in example-robot-data 6.0.0 (Bolt, Solo, TIAGo Pro; 3384 and 3372 triangles) are refused.
# trimesh 4.6.8 (Python), which goes by the length, reads all.
#
# usage: stl_of_ten_triangles_is_no_mesh_to_mesh_loader.sh   (cargo, Python 3.10 or later; downloads about 30 MB into a
# temporary folder). Ends with 0 as long as it is so, and with 1 when the behaviour has changed.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q trimesh==4.6.8
cat > "$folder/write.py" <<'PY'
"""Writes so many triangles as binary STL, with this header."""
import struct
import sys
header, count, path = sys.argv[1], int(sys.argv[2]), sys.argv[3]
with open(path, "wb") as file:
    file.write(header.encode().ljust(80) + struct.pack("<I", count))
    for i in range(count):
        file.write(struct.pack("<12fH", 0, 0, 1, i, 0, 0, i + 1, 0, 0, i, 1, 0, 0))
PY
mkdir -p "$folder/reader/src"
cat > "$folder/reader/Cargo.toml" <<'TOML'
[package]
name = "reader"
version = "0.1.0"
edition = "2021"
[dependencies]
mesh-loader = "=0.1.13"
[workspace]
TOML
cat > "$folder/reader/src/main.rs" <<'RS'
fn main() {
    let path = std::env::args().nth(1).expect("a path");
    match mesh_loader::Loader::default().load(&path) {
        Ok(scene) => println!("{}", scene.meshes.iter().map(|m| m.faces.len()).sum::<usize>()),
        Err(_) => println!("refused"),
    }
}
RS
(cd "$folder/reader" && cargo build -q)
changed=0
check() { # expected, what, seen
  echo "$2: $3"
  [ "$3" = "$1" ] || { echo "  CHANGED: was $1"; changed=1; }
}
each() { # header, triangles, expected of mesh-loader
  local file=$folder/mesh.stl
  "$folder/venv/bin/python" "$folder/write.py" "$1" "$2" "$file"
  check "$2" "header \"$1\", $2 triangles, trimesh    " \
    "$("$folder/venv/bin/python" -c 'import sys, trimesh; print(len(trimesh.load(sys.argv[1], process=False).faces))' "$file")"
  check "$3" "header \"$1\", $2 triangles, mesh-loader" "$("$folder/reader/target/debug/reader" "$file")"
}
each "solid foot" 11 11
each "solid foot" 10 refused
each "solid foot" 13 refused
each "solid foot" 3384 refused
each "foot" 10 10
exit $changed
