//! Automation: the heard parameters leave as values at their own sample, with gestures around them
//! while the user writes automation.

use nice_plug::prelude::*;

use crate::clap::param_out::ParamEvent;
use crate::params::{HEARD_IDS as IDS, HeardParams, TatumParams};

/// Heard parameters.
const COUNT: usize = IDS.len();

/// Plain values of the heard parameters, in the order of [`IDS`].
pub(crate) type Values = [f32; COUNT];

/// State of the automation output.
#[derive(Default)]
pub(crate) struct Automation {
    /// Normalised values, as sent last; none before the first frame.
    sent: Option<[f32; COUNT]>,
    /// Whether the host was told that a gesture began and not yet that it ended.
    gesturing: bool,
    /// Whether the next frame sends every value, changed or not.
    resend: bool,
}

type Sink<'a> = &'a mut dyn FnMut(ParamEvent);

impl Automation {
    /// The host starts processing: whatever gesture it knew of before is over for it, so one that is
    /// wanted begins again. \[main thread\]
    pub(crate) fn activate(&mut self) {
        self.gesturing = false;
        self.reset();
    }

    /// The time line begins anew; the next frame sends every value. Real-time safe.
    pub(crate) fn reset(&mut self) {
        self.sent = None;
    }

    /// At the start of every block: begins or ends the gestures, if what they enclose is `recordable`,
    /// and takes back what the host played into the heard parameters. At most one of begin and end per
    /// block, since hosts lose gestures that begin and end together. Real-time safe.
    pub(crate) fn begin_block(&mut self, params: &TatumParams, recordable: bool, sink: Sink<'_>) {
        let wanted = recordable && params.write_automation.value();
        if wanted != self.gesturing {
            self.gesturing = wanted;
            self.resend = wanted;
            for id in IDS {
                sink(if wanted {
                    ParamEvent::GestureBegin { id, offset: 0 }
                } else {
                    ParamEvent::GestureEnd { id, offset: 0 }
                });
            }
        }
        if let Some(sent) = self.sent {
            for (param, normalised) in ordered(&params.heard).into_iter().zip(sent) {
                keep(param, normalised);
            }
        }
    }

    /// Sends what changed, `offset` samples into the block. Real-time safe.
    pub(crate) fn send(
        &mut self,
        values: Values,
        offset: u32,
        params: &HeardParams,
        sink: Sink<'_>,
    ) {
        let before = self.sent.filter(|_| !self.resend);
        let mut now = [0.0; COUNT];
        for (index, (param, value)) in ordered(params).into_iter().zip(values).enumerate() {
            // SAFETY: `params` outlives the call.
            now[index] = unsafe { param.preview_normalized(value) };
            if before.is_none_or(|before| before[index] != now[index]) {
                keep(param, now[index]);
                // SAFETY: as above.
                let steps = unsafe { param.step_count() }.unwrap_or(1) as f64;
                let value = f64::from(now[index]) * steps;
                sink(ParamEvent::Value { id: IDS[index], offset, value });
            }
        }
        self.sent = Some(now);
        self.resend = false;
    }
}

fn ordered(params: &HeardParams) -> [ParamPtr; COUNT] {
    [
        params.beat.as_ptr(),
        params.downbeat.as_ptr(),
        params.onset.as_ptr(),
        params.bar_phase.as_ptr(),
        params.tempo.as_ptr(),
        params.genre.as_ptr(),
        params.valence.as_ptr(),
        params.arousal.as_ptr(),
    ]
}

/// Sets the parameter's own value, so that the host and the editor read what was sent.
fn keep(param: ParamPtr, normalised: f32) {
    // SAFETY: the pointer comes from parameters that are borrowed during the call. The setter stores
    // atomics; it is for wrappers only because it does not tell the host, which `send` does.
    unsafe {
        param._internal_set_normalized_value(normalised);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(events: &[ParamEvent]) -> usize {
        events.iter().filter(|event| matches!(event, ParamEvent::Value { .. })).count()
    }

    fn write_automation(params: &TatumParams, on: f32) {
        // SAFETY: `params` outlives the call.
        unsafe { params.write_automation.as_ptr()._internal_set_normalized_value(on) };
    }

    #[test]
    fn values_are_sent_on_change_and_kept_in_step() {
        let params = TatumParams::default();
        let mut automation = Automation::default();
        let mut events = Vec::new();
        let frame = [0.25, 0.5, 0.0, 0.75, 120.0, 3.0, -0.5, 1.0];
        automation.send(frame, 7, &params.heard, &mut |event| events.push(event));
        assert_eq!(values(&events), COUNT);
        let tempo = ParamEvent::Value {
            id: IDS[4],
            offset: 7,
            value: f64::from(120.0_f32 / crate::params::TEMPO_PARAM_MAX),
        };
        assert_eq!(events[4], tempo);
        assert_eq!(params.heard.downbeat.value(), 0.5);
        let genre = ParamEvent::Value { id: IDS[5], offset: 7, value: 3.0 };
        assert_eq!((events[5], params.heard.genre.value()), (genre, 3));
        automation.send(frame, 9, &params.heard, &mut |event| events.push(event));
        assert_eq!(values(&events), COUNT, "nothing changed");
    }

    #[test]
    fn what_the_host_plays_in_is_taken_back() {
        let params = TatumParams::default();
        let mut automation = Automation::default();
        automation.send([0.25; COUNT], 0, &params.heard, &mut |_| ());
        keep(params.heard.beat.as_ptr(), 1.0);
        automation.begin_block(&params, true, &mut |_| ());
        assert_eq!(params.heard.beat.value(), 0.25);
    }

    #[test]
    fn a_gesture_that_is_wanted_begins_again_after_a_restart() {
        let params = TatumParams::default();
        write_automation(&params, 1.0);
        let mut automation = Automation::default();
        for _ in 0..2 {
            let mut begun = 0;
            automation.activate();
            automation.begin_block(&params, true, &mut |event| {
                begun += usize::from(matches!(event, ParamEvent::GestureBegin { .. }));
            });
            assert_eq!(begun, IDS.len());
        }
    }

    #[test]
    fn gestures_begin_and_end_in_different_blocks() {
        let params = TatumParams::default();
        let mut automation = Automation::default();
        let mut block = |params: &TatumParams, on, recordable| {
            write_automation(params, on);
            let mut events = Vec::new();
            automation.begin_block(params, recordable, &mut |event| events.push(event));
            events
        };
        let begin: Vec<_> = IDS.map(|id| ParamEvent::GestureBegin { id, offset: 0 }).into();
        let end: Vec<_> = IDS.map(|id| ParamEvent::GestureEnd { id, offset: 0 }).into();
        assert_eq!(block(&params, 0.0, true), []);
        assert_eq!(block(&params, 1.0, true), begin);
        assert_eq!(block(&params, 1.0, true), []);
        assert_eq!(block(&params, 0.0, true), end);
        assert_eq!(block(&params, 1.0, false), []);
        assert_eq!(block(&params, 1.0, true), begin);
        assert_eq!(block(&params, 1.0, false), end);
    }
}
