//! The image, the stack of compose and the manifests of Kubernetes: held against the worker that they run, and run where an engine is.

use super::readers::Readers;
use super::{deployed, left_out, skipped};
use crate::program::root;
use crate::program::served::{Served, get};
use crate::rules::schema::json;
use crate::store::server::variable;
use baton::app::STOP_WITHIN;
use baton::config;
use serde_json::Value;
use std::process::{Command, Output};
use std::time::Duration;

fn run(program: &str, arguments: &[&str]) -> Option<Output> {
    Command::new(program).args(arguments).current_dir(root()).output().ok()
}

/// Instructions of the image, each on one line.
fn instructions() -> Vec<String> {
    let text = deployed("docker/Dockerfile").replace("\\\n", " ");
    let lines = text.lines().filter(|line| !line.starts_with('#') && !line.trim().is_empty());
    lines.map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect()
}

#[test]
fn the_image_holds_the_worker_alone_and_does_not_run_as_root() {
    let all = instructions();
    let last = all.iter().rposition(|line| line.starts_with("FROM ")).expect("stages");
    let shipped = &all[last..];
    assert_eq!(shipped[0], "FROM scratch", "no shell and no package manager");
    let said = |name: &str| {
        let found: Vec<&str> = shipped.iter().filter_map(|line| line.strip_prefix(name)).map(str::trim).collect();
        assert_eq!(found.len(), 1, "{name} is said once: {found:?}");
        found[0].to_owned()
    };
    assert_eq!(said("USER"), "10001:10001");
    assert_eq!(said("STOPSIGNAL"), "SIGTERM");
    assert_eq!(said("ENTRYPOINT"), "[\"/usr/bin/baton\"]");
    assert!(said("HEALTHCHECK").ends_with("CMD [\"/usr/bin/baton\", \"ready\", \"-w\", \"/etc/baton\"]"));
    assert!(said("ENV").contains("CREDENTIALS_DIRECTORY=/run/secrets"));
    assert!(!shipped.iter().any(|line| line.starts_with("RUN ")), "nothing runs in it while it is built");
    let builds = all.iter().any(|line| line.contains("cargo build --locked --profile ship --bin baton"));
    assert!(builds && all[..last].iter().any(|line| line.contains("--mount=type=cache")), "{all:#?}");
}

/// What is left out of the build's context is nothing that the program is made of.
#[test]
fn what_the_program_includes_reaches_its_build() {
    let ignored = deployed("docker/Dockerfile.dockerignore");
    let ignored: Vec<&str> = ignored.lines().filter(|line| !line.starts_with('#')).collect();
    for needed in ["src", "crates", "benches", "migrations", "templates", "rules", "platforms", "fixtures", "telephony"]
    {
        assert!(root().join(needed).is_dir(), "{needed}");
        assert!(!ignored.contains(&needed), "{needed}");
    }
    // The demo carries the script with which an Asterisk is had.
    assert!(!ignored.contains(&"tests") && root().join("tests/telephony/asterisk.sh").is_file());
}

#[test]
fn the_configurations_of_the_images_load() {
    for name in ["docker/baton.toml", "kubernetes/baton.toml", "debian/baton.toml"] {
        config::load(&root().join("deploy").join(name)).unwrap_or_else(|error| panic!("{name}: {error:#}"));
    }
}

#[test]
fn the_stack_runs_two_workers_that_wait_for_what_they_need_and_are_given_time_to_stop() {
    let stack = json(&deployed("docker/compose.yaml"));
    let worker = &stack["services"]["baton"];
    assert_eq!(worker["deploy"]["replicas"], 2);
    assert_eq!(worker["read_only"], true);
    assert_eq!(worker["cap_drop"][0], "ALL");
    let grace = worker["stop_grace_period"].as_str().and_then(|span| span.strip_suffix('s')).expect("seconds");
    assert!(Duration::from_secs(grace.parse().expect("a number")) > STOP_WITHIN);
    for (needed, given) in worker["depends_on"].as_object().expect("services") {
        assert_eq!(given["condition"], "service_healthy", "{needed}");
        assert!(stack["services"][needed]["healthcheck"]["test"].is_array(), "{needed} says when it is well");
    }
    // Every credential that the workspace names is a secret of the worker, and each of those has a file.
    let config = deployed("docker/baton.toml");
    let named: Vec<&str> = config.split("\"file:").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    let given: Vec<&str> = worker["secrets"].as_array().expect("secrets").iter().filter_map(Value::as_str).collect();
    assert_eq!(named.iter().filter(|name| !given.contains(name)).count(), 0, "{named:?} of {given:?}");
    let makes = deployed("docker/secrets.sh");
    for (name, secret) in stack["secrets"].as_object().expect("secrets") {
        assert_eq!(secret["file"], format!("./secrets/{name}").as_str());
        assert!(makes.contains(name), "secrets.sh makes {name}");
    }
    if run("docker", &["compose", "version"]).is_some_and(|output| output.status.success()) {
        let read = run("docker", &["compose", "-f", "deploy/docker/compose.yaml", "config", "-q"]).expect("it runs");
        assert!(read.status.success(), "{}", String::from_utf8_lossy(&read.stderr));
    } else {
        skipped("the stack, by docker compose config: docker compose is not installed");
    }
}

#[test]
fn the_manifests_ask_a_worker_what_it_answers_and_leave_it_time() {
    let deployment = json(&deployed("kubernetes/deployment.yaml"));
    let pod = &deployment["spec"]["template"]["spec"];
    let container = &pod["containers"][0];
    let port = &container["ports"][0];
    let listen = container["env"].as_array().expect("a list").iter().find(|one| one["name"] == "BATON_LISTEN");
    let listen = listen.and_then(|one| one["value"].as_str()).expect("where it listens");
    assert!(listen.ends_with(&format!(":{}", port["containerPort"])), "{listen}");
    let served = Served::start("", "info", &[]);
    for probe in ["livenessProbe", "readinessProbe", "startupProbe"] {
        let asked = &container[probe]["httpGet"];
        assert_eq!(asked["port"], port["name"], "{probe}");
        assert_eq!(served.ask(&get(asked["path"].as_str().expect("a path"), None)).status, 200, "{probe}");
    }
    assert_eq!(container["livenessProbe"]["httpGet"]["path"], "/healthz", "an outage of the database restarts nobody");
    let pause = container["lifecycle"]["preStop"]["sleep"]["seconds"].as_u64().expect("a pause");
    let grace = pod["terminationGracePeriodSeconds"].as_u64().expect("a span");
    assert!(Duration::from_secs(grace - pause) > STOP_WITHIN, "{grace} s less {pause} s");
    assert_eq!(pod["securityContext"]["runAsNonRoot"], true);
    assert_eq!(container["securityContext"]["readOnlyRootFilesystem"], true);
    assert_eq!(deployment["spec"]["replicas"], 2);

    // What is mounted is there, and the secrets lie where the worker looks for them.
    let volumes: Vec<&Value> = pod["volumes"].as_array().expect("a list").iter().map(|one| &one["name"]).collect();
    let mounts = container["volumeMounts"].as_array().expect("a list");
    assert!(mounts.iter().all(|mount| volumes.contains(&&mount["name"])), "{volumes:?}");
    let credentials =
        container["env"].as_array().expect("a list").iter().find(|one| one["name"] == "CREDENTIALS_DIRECTORY");
    let secrets = mounts.iter().find(|mount| mount["name"] == "secrets").expect("secrets are mounted");
    assert_eq!(credentials.expect("where secrets are")["value"], secrets["mountPath"]);

    let labels = json(&deployed("kubernetes/kustomization.yaml"))["labels"][0]["pairs"].clone();
    let disruption = json(&deployed("kubernetes/disruption.yaml"));
    assert_eq!(disruption["spec"]["selector"]["matchLabels"], labels, "it is about the workers");
    assert_eq!(pod["topologySpreadConstraints"][0]["labelSelector"]["matchLabels"], labels);
    let service = json(&deployed("kubernetes/service.yaml"));
    assert_eq!(service["spec"]["ports"][0]["targetPort"], port["name"]);
}

#[test]
fn the_manifests_are_put_together() {
    let Some(made) = run("kubectl", &["kustomize", "deploy/kubernetes"]) else {
        left_out("the manifests, by kubectl kustomize: kubectl is not installed");
        return;
    };
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let made = String::from_utf8(made.stdout).expect("text");
    let kinds: Vec<String> =
        made.split("\n---\n").map(|one| json(one)["kind"].as_str().unwrap_or_default().to_owned()).collect();
    for kind in ["ConfigMap", "Deployment", "PodDisruptionBudget", "Service"] {
        assert!(kinds.iter().any(|found| found == kind), "{kind} of {kinds:?}");
    }
    // An overlay brings the rules under this name, and no other.
    assert!(made.contains("name: baton-rules\n") && !kinds.iter().any(|kind| kind == "Secret"), "{made}");
    let Some(readers) = Readers::here() else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("made.yaml");
    std::fs::write(&file, made).expect("the manifests are written");
    readers.take_manifests(&file);
}

/// Minutes, where an engine is: it is done in the long run.
#[test]
fn the_stack_is_built_and_decides() {
    if variable("BATON_LONG").is_none() {
        skipped("the image and the stack, built and run: `./test long` does it");
        return;
    }
    let tried = run("deploy/docker/try.sh", &[]).expect("the script runs");
    let told = String::from_utf8_lossy(&tried.stderr).into_owned();
    if tried.status.code() == Some(2) {
        left_out(&format!("the image and the stack: {}", told.trim()));
        return;
    }
    assert!(tried.status.success(), "{told}");
}
