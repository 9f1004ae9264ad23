use llguidance::api::{ParserLimits, TopLevelGrammar};
use llguidance::toktrie::InferenceCapabilities;
use llguidance::{JsonCompileOptions, Matcher, ParserFactory};
use physical_ai_schema::{MAX_REGEX_BYTES, check_satisfiable};
use serde_json::Value;

use crate::Error;

use super::integers::split_at_zero;
use super::{
    Constraint, MASK_LEXER_FUEL, MASK_PARSER_ITEMS, MAX_LEXER_STATES, MaskVocabulary, reason,
};

/// Most lexer work to compile a constraint (about 50 a microsecond).
const COMPILE_LEXER_FUEL: u64 = 1_000_000;
/// Stack to compile on, bytes; only what is used takes memory.
const COMPILE_STACK_BYTES: usize = 64 << 20;
/// Most symbols of a compiled grammar.
const MAX_GRAMMAR_SYMBOLS: usize = 200_000;

/// How a JSON Schema is understood and its instances are written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct JsonOptions {
    /// Writes `, ` and `: ` as most texts that models learn from do; otherwise there is no white space.
    pub spaced: bool,
    /// Takes `oneOf` for `anyOf`, so that an instance may fit several branches; otherwise `oneOf`
    /// whose branches cannot be told apart is an error.
    pub one_of_as_any_of: bool,
}

/// Makes constraints for one vocabulary.
pub struct ConstraintCompiler {
    factory: ParserFactory,
    vocabulary: usize,
}

impl ConstraintCompiler {
    /// Prepares a vocabulary; takes some ten milliseconds, so do it once for a model.
    ///
    /// # Errors
    /// [`Error::InvalidTokenizer`] naming what is wrong with the vocabulary.
    pub fn try_new(vocabulary: MaskVocabulary) -> Result<Self, Error> {
        let size = vocabulary.tokens.len();
        let env = vocabulary.into_env()?;
        let capabilities = InferenceCapabilities {
            ff_tokens: env.tokenize_is_canonical(),
            ..InferenceCapabilities::default()
        };
        let slices = llguidance::earley::SlicedBiasComputer::json_slices();
        let mut factory = ParserFactory::new(&env, capabilities, &slices).map_err(|e| {
            Error::InvalidTokenizer {
                field: "tokens".to_owned(),
                problem: reason(e),
            }
        })?;
        factory.quiet();
        *factory.limits_mut() = ParserLimits {
            initial_lexer_fuel: COMPILE_LEXER_FUEL,
            step_lexer_fuel: MASK_LEXER_FUEL,
            step_max_items: MASK_PARSER_ITEMS,
            max_lexer_states: MAX_LEXER_STATES,
            max_grammar_size: MAX_GRAMMAR_SYMBOLS,
            verbose_errors: false,
            ..ParserLimits::default()
        };
        Ok(Self {
            factory,
            vocabulary: size,
        })
    }

    /// A constraint whose complete texts are the schema's instances, with properties in the order of
    /// the schema.
    ///
    /// Numbers without bounds may have any number of digits and strings without `maxLength` any
    /// length: bound them where the text must end.
    ///
    /// # Errors
    /// [`Error::InvalidSchema`] naming the place and reason if the schema is too large, uses what is
    /// not supported, or has no instance.
    pub fn compile_json_schema(
        &self,
        schema: &Value,
        options: &JsonOptions,
    ) -> Result<Constraint, Error> {
        check_satisfiable(schema).map_err(|e| Error::InvalidSchema(e.to_string()))?;
        let mut schema = match schema {
            Value::Object(_) => schema.clone(),
            // `true`; `false` has no instance.
            _ => Value::Object(serde_json::Map::new()),
        };
        split_at_zero(&mut schema);
        let (item, key) = if options.spaced {
            (", ", ": ")
        } else {
            (",", ":")
        };
        // The library reads its options from the schema; a caller's own are overwritten.
        JsonCompileOptions {
            item_separator: item.to_owned(),
            key_separator: key.to_owned(),
            whitespace_flexible: false,
            coerce_one_of: options.one_of_as_any_of,
            ..JsonCompileOptions::default()
        }
        .apply_to(&mut schema);
        self.compile(TopLevelGrammar::from_json_schema(schema))
    }

    /// A constraint whose complete texts match the whole regular expression (Rust's syntax without
    /// look-around; anchors mean nothing).
    ///
    /// # Errors
    /// [`Error::InvalidSchema`] if it is too long, is not supported, or matches nothing.
    pub fn compile_regex(&self, regex: &str) -> Result<Constraint, Error> {
        if regex.len() > MAX_REGEX_BYTES {
            return Err(Error::InvalidSchema(format!(
                "the regular expression has {} bytes: at most {MAX_REGEX_BYTES} are allowed",
                regex.len()
            )));
        }
        self.compile(TopLevelGrammar::from_regex(regex))
    }

    fn compile(&self, grammar: TopLevelGrammar) -> Result<Constraint, Error> {
        // The library recurses over what callers send: the stack must not depend on who calls.
        let matcher = std::thread::scope(|scope| {
            let thread = std::thread::Builder::new()
                .name("constraint".to_owned())
                .stack_size(COMPILE_STACK_BYTES)
                .spawn_scoped(scope, || Matcher::new(self.factory.create_parser(grammar)))
                .map_err(|e| Error::ConstraintFailed(format!("no thread to compile on: {e}")))?;
            thread
                .join()
                .map_err(|_| Error::InvalidSchema("cannot be compiled".to_owned()))
        })?;
        if let Some(error) = matcher.get_error() {
            return Err(Error::InvalidSchema(reason(error)));
        }
        let mut constraint = Constraint {
            matcher,
            mask: None,
            vocabulary: self.vocabulary,
        };
        // A language without any text shows here, and so does one that is too complex to begin.
        match constraint.mask() {
            Ok(_) => Ok(constraint),
            Err(error) => Err(Error::InvalidSchema(format!("has no instance: {error}"))),
        }
    }
}
