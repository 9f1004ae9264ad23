use r2r::QosProfile;

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

    /// Events of which none may be lost.
    pub fn events() -> Self {
        Self(QosProfile::default().keep_last(1000).reliable())
    }

    /// Services; the middleware's default depth of 10 loses bursts.
    pub fn services() -> Self {
        Self(QosProfile::services_default().keep_last(1000))
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
                .lifespan(std::time::Duration::from_secs(10)),
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
