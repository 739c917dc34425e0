//! What is deployed, as other people's readers of such files find it: hadolint, the schema of compose files, those of Kubernetes
//! (`tests/platforms/libraries.sh deploy`).

use super::deployed;
use crate::platforms::libraries::printed;
use crate::program::{root, told};
use std::path::Path;
use std::process::{Command, Output};

/// The first that knows the pause before a stop (`sleep`), and the newest that the schemas are there for.
const KUBERNETES: [&str; 2] = ["1.30", "1.37"];

/// A folder of programs.
pub(super) struct Readers(String);

impl Readers {
    /// `None`, and said, where they cannot be had.
    pub(super) fn here() -> Option<Self> {
        let folder = printed("platforms/libraries.sh", &["deploy"], &[])?;
        Some(Self(folder.trim().to_owned()))
    }

    fn read(&self, program: &str, arguments: &[&str], file: &Path) -> Output {
        let mut command = Command::new(format!("{}/bin/{program}", self.0));
        command
            .args(arguments)
            .arg(file)
            .current_dir(root())
            .output()
            .unwrap_or_else(|error| panic!("{program}: {error}"))
    }

    /// The file is taken, and a copy is not in which a word is another.
    fn takes(&self, program: &str, arguments: &[&str], file: &str, word: &str, other: &str) {
        let read = self.read(program, arguments, &root().join("deploy").join(file));
        assert!(read.status.success(), "{program}, deploy/{file}: {}", told(&read));
        let text = deployed(file);
        assert!(text.contains(word), "deploy/{file} does not contain {word:?}");
        let folder = tempfile::tempdir().expect("a folder");
        let faulty = folder.path().join(Path::new(file).file_name().expect("a name"));
        std::fs::write(&faulty, text.replace(word, other)).expect("a faulty copy");
        let read = self.read(program, arguments, &faulty);
        assert!(!read.status.success(), "{program} takes {other:?}: {}", told(&read));
    }

    /// A manifest, or more of them in one file, by the schemas of Kubernetes; nothing may stand in it that they do not know.
    pub(super) fn take_manifests(&self, file: &Path) {
        for version in KUBERNETES {
            let read = self.read("kubernetes-validate", &["-k", version, "--strict"], file);
            assert!(read.status.success(), "Kubernetes {version}, {}: {}", file.display(), told(&read));
        }
    }
}

#[test]
fn the_dockerfile_is_found_in_order() {
    let Some(readers) = Readers::here() else { return };
    readers.takes("hadolint", &["--no-color"], "docker/Dockerfile", "FROM rust:1.94-bookworm ", "FROM rust ");
}

#[test]
fn the_stack_is_one_by_the_schema_of_compose_files() {
    let Some(readers) = Readers::here() else { return };
    let schema = ["--builtin-schema", "vendor.compose-spec"];
    readers.takes("check-jsonschema", &schema, "docker/compose.yaml", "stop_grace_period:", "stop_grace_perod:");
}

#[test]
fn the_manifests_are_ones_by_the_schemas_of_kubernetes() {
    let Some(readers) = Readers::here() else { return };
    for name in ["disruption.yaml", "service.yaml"] {
        readers.take_manifests(&root().join("deploy/kubernetes").join(name));
    }
    // Kustomize says which pods are its own.
    let deployment = deployed("kubernetes/deployment.yaml").replacen("\nspec:\n", "\nspec:\n  selector: {}\n", 1);
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("deployment.yaml");
    std::fs::write(&file, deployment).expect("the manifest is written");
    readers.take_manifests(&file);

    let strict = ["-k", KUBERNETES[0], "--strict"];
    let (word, other) = ("maxUnavailable:", "maxUnavailble:");
    readers.takes("kubernetes-validate", &strict, "kubernetes/disruption.yaml", word, other);
}
