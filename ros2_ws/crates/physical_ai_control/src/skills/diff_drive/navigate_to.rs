use physical_ai_domain::{ParameterSpec, Placement, Role, SkillSpec};

use super::{DriveBody, RouteSkill, stop_at};
use crate::Error;
use crate::skills::parameters::Params;
use crate::skills::{Site, Stop};

pub(super) const SKILL: RouteSkill = RouteSkill {
    spec: SkillSpec {
        name: "navigate_to",
        description: "Drives to a place, or to a point in the world.",
        ways: &[
            &[ParameterSpec::required("place", Role::FloorPlace)],
            &[
                ParameterSpec::required("x", Role::X),
                ParameterSpec::required("y", Role::Y),
                ParameterSpec::optional("yaw", Role::Yaw),
            ],
        ],
        idempotent: true,
        takes: None,
        releases: None,
        returns: false,
        verbs: &[],
        typical_s: 8.0,
    },
    is_offered: |_| true,
    route,
};

fn route(_: &DriveBody, params: &Params<'_>, site: &Site) -> Result<Vec<Stop>, Error> {
    if params.has("place") {
        params.only_with("place", &["x", "y", "yaw"], "give a place, or a point")?;
        return Ok(vec![stop_at(site, "place", params.text("place")?, true)?]);
    }
    let at = Placement {
        x: params.number("x")?,
        y: params.number("y")?,
        ..Default::default()
    };
    Ok(vec![Stop {
        name: format!("({:.2}, {:.2})", at.x, at.y),
        field: "x",
        at,
        yaw: params.optional_angle("yaw")?,
    }])
}
