//! The machine a run was made on: figures of two machines cannot be compared, ratios hardly.

use serde::Serialize;
use std::fs;
use std::thread;

/// What is known of the machine.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Machine {
    /// Model of the processor, if the system says it.
    pub(super) cpu: Option<String>,
    /// Cores this process may use.
    pub(super) cores: usize,
    /// Operating system and architecture.
    pub(super) system: String,
    /// Programs that ran or wanted to, on average over the minute before: above 1, others were busy.
    pub(super) load: Option<f64>,
}

impl Machine {
    pub(super) fn here() -> Self {
        Self {
            cpu: fs::read_to_string("/proc/cpuinfo").ok().and_then(|text| model_name(&text)),
            cores: thread::available_parallelism().map_or(1, usize::from),
            system: format!("{} {}", std::env::consts::OS, std::env::consts::ARCH),
            load: fs::read_to_string("/proc/loadavg")
                .ok()
                .and_then(|text| text.split_whitespace().next()?.parse().ok()),
        }
    }
}

/// The first model name in the text of `/proc/cpuinfo`.
fn model_name(text: &str) -> Option<String> {
    let (_, name) = text.lines().find(|line| line.starts_with("model name"))?.split_once(':')?;
    Some(name.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_processor_is_named() {
        let text = "processor\t: 0\nmodel name\t: AMD EPYC\nmodel name\t: AMD EPYC\n";
        assert_eq!(model_name(text).as_deref(), Some("AMD EPYC"));
        assert_eq!(model_name("processor: 0"), None);
    }
}
