use std::time::Duration;

use r2r::QosProfile;
use r2r::qos::{DurabilityPolicy, LivelinessPolicy, ReliabilityPolicy};

/// Quality of service by class of data, so that both ends of a topic agree without thinking.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Qos(pub(crate) QosProfile);

impl Qos {
    /// Sensor streams: the newest counts, a lost one is not sent again.
    pub fn sensor() -> Self {
        Self(QosProfile::sensor_data())
    }

    /// Set points and state estimates of the control loop: like sensors, but shallower, because an
    /// old command is worse than none.
    pub fn command() -> Self {
        Self(QosProfile::sensor_data().keep_last(2))
    }

    /// State that late joiners need: the last value is kept for them.
    pub fn state_latched() -> Self {
        Self(
            QosProfile::default()
                .keep_last(1)
                .reliable()
                .transient_local(),
        )
    }

    /// The emergency stop's input: whoever publishes on it is heard, latched or not, as long as it is reliable.
    pub fn stop() -> Self {
        Self(QosProfile::default().keep_last(100).reliable().volatile())
    }

    /// Events of which none may be lost.
    pub fn events() -> Self {
        Self(QosProfile::default().keep_last(1000).reliable())
    }

    /// Signs of life, of which one is sent in each `period` and on change: offers subscriptions that ask for it to
    /// be told when two in a row are missing (deadline; of the topic as a whole, as long as it has no key), and when
    /// a publisher was silent for `lease`.
    ///
    /// Liveliness is asserted by what is published: a process whose threads live, but that is stuck, loses it, too.
    pub fn heartbeat(period: Duration, lease: Duration) -> Self {
        let mut events = Self::events();
        events.0.deadline = 2 * period;
        events.0.liveliness = LivelinessPolicy::ManualByTopic;
        events.0.liveliness_lease_duration = lease;
        events
    }

    /// Services and the three of an action. The middleware's default depth of 10 keeps the *last* ten of
    /// a burst that comes while nobody spins; this is above the most missions that run at a time by default.
    pub fn services() -> Self {
        Self(QosProfile::services_default().keep_last(1000))
    }

    /// Only the newest message, for those who look now and then; works with every publisher.
    pub fn newest() -> Self {
        Self(QosProfile::sensor_data().keep_last(1))
    }

    /// Whatever comes, as long as the network does not lose it; works with every publisher.
    pub fn best_effort(depth: usize) -> Self {
        Self(QosProfile::sensor_data().keep_last(depth))
    }

    /// Simulated time.
    pub fn clock() -> Self {
        Self(QosProfile::sensor_data().keep_last(1))
    }

    /// ROS's default: reliable, volatile, depth 10.
    pub fn standard() -> Self {
        Self(QosProfile::default())
    }

    /// Logs, as rclcpp publishes them.
    pub fn rosout() -> Self {
        Self(
            QosProfile::default()
                .keep_last(1000)
                .reliable()
                .transient_local()
                .lifespan(Duration::from_secs(10)),
        )
    }

    /// Static transforms and other latched streams with several publishers.
    pub fn latched(depth: usize) -> Self {
        Self(
            QosProfile::default()
                .keep_last(depth)
                .reliable()
                .transient_local(),
        )
    }
}

/// What all publishers of a topic offer, so that a subscription can ask for no more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OfferedQos {
    /// Lost messages are sent again.
    pub is_reliable: bool,
    /// Late joiners get the last messages; only reliable publishers count.
    pub is_latched: bool,
}

impl OfferedQos {
    pub(crate) fn of<'a>(profiles: impl Iterator<Item = &'a QosProfile>) -> Option<Self> {
        profiles
            .map(|p| {
                let is_reliable = p.reliability == ReliabilityPolicy::Reliable;
                Self {
                    is_reliable,
                    is_latched: is_reliable && p.durability == DurabilityPolicy::TransientLocal,
                }
            })
            .reduce(|a, b| Self {
                is_reliable: a.is_reliable && b.is_reliable,
                is_latched: a.is_latched && b.is_latched,
            })
    }

    /// The subscription that loses least here.
    pub fn subscription(self, depth: usize) -> Qos {
        if self.is_latched {
            Qos::latched(depth)
        } else if self.is_reliable {
            Qos(QosProfile::default().keep_last(depth).reliable())
        } else {
            Qos::best_effort(depth)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn subscription_asks_for_no_more_than_every_publisher_offers() {
        let check = |offers: &[Qos], expected: Option<Qos>| {
            let offered = OfferedQos::of(offers.iter().map(|q| &q.0));
            assert_eq!(offered.map(|o| o.subscription(7)), expected);
        };
        check(&[], None);
        check(&[Qos::sensor()], Some(Qos::best_effort(7)));
        check(&[Qos::state_latched()], Some(Qos::latched(7)));
        check(
            &[Qos::state_latched(), Qos::standard()],
            Some(Qos(QosProfile::default().keep_last(7).reliable())),
        );
        check(&[Qos::sensor(), Qos::standard()], Some(Qos::best_effort(7)));
    }
}
