//! `Lane`: one instance, what is done to it, and what it says of itself.

use super::action::{Action, Choice};
use super::check::{Check, Left};
use super::faults::Faults;
use super::shelf::Shelf;
use super::sound::Sound;
use super::tape::{Motion, Tape};
use crate::host::session::{BEAT_MODEL, TAG_MODEL};
use crate::host::{Clock, Host, Player, Range, Setting};
use crate::report::{FramesLine, Line, StatusLine};
use crate::song::{RATES_HZ, Song};
use anyhow::{Result, ensure};
use clack_host::events::Pckn;
use clack_host::events::event_types::ParamValueEvent;
use clack_host::prelude::*;
use rand::Rng;
use rand_chacha::ChaCha8Rng;
use std::time::{Duration, Instant};

/// The setting in which all lanes meet, to be compared.
const CALM: Setting = Setting { rate_hz: 48_000, block: 512, clock: Clock::Free, record: true };
/// Longest block a host sends, whatever it announced.
const LONGEST: usize = 70_000;
/// A live lane with more frames under way waits for the worker, which hears lanes faster than they
/// sound but not as fast as they can be played.
const MOST_UNDER_WAY: u64 = 150;
/// Longest time that one call may take: the plugin's patience in an offline render, and some more.
const PATIENCE: Duration = Duration::from_secs(13);
/// Seconds of audio in a turn, and the most blocks.
const TURN_S: f64 = 0.1;
const TURN_BLOCKS: usize = 200;

/// One lane.
pub(super) struct Lane {
    player: Player,
    setting: Setting,
    check: Check,
    tape: Tape,
    sound: Sound,
    /// Place in the song.
    place: usize,
    parameters: Vec<Range>,
    sent: EventBuffer,
    lines: Vec<Line>,
    status: Option<StatusLine>,
    frames: FramesLine,
    /// Since when it waits for the worker.
    waiting: Option<Instant>,
}

impl Lane {
    /// A new instance.
    pub(super) fn join(host: &Host, place: usize) -> Result<Self> {
        let mut player = host.start(CALM)?;
        player.make_room(LONGEST);
        let parameters = player.ranges()?;
        Ok(Self {
            check: Check::new(parameters.clone()),
            player,
            setting: CALM,
            tape: Tape::new(),
            sound: Sound::Music,
            place,
            parameters,
            sent: EventBuffer::with_capacity(16),
            lines: Vec::new(),
            status: None,
            frames: FramesLine::default(),
            waiting: None,
        })
    }

    /// Does `action`, which is not [`Action::Leave`].
    pub(super) fn act(
        &mut self,
        action: Action,
        shelf: &mut Shelf,
        dice: &mut ChaCha8Rng,
    ) -> Result<()> {
        match action {
            Action::Leave => (),
            Action::Reset => self.reset(),
            Action::Restart => self.restart(self.setting)?,
            Action::Rate(rate_hz) => self.restart(Setting { rate_hz, ..self.setting })?,
            Action::Block(block) => self.restart(Setting { block, ..self.setting })?,
            Action::Clock(clock) => self.restart(Setting { clock, ..self.setting })?,
            Action::Seek(at) => self.tape.seek(at),
            Action::Tape(motion) => self.tape.set(motion),
            Action::Sound(sound) => self.sound = sound,
            Action::Param(index, share) => {
                let range = self.parameters[index % self.parameters.len()];
                let value = range.min + share * (range.max - range.min);
                self.sent.push(&ParamValueEvent::new(0, range.id, Pckn::match_all(), value));
            }
            Action::Save => shelf.keep(self.player.save()?),
            Action::Load(kind) => {
                if let Some(project) = shelf.project(kind, dice) {
                    // A broken one may be refused; the checks that follow tell whether it did harm.
                    self.player.load(&project)?;
                }
            }
            Action::Model(field, choice) => {
                self.player.choose(field, &shelf.path(field, choice))?
            }
        }
        Ok(())
    }

    /// Plays some blocks, if the worker keeps up; says whether it did.
    pub(super) fn turn(&mut self, song: &Song, dice: &mut ChaCha8Rng) -> Result<bool> {
        let (mut played, wanted) = (0, (TURN_S * f64::from(self.setting.rate_hz)) as usize);
        for _ in 0..TURN_BLOCKS {
            if self.busy() {
                let since = *self.waiting.get_or_insert_with(Instant::now);
                ensure!(since.elapsed() < PATIENCE, "the worker takes no frames");
                self.listen_in()?;
                return Ok(played > 0);
            }
            self.waiting = None;
            let announced = self.setting.block as usize;
            let frames = match dice.random_range(0..100) {
                0 | 1 => 0,
                2 | 3 => 1,
                4 => dice.random_range(1..=4 * announced),
                5..=20 => dice.random_range(1..=announced),
                _ => announced,
            };
            self.block(frames.min(LONGEST), song, dice)?;
            played += frames;
            if played >= wanted {
                break;
            }
        }
        self.check.parameters(&mut self.player)?;
        Ok(true)
    }

    /// Plays so many seconds without waiting for anybody, in steady blocks.
    pub(super) fn flood(&mut self, seconds: f64, song: &Song, dice: &mut ChaCha8Rng) -> Result<()> {
        let block = 512;
        let blocks = (seconds * f64::from(self.setting.rate_hz)) as usize / block;
        (0..blocks).try_for_each(|_| self.block(block, song, dice))
    }

    fn block(&mut self, frames: usize, song: &Song, dice: &mut ChaCha8Rng) -> Result<()> {
        self.sound.fill(self.player.input(), frames, song, self.place, dice);
        let transport = self.tape.transport(self.setting.rate_hz);
        let begun = Instant::now();
        self.player.play(frames, &self.sent, transport.as_ref())?;
        let took = begun.elapsed();
        ensure!(took < PATIENCE, "a call took {:.1} s", took.as_secs_f64());
        self.sent.clear();
        self.tape.advance(frames);
        self.place = (self.place + frames) % song.frames();
        self.player.idle();
        self.lines.clear();
        self.player.fetch(&mut self.lines)?;
        self.take_in();
        self.check.block(&mut self.player, frames, self.setting.rate_hz, &self.lines)
    }

    /// Takes the newest status and counts, of which no block depends.
    pub(super) fn listen_in(&mut self) -> Result<()> {
        self.lines.clear();
        self.player.fetch(&mut self.lines)?;
        self.take_in();
        Ok(())
    }

    fn take_in(&mut self) {
        for line in &self.lines {
            match line {
                Line::Status(status) => self.status = Some(status.clone()),
                Line::Frames(frames) => self.frames = *frames,
                _ => (),
            }
        }
    }

    pub(super) fn reset(&mut self) {
        self.player.reset();
        self.check.reset();
    }

    fn restart(&mut self, setting: Setting) -> Result<()> {
        self.setting = setting;
        self.player.restart(setting)?;
        self.check.restart();
        Ok(())
    }

    /// The setting and the transport that a host has on a quiet day, at this clock.
    pub(super) fn quieten(&mut self, clock: Clock) -> Result<()> {
        self.tape.set(Motion::Forward);
        let setting = Setting { clock, ..CALM };
        if setting != self.setting {
            self.restart(setting)?;
        }
        Ok(())
    }

    /// Everything as a host has it on a quiet day, but for the clock; the files on the shelf are whole.
    pub(super) fn calm(&mut self, shelf: &Shelf, dice: &mut ChaCha8Rng) -> Result<()> {
        self.quieten(self.setting.clock)?;
        self.sound = Sound::Music;
        for field in [BEAT_MODEL, TAG_MODEL] {
            let choice = if dice.random() { Choice::BuiltIn } else { Choice::Turning };
            self.player.choose(field, &shelf.path(field, choice))?;
        }
        // What the screen says to do about a worker that failed.
        self.reset();
        Ok(())
    }

    /// Whether it plays live, so that it can go on while the worker does not.
    pub(super) fn is_live(&self) -> bool {
        self.setting.clock == Clock::Free
    }

    /// After the worker has caught up: whether every frame is accounted for, and the rate spoken of.
    pub(super) fn settled(&self) -> Result<()> {
        let FramesLine { sent, heard, missed, .. } = self.frames;
        ensure!(sent == heard + missed, "{sent} frames sent, {heard} heard, {missed} missed");
        let health = self.status.as_ref().map_or("", |status| &status.health);
        let rate_hz = self.setting.rate_hz;
        ensure!(
            RATES_HZ.contains(&rate_hz) || health.contains("is not supported"),
            "at {rate_hz} Hz it says: {health}"
        );
        Ok(())
    }

    fn busy(&self) -> bool {
        self.is_live() && self.frames.under_way() > MOST_UNDER_WAY
    }

    /// What the plugin can be broken by, if it was built for that.
    pub(super) fn faults(&self) -> Option<Faults> {
        self.player.faults()
    }

    /// What became of its frames.
    pub(super) fn frames(&self) -> FramesLine {
        self.frames
    }

    /// Seconds of audio it was given.
    pub(super) fn played_s(&self) -> f64 {
        self.check.played_s
    }

    /// What left it.
    pub(super) fn left(&self) -> Left {
        self.check.left
    }

    /// What it said last of itself.
    pub(super) fn status(&self) -> Option<&StatusLine> {
        self.status.as_ref()
    }

    /// Whether beats and tags are heard.
    pub(super) fn is_well(&self) -> bool {
        self.status.as_ref().is_some_and(|status| status.health == "ok" && status.tags == "ok")
    }

    /// Whether the screen says to switch it off and on again.
    pub(super) fn wants_restart(&self) -> bool {
        let says = |line: &String| line.contains("off and on again");
        self.status.as_ref().is_some_and(|status| says(&status.health) || says(&status.tags))
    }
}
