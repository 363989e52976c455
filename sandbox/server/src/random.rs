use parking_lot::Mutex;
use rand::{Rng, SeedableRng, rngs::StdRng, rngs::SysRng};

/// Where the sandbox takes what must not be guessed: ids, codes, link tokens, signing keys.
pub trait Random: Send + Sync + 'static {
    /// Fills the buffer with random bytes.
    fn fill(&self, buffer: &mut [u8]);
}

/// A cryptographic generator that the operating system has seeded.
#[derive(Debug)]
pub struct SystemRandom(Mutex<StdRng>);

impl SystemRandom {
    /// Seeds a generator. Fails where the operating system has no randomness to give.
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

/// 32 hexadecimal digits, 128 bits: safe in a path, in a query and in a claim.
pub(crate) fn unguessable(random: &dyn Random) -> String {
    let mut bytes = [0; 16];
    random.fill(&mut bytes);
    format!("{:032x}", u128::from_be_bytes(bytes))
}

/// Six digits, each equally likely.
pub(crate) fn six_digits(random: &dyn Random) -> String {
    /// The largest multiple of a million that fits: what lies above would favour small codes.
    const FAIR: u32 = u32::MAX - u32::MAX % 1_000_000;
    loop {
        let mut bytes = [0; 4];
        random.fill(&mut bytes);
        let number = u32::from_be_bytes(bytes);
        if number < FAIR {
            return format!("{:06}", number % 1_000_000);
        }
    }
}
