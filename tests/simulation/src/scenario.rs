use handset_sandbox::core::StartReplyShape;

use crate::chance::Chance;

/// What a seed decides before anything happens. Times are in ms from the start of the flow.
#[derive(Debug)]
pub(crate) struct Scenario {
    pub(crate) is_mobile: bool,
    pub(crate) server_has_number: bool,
    pub(crate) allow_otp_retry: bool,
    pub(crate) has_retry: bool,
    pub(crate) resend_pause_s: u32,
    pub(crate) start_reply: StartReplyShape,
    pub(crate) cancels_at_ms: Option<u64>,
    /// How the network behaves until it calms down.
    pub(crate) weather: Weather,
    /// From here on the network only delays, and little.
    pub(crate) calm_at_ms: u64,
    /// While any of these lasts nothing gets through, and sockets die at its beginning.
    pub(crate) outages: Vec<(u64, u64)>,
    /// When the page's wall clock is set, and by how much.
    pub(crate) clock_jumps: Vec<(u64, i64)>,
    /// How likely the person does what was expected, in percent.
    pub(crate) sensible: u32,
}

/// How likely what goes wrong goes wrong, in percent, and how slow things are.
#[derive(Clone, Debug)]
pub(crate) struct Weather {
    pub(crate) delay_ms: (u64, u64),
    pub(crate) long_delay: u32,
    pub(crate) lost_request: u32,
    pub(crate) lost_reply: u32,
    pub(crate) repeated: u32,
    pub(crate) refused_status: u32,
    pub(crate) refused_socket: u32,
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
        dropped_socket: 0,
        half_open_socket: 0,
    };

    fn draw(chance: &Chance) -> Self {
        // Most of what goes wrong goes wrong alone.
        let seldom = |most: u32| if chance.percent(30) { chance.below(most) } else { 0 };
        Self {
            delay_ms: (1, chance.between(2, 2_000)),
            long_delay: seldom(10),
            lost_request: seldom(30),
            lost_reply: seldom(30),
            repeated: seldom(30),
            refused_status: seldom(30),
            refused_socket: seldom(100),
            dropped_socket: seldom(100),
            half_open_socket: seldom(60),
        }
    }
}

impl Scenario {
    pub(crate) fn draw(chance: &Chance) -> Self {
        let is_stormy = chance.percent(75);
        let span = |most| chance.between(0, most);
        Self {
            is_mobile: chance.percent(45),
            server_has_number: chance.percent(50),
            allow_otp_retry: chance.percent(60),
            has_retry: chance.percent(50),
            resend_pause_s: if chance.percent(20) { chance.below(60) } else { 0 },
            start_reply: match chance.below(4) {
                0 => StartReplyShape::Data,
                1 => StartReplyShape::Empty,
                _ => StartReplyShape::Auto,
            },
            cancels_at_ms: chance.percent(8).then(|| span(240_000)),
            calm_at_ms: if is_stormy { span(200_000) } else { 0 },
            weather: if is_stormy { Weather::draw(chance) } else { Weather::CALM },
            outages: (0..if is_stormy { chance.below(3) } else { 0 })
                .map(|_| {
                    let from = span(180_000);
                    (from, from + span(60_000))
                })
                .collect(),
            clock_jumps: (0..if chance.percent(25) { 2 } else { 0 })
                .map(|_| (span(200_000), i64::from(chance.below(1_200_000)) - 600_000))
                .collect(),
            sensible: if chance.percent(50) { 100 } else { 40 + chance.below(60) },
        }
    }

    /// Whether nothing gets through at this moment.
    pub(crate) fn is_out(&self, at_ms: u64) -> bool {
        self.outages.iter().any(|(from, to)| (*from..*to).contains(&at_ms))
    }

    /// From when on nothing goes wrong any more.
    pub(crate) fn calm_from_ms(&self) -> u64 {
        self.outages.iter().map(|(_, to)| *to).fold(self.calm_at_ms, u64::max)
    }

    pub(crate) fn weather_at(&self, at_ms: u64) -> &Weather {
        if at_ms >= self.calm_at_ms { &Weather::CALM } else { &self.weather }
    }
}
