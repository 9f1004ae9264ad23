use crate::Config;
use crate::activations::Activations;

/// Memory of one pass, kept between passes.
#[derive(Debug, Default)]
pub struct Scratch {
    pub(super) normed: Vec<f32>,
    pub(super) rounded: Activations,
    pub(super) qkv: Vec<f32>,
    pub(super) attended: Vec<f32>,
    pub(super) gate_up: Vec<f32>,
    pub(super) gated: Vec<f32>,
    pub(super) cosines: Vec<f32>,
    pub(super) sines: Vec<f32>,
    /// Span, row of the pass, position, count.
    pub(super) groups: Vec<(usize, usize, usize, usize)>,
    pub(super) scores: Vec<Local>,
}

/// Memory of one thread.
#[derive(Debug, Default)]
pub(super) struct Local {
    pub queries: Vec<f32>,
    pub scores: Vec<f32>,
    pub out: Vec<f32>,
}

impl Scratch {
    pub(super) fn resize(&mut self, config: &Config, rows: usize, threads: usize) {
        let half = config.rope.rotated / 2;
        self.normed.resize(rows * config.width, 0.0);
        self.qkv.resize(rows * config.qkv_rows(), 0.0);
        self.attended
            .resize(rows * config.heads * config.head_width, 0.0);
        self.gate_up.resize(rows * 2 * config.feed_forward, 0.0);
        self.gated.resize(rows * config.feed_forward, 0.0);
        self.cosines.resize(rows * half, 0.0);
        self.sines.resize(rows * half, 0.0);
        self.scores.resize_with(threads, Local::default);
    }
}
