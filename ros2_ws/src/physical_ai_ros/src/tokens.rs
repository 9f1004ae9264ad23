/// A number that nobody else has by accident; never 0.
pub fn random_token() -> u64 {
    let (high, low) = uuid::Uuid::new_v4().as_u64_pair();
    (high ^ low).max(1)
}
