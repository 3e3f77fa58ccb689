//! The licences of everything that is linked into the plugin, as one text: what goes with it when it is passed on.

use anyhow::{Context, Result, bail};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// How deep below a package's folder its licences lie: those of fonts, and of C++ that it brings along.
const DEPTH: usize = 2;
/// What the names of licence files begin with or hold, in small letters.
const BEGIN: [&str; 6] = ["copying", "copyright", "notice", "ofl", "ufl", "hack-regular.txt"];
const HOLD: [&str; 2] = ["licen", "egui-icons.txt"];

/// The text for the plugin in the workspace at `root`: its packages, then every licence once, after the names of
/// those that are under it.
///
/// # Errors
/// When cargo cannot list the packages, or a licence cannot be read.
pub(crate) fn text(root: &Path) -> Result<String> {
    let listed = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .args(["metadata", "--format-version", "1", "--locked", "--filter-platform", &host()?])
        .current_dir(root)
        .output()
        .context("cargo cannot be started")?;
    if !listed.status.success() {
        bail!("cargo metadata: {}", String::from_utf8_lossy(&listed.stderr).trim());
    }
    let metadata = serde_json::from_slice(&listed.stdout).context("what cargo metadata says")?;
    let mut text = String::from(
        "Tatum is under the MIT licence or the Apache License 2.0. This is what it is built from, and under which\n\
         licences. The sources are at crates.io under these names and versions. Rust's standard library is part of it\n\
         too: MIT OR Apache-2.0, copyright The Rust Project contributors, https://rust-lang.org.\n\n",
    );
    let mut licences: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for package in linked(&metadata, "tatum")? {
        let word = |key: &str| package[key].as_str().unwrap_or_default();
        let name = format!("{} {}", word("name"), word("version"));
        text += &format!("{name}: {}", word("license"));
        let authors = package["authors"].as_array().into_iter().flatten();
        let authors: Vec<&str> = authors.filter_map(Value::as_str).collect();
        text += &if authors.is_empty() {
            "\n".into()
        } else {
            format!(", by {}\n", authors.join(", "))
        };
        let folder =
            Path::new(word("manifest_path")).parent().context("a package has no folder")?;
        let mut files = files(folder, DEPTH)?;
        // Of two licences ours is never the stronger one.
        let stronger = |file: &Path| file.to_string_lossy().to_lowercase().contains("gpl");
        files.retain(|file| !word("license").contains(" OR ") || !stronger(file));
        for file in &files {
            let bytes = fs::read(file).with_context(|| file.display().to_string())?;
            let licence = String::from_utf8_lossy(&bytes).replace('\r', "").trim().to_owned();
            licences.entry(licence).or_default().insert(name.clone());
        }
        if files.is_empty() {
            let licence = usual(word("license"));
            let licence = licence.with_context(|| format!("{name} brings no licence"))?;
            licences.entry(licence.trim().to_owned()).or_default().insert(name.clone());
        }
    }
    for (licence, packages) in licences {
        let packages: Vec<String> = packages.into_iter().collect();
        text += &format!("\n{}\n{}\n\n{licence}\n", "-".repeat(72), packages.join(", "));
    }
    Ok(text)
}

/// The text of a licence that the expression `of` allows, for packages that name it and bring none.
fn usual(of: &str) -> Option<&'static str> {
    let texts = [
        ("MIT", include_str!("licences/mit.txt")),
        ("ISC", include_str!("licences/isc.txt")),
        ("BSL-1.0", include_str!("licences/boost.txt")),
    ];
    let names = |name: &str| of.split([' ', '(', ')', '/']).any(|word| word == name);
    texts.into_iter().find(|(name, _)| names(name)).map(|(_, text)| text)
}

/// The system this is built for, as rustc calls it.
fn host() -> Result<String> {
    let mut rustc = Command::new(env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()));
    let said = rustc.arg("-vV").output().context("rustc cannot be started")?;
    let said = String::from_utf8_lossy(&said.stdout);
    let host = said.lines().find_map(|line| line.strip_prefix("host: "));
    Ok(host.context("rustc does not say for what system it compiles")?.to_owned())
}

/// The packages that `name` is linked with, in order of name.
fn linked<'a>(metadata: &'a Value, name: &str) -> Result<Vec<&'a Value>> {
    let list = |value: &'a Value| value.as_array().into_iter().flatten();
    let by_id = |values: &'a Value| -> BTreeMap<&'a str, &'a Value> {
        list(values).filter_map(|value| Some((value["id"].as_str()?, value))).collect()
    };
    let (packages, nodes) = (by_id(&metadata["packages"]), by_id(&metadata["resolve"]["nodes"]));
    let own = packages.iter().find(|(_, package)| package["name"] == name);
    let (own, _) = own.with_context(|| format!("cargo knows no package {name}"))?;
    let (mut seen, mut next) = (BTreeSet::new(), vec![*own]);
    while let Some(id) = next.pop() {
        if seen.insert(id) {
            let links = |kinds: &'a Value| list(kinds).any(|kind| kind["kind"].is_null());
            let used = nodes.get(id).into_iter().flat_map(|node| list(&node["deps"]));
            let used = used.filter(|used| links(&used["dep_kinds"]));
            next.extend(used.filter_map(|used| used["pkg"].as_str()));
        }
    }
    // Those of the workspace are Tatum itself.
    let mut linked: Vec<&Value> = seen.iter().filter_map(|id| packages.get(id).copied()).collect();
    linked.retain(|package| !package["source"].is_null());
    linked.sort_by_key(|package| (package["name"].as_str(), package["version"].as_str()));
    Ok(linked)
}

/// Licence files in `folder` and so many folders below it.
fn files(folder: &Path, depth: usize) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).with_context(|| folder.display().to_string())? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
        if path.is_dir() && depth > 0 {
            found.extend(files(&path, depth - 1)?);
        } else if path.is_file()
            && !name.ends_with(".rs")
            && (BEGIN.iter().any(|word| name.starts_with(word))
                || HOLD.iter().any(|word| name.contains(word)))
        {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_that_is_linked_is_named_with_its_licence() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("a workspace");
        let text = text(root).expect("a text");
        for words in
            ["\negui 0.", "\nclap-wrapper 0.", "\nepaint_default_fonts 0.", "\ntriple_buffer "]
        {
            assert!(text.contains(words), "{words}");
        }
        for words in
            ["SIL OPEN FONT LICENSE", "UBUNTU FONT LICENCE", "Steinberg", "Mozilla Public License"]
        {
            assert!(text.contains(words), "{words}");
        }
        assert!(!text.contains("GNU GENERAL PUBLIC LICENSE\n"), "nothing is linked under it");
        assert!(!text.contains("\negui_kittest"), "what only tests use is not in the plugin");
        assert!(!text.contains("\nlistener"), "nor is Tatum its own third party");
    }
}
