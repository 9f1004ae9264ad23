use std::collections::BTreeSet;

use physical_ai_domain::{Capability, Plan, RobotName};

/// What live workers offer: the vocabulary of missions and the measure of their validity.
#[derive(Debug, Clone, Default)]
pub struct Fleet {
    capabilities: Vec<Capability>,
}

impl Fleet {
    /// A fleet that offers these.
    pub fn new(capabilities: Vec<Capability>) -> Self {
        Self { capabilities }
    }

    /// True when nobody offers anything.
    pub fn is_empty(&self) -> bool {
        self.capabilities.is_empty()
    }

    /// All that is offered.
    pub fn capabilities(&self) -> &[Capability] {
        &self.capabilities
    }

    /// Robots.
    pub fn robots(&self) -> BTreeSet<&str> {
        self.capabilities
            .iter()
            .filter_map(|c| c.robot.as_ref())
            .map(RobotName::as_str)
            .collect()
    }

    /// Skills.
    pub fn skills(&self) -> BTreeSet<&str> {
        self.capabilities.iter().map(|c| c.skill.as_str()).collect()
    }

    /// Offers of a skill by a robot, or by anyone.
    pub fn offers<'a>(
        &'a self,
        skill: &'a str,
        robot: Option<&'a str>,
    ) -> impl Iterator<Item = &'a Capability> {
        self.capabilities.iter().filter(move |c| {
            c.skill.as_str() == skill
                && robot.is_none_or(|r| c.robot.as_ref().is_none_or(|own| own.as_str() == r))
        })
    }

    /// True if this robot offers the skill.
    pub fn can(&self, robot: &str, skill: &str) -> bool {
        self.capabilities.iter().any(|c| {
            c.skill.as_str() == skill && c.robot.as_ref().is_some_and(|r| r.as_str() == robot)
        })
    }

    /// The first task that nobody can start now although somebody offers its skill, and why.
    pub fn not_ready(&self, plan: &Plan) -> Option<String> {
        plan.tasks.iter().find_map(|task| {
            let robot = task.robot.as_ref().map(RobotName::as_str);
            let mut offers = self.offers(task.skill.as_str(), robot).peekable();
            let first = offers.peek()?;
            let who = first.robot.as_ref().map_or("nobody", RobotName::as_str);
            let reason = format!("task {}: {who} is not ready: {}", task.id, first.reason);
            offers.all(|o| !o.ready).then_some(reason)
        })
    }

    /// Names of places that any skill takes.
    pub fn places(&self) -> BTreeSet<&str> {
        self.capabilities
            .iter()
            .flat_map(Capability::places)
            .collect()
    }

    /// Names of objects that any skill takes.
    pub fn objects(&self) -> BTreeSet<&str> {
        self.capabilities
            .iter()
            .flat_map(Capability::objects)
            .collect()
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use physical_ai_domain::{Resources, SkillName};
    use serde_json::{Value, json};

    use super::*;

    fn offer(robot: &str, skill: &str, properties: Value, required: Value) -> Capability {
        Capability {
            skill: SkillName::try_new(skill).unwrap(),
            robot: Some(RobotName::try_new(robot).unwrap()),
            description: String::new(),
            parameters_schema: json!({"type": "object", "properties": properties,
                "required": required, "additionalProperties": false}),
            mean_duration_s: 2.0,
            requires: Resources::new(),
            idempotent: !matches!(skill, "pick_and_place" | "pick" | "place"),
            ready: true,
            reason: String::new(),
        }
    }

    fn text(names: &[&str]) -> Value {
        json!({"type": "string", "enum": names})
    }

    fn arm_offers() -> Vec<Capability> {
        let object = text(&["red_box", "blue_box"]);
        let place = text(&["bin_a", "bin_b"]);
        let opening = json!({"type": "number", "minimum": 0.0, "maximum": 0.09});
        let seconds = json!({"type": "number", "minimum": 0.0});
        let arm = |skill, properties, required| offer("arm_1", skill, properties, required);
        vec![
            arm(
                "pick_and_place",
                json!({"object": object, "place": place}),
                json!(["object", "place"]),
            ),
            arm("pick", json!({"object": object}), json!(["object"])),
            arm("place", json!({"place": place}), json!(["place"])),
            arm(
                "set_gripper",
                json!({"opening_m": opening}),
                json!(["opening_m"]),
            ),
            arm("home", json!({}), json!([])),
            arm(
                "wait",
                json!({"duration_s": seconds}),
                json!(["duration_s"]),
            ),
        ]
    }

    fn rover_offers() -> Vec<Capability> {
        let place = text(&["dock_a", "dock_b"]);
        let metres = json!({"type": "number"});
        let seconds = json!({"type": "number", "minimum": 0.0});
        let places = json!({"type": "array", "items": place, "minItems": 1});
        let rounds = json!({"type": "integer", "minimum": 1});
        let rover = |skill, properties, required| offer("rover_1", skill, properties, required);
        vec![
            rover(
                "navigate_to",
                json!({"place": place, "x": metres, "y": metres}),
                json!([]),
            ),
            rover(
                "patrol",
                json!({"places": places, "rounds": rounds}),
                json!(["places"]),
            ),
            rover("home", json!({}), json!([])),
            rover(
                "wait",
                json!({"duration_s": seconds}),
                json!(["duration_s"]),
            ),
        ]
    }

    /// One arm and one rover with what the tests need.
    pub(crate) fn fleet() -> Fleet {
        Fleet::new([arm_offers(), rover_offers()].concat())
    }

    #[test]
    fn names_come_from_the_schemas() {
        let fleet = fleet();
        assert_eq!(fleet.robots(), BTreeSet::from(["arm_1", "rover_1"]));
        assert_eq!(
            fleet.places(),
            BTreeSet::from(["bin_a", "bin_b", "dock_a", "dock_b"])
        );
        assert_eq!(fleet.objects(), BTreeSet::from(["blue_box", "red_box"]));
    }

    #[test]
    fn unready_robot_is_named_with_its_reason() {
        let mut offers = fleet().capabilities;
        let plan = crate::parse_plan("tasks: [{id: a, skill: home, robot: rover_1}]").unwrap();
        assert_eq!(Fleet::new(offers.clone()).not_ready(&plan), None);
        for offer in &mut offers {
            (offer.ready, offer.reason) = (false, "stopped".to_owned());
        }
        let reason = Fleet::new(offers).not_ready(&plan).unwrap();
        assert_eq!(reason, "task a: rover_1 is not ready: stopped");
    }
}
