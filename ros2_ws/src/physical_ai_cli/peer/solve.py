#!/usr/bin/env python3
"""Answers the questions of `physical-ai bench kinematics` with other solvers.

Reads one JSON object from stdin: urdf (text), base, tip, tolerance, questions (position, rotation as x, y, z, w, start);
writes a list with solver, positions (or null) and microseconds of each answer.
"""
import json
import os
import sys
import time

import numpy as np
import pinocchio
import pytracik

# Descents from a start, and from random postures, of the damped least squares.
ATTEMPTS = 20
ITERATIONS = 100
DAMPING = 1e-6
LONGEST_STEP = 0.8
# TRAC-IK's own default, seconds.
TIMEOUT = 0.005


class Pinocchio:
    """Damped least squares as pinocchio's own example does it, with limits and restarts beside it."""

    name = "pin"

    def __init__(self, request):
        self.model = pinocchio.buildModelFromXML(request["urdf"])
        self.data = self.model.createData()
        self.frame = self.model.getFrameId(request["tip"])
        self.tolerance = request["tolerance"]
        self.random = np.random.default_rng(1)
        self.lower, self.upper = self.model.lowerPositionLimit, self.model.upperPositionLimit

    def solve(self, position, rotation, start):
        target = pinocchio.SE3(pinocchio.Quaternion(np.array(rotation)), np.array(position))
        joints = np.array(start)
        for _ in range(ATTEMPTS):
            found = self.descend(target, joints)
            if found is not None:
                return found
            joints = self.random.uniform(self.lower, self.upper)
        return None

    def descend(self, target, joints):
        model, data = self.model, self.data
        for _ in range(ITERATIONS):
            pinocchio.forwardKinematics(model, data, joints)
            missing = pinocchio.updateFramePlacement(model, data, self.frame).actInv(target)
            error = pinocchio.log6(missing).vector
            if np.abs(error).max() < self.tolerance:
                return joints
            jacobian = pinocchio.computeFrameJacobian(model, data, joints, self.frame)
            jacobian = pinocchio.Jlog6(missing.inverse()) @ jacobian
            normal = jacobian @ jacobian.T + DAMPING * np.eye(6)
            step = jacobian.T @ np.linalg.solve(normal, error)
            longest = np.abs(step).max()
            if longest > LONGEST_STEP:
                step *= LONGEST_STEP / longest
            joints = np.clip(joints + step, self.lower, self.upper)
        return None


class TracIk:
    name = "trac_ik"

    def __init__(self, request):
        kind = pytracik.SolveType.Speed
        base, tip, urdf = request["base"], request["tip"], request["urdf"]
        self.solver = pytracik.TRAC_IK(base, tip, urdf, TIMEOUT, request["tolerance"], kind)
        # What it reads by itself is 0 where a description has a safety_controller.
        model = pinocchio.buildModelFromXML(urdf)
        lower, upper = model.lowerPositionLimit, model.upperPositionLimit
        pytracik.set_joint_limits(self.solver, lower.tolist(), upper.tolist())

    def solve(self, position, rotation, start):
        found = pytracik.ik(self.solver, start, *position, *rotation)
        return found[1:] if found[0] >= 0 else None


def answers(solver, questions):
    positions, microseconds = [], []
    for question in questions:
        start = np.array(question["start"])
        begin = time.perf_counter()
        found = solver.solve(question["position"], question["rotation"], start)
        microseconds.append((time.perf_counter() - begin) * 1e6)
        positions.append(None if found is None else [float(q) for q in found])
    return {"solver": solver.name, "positions": positions, "microseconds": microseconds}


def main():
    # What the solvers print is no answer.
    out = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    request = json.load(sys.stdin)
    solvers = [Pinocchio(request), TracIk(request)]
    json.dump([answers(solver, request["questions"]) for solver in solvers], out)


if __name__ == "__main__":
    main()
