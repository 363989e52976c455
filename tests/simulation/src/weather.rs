//! How often the network fails, and how slow it is.

use crate::chance::Chance;

/// The likelihood of each fault, in percent, and the delays.
#[derive(Clone, Debug)]
pub(crate) struct Weather {
    pub(crate) delay_ms: (u64, u64),
    pub(crate) long_delay: u32,
    pub(crate) lost_request: u32,
    pub(crate) lost_reply: u32,
    pub(crate) repeated: u32,
    pub(crate) refused_status: u32,
    pub(crate) refused_socket: u32,
    pub(crate) hanging_handshake: u32,
    pub(crate) dropped_socket: u32,
    pub(crate) half_open_socket: u32,
}

impl Weather {
    pub(crate) const CALM: Self = Self {
        delay_ms: (5, 80),
        long_delay: 0,
        lost_request: 0,
        lost_reply: 0,
        repeated: 0,
        refused_status: 0,
        refused_socket: 0,
        hanging_handshake: 0,
        dropped_socket: 0,
        half_open_socket: 0,
    };

    pub(crate) fn draw(chance: &Chance) -> Self {
        // Most faults occur alone.
        let seldom = |most: u32| if chance.percent(30) { chance.below(most) } else { 0 };
        Self {
            delay_ms: (1, chance.between(2, 2_000)),
            long_delay: seldom(10),
            lost_request: seldom(30),
            lost_reply: seldom(30),
            repeated: seldom(30),
            refused_status: seldom(30),
            refused_socket: seldom(100),
            hanging_handshake: seldom(40),
            dropped_socket: seldom(100),
            half_open_socket: seldom(60),
        }
    }
}
