//! Lists the files of the guide, so that a binary outside the repository has them too, and the reference runs.

#[path = "../build_script.rs"]
#[allow(dead_code, reason = "each build script needs a part of it")]
mod build_script;

use std::path::{Path, PathBuf};

use build_script::{depends_on, env, root, stop, write};

fn main() {
    list_guide_files();
    list_reference_runs();
}

/// `src/guide/shelf.rs` includes this table, each file compressed (RFC 1950). Not in it: the solutions, what is written for a code host, and work/, which
/// is the reader's desk: an edit there must neither cost a new build nor become what was shipped.
fn list_guide_files() {
    const FOLDER: &str = "lab-guides";
    let (mut files, mut folders) = (Vec::new(), vec![root().join(FOLDER)]);
    depends_on(Path::new("lab-guides/README.md")); // the index: a new page changes it
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            let path = entry.path();
            let name = path.strip_prefix(root().join(FOLDER)).unwrap_or(&path).display().to_string();
            match (path.is_dir(), name.as_str()) {
                (_, "README.md" | "solutions" | "work") => continue,
                (true, _) => folders.push(path.clone()),
                (false, _) => files.push(name),
            }
            depends_on(&path);
        }
    }
    let include = |file: String| {
        let packed = pack(&root().join(FOLDER).join(&file), &format!("{}.z", file.replace('/', ".")));
        (file, packed)
    };
    write_table("guide_files.rs", files.into_iter().map(include).collect());
}

/// `src/guide/reference.rs` includes this one: the runs of reference machines, by host and name, compressed (RFC 1950):
/// they are megabytes of digits.
fn list_reference_runs() {
    const FOLDER: &str = "results/reference";
    depends_on(Path::new("results/README.md")); // it names them
    let mut files = Vec::new();
    for host in std::fs::read_dir(root().join(FOLDER)).into_iter().flatten().flatten() {
        depends_on(&host.path());
        for run in std::fs::read_dir(host.path()).into_iter().flatten().flatten() {
            let path = run.path();
            if path.extension().is_some_and(|ending| ending == "json") {
                let name = path.strip_prefix(root().join(FOLDER)).unwrap_or(&path).display().to_string();
                let packed = pack(&path, &format!("{}.z", name.replace('/', ".")));
                files.push((name, packed));
            }
        }
    }
    write_table("reference_runs.rs", files);
}

/// Compresses a file, and gives the text that includes it. Not again while the file is the same: this program is not optimised.
fn pack(from: &Path, name: &str) -> String {
    let to = PathBuf::from(env("OUT_DIR")).join(name);
    let changed = |path: &Path| path.metadata().and_then(|about| about.modified()).ok();
    if changed(&to).is_none_or(|packed| changed(from).is_none_or(|file| file >= packed)) {
        let packed = std::fs::read(from).map(|text| compressed(&text));
        if let Err(cause) = packed.and_then(|bytes| std::fs::write(&to, bytes)) {
            stop(&format!("could not pack {}: {cause}", from.display()));
        }
    }
    format!("include_bytes!(concat!(env!(\"OUT_DIR\"), \"/{name}\"))")
}

/// By the strategy for digits: matches are rare in them, and short ones do not pay. A fifteenth smaller than the usual one.
fn compressed(text: &[u8]) -> Vec<u8> {
    use miniz_oxide::deflate::core::{
        CompressionStrategy, CompressorOxide, TDEFLFlush, TDEFLStatus, compress, create_comp_flags_from_zip_params,
    };
    let digits = text.iter().filter(|byte| byte.is_ascii_digit()).count() * 2 > text.len();
    let strategy = if digits { CompressionStrategy::Filtered } else { CompressionStrategy::Default };
    let mut compressor = CompressorOxide::new(create_comp_flags_from_zip_params(9, 15, strategy as i32));
    let mut packed = vec![0; text.len() + 1024]; // deflate never adds more than a few bytes for each 32 KiB
    let (status, _, length) = compress(&mut compressor, text, &mut packed, TDEFLFlush::Finish);
    if status != TDEFLStatus::Done {
        stop(&format!("could not pack {} bytes: {status:?}", text.len()));
    }
    packed.truncate(length);
    packed
}

/// Rows of path and packed contents.
fn write_table(name: &str, mut files: Vec<(String, String)>) {
    files.sort();
    let rows: String = files.iter().map(|(path, include)| format!("    ({path:?}, {include}),\n")).collect();
    let table = format!("const EMBEDDED: &[(&str, &[u8])] = &[\n{rows}];\n");
    write(name, &table);
}
