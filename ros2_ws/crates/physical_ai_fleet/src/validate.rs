use std::collections::{BTreeMap, BTreeSet};

use physical_ai_domain::{Capability, FailurePolicyKind, Plan, TaskId, TaskSpec};

use physical_ai_schema::{self as schema, suggestion};

use crate::Fleet;

/// Everything that `plan` violates for `fleet`: empty if it can run.
pub fn validate(plan: &Plan, fleet: &Fleet) -> Vec<String> {
    let mut violations = Vec::new();
    let mut ids = BTreeSet::new();
    for task in &plan.tasks {
        if !ids.insert(task.id.as_str()) {
            violations.push(format!("task {}: id is used twice", task.id));
        }
    }
    for task in &plan.tasks {
        check_references(task, &ids, &mut violations);
        check_numbers(task, &mut violations);
        check_offer(task, fleet, &mut violations);
    }
    check_compensations(plan, &mut violations);
    if let Some(cycle) = find_cycle(plan) {
        violations.push(format!(
            "tasks wait for each other in a circle: {}",
            cycle.join(" → ")
        ));
    }
    violations
}

fn check_references(task: &TaskSpec, ids: &BTreeSet<&str>, violations: &mut Vec<String>) {
    let mut check = |field: &str, id: &TaskId| {
        if !ids.contains(id.as_str()) {
            let hint = suggestion(id.as_str(), ids.iter().copied());
            violations.push(format!(
                "task {}: {field} names {id}, which does not exist{hint}",
                task.id
            ));
        } else if *id == task.id {
            violations.push(format!("task {}: {field} names the task itself", task.id));
        }
    };
    for id in &task.after {
        check("after", id);
    }
    if let Some(id) = &task.on_failure.compensation {
        check("on_failure.compensation", id);
    }
    if task.on_failure.kind == FailurePolicyKind::Compensate
        && task.on_failure.compensation.is_none()
    {
        violations.push(format!(
            "task {}: on_failure.compensation is missing: name the task that undoes it",
            task.id
        ));
    }
}

/// A compensation runs only when something failed, so nothing may wait for it.
fn check_compensations(plan: &Plan, violations: &mut Vec<String>) {
    let compensations: BTreeSet<&TaskId> = plan
        .tasks
        .iter()
        .filter_map(|t| t.on_failure.compensation.as_ref())
        .collect();
    for task in &plan.tasks {
        if let Some(id) = task.after.iter().find(|a| compensations.contains(a)) {
            violations.push(format!(
                "task {}: after names {id}, which runs only as a compensation",
                task.id
            ));
        }
    }
}

fn check_numbers(task: &TaskSpec, violations: &mut Vec<String>) {
    let mut check = |field: &str, value: f64| {
        if !value.is_finite() || value < 0.0 {
            violations.push(format!(
                "task {}: {field} is {value}: must be finite and 0 or more",
                task.id
            ));
        }
    };
    check("timeout_s", task.timeout_s);
    check("on_failure.backoff_s", task.on_failure.backoff_s);
    for (name, quantity) in &task.resources {
        check(&format!("resources.{name}"), *quantity);
    }
    if task.on_failure.max_attempts == 0 {
        violations.push(format!(
            "task {}: on_failure.max_attempts is 0: must be 1 or more",
            task.id
        ));
    }
}

fn check_offer(task: &TaskSpec, fleet: &Fleet, violations: &mut Vec<String>) {
    let list = |names: BTreeSet<&str>| names.into_iter().collect::<Vec<_>>().join(", ");
    let robot = task.robot.as_ref().map(|r| r.as_str());
    let is_offered = fleet.offers(task.skill.as_str(), robot).next().is_some();
    if let Some(refused) = refused_offer(task, fleet).filter(|_| !is_offered) {
        violations.push(refused);
        return;
    }
    if let Some(robot) = robot.filter(|r| !fleet.robots().contains(r)) {
        let hint = suggestion(robot, fleet.robots());
        violations.push(format!(
            "task {}: robot {robot} is not known: there are {}{hint}",
            task.id,
            list(fleet.robots())
        ));
        return;
    }
    let skill = task.skill.as_str();
    if !fleet.skills().contains(skill) {
        let hint = suggestion(skill, fleet.skills());
        violations.push(format!(
            "task {}: skill {skill} is not known: there are {}{hint}",
            task.id,
            list(fleet.skills())
        ));
        return;
    }
    let mut best: Option<Vec<String>> = None;
    for offer in fleet.offers(skill, robot) {
        let problems = check_params(task, offer);
        if best.as_ref().is_none_or(|b| problems.len() < b.len()) {
            best = Some(problems);
        }
    }
    match best {
        Some(problems) => violations.extend(problems),
        None => violations.push(format!(
            "task {}: robot {} does not offer {skill}",
            task.id,
            robot.unwrap_or("(any)")
        )),
    }
}

fn check_params(task: &TaskSpec, offer: &Capability) -> Vec<String> {
    let mut problems = Vec::new();
    schema::check(
        &offer.parameters_schema,
        &task.params,
        &format!("task {}: params", task.id),
        &mut problems,
    );
    problems
}

/// An offer that cannot be honoured is refused by name: what it forbids cannot be seen.
fn refused_offer(task: &TaskSpec, fleet: &Fleet) -> Option<String> {
    let is_meant = |offer: &Capability| {
        let robot = task.robot.as_ref();
        offer.skill == task.skill
            && robot.is_none_or(|r| offer.robot.as_ref().is_none_or(|o| o == r))
    };
    let (offer, objection) = fleet.refused().iter().find(|(offer, _)| is_meant(offer))?;
    let robot = offer.robot.as_ref();
    let whose = robot.map_or(String::new(), |robot| format!(" of {robot}"));
    Some(format!(
        "task {}: the parameters of {}{whose} cannot be checked: in the schema that its worker offers, {objection}",
        task.id, offer.skill
    ))
}

/// Names of a cycle among `after` edges, if there is one.
fn find_cycle(plan: &Plan) -> Option<Vec<String>> {
    let tasks: BTreeMap<&str, &TaskSpec> = plan.tasks.iter().map(|t| (t.id.as_str(), t)).collect();
    let mut open: BTreeMap<&str, usize> = tasks
        .values()
        .map(|t| {
            (
                t.id.as_str(),
                t.after
                    .iter()
                    .filter(|a| tasks.contains_key(a.as_str()))
                    .count(),
            )
        })
        .collect();
    // Takes away what waits for nothing until nothing changes; what is left hangs on a cycle.
    while let Some(free) = open
        .iter()
        .find(|(_, waits)| **waits == 0)
        .map(|(id, _)| *id)
    {
        open.remove(free);
        for (id, waits) in &mut open {
            let edges = tasks
                .get(id)
                .map_or(0, |t| t.after.iter().filter(|a| a.as_str() == free).count());
            *waits = waits.saturating_sub(edges);
        }
    }
    let mut at = *open.keys().next()?;
    let mut path: Vec<&str> = Vec::new();
    loop {
        if let Some(start) = path.iter().position(|p| *p == at) {
            let mut cycle: Vec<String> = path[start..].iter().map(|s| (*s).to_owned()).collect();
            cycle.push(at.to_owned());
            cycle.reverse();
            return Some(cycle);
        }
        path.push(at);
        at = tasks
            .get(at)?
            .after
            .iter()
            .map(TaskId::as_str)
            .find(|a| open.contains_key(a))?;
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::fleet::tests::fleet;
    use crate::parse_plan;

    #[test]
    fn every_violation_is_listed_with_field_and_value() {
        let check = |tasks: &str, expected: &[&str]| {
            let found = validate(&parse_plan(&format!("tasks: [{tasks}]")).unwrap(), &fleet());
            assert_eq!(found.len(), expected.len(), "{found:?}");
            for (found, expected) in found.iter().zip(expected) {
                assert!(found.contains(expected), "{found}");
            }
        };
        check("{id: a, skill: home, robot: arm_1}", &[]);
        check(
            "{id: a, skill: home, robot: arm_9}",
            &["robot arm_9 is not known: there are arm_1, rover_1; did you mean arm_1?"],
        );
        check(
            "{id: a, skill: fly, robot: arm_1}",
            &["skill fly is not known"],
        );
        check(
            "{id: a, skill: patrol, robot: arm_1, params: {places: [dock_a]}}",
            &["robot arm_1 does not offer patrol"],
        );
        check(
            "{id: a, skill: navigate_to, params: {place: dock_z}}",
            &["params.place is \"dock_z\": must be one of dock_a, dock_b; did you mean dock_a?"],
        );
        check(
            "{id: a, skill: wait, robot: arm_1, params: {duration_s: -1}}",
            &["params.duration_s is -1: must be 0 or more"],
        );
        check(
            "{id: a, skill: wait, robot: arm_1}",
            &["params.duration_s is missing"],
        );
        check(
            "{id: a, skill: home, after: [b]}, {id: b, skill: home, after: [a]}",
            &["in a circle"],
        );
        check(
            "{id: a, skill: home, after: [a]}",
            &["the task itself", "in a circle: a → a"],
        );
        check(
            "{id: a, skill: home, after: [x], timeout_s: -2}, {id: a, skill: home}",
            &[
                "id is used twice",
                "names x, which does not exist",
                "timeout_s is -2",
            ],
        );
    }

    #[test]
    fn offer_with_a_schema_that_is_not_understood_is_refused_by_name() {
        let refused = |change: fn(&mut Value), expected: &str| {
            let mut offers = fleet().capabilities().to_vec();
            for offer in &mut offers {
                if offer.skill.as_str() == "navigate_to" {
                    change(&mut offer.parameters_schema);
                }
            }
            let fleet = Fleet::new(offers);
            let plan = "tasks: [{id: a, skill: navigate_to, params: {place: dock_a}}, {id: b, skill: home}]";
            let found = validate(&parse_plan(plan).unwrap(), &fleet);
            assert_eq!(found.len(), 1, "{found:?}");
            let expected = format!(
                "task a: the parameters of navigate_to of rover_1 cannot be checked: in the schema that \
                 its worker offers, {expected}"
            );
            assert!(found[0].starts_with(&expected), "{found:?}");
        };
        refused(
            |schema| schema["properties"]["place"]["contains"] = true.into(),
            "#/properties/place/contains is not understood",
        );
        refused(
            |schema| schema["properties"]["place"]["type"] = "sting".into(),
            "#/properties/place/type is \"sting\"",
        );
        refused(
            |schema| schema["properties"]["place"]["role"] = "plaice".into(),
            "#/properties/place/role is \"plaice\"",
        );
        refused(
            |schema| schema["takes"] = "cup".into(),
            "#/takes is \"cup\"",
        );
        refused(
            |schema| schema["returns"] = "yes".into(),
            "#/returns is \"yes\": must be true or false",
        );
        refused(
            |schema| schema["verbs"] = serde_json::json!(["Go home"]),
            "#/verbs is [\"Go home\"]: must be a list of words",
        );
        refused(
            |schema| *schema = "{oops".into(),
            "# is \"{oops\": a schema is",
        );
    }
}
