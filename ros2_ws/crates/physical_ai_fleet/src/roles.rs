//! What parameters mean, where an offer does not say it: read from names and types, once, when offers are taken in.

use std::collections::BTreeSet;

use physical_ai_domain::{Capability, Role};
use serde_json::Value;

/// Roles of parameters by the names that workers without roles give them; what places are is seen from the rest.
const BY_NAME: [(&str, Role); 12] = [
    ("object", Role::Object),
    ("robot", Role::Robot),
    ("duration_s", Role::Duration),
    ("rounds", Role::Count),
    ("opening_m", Role::Opening),
    ("positions", Role::JointPositions),
    ("x", Role::X),
    ("y", Role::Y),
    ("z", Role::Z),
    ("roll", Role::Roll),
    ("pitch", Role::Pitch),
    ("yaw", Role::Yaw),
];

/// In the names of skills without parameters by which robots go back to where they rest, of workers that do not say so.
const HOME: &str = "home";

/// The same offers with a role for each parameter whose meaning can be told. Those that say roles stay as they are.
pub(crate) fn with_roles(mut offers: Vec<Capability>) -> Vec<Capability> {
    let hands: BTreeSet<_> = offers
        .iter()
        .filter(|c| !says_roles(c) && c.parameters_schema.pointer("/properties/object").is_some())
        .map(|c| c.robot.clone())
        .collect();
    for offer in offers.iter_mut().filter(|c| !says_roles(c)) {
        let has_hand = hands.contains(&offer.robot);
        add_roles(&mut offer.parameters_schema, has_hand);
    }
    for offer in &mut offers {
        let is_bare = offer.parameters().next().is_none();
        let is_said = offer.parameters_schema.get("returns").is_some();
        let is_called_so = offer.skill.as_str().split('_').any(|word| word == HOME);
        if is_bare && !is_said && is_called_so {
            offer.parameters_schema["returns"] = true.into();
        }
    }
    offers
}

fn says_roles(offer: &Capability) -> bool {
    offer.parameters().any(|p| p.role.is_some())
}

fn add_roles(schema: &mut Value, has_hand: bool) {
    let has = |name: &str| schema.pointer(&format!("/properties/{name}")).is_some();
    // What a hand lets go is put on something; who may go to a point instead, drives.
    let is_put = has("object") || (has_hand && !has("x"));
    let place = if is_put {
        Role::Surface
    } else {
        Role::FloorPlace
    };
    let (takes, releases) = (has("object"), has("place") && is_put);
    let Some(properties) = schema.get_mut("properties").and_then(Value::as_object_mut) else {
        return;
    };
    for (name, property) in properties.iter_mut() {
        let role = match name.as_str() {
            "place" => Some(place),
            "places" => Some(Role::FloorPlace),
            name => BY_NAME
                .iter()
                .find(|(n, _)| *n == name)
                .map(|(_, role)| *role),
        };
        if let (Some(role), Some(fields)) = (
            role.filter(|r| fits(*r, property)),
            property.as_object_mut(),
        ) {
            fields.insert("role".to_owned(), role.as_str().into());
        }
    }
    if takes {
        schema["takes"] = "object".into();
    }
    if releases {
        schema["releases"] = "place".into();
    }
}

/// True if values of a property can be what the role means.
fn fits(role: Role, property: &Value) -> bool {
    let value = property.get("items").unwrap_or(property);
    let kind = value.get("type").and_then(Value::as_str);
    if role.is_name() {
        kind.is_none_or(|kind| kind == "string")
    } else {
        kind.is_none_or(|kind| kind == "number" || kind == "integer")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fleet::tests::fleet;

    #[test]
    fn roles_are_told_where_an_offer_does_not_say_them() {
        let fleet = fleet();
        let of = |skill: &'static str| fleet.offers(skill, None).next().unwrap();
        let both = of("pick_and_place");
        assert_eq!(
            (both.takes(), both.releases()),
            (Some("object"), Some("place"))
        );
        assert_eq!(
            (of("pick").takes(), of("pick").releases()),
            (Some("object"), None)
        );
        assert_eq!(
            (of("place").takes(), of("place").releases()),
            (None, Some("place"))
        );
        assert!(of("place").parameter(Role::Surface).is_some());
        assert!(of("navigate_to").parameter(Role::FloorPlace).is_some());
        assert!(of("patrol").parameter(Role::FloorPlace).unwrap().list);
        assert!(of("wait").parameter(Role::Duration).is_some());
        assert!(of("home").returns() && !of("wait").returns());
    }

    #[test]
    fn roles_that_are_said_stay() {
        let mut offers = fleet().capabilities().to_vec();
        offers.retain(|c| c.skill.as_str() == "pick");
        offers[0].parameters_schema["properties"]["object"]["role"] = "surface".into();
        let kept = with_roles(offers.clone());
        assert_eq!(kept, offers);
    }
}
