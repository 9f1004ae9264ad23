//! Speed of a model: `speed MODEL [THREADS]`.

use std::path::Path;
use std::time::Instant;

use physical_ai_llm::{Model, SpeedTest};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let path = arguments.next().ok_or("which model?")?;
    let threads = arguments.next().map_or(Ok(2), |t| t.parse())?;
    let begin = Instant::now();
    let model = Model::open(Path::new(&path))?;
    println!("load {:.3} s", begin.elapsed().as_secs_f64());
    let mut one = SpeedTest::try_new(model.clone(), threads, 1, 1024)?;
    one.prompt(64);
    for _ in 0..3 {
        println!("prompt 512: {:.1} tokens/s", one.prompt(512));
    }
    for context in [128, 512] {
        for _ in 0..2 {
            let speed = one.decode(context, 32);
            println!("decode at {context}: {speed:.2} tokens/s");
        }
    }
    drop(one);
    let mut eight = SpeedTest::try_new(model, threads, 8, 256)?;
    for _ in 0..2 {
        println!("decode 8 at 128: {:.1} tokens/s", eight.decode(128, 32));
    }
    Ok(())
}
