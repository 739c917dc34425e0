//! Families of figures by a fixed number of labels, and the book in which each has its name and its words.

use prometheus_client::encoding::text::encode;
use prometheus_client::encoding::{EncodeMetric, MetricEncoder};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;
use std::fmt;
use std::sync::atomic::AtomicU64;

/// Names and values; all of them live as long as the process, since they are few.
pub(super) type Labels<const N: usize> = [(&'static str, &'static str); N];
pub(super) type Counters<const N: usize> = Family<Labels<N>, Counter>;
pub(super) type Gauges<const N: usize> = Family<Labels<N>, Gauge>;
pub(super) type Histograms<const N: usize> = Family<Labels<N>, Histogram>;
/// With a fraction: seconds, as a rule.
pub(super) type Real = Gauge<f64, AtomicU64>;
pub(super) type Reals<const N: usize> = Family<Labels<N>, Real>;

/// Is told of before it has moved, so that whoever writes a rule finds its name.
#[derive(Debug)]
struct Always<M>(M);

impl<M: EncodeMetric> EncodeMetric for Always<M> {
    fn encode(&self, encoder: MetricEncoder<'_>) -> Result<(), fmt::Error> {
        self.0.encode(encoder)
    }

    fn metric_type(&self) -> MetricType {
        self.0.metric_type()
    }
}

#[derive(Default)]
pub(super) struct Book(Registry);

impl Book {
    /// Names a figure, without the `_total` that the format adds to counters.
    pub(super) fn keep<M>(&mut self, name: &'static str, help: &'static str, figure: M) -> M
    where
        M: EncodeMetric + Clone + fmt::Debug + Send + Sync + 'static,
    {
        self.0.register(name, help, Always(figure.clone()));
        figure
    }

    /// All of them, as OpenMetrics 1.0 writes them.
    pub(super) fn told(&self) -> String {
        let mut text = String::new();
        encode(&mut text, &self.0).expect("a text takes whatever is written");
        text
    }
}
