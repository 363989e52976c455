//! The injectable source of randomness, and the ids, codes and tokens that are drawn from it. Nothing else in the crate draws
//! randomness that must not be guessed.

use parking_lot::Mutex;
use rand::{Rng, SeedableRng, rngs::StdRng, rngs::SysRng};

/// The source of unguessable values: ids, codes, link tokens, signing keys.
pub trait Random: Send + Sync + 'static {
    /// Fills the buffer with random bytes.
    fn fill(&self, buffer: &mut [u8]);
}

/// A cryptographic generator, seeded by the operating system.
#[derive(Debug)]
pub struct SystemRandom(Mutex<StdRng>);

impl SystemRandom {
    /// Seeds a generator.
    ///
    /// # Errors
    /// The operating system has no randomness.
    pub fn new() -> std::io::Result<Self> {
        let rng = StdRng::try_from_rng(&mut SysRng).map_err(std::io::Error::other)?;
        Ok(Self(Mutex::new(rng)))
    }
}

impl Random for SystemRandom {
    fn fill(&self, buffer: &mut [u8]) {
        self.0.lock().fill_bytes(buffer);
    }
}

/// A version 4 UUID.
pub(crate) fn uuid(random: &dyn Random) -> String {
    let mut bytes = [0; 16];
    random.fill(&mut bytes);
    uuid::Builder::from_random_bytes(bytes).into_uuid().to_string()
}

/// An unguessable value: 128 bits as 32 hexadecimal digits, safe in a path, a query and a claim.
pub(crate) fn unguessable(random: &dyn Random) -> String {
    let mut bytes = [0; 16];
    random.fill(&mut bytes);
    format!("{:032x}", u128::from_be_bytes(bytes))
}

/// A code of six digits; every code is equally likely.
pub(crate) fn six_digits(random: &dyn Random) -> String {
    format!("{:06}", below(random, 1_000_000))
}

/// A code of nine digits; every code is equally likely.
pub(crate) fn nine_digits(random: &dyn Random) -> String {
    format!("{:09}", below(random, 1_000_000_000))
}

/// A number of two digits, from 10 to 99.
pub(crate) fn two_digits(random: &dyn Random) -> u8 {
    // Below 90, so that it fits.
    10 + below(random, 90) as u8
}

/// A number below `end`; every number is equally likely.
fn below(random: &dyn Random, end: u32) -> u32 {
    // The largest multiple of `end` in a `u32`. Numbers from here on would favour small ones and are skipped.
    let fair = u32::MAX - u32::MAX % end;
    loop {
        let mut bytes = [0; 4];
        random.fill(&mut bytes);
        let number = u32::from_be_bytes(bytes);
        if number < fair {
            return number % end;
        }
    }
}
