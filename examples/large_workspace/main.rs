//! `cargo run --example large_workspace -- DIR [ROWS] [REPS]`: writes the large workspace (10,000 rows and 500 reps unless
//! told otherwise) to an empty folder, to try every tool on it.

mod workspace;

use std::path::Path;
use std::{env, fs, io};

fn main() -> io::Result<()> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let Some(folder) = arguments.first() else {
        return Err(io::Error::other("usage: large_workspace DIR [ROWS] [REPS]"));
    };
    let number = |at: usize, otherwise: u32| match arguments.get(at) {
        Some(text) => text.parse().map_err(|error| io::Error::other(format!("{text}: {error}"))),
        None => Ok(otherwise),
    };
    let folder = Path::new(folder);
    let mut files: Vec<(String, String)> = Vec::new();
    files.extend(
        workspace::files(number(1, 10_000)?, number(2, 500)?).into_iter().map(|(path, text)| (path.into(), text)),
    );
    read_templates(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/templates")), "templates", &mut files)?;
    for (path, text) in files {
        let path = folder.join(path);
        fs::create_dir_all(path.parent().unwrap_or(folder))?;
        fs::write(path, text)?;
    }
    Ok(())
}

/// The shipped ones: a workspace needs templates, and these fit any.
fn read_templates(folder: &Path, name: &str, files: &mut Vec<(String, String)>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let name = format!("{name}/{}", path.file_name().unwrap_or_default().to_string_lossy());
        if path.is_dir() {
            read_templates(&path, &name, files)?;
        } else {
            files.push((name, fs::read_to_string(&path)?));
        }
    }
    Ok(())
}
