/// The references in a text and where they begin, in order.
pub fn references_in(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let starts = text.match_indices("ref_").map(|(at, _)| at);
    starts.filter_map(|at| {
        let tail = &text[at + 4..];
        let has_kind = tail.starts_with(|c: char| c.is_ascii_lowercase());
        let digits = tail.bytes().skip(1).take_while(u8::is_ascii_digit).count();
        (has_kind && digits > 0).then(|| (at, &text[at..at + 5 + digits]))
    })
}
