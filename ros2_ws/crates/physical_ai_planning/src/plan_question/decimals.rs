/// As plans write it: three decimals at most.
pub fn shown(number: f64) -> String {
    let rounded = (number * 1000.0).round() / 1000.0;
    format!("{}", rounded + 0.0)
}
