//! What nice-plug's bundler leaves to do: Tatum's own identity on macOS, the folder that Windows hosts search on
//! ARM, and the licences of all that is inside.

use anyhow::{Context, Result};
use std::fs;
use std::path::{Path, PathBuf};

use crate::licences;
use crate::tools::write_whole;

/// The licences of others.
const NOTICES: &str = "THIRD-PARTY.txt";

/// The bundles, each with its identity on macOS.
const BUNDLES: [(&str, &str); 2] =
    [("tatum.clap", "dev.tatum.tatum.clap"), ("tatum.vst3", "dev.tatum.tatum.vst3")];

/// Finishes the bundles in `bundled`, made from the workspace at `root`.
///
/// # Errors
/// Names the file that cannot be written.
pub(crate) fn finish(bundled: &Path, root: &Path) -> Result<()> {
    let vst3 = bundled.join("tatum.vst3/Contents");
    search_arm(&vst3)?;
    let mut folders = vec![bundled.to_path_buf()];
    if vst3.is_dir() {
        folders.push(vst3.join("Resources"));
    }
    for (name, identity) in BUNDLES {
        let contents = bundled.join(name).join("Contents");
        let list = contents.join("Info.plist");
        if list.is_file() {
            let text = fs::read_to_string(&list).with_context(|| list.display().to_string())?;
            let version = env!("CARGO_PKG_VERSION");
            write_whole(&list, identified(&text, identity, version).as_bytes())?;
            folders.push(contents.join("Resources"));
        }
    }
    add_licences(&folders, root)?;
    sign(bundled);
    Ok(())
}

/// Puts the licences into `folders`, unless they are there and nothing was added to what is built since: every
/// command that plays a file bundles first, and need not wait for it.
fn add_licences(folders: &[PathBuf], root: &Path) -> Result<()> {
    let written = |path: &Path| fs::metadata(path).and_then(|about| about.modified()).ok();
    let sources = ["Cargo.lock", "Cargo.toml"].map(|name| written(&root.join(name)));
    let newest = sources.into_iter().flatten().max();
    let is_current = |folder: &PathBuf| written(&folder.join(NOTICES)) > newest;
    if folders.iter().all(is_current) {
        return Ok(());
    }
    let third_party = match licences::text(root) {
        Ok(text) => Some(text),
        Err(error) => {
            // Of use to who builds for himself all the same.
            eprintln!("the bundles lack {NOTICES}, so do not pass them on: {error:#}");
            None
        }
    };
    for folder in folders {
        fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
        for own in ["LICENSE-MIT", "LICENSE-APACHE"] {
            let (from, to) = (root.join(own), folder.join(own));
            fs::copy(&from, &to).with_context(|| to.display().to_string())?;
        }
        let notices = folder.join(NOTICES);
        match &third_party {
            Some(text) => write_whole(&notices, text.as_bytes())?,
            None => drop(fs::remove_file(notices)),
        }
    }
    Ok(())
}

/// Signs the bundles in `bundled` again: what was signed has changed. Only on macOS.
pub(crate) fn sign(bundled: &Path) {
    for bundle in BUNDLES.map(|(name, _)| bundled.join(name)) {
        if cfg!(target_os = "macos") && bundle.exists() {
            let target = nice_plug_xtask::CompilationTarget::MacOSUniversal;
            nice_plug_xtask::maybe_codesign(&bundle, target);
        }
    }
}

/// The plugin for Windows on ARM goes where the VST3 SDK, and so every host, looks for it.
fn search_arm(contents: &Path) -> Result<()> {
    let (made, searched) = (contents.join("arm_64-win"), contents.join("arm64-win"));
    if made.is_dir() {
        // Only the plugin: a runtime may lie beside it.
        fs::create_dir_all(&searched).with_context(|| searched.display().to_string())?;
        let plugin = searched.join("tatum.vst3");
        fs::rename(made.join("tatum.vst3"), &plugin)
            .with_context(|| plugin.display().to_string())?;
        fs::remove_dir_all(&made).with_context(|| made.display().to_string())?;
    }
    Ok(())
}

/// The property list `text` with Tatum's identity and version: a line with a key comes before that of its value.
fn identified(text: &str, identity: &str, version: &str) -> String {
    let mut key = "";
    let mut lines = Vec::new();
    for line in text.lines() {
        let value = match key {
            "<key>CFBundleIdentifier</key>" => Some(identity),
            "<key>CFBundleVersion</key>" | "<key>CFBundleShortVersionString</key>" => Some(version),
            _ => None,
        };
        let indent = &line[..line.len() - line.trim_start().len()];
        lines.push(match value {
            Some(value) => format!("{indent}<string>{value}</string>\n"),
            None => format!("{line}\n"),
        });
        key = line.trim();
    }
    lines.concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_property_list_tells_of_tatum() {
        let list = "<dict>\n  <key>CFBundleIdentifier</key>\n  <string>com.nice-plug.tatum</string>\n  \
                    <key>CFBundleName</key>\n  <string>Tatum</string>\n  <key>CFBundleVersion</key>\n  \
                    <string>1.0.0</string>\n</dict>\n";
        let wanted = list.replace("com.nice-plug.tatum", "dev.tatum").replace("1.0.0", "0.3.1");
        assert_eq!(identified(list, "dev.tatum", "0.3.1"), wanted);
    }

    #[test]
    fn the_plugin_for_arm_lies_where_hosts_search() {
        let folder = std::env::temp_dir().join(format!("tatum-arm-{}", std::process::id()));
        for name in ["arm_64-win", "arm64-win"] {
            fs::create_dir_all(folder.join(name)).expect("made");
            fs::write(folder.join(name).join("tatum.vst3"), name).expect("written");
        }
        fs::create_dir(folder.join("arm64-win/tatum-runtime")).expect("made");
        (0..2).for_each(|_| search_arm(&folder).expect("moved"));
        assert!(folder.join("arm64-win/tatum-runtime").is_dir(), "a runtime stays");
        let found = fs::read_to_string(folder.join("arm64-win/tatum.vst3")).expect("there");
        assert_eq!(found, "arm_64-win", "the new one");
        assert!(!folder.join("arm_64-win").exists());
        fs::remove_dir_all(folder).expect("removed");
    }
}
