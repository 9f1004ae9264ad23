/// What a clause asks for; synonyms are one verb.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verb {
    Put,
    Pick,
    Take,
    Bring,
    Move,
    Go,
    Return,
    Patrol,
    Visit,
    Wait,
    Open,
    Close,
    Set,
    /// A skill of the fleet, said by the first word of its name: its place among those.
    Own(usize),
}

/// Form of a verb: not every form may stand everywhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// `patrol`, `patrols`.
    Finite,
    /// `patrolling`.
    Gerund,
    /// `patrolled`.
    Participle,
}

/// Imperative, third person, gerund, participle.
const VERBS: &[(Verb, [&str; 4])] = &[
    (Verb::Put, ["put", "puts", "putting", "put"]),
    (Verb::Put, ["place", "places", "placing", "placed"]),
    (Verb::Put, ["drop", "drops", "dropping", "dropped"]),
    (Verb::Put, ["lay", "lays", "laying", "laid"]),
    (
        Verb::Bring,
        ["deliver", "delivers", "delivering", "delivered"],
    ),
    (Verb::Bring, ["bring", "brings", "bringing", "brought"]),
    (Verb::Bring, ["carry", "carries", "carrying", "carried"]),
    (
        Verb::Bring,
        ["transfer", "transfers", "transferring", "transferred"],
    ),
    (Verb::Take, ["take", "takes", "taking", "taken"]),
    (Verb::Pick, ["pick", "picks", "picking", "picked"]),
    (Verb::Pick, ["grab", "grabs", "grabbing", "grabbed"]),
    (Verb::Pick, ["grasp", "grasps", "grasping", "grasped"]),
    (Verb::Pick, ["get", "gets", "getting", "got"]),
    (Verb::Pick, ["fetch", "fetches", "fetching", "fetched"]),
    (Verb::Pick, ["lift", "lifts", "lifting", "lifted"]),
    (
        Verb::Pick,
        ["collect", "collects", "collecting", "collected"],
    ),
    (Verb::Move, ["move", "moves", "moving", "moved"]),
    (Verb::Go, ["go", "goes", "going", "gone"]),
    (Verb::Go, ["drive", "drives", "driving", "driven"]),
    (
        Verb::Go,
        ["navigate", "navigates", "navigating", "navigated"],
    ),
    (Verb::Go, ["head", "heads", "heading", "headed"]),
    (Verb::Go, ["travel", "travels", "travelling", "travelled"]),
    (Verb::Go, ["proceed", "proceeds", "proceeding", "proceeded"]),
    (Verb::Go, ["come", "comes", "coming", "come"]),
    (Verb::Return, ["return", "returns", "returning", "returned"]),
    (
        Verb::Patrol,
        ["patrol", "patrols", "patrolling", "patrolled"],
    ),
    (Verb::Visit, ["visit", "visits", "visiting", "visited"]),
    (Verb::Wait, ["wait", "waits", "waiting", "waited"]),
    (Verb::Wait, ["pause", "pauses", "pausing", "paused"]),
    (Verb::Open, ["open", "opens", "opening", "opened"]),
    (Verb::Close, ["close", "closes", "closing", "closed"]),
    (Verb::Set, ["set", "sets", "setting", "set"]),
];

/// What error messages offer.
pub(super) const KNOWN: &str = "put OBJECT in PLACE, pick up OBJECT, put it down in PLACE, \
    go to PLACE or (x, y), patrol PLACES, return home, wait N seconds, open or close the gripper, \
    move to (x, y, z)";

/// The verb that `word` is a form of.
pub(super) fn verb(word: &str) -> Option<(Verb, &'static [Form])> {
    VERBS
        .iter()
        .find_map(|(verb, [base, third, gerund, participle])| {
            let forms: &[Form] = match word {
                w if w == *base && base == participle => &[Form::Finite, Form::Participle],
                w if w == *base || w == *third => &[Form::Finite],
                w if w == *gerund => &[Form::Gerund],
                w if w == *participle => &[Form::Participle],
                _ => return None,
            };
            Some((*verb, forms))
        })
}

/// True if a word is a verb that is known.
pub(super) fn is_verb(word: &str) -> bool {
    verb(word).is_some()
}

/// The verb whose form is nearest to a misspelt one.
pub(super) fn nearest(word: &str) -> String {
    let forms = VERBS.iter().flat_map(|(_, forms)| forms.iter().copied());
    physical_ai_schema::suggestion(word, forms)
}
