use physical_ai_domain::SkillSpec;

use super::{DriveBody, RouteSkill};
use crate::Error;
use crate::skills::parameters::Params;
use crate::skills::{Site, Stop};

const SPEC: SkillSpec = SkillSpec {
    name: "home",
    description: "Drives back to where it started.",
    ways: &[],
    idempotent: true,
    takes: None,
    releases: None,
    returns: true,
    verbs: &[],
    typical_s: 8.0,
};

/// The way back, for who has nothing else to bring home.
pub(super) const HOME: RouteSkill = RouteSkill {
    spec: SPEC,
    is_offered: |set| !set.has_posture,
    route,
};

/// The same for who folds its joints with `home`.
pub(super) const DRIVE_HOME: RouteSkill = RouteSkill {
    spec: SkillSpec {
        name: "drive_home",
        ..SPEC
    },
    is_offered: |set| set.has_posture,
    route,
};

fn route(body: &DriveBody, _: &Params<'_>, _: &Site) -> Result<Vec<Stop>, Error> {
    Ok(vec![Stop {
        name: "its start".into(),
        field: "home",
        at: body.start,
        yaw: Some(body.start.yaw),
    }])
}
