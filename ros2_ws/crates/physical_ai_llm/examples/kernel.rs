//! dev
use physical_ai_llm::{Model, SpeedTest};
use std::time::Instant;
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let path = std::env::args().nth(1).ok_or("which model?")?;
    let model = Model::open(std::path::Path::new(&path))?;
    let mut one = SpeedTest::try_new(model, 2, 1, 512)?;
    one.prompt(32);
    for _ in 0..4 {
        let b = Instant::now();
        let s = one.decode(64, 16);
        println!("{s:.2} tokens/s ({:.1} s)", b.elapsed().as_secs_f64());
    }
    Ok(())
}
