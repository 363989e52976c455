//! Inputs from a seed: each is an input of the corpus with a few of libFuzzer's mutations. It knows no coverage, so it finds
//! less than libFuzzer does, and the same on every machine.

use rand::{RngExt, SeedableRng, rngs::ChaCha8Rng};

use crate::SeedCorpus;

/// No input is longer.
const LONGEST: usize = 4096;
/// The most mutations of one input.
const MUTATIONS: usize = 6;

/// Makes inputs.
pub struct Mutator<'a> {
    corpus: &'a SeedCorpus,
    random: ChaCha8Rng,
}

impl<'a> Mutator<'a> {
    /// The same seed gives the same inputs.
    pub fn new(corpus: &'a SeedCorpus, seed: u64) -> Self {
        Self { corpus, random: ChaCha8Rng::seed_from_u64(seed) }
    }

    /// The next input.
    pub fn next_input(&mut self) -> Vec<u8> {
        let mut input = self.any_input();
        for _ in 0..self.random.random_range(1..=MUTATIONS) {
            self.mutate(&mut input);
        }
        input.truncate(LONGEST);
        input
    }

    fn any_input(&mut self) -> Vec<u8> {
        let count = self.corpus.inputs.len();
        let at = self.random.random_range(0..count.max(1));
        self.corpus.inputs.get(at).map(|(_, input)| input.clone()).unwrap_or_default()
    }

    fn mutate(&mut self, input: &mut Vec<u8>) {
        let at = self.random.random_range(0..=input.len());
        let length = self.random.random_range(0..=(input.len() - at).min(16));
        let range = at..at + length;
        match self.random.random_range(0..8) {
            0 => {
                let bit = 1 << self.random.random_range(0..8_u32);
                input.iter_mut().skip(at).take(1).for_each(|byte| *byte ^= bit);
            }
            1 => {
                let byte = self.random.random_range(b' '..=b'~');
                input.splice(at..at + length.min(1), [byte]);
            }
            2 => drop(input.drain(range)),
            3 => {
                let copy: Vec<u8> = input.iter().skip(at).take(length).copied().collect();
                let to = self.random.random_range(0..=input.len());
                input.splice(to..to, copy);
            }
            4 | 5 => {
                let count = self.corpus.tokens.len();
                let which = self.random.random_range(0..count.max(1));
                let token = self.corpus.tokens.get(which).cloned().unwrap_or_default();
                let replaced = if self.random.random_range(0..2) == 0 { at..at } else { range };
                input.splice(replaced, token);
            }
            6 => {
                let digit = self.random.random_range(b'0'..=b'9');
                if let Some(place) = input.iter_mut().skip(at).find(|byte| byte.is_ascii_digit()) {
                    *place = digit;
                }
            }
            _ => {
                let other = self.any_input();
                let from = self.random.random_range(0..=other.len());
                input.truncate(at);
                input.extend(other.iter().skip(from));
            }
        }
    }
}
