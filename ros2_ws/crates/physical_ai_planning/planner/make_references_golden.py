"""Makes `references_golden.jsonl`: questions as the training data have them, for the tests of the Rust code."""

import argparse
import json
import random
from pathlib import Path

from make_dataset import sample_mission
from names import sample_fleet
from plan_format import Fleet, is_arm
from references import References

TRICKY = [
    (["arm_1"], ["agv_01", "spot"], ["red_box", "x", "can", "상자_1", "sagwa", "bae", "gongu"], ["bin_a", "bin_a_2", "x"], ["dock_a", "dock_a_2", "north-gate", "lab4", "spot_2", "chang_go"], sentence)
    for sentence in [
        "arm_1 puts the red box in bin a 2, then arm 1은 agv 1, agv_01", "arm_12 xarm_1 dock_a_3 Dock A.", "red  box red-box Red north gate 빨간 lab4로",
        "lab 4, lab 04 to X; lab_4s", "arm_1_ _arm_1 arm_1", "can you bring the can to bin-a?", "spot goes to spot 2 2 times", "상자_1과 상자 1", "", "ref_r1 1",
        "RED BOX in\tbin_a\n2", "agv_001 agv 10", "é_arm_1é",
        "사과는 창고에, 배를 창고로 사과배", "배터리가 부족하면 사과랑 상자_1이랑", "스팟은 사과", "빨간색 박스를 도크 a로, 빨간 상자랑", "빨간상자 빨간 상자가게",
        "공구를 선반에",
    ]
] + [
    (["arm_1", "left_arm", "kuka"], ["bag_cart_1", "bag_cart_2", "nurse_rover"], ["red_box", "blue_box", "hydraulic_pump", "spoon", "shrink_wrap"], ["jig_left", "jig_right", "pallet_a", "cutting_board"],
     ["dock_a", "dock_b", "dock_c", "aisle_2", "meeting_room_2", "gate_b12", "gate_b14", "ward_3"], sentence)
    for sentence in [
        "the arm puts the pump in the left jig, carts 1 and 2 go to docks a, b and c", "cart two: gates b12 & b14 two times", "aisle two, then aisle two times three",
        "the blue box and the box and the red pump", "shrnk wrap onto the cutting bord, as soon as the spon", "the pump house, the pump's lid, the nurse, the nurse station",
        "meeting room two, the room, blue cart 2, room 2", "카트 1, 2는 도크 에이와 도크 b로", "3병동으로, 2번 통로에, 왼쪽 지그에다 빨간상자를", "암 원이 파란 박스를 팔레트 에이에",
        "docks a and d", "docks a, b, c, 3 times", "the right jigs, jig right",
        "all three arms fold, both carts go home, everyone but the nurse rover waits", "kuka waits while the other arms fold; all robots except for bag cart 1 go home",
        "put both boxes and everything in pallet a; abort everything", "every dock, all docks, the two docks, the docks a and b, all three docks",
        "bag cart 1 to dock a, the other cart home, the remaining carts home", "spoon into pallet a, get pump onto the board, test pump in the board", "각 로봇 모두 3번 병동",
        "kuka to x=.20, y -.5 (.25) and 0.0. wait .5, cart_1.5, v.5 .1.2", "쿠카 위치 .4, 1.50으로 3.0.",
    ]
]


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--out", type=Path, default=Path(__file__).parent / "references_golden.jsonl")
    options = arguments.parse_args()
    rng = random.Random(7)
    cases = list(TRICKY)
    while len(cases) < 150:
        fleet, said = sample_fleet(rng)
        if any("-" in robot for robot in fleet.robots):
            continue  # no name of a robot in ROS
        arms = [robot for robot in sorted(fleet.robots) if is_arm(fleet.robots[robot])]
        rovers = [robot for robot in sorted(fleet.robots) if robot not in arms]
        cases.append((arms, rovers, fleet.objects, fleet.surfaces, fleet.floors, sample_mission(rng, fleet, said)[1]))
    with options.out.open("w", encoding="utf-8") as file:
        for arms, rovers, objects, surfaces, floors, sentence in cases:
            # Other skills do not matter to references.
            robots = {**{arm: ("pick_and_place",) for arm in arms}, **{rover: ("navigate_to",) for rover in rovers}}
            references = References(Fleet(robots, objects, surfaces, floors))
            case = {"arms": arms, "rovers": rovers, "objects": objects, "surfaces": surfaces, "floors": floors, "sentence": sentence,
                    "system": references.fleet_text(), "user": references.question(sentence)}
            file.write(json.dumps(case, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
