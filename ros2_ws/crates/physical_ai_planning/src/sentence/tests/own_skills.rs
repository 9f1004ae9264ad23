use physical_ai_domain::{ParameterSpec, Role, SkillSpec};

use super::*;

/// Skills that exist nowhere else.
const NEW: [SkillSpec; 5] = [
    SkillSpec {
        name: "weld",
        description: "Welds an object, for a while if said so.",
        ways: &[&[
            ParameterSpec::required("part", Role::Object),
            ParameterSpec::optional("seconds", Role::Duration),
        ]],
        idempotent: false,
        takes: None,
        releases: None,
        returns: false,
        verbs: &[],
        typical_s: 4.0,
    },
    SkillSpec {
        name: "scan_shelf",
        description: "Scans a place on the floor some times.",
        ways: &[&[
            ParameterSpec::required("where", Role::FloorPlace),
            ParameterSpec::optional("often", Role::Count),
        ]],
        idempotent: true,
        takes: None,
        releases: None,
        returns: false,
        verbs: &[],
        typical_s: 2.0,
    },
    SkillSpec {
        name: "swallow",
        description: "Takes an object in.",
        ways: &[&[ParameterSpec::required("thing", Role::Object)]],
        idempotent: false,
        takes: Some("thing"),
        releases: None,
        returns: false,
        verbs: &[],
        typical_s: 2.0,
    },
    SkillSpec {
        name: "surface_finishing_v2",
        description: "Polishes an object.",
        ways: &[&[ParameterSpec::required("part", Role::Object)]],
        idempotent: true,
        takes: None,
        releases: None,
        returns: false,
        verbs: &["polish", "buff"],
        typical_s: 4.0,
    },
    SkillSpec {
        name: "recharge",
        description: "Drives to its charger.",
        ways: &[],
        idempotent: true,
        takes: None,
        releases: None,
        returns: true,
        verbs: &[],
        typical_s: 8.0,
    },
];

fn fleet_with_new_skills() -> Fleet {
    let mut offers = one_by_one().capabilities().to_vec();
    // Who has a way home of its own needs no other.
    offers.retain(|o| {
        o.robot.as_ref().is_none_or(|r| r.as_str() != "rover_1") || o.skill.as_str() != "home"
    });
    let robots = ["arm_1", "rover_1", "rover_1", "arm_1", "rover_1"];
    for (spec, robot) in NEW.iter().zip(robots) {
        offers.push(Capability {
            skill: SkillName::try_new(spec.name).unwrap(),
            robot: Some(RobotName::try_new(robot).unwrap()),
            description: spec.description.to_owned(),
            parameters_schema: spec.schema(|p| match p.role {
                Role::Object => json!({"type": "string", "enum": ["red_box", "blue_box"]}),
                Role::FloorPlace => json!({"type": "string", "enum": ["dock_a", "dock_b"]}),
                Role::Count => json!({"type": "integer", "minimum": 1}),
                _ => json!({"type": "number", "minimum": 0}),
            }),
            idempotent: spec.idempotent,
            ..offers[0].clone()
        });
    }
    Fleet::new(offers)
}

#[test]
fn skill_that_exists_nowhere_else_is_said_by_its_own_words() {
    means(
        &fleet_with_new_skills(),
        &[
            ("arm_1 welds the red box", &["arm_1_weld {part:red_box}"]),
            ("weld the red box", &["arm_1_weld {part:red_box}"]),
            (
                "arm_1 welds the blue box for 5 seconds, then goes home",
                &[
                    "arm_1_weld {part:blue_box,seconds:5.0}",
                    "arm_1_home < arm_1_weld",
                ],
            ),
            (
                "while arm_1 is welding the red box, rover_1 scans the shelf at dock_a twice",
                &[
                    "arm_1_weld {part:red_box}",
                    "rover_1_scan_shelf {where:dock_a,often:2}",
                ],
            ),
            (
                "rover_1 scans dock_b and goes to dock_a",
                &[
                    "rover_1_scan_shelf {where:dock_b}",
                    "rover_1_navigate_to {place:dock_a} < rover_1_scan_shelf",
                ],
            ),
            (
                "rover_1 picks up the red box",
                &["rover_1_swallow {thing:red_box}"],
            ),
        ],
    );
}

#[test]
fn skill_is_said_by_its_verbs_whatever_its_name_is() {
    let polished = "arm_1_surface_finishing_v2 {part:red_box}";
    means(
        &fleet_with_new_skills(),
        &[
            ("arm_1 polishes the red box", &[polished]),
            ("buff the red box", &[polished]),
            (
                "after arm_1 has polished the red box, rover_1 returns home",
                &[polished, "rover_1_recharge < arm_1_surface_finishing_v2"],
            ),
            ("rover_1 goes back to its start", &["rover_1_recharge"]),
            ("rover_1 recharges", &["rover_1_recharge"]),
        ],
    );
}

#[test]
fn what_such_a_skill_lacks_is_named() {
    let fleet = fleet_with_new_skills();
    for (text, expected) in [
        ("arm_1 welds", "say which object"),
        ("arm_1 welds dock_a", "\"dock_a\" is not a known object"),
        (
            "arm_1 welds the green box",
            "\"green box\" is not a known object",
        ),
        ("rover_1 welds the red box", "rover_1 does not offer weld"),
        ("arm_1 welds the red box carefully", "carefully"),
        ("arm_1 scans dock_a", "arm_1 does not offer scan_shelf"),
        ("rover_1 welds", "say which object"),
    ] {
        let said = parse(text, &fleet).unwrap_err();
        assert!(said.contains(expected), "{text}: {said}");
    }
    let said = parse("arm_1 welds the red box", &one_by_one()).unwrap_err();
    assert!(said.contains("\"welds\" is not understood"), "{said}");
}
