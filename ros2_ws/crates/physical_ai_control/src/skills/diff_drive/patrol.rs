use physical_ai_domain::{ParameterSpec, Role, SkillSpec};

use super::{DriveBody, RouteSkill, stop_at};
use crate::Error;
use crate::skills::parameters::Params;
use crate::skills::values::ROUNDS;
use crate::skills::{Site, Stop};

pub(super) const SKILL: RouteSkill = RouteSkill {
    spec: SkillSpec {
        name: "patrol",
        description: "Visits places in order, as many rounds as asked.",
        ways: &[&[
            ParameterSpec::list("places", Role::FloorPlace),
            ParameterSpec::optional("rounds", Role::Count),
        ]],
        idempotent: true,
        takes: None,
        releases: None,
        returns: false,
        verbs: &[],
        typical_s: 20.0,
    },
    is_offered: |_| true,
    route,
};

fn route(_: &DriveBody, params: &Params<'_>, site: &Site) -> Result<Vec<Stop>, Error> {
    let rounds = params.count("rounds", ROUNDS, 1)?;
    let names = params.texts("places")?.into_iter();
    // A patrol passes through: only positions count.
    let round: Vec<Stop> = names
        .map(|name| stop_at(site, "places", name, false))
        .collect::<Result<_, _>>()?;
    Ok((0..rounds).flat_map(|_| round.iter().cloned()).collect())
}
