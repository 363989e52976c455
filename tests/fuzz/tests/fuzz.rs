//! The corpora and the seeded inputs. The stage "fuzz" of `npm test` runs them.

#![allow(clippy::unwrap_used)]

use handset_test_fuzz::{Mutator, SeedCorpus, TARGETS, fuzz_folder};

fn corpus(target: &str) -> SeedCorpus {
    SeedCorpus::read(&fuzz_folder(), target).unwrap()
}

#[test]
fn every_target_has_a_small_corpus_and_a_dictionary() {
    for target in TARGETS {
        let SeedCorpus { inputs, tokens } = corpus(target.name);
        let bytes: usize = inputs.iter().map(|(_, input)| input.len()).sum();
        assert!(
            (20..250).contains(&inputs.len()) && bytes < 200_000,
            "{}: {} inputs, {bytes} bytes",
            target.name,
            inputs.len()
        );
        assert!(!tokens.is_empty(), "{}", target.name);
    }
}

#[test]
fn every_target_has_a_program_for_libfuzzer() {
    let manifest = std::fs::read_to_string(fuzz_folder().join("Cargo.toml")).unwrap();
    for target in TARGETS {
        assert!(manifest.contains(&format!("name = \"{}\"", target.name)), "{}", target.name);
        let program = fuzz_folder().join("fuzz_targets").join(format!("{}.rs", target.name));
        let text = std::fs::read_to_string(program).unwrap();
        assert!(text.contains(&format!("run_target(\"{}\", input)", target.name)), "{text}");
    }
}

#[test]
fn a_seed_gives_the_same_inputs_again_and_another_seed_others() {
    let corpus = corpus("wire");
    let inputs = |seed| {
        let mut mutator = Mutator::new(&corpus, seed);
        (0..100).map(|_| mutator.next_input()).collect::<Vec<_>>()
    };
    assert_eq!(inputs(1), inputs(1));
    assert_ne!(inputs(1), inputs(2));
}
