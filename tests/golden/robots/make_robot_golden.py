#!/usr/bin/env python3
"""Numbers of robots in random states by pinocchio, for tests/robots/numbers.rs.

usage: make_robot_golden.py ROBOTS_FOLDER STATES SEED FILE.urdf... > numbers.json
FILE is relative to ROBOTS_FOLDER. Needs pin (see README.md beside this file).
Joints and links are named: pinocchio sorts them otherwise than files do. Followers of a mimic move with their
leader; the mass matrix is that of the leaders.
"""
import json
import sys
import xml.etree.ElementTree as ET

import numpy as np
import pinocchio as pin


def followers(path):
    """Of each joint with a mimic: leader, multiplier, offset."""
    found = {}
    for joint in ET.parse(path).getroot().findall("joint"):
        mimic = joint.find("mimic")
        if mimic is not None and joint.get("type") not in ("fixed", "floating"):
            found[joint.get("name")] = (
                mimic.get("joint"),
                float(mimic.get("multiplier", "1")),
                float(mimic.get("offset", "0")),
            )
    return found


def coordinate(name, mimics):
    """Leader of a joint that leads, multiplier and offset."""
    multiplier, offset = 1.0, 0.0
    while name in mimics:
        leader, m, o = mimics[name]
        offset += multiplier * o
        multiplier *= m
        name = leader
    return name, multiplier, offset


def numbers(path, states, random):
    model = pin.buildModelFromUrdf(path)
    data = model.createData()
    mimics = followers(path)
    names = list(model.names)[1:]
    leaders = [n for n in names if n not in mimics]
    mass = sum(i.mass for i in model.inertias)
    found = []
    for _ in range(states):
        position = {n: float(random.uniform(-1.5, 1.5)) for n in leaders}
        q = pin.neutral(model)
        share = np.zeros((model.nv, len(leaders)))
        for name in names:
            leader, multiplier, offset = coordinate(name, mimics)
            joint = model.joints[model.getJointId(name)]
            value = multiplier * position[leader] + offset
            if joint.nq == 2:
                q[joint.idx_q], q[joint.idx_q + 1] = np.cos(value), np.sin(value)
            else:
                q[joint.idx_q] = value
            share[joint.idx_v, leaders.index(leader)] = multiplier
        pin.framesForwardKinematics(model, data, q)
        links = {}
        for frame, pose in zip(model.frames, data.oMf):
            if frame.type == pin.FrameType.BODY and frame.name != "universe":
                links[frame.name] = [*pose.translation, *pose.rotation.flatten()]
        # The root link hangs on the universe, which pinocchio leaves out of its own sums.
        placements = [pin.SE3.Identity()] + [data.oMi[i] for i in range(1, model.njoints)]
        moment = sum(i.mass * placements[n].act(i.lever) for n, i in enumerate(model.inertias))
        matrix = pin.crba(model, data, q)
        matrix = np.triu(matrix) + np.triu(matrix, 1).T
        found.append(
            {
                "position": position,
                "links": links,
                "centre_of_mass": list(moment / mass) if mass > 0 else None,
                "mass_matrix": (share.T @ matrix @ share).tolist(),
            }
        )
    return {"joints": leaders, "mass_kg": float(mass), "states": found}


def main():
    folder, states, seed = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    random = np.random.default_rng(seed)
    out = {}
    for file in sys.argv[4:]:
        out[file] = numbers(f"{folder}/{file}", states, random)
    json.dump({"pinocchio": pin.__version__, "seed": seed, "robots": out}, sys.stdout)


main()
