use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;
use crate::TokenMask;

/// Probabilities after every filter, as plainly as the definitions say it.
fn reference(
    params: &SamplingParams,
    logits: &[f32],
    mask: Option<&TokenMask>,
    history: &[u32],
    prompt_tokens: usize,
) -> Vec<f64> {
    let mut scores: Vec<f64> = logits.iter().map(|&x| f64::from(x)).collect();
    for token in history.iter().copied().collect::<BTreeSet<u32>>() {
        let score = &mut scores[token as usize];
        let penalty = f64::from(params.repetition_penalty);
        *score = if *score > 0.0 {
            *score / penalty
        } else {
            *score * penalty
        };
        let count = history[prompt_tokens..]
            .iter()
            .filter(|t| **t == token)
            .count();
        if count > 0 {
            *score -= f64::from(params.presence_penalty);
            *score -= f64::from(params.frequency_penalty) * count as f64;
        }
    }
    for (token, score) in scores.iter_mut().enumerate() {
        if mask.is_some_and(|m| !m.is_allowed(token as u32)) {
            *score = f64::NEG_INFINITY;
        }
        *score /= f64::from(params.temperature);
    }
    let mut order: Vec<usize> = (0..scores.len()).collect();
    order.sort_by(|&a, &b| scores[b].total_cmp(&scores[a]).then(a.cmp(&b)));
    order.retain(|&i| scores[i] > f64::NEG_INFINITY);
    if params.top_k > 0 {
        order.truncate(params.top_k as usize);
    }
    let weight = |i: &usize| (scores[*i] - scores[order[0]]).exp();
    let total: f64 = order.iter().map(weight).sum();
    let mut kept = Vec::new();
    let mut reached = 0.0;
    for i in &order {
        if reached >= f64::from(params.top_p) * total || weight(i) < f64::from(params.min_p) {
            break;
        }
        reached += weight(i);
        kept.push(*i);
    }
    let total: f64 = kept.iter().map(weight).sum();
    let mut probabilities = vec![0.0; scores.len()];
    for i in kept {
        probabilities[i] = weight(&i) / total;
    }
    probabilities
}

/// Draws often and compares the counts with `expected`.
fn check_distribution(params: &SamplingParams, logits: &[f32], mask: Option<&TokenMask>) {
    const DRAWS: usize = 20_000;
    let expected = reference(params, logits, mask, &[], 0);
    let mut sampler = Sampler::try_new(params.clone(), 0).unwrap();
    let mut counts = vec![0.0; logits.len()];
    for _ in 0..DRAWS {
        counts[sampler.sample(logits, mask, &[]).unwrap().token as usize] += 1.0;
    }
    let mut statistic = 0.0;
    let mut freedom = 0.0;
    for (token, (&count, &p)) in counts.iter().zip(&expected).enumerate() {
        if p == 0.0 {
            assert_eq!(count, 0.0, "token {token} is filtered out: {params:?}");
        } else if p * DRAWS as f64 >= 5.0 {
            let mean = p * DRAWS as f64;
            statistic += (count - mean) * (count - mean) / mean;
            freedom += 1.0;
        }
    }
    // Mean plus four standard deviations of the chi-square distribution.
    let bound = freedom + 4.0 * f64::sqrt(2.0 * freedom);
    assert!(statistic < bound, "{statistic} of {bound}: {params:?}");
}

/// Numbers without a pattern, from -4 to 4.
fn scattered(count: usize) -> Vec<f32> {
    (0..count as u64)
        .map(|i| (noise::uniform(99, i) * 8.0 - 4.0) as f32)
        .collect()
}

#[test]
fn draws_follow_the_reference_distribution() {
    let logits = scattered(300);
    let mut mask = TokenMask::none(290);
    (0..290).step_by(3).for_each(|t| mask.allow(t));
    let base = SamplingParams {
        seed: 11,
        ..SamplingParams::default()
    };
    for params in [
        base.clone(),
        SamplingParams {
            temperature: 0.4,
            ..base.clone()
        },
        SamplingParams {
            top_k: 7,
            ..base.clone()
        },
        SamplingParams {
            top_p: 0.6,
            ..base.clone()
        },
        SamplingParams {
            min_p: 0.2,
            ..base.clone()
        },
        SamplingParams {
            top_k: 40,
            top_p: 0.8,
            min_p: 0.1,
            temperature: 1.5,
            ..base.clone()
        },
        // More than the candidates that top-p looks at first.
        SamplingParams {
            top_p: 0.99,
            temperature: 3.0,
            ..base.clone()
        },
    ] {
        check_distribution(&params, &logits, None);
        check_distribution(&params, &logits, Some(&mask));
    }
}

prop_compose! {
    fn any_params()(
        temperature in prop_oneof![Just(1.0f32), 0.05f32..3.0],
        top_k in prop_oneof![Just(0u32), 1u32..80],
        top_p in prop_oneof![Just(1.0f32), 0.05f32..1.0],
        min_p in prop_oneof![Just(0.0f32), 0.0f32..1.0],
        repetition_penalty in prop_oneof![Just(1.0f32), 0.5f32..2.0],
        presence_penalty in prop_oneof![Just(0.0f32), -2.0f32..2.0],
        frequency_penalty in prop_oneof![Just(0.0f32), -2.0f32..2.0],
        seed in any::<u64>(),
    ) -> SamplingParams {
        SamplingParams {
            temperature, top_k, top_p, min_p, repetition_penalty, presence_penalty,
            frequency_penalty, seed, top_logprobs: 3,
        }
    }
}

proptest! {
    /// The inverse of the cumulative distribution at the number drawn, up to rounding at the edges.
    #[test]
    fn drawn_token_has_probability_in_the_reference(
        params in any_params(),
        logits in prop::collection::vec(-6.0f32..6.0, 1..200),
        allowed in prop::option::of(prop::collection::vec(0usize..200, 1..30)),
        history in prop::collection::vec(0usize..200, 0..40),
        prompt_share in 0.0f64..1.0,
    ) {
        let vocabulary = logits.len();
        let mask = allowed.map(|tokens| {
            let mut mask = TokenMask::none(vocabulary);
            tokens.iter().for_each(|t| mask.allow((t % vocabulary) as u32));
            mask
        });
        let history: Vec<u32> = history.iter().map(|t| (t % vocabulary) as u32).collect();
        let prompt_tokens = (history.len() as f64 * prompt_share) as usize;
        // At the edge of a filter F32 and F64 may disagree: both sides of it are right.
        let loose = SamplingParams {
            top_p: (params.top_p * 1.00001).min(1.0),
            min_p: params.min_p * 0.99999,
            ..params.clone()
        };
        let probabilities = reference(&loose, &logits, mask.as_ref(), &history, prompt_tokens);
        let mut sampler = Sampler::try_new(params, prompt_tokens).unwrap();
        let mut previous = None;
        for _ in 0..8 {
            let sampled = sampler.sample(&logits, mask.as_ref(), &history).unwrap();
            prop_assert!(probabilities[sampled.token as usize] > 0.0);
            prop_assert_eq!(sampled.top_logprobs.len(), vocabulary.min(3));
            previous = Some(sampled);
        }
        let sum: f64 = logits.iter().map(|&x| f64::from(x).exp()).sum();
        let sampled = previous.unwrap();
        let exact = f64::from(logits[sampled.token as usize]) - sum.ln();
        prop_assert!((f64::from(sampled.logprob) - exact).abs() < 1e-5);
    }

    #[test]
    fn hostile_logits_end_in_a_token_or_an_error(
        params in any_params(),
        logits in prop::collection::vec(
            prop_oneof![
                any::<f32>(), Just(f32::NEG_INFINITY), Just(f32::MAX), Just(f32::MIN), -5.0f32..5.0
            ],
            0..80,
        ),
        history in prop::collection::vec(0u32..100, 0..10),
    ) {
        let mut sampler = Sampler::try_new(params, 3).unwrap();
        if let Ok(sampled) = sampler.sample(&logits, None, &history) {
            prop_assert!(logits[sampled.token as usize] > f32::NEG_INFINITY);
            prop_assert!(!sampled.logprob.is_nan());
        }
    }
}

#[test]
fn same_seed_draws_the_same_whatever_happens_beside_it() {
    let logits = scattered(100);
    let params = SamplingParams {
        seed: 5,
        ..SamplingParams::default()
    };
    let draw = |params: &SamplingParams, disturb: bool| -> Vec<u32> {
        let mut sampler = Sampler::try_new(params.clone(), 0).unwrap();
        let mut other = Sampler::try_new(SamplingParams::default(), 0).unwrap();
        (0..50)
            .map(|_| {
                if disturb {
                    other.sample(&logits, None, &[]).unwrap();
                    sampler = sampler.clone();
                    assert!(sampler.sample(&[f32::NAN], None, &[]).is_err());
                }
                sampler.sample(&logits, None, &[]).unwrap().token
            })
            .collect()
    };
    let first = draw(&params, false);
    assert_eq!(first, draw(&params, true));
    let other_seed = SamplingParams { seed: 6, ..params };
    assert_ne!(first, draw(&other_seed, false));
}

#[test]
fn greedy_takes_the_first_of_the_largest_that_is_allowed() {
    let mut sampler = Sampler::try_new(SamplingParams::greedy(), 0).unwrap();
    let logits = [0.0, 3.0, 3.0, f32::NEG_INFINITY, 2.0];
    assert_eq!(sampler.sample(&logits, None, &[]).unwrap().token, 1);
    let mut mask = TokenMask::none(5);
    mask.allow(4);
    mask.allow(0);
    assert_eq!(sampler.sample(&logits, Some(&mask), &[]).unwrap().token, 4);
}

#[test]
fn tiny_temperature_is_greedy() {
    for temperature in [1e-30, 1e-39, f32::MIN_POSITIVE] {
        let params = SamplingParams {
            temperature,
            ..SamplingParams::default()
        };
        let mut sampler = Sampler::try_new(params, 0).unwrap();
        let token = sampler.sample(&[1.0, 1.0001, -3.0], None, &[]).unwrap();
        assert_eq!(token.token, 1, "{temperature}");
    }
}

#[test]
fn repetition_counts_the_prompt_and_presence_only_the_output() {
    let choose = |params: SamplingParams, prompt_tokens| {
        let mut sampler = Sampler::try_new(params, prompt_tokens).unwrap();
        let logits = [2.0, 1.9, -1.0];
        sampler.sample(&logits, None, &[0, 0, 1]).unwrap().token
    };
    let greedy = SamplingParams::greedy;
    let repetition = SamplingParams {
        repetition_penalty: 1.5,
        ..greedy()
    };
    assert_eq!(choose(repetition.clone(), 3), 0);
    let presence = SamplingParams {
        presence_penalty: 2.0,
        ..greedy()
    };
    assert_eq!(choose(presence.clone(), 3), 0);
    assert_eq!(choose(presence, 1), 0);
    let frequency = SamplingParams {
        frequency_penalty: 0.5,
        ..greedy()
    };
    assert_eq!(choose(frequency.clone(), 0), 1);
    assert_eq!(choose(frequency, 2), 0);
}

#[test]
fn unusable_logits_are_named() {
    let mut sampler = Sampler::try_new(SamplingParams::default(), 0).unwrap();
    let mut check = |logits: &[f32], mask: Option<&TokenMask>, expected: &str| {
        let error = sampler.sample(logits, mask, &[]).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    };
    check(&[0.0, f32::NAN], None, "logit of token 1 is NaN");
    check(&[f32::INFINITY], None, "logit of token 0 is inf");
    check(&[f32::NEG_INFINITY; 3], None, "no token is allowed");
    check(&[], None, "no token is allowed");
    check(&[0.0; 3], Some(&TokenMask::none(3)), "no token is allowed");
    check(&[0.0; 3], Some(&TokenMask::none(4)), "mask width is 4");
    let params = SamplingParams {
        repetition_penalty: 2.0,
        ..SamplingParams::default()
    };
    let mut sampler = Sampler::try_new(params, 0).unwrap();
    let error = sampler.sample(&[0.0; 3], None, &[3]).unwrap_err();
    assert!(error.to_string().contains("history is 3"), "{error}");
}

#[test]
fn parameters_out_of_range_are_named() {
    let check = |change: &dyn Fn(&mut SamplingParams), expected: &str| {
        let mut params = SamplingParams::default();
        change(&mut params);
        let error = Sampler::try_new(params, 0).unwrap_err().to_string();
        assert!(error.starts_with(expected), "{error}");
    };
    check(
        &|p| p.temperature = -0.1,
        "temperature is -0.1: must be 0 to 100",
    );
    check(&|p| p.temperature = f32::NAN, "temperature is NaN");
    check(&|p| p.top_p = 0.0, "top_p is 0: must be above 0");
    check(&|p| p.top_p = 1.5, "top_p is 1.5");
    check(&|p| p.min_p = f32::NAN, "min_p is NaN");
    check(&|p| p.repetition_penalty = 0.0, "repetition_penalty is 0");
    check(&|p| p.presence_penalty = 3.0, "presence_penalty is 3");
    check(
        &|p| p.frequency_penalty = f32::INFINITY,
        "frequency_penalty is inf",
    );
    check(
        &|p| p.top_logprobs = 21,
        "top_logprobs is 21: must be at most 20",
    );
}

#[test]
fn reported_alternatives_are_the_likeliest_by_the_model_alone() {
    let params = SamplingParams {
        top_logprobs: 2,
        temperature: 0.5,
        ..SamplingParams::default()
    };
    let mut sampler = Sampler::try_new(params, 0).unwrap();
    let mut mask = TokenMask::none(3);
    mask.allow(2);
    let logits = [0.7f32.ln(), 0.2f32.ln(), 0.1f32.ln()];
    let sampled = sampler.sample(&logits, Some(&mask), &[]).unwrap();
    assert_eq!(sampled.token, 2);
    assert!((sampled.logprob - 0.1f32.ln()).abs() < 1e-5);
    let ids: Vec<u32> = sampled.top_logprobs.iter().map(|t| t.0).collect();
    assert_eq!(ids, [0, 1]);
    assert!((sampled.top_logprobs[1].1 - 0.2f32.ln()).abs() < 1e-5);
}

#[test]
fn forced_token_is_reported_without_a_step() {
    let mut sampler = Sampler::try_new(SamplingParams::default(), 0).unwrap();
    let logits = [0.25f32.ln(), 0.75f32.ln(), f32::NEG_INFINITY];
    let reported = sampler.report(&logits, 0).unwrap();
    assert!((reported.logprob - 0.25f32.ln()).abs() < 1e-6);
    assert_eq!(
        sampler.report(&logits, 2).unwrap().logprob,
        f32::NEG_INFINITY
    );
    assert_eq!(sampler.step(), 0);
    assert!(sampler.report(&logits, 3).is_err());
    sampler.sample(&logits, None, &[]).unwrap();
    assert_eq!(sampler.step(), 1);
}

#[test]
fn buffers_are_used_again() {
    let params = SamplingParams {
        top_p: 0.9,
        repetition_penalty: 1.1,
        ..SamplingParams::default()
    };
    let mut sampler = Sampler::try_new(params, 0).unwrap();
    let logits = scattered(5_000);
    sampler.sample(&logits, None, &[1, 2]).unwrap();
    let buffers = sampler.buffers();
    for step in 0..200u32 {
        sampler.sample(&logits, None, &[step, 1]).unwrap();
    }
    assert_eq!(sampler.buffers(), buffers);
}
