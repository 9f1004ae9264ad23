#!/usr/bin/env bash
# MuJoCo 3.17.0 (wheel from PyPI): `mj_geomDistance` of two boxes that overlap is that of disjoint ones, or 0, where they
# stand on round numbers; `nativeccd` disabled, it is right.
#
# Two upright cubes of 2 m whose middles are x apart along an axis overlap by 2 - x, so the signed distance is x - 2. At
# x = 1, where a face of one lies in the middle of the other, it is +1.0; at x = 0 it is 0. A ten-millionth of a metre
# beside, it is right. A sphere in a mesh has such places too: see the tests of `physical_ai_sim`'s own `separation`,
# which does without it.
#
# usage: mujoco_distance_of_overlapping_boxes_is_positive.sh     (Python 3.10 to 3.13; installs about 60 MB into a
# temporary folder). Ends with 0 as long as it is so, and with 1 when the behaviour has changed.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q mujoco==3.17.0
"$folder/venv/bin/python" - <<'PY'
import sys

import mujoco

def distance(x, option=""):
    cube = '<geom type="box" size="1 1 1"/>'
    xml = f'<mujoco>{option}<worldbody><body>{cube}</body><body pos="{x} 0 0">{cube}</body></worldbody></mujoco>'
    model = mujoco.MjModel.from_xml_string(xml)
    data = mujoco.MjData(model)
    mujoco.mj_forward(model, data)
    return mujoco.mj_geomDistance(model, data, 0, 1, 100.0, None)

legacy = '<option><flag nativeccd="disable"/></option>'
changed = False
for x, seen_before in [(0.0, 0.0), (0.5, -1.5), (1.0, 1.0), (1.0000001, -0.9999999), (1.5, -0.5)]:
    seen, other = distance(x), distance(x, legacy)
    print(f"middles {x} m apart: {seen:+.7f}, without nativeccd {other:+.7f}, true {x - 2:+.7f}")
    changed |= abs(seen - seen_before) > 1e-6
if changed:
    print("CHANGED")
sys.exit(changed)
PY
