use crate::Error;
use crate::tokenizer::invalid;

/// What a `tokenizer.json` leaves to the files beside it: `config.json`, `generation_config.json`
/// and `tokenizer_config.json`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SpecialIds {
    /// Begin of sequence.
    pub bos: Option<u32>,
    /// Tokens that end a generation.
    pub eos: Vec<u32>,
    /// Unknown; `tokenizer.json` itself has precedence.
    pub unk: Option<u32>,
    /// Padding.
    pub pad: Option<u32>,
    /// Whether the model expects `bos` before a prompt.
    pub add_bos: bool,
}

impl SpecialIds {
    pub(super) fn all(&self) -> impl Iterator<Item = u32> {
        let single = [self.bos, self.unk, self.pad].into_iter().flatten();
        single.chain(self.eos.iter().copied())
    }

    pub(super) fn check(&self, tokens: usize) -> Result<(), Error> {
        let single = [("bos", self.bos), ("unk", self.unk), ("pad", self.pad)];
        let single = single.into_iter().filter_map(|(f, id)| Some((f, id?)));
        for (field, id) in single.chain(self.eos.iter().map(|id| ("eos", *id))) {
            if id as usize >= tokens {
                let problem = format!("id {id} is out of range, there are {tokens} tokens");
                return Err(invalid(field, problem));
            }
        }
        Ok(())
    }
}
