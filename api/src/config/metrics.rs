//! Settings of the figures for a monitoring system.

use std::net::SocketAddr;

use super::reader::Reader;

/// Figures for a monitoring system.
#[derive(Debug, Clone, Copy)]
pub struct Metrics {
    /// Where they are served; without it none are kept.
    pub listen: Option<SocketAddr>,
}

pub(super) fn read(reader: &mut Reader, public: SocketAddr) -> Metrics {
    let listen: Option<SocketAddr> = reader.optional(
        "metrics.listen",
        "address and port at which figures are served for Prometheus, as `127.0.0.1:9464`; without it none are kept. \
         Whoever reaches it may read them, so never the public one",
    );
    if listen == Some(public) {
        reader.fault(
            "metrics.listen",
            format!("`{public}` is `http.listen`: give an address that the public does not reach"),
        );
    }
    Metrics { listen }
}
