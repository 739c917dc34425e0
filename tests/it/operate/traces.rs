//! What became of a lead, as a collector of traces is told: one trace from the door to the vendors.

use crate::doors::amqp::broker::{Broker, broker};
use crate::eventually::{eventually, found};
use crate::program::free_port;
use crate::program::served::{Served, exchange, request};
use crate::town::Caller;
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use baton::app::stage::StandIns;
use baton::intake::amqp::{AmqpConfig, Outgoing, Publisher};
use baton_clock::SystemClock;
use baton_core::domain::trace_context::TraceContext;
use futures_util::StreamExt;
use lapin::options::{BasicConsumeOptions, QueueBindOptions, QueueDeclareOptions};
use lapin::types::{AMQPValue, FieldTable};
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::time::Instant;

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const CALLER: &str = "00f067aa0ba902b7";
/// Of a span, as OTLP numbers them.
const SERVER: i32 = 2;
const CLIENT: i32 = 3;
const CONSUMER: i32 = 5;

/// Takes what it is sent, as the protocol wants it.
#[derive(Clone, Default)]
struct Collector {
    spans: Arc<Mutex<Vec<Span>>>,
    services: Arc<Mutex<Vec<String>>>,
}

impl Collector {
    async fn open() -> (Self, String) {
        let collector = Self::default();
        let routes = Router::new().route("/v1/traces", post(take)).with_state(collector.clone());
        let address = baton_sandbox::serve(routes).await.expect("a port");
        (collector, format!("[telemetry]\ntraces = \"http://{address}\"\nservice_name = \"baton-test\"\n"))
    }

    fn of(&self, trace: &str) -> Vec<Span> {
        let spans = self.spans.lock().expect("spans");
        spans.iter().filter(|span| hex(&span.trace_id) == trace).cloned().collect()
    }

    /// The first span of this name in a trace, once it has come.
    async fn span(&self, trace: &str, name: &str) -> Span {
        let named = || {
            let span = self.of(trace).into_iter().find(|span| span.name.starts_with(name));
            std::future::ready(span)
        };
        found(format!("{name} of {trace}"), named).await
    }
}

async fn take(State(collector): State<Collector>, headers: HeaderMap, body: Bytes) -> StatusCode {
    assert_eq!(headers["content-type"], "application/x-protobuf");
    let told = ExportTraceServiceRequest::decode(body).expect("OTLP");
    for resource in told.resource_spans {
        let attributes = resource.resource.map(|resource| resource.attributes).unwrap_or_default();
        let keys = attributes.iter().map(|attribute| format!("{}={:?}", attribute.key, attribute.value));
        collector.services.lock().expect("services").extend(keys);
        for scope in resource.scope_spans {
            collector.spans.lock().expect("spans").extend(scope.spans);
        }
    }
    StatusCode::OK
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

async fn stage() -> StandIns {
    StandIns::open(Arc::new(SystemClock)).await.expect("the stand-ins")
}

async fn start(toml: String, env: Vec<(&'static str, String)>) -> Served {
    let started = tokio::task::spawn_blocking(move || {
        let mut all: Vec<(&str, &str)> = StandIns::secrets().to_vec();
        all.extend(env.iter().map(|(name, value)| (*name, value.as_str())));
        Served::start(&toml, "info", &all)
    });
    started.await.expect("it starts")
}

/// With what a vendor was asked under a trace: the span that was named to it.
async fn told_to_vendor(stage: &StandIns, trace: &str) -> TraceContext {
    let asked = || {
        let contexts = stage.world.exchanges().into_iter().filter_map(|exchange| {
            let text = |name: &str| exchange.request_headers.get(name).and_then(|value| value.to_str().ok());
            TraceContext::read(text("traceparent")?, text("tracestate"))
        });
        let mut of_trace = contexts.filter(|context| context.trace_id() == trace);
        std::future::ready(of_trace.next())
    };
    found(format!("a vendor call under {trace}"), asked).await
}

/// One span under the other, down to the call that the vendor saw.
async fn is_one_story(collector: &Collector, stage: &StandIns, trace: &str, door: &Span) {
    let decide = collector.span(trace, "decide").await;
    assert_eq!((&decide.parent_span_id, decide.links.len()), (&door.span_id, 1), "{decide:?}");
    assert_ne!(hex(&decide.links[0].trace_id), trace, "the batch is nobody's child");
    let step = collector.span(trace, "step ").await;
    assert_eq!(step.parent_span_id, door.span_id);
    for key in ["baton.lead.id", "baton.step.attempt", "baton.step.kind", "baton.step.result"] {
        assert!(step.attributes.iter().any(|attribute| attribute.key == key), "{key}: {step:?}");
    }
    let seen = told_to_vendor(stage, trace).await;
    let call = || {
        let mut calls = collector.of(trace).into_iter();
        std::future::ready(calls.rfind(|span| hex(&span.span_id) == format!("{:016x}", seen.parent)))
    };
    let call = found("the span of the vendor call", call).await;
    assert_eq!(call.kind, CLIENT, "{call:?}");
    let parent = || {
        let spans = collector.of(trace).into_iter().find(|span| span.span_id == call.parent_span_id);
        std::future::ready(spans)
    };
    let parent = found("what the vendor was called for", parent).await;
    assert!(parent.name.starts_with("step ") || parent.name == "decide", "{parent:?}");
    let text = format!("{:?}", collector.of(trace));
    assert!(!text.contains("Caller No") && !text.contains("@company"), "nothing personal: {text}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lead_that_comes_with_a_trace_is_told_of_in_it_from_the_door_to_the_vendor() {
    let (collector, section) = Collector::open().await;
    let stage = stage().await;
    let mut served = start(format!("{section}{}", stage.config_toml()), Vec::new()).await;
    let port = served.port;
    let sent = tokio::task::spawn_blocking(move || {
        let headers =
            format!("Content-Type: application/json\r\ntraceparent: 00-{TRACE}-{CALLER}-01\r\ntracestate: rojo=1\r\n");
        let with = Caller::gone(1).event.to_string();
        let none = Caller::gone(2).event.to_string();
        let with = exchange(port, &request("POST", "/v1/events", None, &headers, &with)).status;
        let plain = "Content-Type: application/json\r\n";
        [with, exchange(port, &request("POST", "/v1/leads", None, plain, &none)).status]
    });
    assert_eq!(sent.await.expect("they are sent"), [202, 202]);

    let door = collector.span(TRACE, "POST /v1/events").await;
    assert_eq!((door.kind, hex(&door.parent_span_id).as_str()), (SERVER, CALLER), "{door:?}");
    assert_eq!(door.trace_state, "rojo=1");
    is_one_story(&collector, &stage, TRACE, &door).await;
    let vendor = told_to_vendor(&stage, TRACE).await;
    assert_eq!((vendor.sampled, vendor.state.as_deref()), (true, Some("rojo=1")));

    let own = TraceContext::of_lead(&Caller::gone(2).lead());
    let door = collector.span(&own.trace_id(), "POST /v1/leads").await;
    assert!(door.parent_span_id.is_empty(), "it begins the trace: {door:?}");
    assert_eq!(hex(&door.span_id), format!("{:016x}", own.parent));
    is_one_story(&collector, &stage, &own.trace_id(), &door).await;

    let stopped = tokio::task::spawn_blocking(move || {
        served.stops_within(Duration::from_secs(10));
        served.log()
    });
    let log = stopped.await.expect("it stops");
    assert!(log.contains(TRACE), "lines of the lead name its trace: {log}");
    let services = collector.services.lock().expect("services").join("\n");
    assert!(services.contains("baton-test") && services.contains("service.instance.id"), "{services}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_trace_that_came_is_handed_on_where_no_collector_is_named() {
    let stage = stage().await;
    let mut served = start(stage.config_toml(), Vec::new()).await;
    let port = served.port;
    let sent = tokio::task::spawn_blocking(move || {
        let headers = format!("Content-Type: application/json\r\ntraceparent: 00-{TRACE}-{CALLER}-00\r\n");
        exchange(port, &request("POST", "/v1/events", None, &headers, &Caller::gone(1).event.to_string())).status
    });
    assert_eq!(sent.await.expect("it is sent"), 202);
    let vendor = told_to_vendor(&stage, TRACE).await;
    assert_eq!(vendor.traceparent(), format!("00-{TRACE}-{CALLER}-00"), "as it came");
    tokio::task::spawn_blocking(move || served.stops_within(Duration::from_secs(10))).await.expect("it stops");
}

/// A queue of our own for all that is published, and what its first message is told under.
async fn published(broker: &Broker) -> impl Future<Output = Option<TraceContext>> {
    let channel = broker.channel().await;
    let own = QueueDeclareOptions { exclusive: true, auto_delete: true, ..Default::default() };
    let queue = channel.queue_declare("".into(), own, FieldTable::default()).await.expect("a queue");
    let name = queue.name().as_str().to_owned();
    let bind = QueueBindOptions::default();
    let bound = channel.queue_bind(
        name.as_str().into(),
        "baton.events".into(),
        "lead.routed".into(),
        bind,
        FieldTable::default(),
    );
    bound.await.expect("it is bound");
    let consume = BasicConsumeOptions { no_ack: true, ..Default::default() };
    let consuming = channel.basic_consume(name.as_str().into(), "".into(), consume, FieldTable::default());
    let mut events = consuming.await.expect("it listens");
    async move {
        let _open = &channel;
        let event = events.next().await?.expect("an event");
        let headers = event.properties.headers().as_ref()?;
        let (_, parent) = headers.inner().iter().find(|(name, _)| name.as_str() == "traceparent")?;
        let AMQPValue::LongString(parent) = parent else { return None };
        TraceContext::read(&String::from_utf8_lossy(parent.as_bytes()), None)
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_trace_goes_from_a_message_of_the_broker_to_the_vendor_and_to_what_is_published() {
    let Some(broker) = broker(true).await else { return };
    let (collector, section) = Collector::open().await;
    let stage = stage().await;
    let amqp = "[amqp]\nurl = \"env:TEST_AMQP\"\ndeclare = true\n";
    let url = broker.config.url.clone();
    let toml = format!("{section}{amqp}{}", stage.config_toml());
    let mut served = start(toml, vec![("TEST_AMQP", url.clone())]).await;
    eventually("it consumes", || async { served.log().contains("consuming") }).await;
    let event = published(&broker).await;

    let publisher = Publisher::new(AmqpConfig::new(url, true));
    let message = Outgoing {
        exchange: "baton.in".to_owned(),
        routing_key: "lead.qualified".to_owned(),
        body: Caller::gone(3).event.to_string().into_bytes(),
        content_type: "application/json".to_owned(),
        message_id: "traced".to_owned(),
        trace_context: TraceContext::read(&format!("00-{TRACE}-{CALLER}-01"), None),
        ..Outgoing::default()
    };
    publisher.publish(&message).await.expect("it is published");
    publisher.close().await;

    let door = collector.span(TRACE, "process baton.leads").await;
    assert_eq!((door.kind, hex(&door.parent_span_id).as_str()), (CONSUMER, CALLER), "{door:?}");
    let keys: Vec<&str> = door.attributes.iter().map(|attribute| attribute.key.as_str()).collect();
    assert!(keys.contains(&"messaging.system") && keys.contains(&"messaging.destination.name"), "{keys:?}");
    is_one_story(&collector, &stage, TRACE, &door).await;
    let event = tokio::time::timeout(Duration::from_secs(30), event).await.expect("it is told to others");
    let event = event.expect("with its trace");
    assert_eq!((event.trace_id().as_str(), event.sampled), (TRACE, true));
    let step = || {
        let spans = collector.of(TRACE).into_iter().find(|span| hex(&span.span_id) == format!("{:016x}", event.parent));
        std::future::ready(spans)
    };
    let step = found("the step that published it", step).await;
    assert!(step.name.starts_with("step publish"), "{step:?}");
    tokio::task::spawn_blocking(move || served.stops_within(Duration::from_secs(10))).await.expect("it stops");
}

#[test]
fn a_collector_that_is_away_slows_and_stops_no_lead() {
    let toml = format!("[telemetry]\ntraces = \"http://127.0.0.1:{}\"\n", free_port());
    let mut served = Served::start(&toml, "info", &[]);
    let headers = "Content-Type: application/json\r\n";
    for number in 1..=5 {
        let event = Caller::gone(number).event.to_string();
        let answer = served.ask(&request("POST", "/v1/leads?wait=1500ms", None, headers, &event));
        // The first one may wait for what a worker does once.
        let is_in_time = answer.status == 200 || number == 1 && answer.status == 202;
        assert!(is_in_time, "lead {number} is not decided in the time that its agent waits: {answer:?}");
        std::thread::sleep(Duration::from_millis(300));
    }
    let began = Instant::now();
    served.stops_within(Duration::from_secs(10));
    assert!(began.elapsed() < Duration::from_secs(8), "{:?}", began.elapsed());
    let log = served.log();
    assert_eq!(log.matches("traces do not reach their collector").count(), 1, "{log}");
}
