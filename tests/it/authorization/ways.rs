//! There is one way from a request to its message, read from the source.

use std::{fs, path::Path};

use anyhow::{Result, ensure};

/// Ways to a message or to its caller that lead around `Backend::open`.
const AROUND: &[&str] = &[
    "into_inner(",
    "into_parts(",
    "get_ref(",
    "get_mut(",
    ".extensions(",
    "from_extensions(",
    "from_headers(",
];

#[test]
fn no_method_gets_its_message_but_through_the_door() -> Result<()> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/grpc/services");
    let mut methods = 0;
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if name == "opening.rs" {
            continue;
        }
        let source = fs::read_to_string(&path)?;
        for way in AROUND {
            ensure!(!source.contains(way), "{name} uses {way}…): messages come from self.open(request)");
        }
        // Each body of a method, up to the next one.
        for body in source.split("request: Request<").skip(1) {
            methods += 1;
            let opens = body.contains("self.open(request).await?") || body.contains("self.handle_");
            ensure!(opens, "a method in {name} does not open its request: {body:.120}");
        }
        let streams = source.matches("Box::pin(").count();
        ensure!(name == "watching.rs" || streams == 0, "{name}: streams are made by self.respond");
    }
    ensure!(methods > 50, "{methods} methods were read");
    Ok(())
}
