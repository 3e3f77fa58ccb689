//! `Session`: all lanes, from chaos to calm and back. In chaos anything is done to any lane, and the
//! worker is broken; in calm every lane must be well again and every frame accounted for.

use super::Options;
use super::action::Action;
use super::faults::{Fault, Faults, OVERFLOW};
use super::lane::Lane;
use super::memory::Memory;
use super::report::{Totals, Violation};
use super::shelf::Shelf;
use super::watch::Watch;
use crate::bench::meter;
use crate::host::{Clock, Host};
use crate::song::Song;
use anyhow::{Result, bail, ensure};
use indicatif::ProgressBar;
use rand::Rng;
use rand_chacha::ChaCha8Rng;
use std::collections::VecDeque;
use std::thread;
use std::time::{Duration, Instant};

/// Seconds of chaos before a calm.
const CHAOS_S: f64 = 8.0;
/// A lane gets an action in one of so many turns.
const ACTION_EVERY: u32 = 25;
/// A lane whose screen says to switch it off and on again is, in one of so many turns.
const REMEDY_EVERY: u32 = 20;
/// A file on the shelf turns in one of so many rounds.
const FILE_EVERY: u32 = 40;
/// Seconds between two faults.
const FAULT_S: std::ops::Range<f64> = 0.2..2.0;
/// Turns of a calm before a lane has to be well, and the time it may take after those.
const CALM_TURNS: usize = 20;
const RECOVERY: Duration = Duration::from_secs(15);
/// Longest time until the worker has dealt with what was sent.
const SETTLE: Duration = Duration::from_secs(25);
/// The worker looks up from its work within this time.
const NOTICE: Duration = Duration::from_secs(15);
/// Seconds of audio that fill a lane's queue for sure: it holds ten.
const FLOOD_S: f64 = 12.0;
/// Actions kept per lane.
const STORY: usize = 16;
/// After so many violations there is no point in going on.
const ENOUGH: usize = 5;

/// A seat for a lane, and what was done there.
struct Slot {
    lane: Lane,
    story: VecDeque<String>,
}

/// The soak under way.
pub(super) struct Session<'a> {
    host: &'a Host,
    song: &'a Song,
    faults: Option<Faults>,
    only: &'a [String],
    slots: Vec<Slot>,
    shelf: Shelf,
    dice: ChaCha8Rng,
    watch: Watch,
    next_fault_s: f64,
    pub(super) totals: Totals,
    pub(super) memory: Memory,
    pub(super) violations: Vec<Violation>,
}

impl<'a> Session<'a> {
    /// Lets `lanes` instances join.
    pub(super) fn new(
        host: &'a Host,
        song: &'a Song,
        options: &'a Options,
        shelf: Shelf,
        mut dice: ChaCha8Rng,
        watch: Watch,
    ) -> Result<Self> {
        let mut join = |_| {
            let lane = Lane::join(host, dice.random_range(0..song.frames()))?;
            Ok(Slot { lane, story: VecDeque::new() })
        };
        let slots = (0..options.lanes).map(&mut join).collect::<Result<Vec<_>>>()?;
        let faults = slots.first().and_then(|slot| slot.lane.faults());
        Ok(Self {
            host,
            song,
            faults,
            only: &options.only,
            slots,
            shelf,
            dice,
            watch,
            next_fault_s: 0.0,
            totals: Totals::default(),
            memory: Memory::default(),
            violations: Vec::new(),
        })
    }

    /// Whether the plugin was built to be broken.
    pub(super) fn with_faults(&self) -> bool {
        self.faults.is_some()
    }

    /// Chaos and calm by turns, for so many seconds.
    pub(super) fn run(&mut self, seconds: f64, bar: &ProgressBar) -> Result<()> {
        while self.watch.seconds() < seconds && self.violations.len() < ENOUGH {
            let end = seconds.min(self.watch.seconds() + CHAOS_S);
            while self.watch.seconds() < end && self.violations.len() < ENOUGH {
                self.round()?;
                bar.set_position(self.watch.seconds() as u64);
            }
            bar.set_message(format!(
                "{} actions, {} faults, {} violations",
                self.totals.actions.values().sum::<u64>(),
                self.totals.faults.values().sum::<u64>(),
                self.violations.len()
            ));
            self.calm()?;
        }
        Ok(())
    }

    /// Every lane leaves.
    pub(super) fn end(&mut self) {
        while let Some(slot) = self.slots.pop() {
            self.bid_farewell(slot.lane);
        }
    }

    /// One turn of every lane, with what happens to it.
    fn round(&mut self) -> Result<()> {
        if self.dice.random_ratio(1, FILE_EVERY) {
            self.shelf.turn(&mut self.dice)?;
        }
        if self.faults.is_some() && self.watch.seconds() >= self.next_fault_s {
            self.next_fault_s = self.watch.seconds() + self.dice.random_range(FAULT_S);
            let fault = Fault::draw(&mut self.dice);
            if self.wanted(fault.kind()) {
                self.fault(fault)?;
            }
        }
        let mut any = false;
        for index in 0..self.slots.len() {
            let remedy =
                self.slots[index].lane.wants_restart() && self.dice.random_ratio(1, REMEDY_EVERY);
            if remedy {
                self.act(index, Action::Restart)?;
            } else if self.dice.random_ratio(1, ACTION_EVERY) {
                let action = Action::draw(&mut self.dice);
                if self.wanted(action.kind()) {
                    self.act(index, action)?;
                }
            }
            any |= self.play(index)?;
        }
        if !any {
            thread::sleep(Duration::from_millis(2));
        }
        Ok(())
    }

    /// Whether the user wants actions and faults of this name.
    fn wanted(&self, kind: &str) -> bool {
        self.only.is_empty() || self.only.iter().any(|word| kind.contains(word.as_str()))
    }

    fn act(&mut self, index: usize, action: Action) -> Result<()> {
        *self.totals.actions.entry(action.kind()).or_default() += 1;
        self.note(index, format!("{action:?}"));
        if action == Action::Leave {
            if self.dice.random() {
                self.settle(index..index + 1)?;
            }
            return self.replace(index);
        }
        let done = self.slots[index].lane.act(action, &mut self.shelf, &mut self.dice);
        self.judge(index, done)
    }

    fn play(&mut self, index: usize) -> Result<bool> {
        self.watch.turn();
        match self.slots[index].lane.turn(self.song, &mut self.dice) {
            Ok(played) => Ok(played),
            Err(broken) => self.judge(index, Err(broken)).map(|()| true),
        }
    }

    /// Breaks something.
    fn fault(&mut self, fault: Fault) -> Result<()> {
        let Some(faults) = self.faults else { return Ok(()) };
        *self.totals.faults.entry(fault.kind()).or_default() += 1;
        self.watch.note(format!("fault: {fault:?}"));
        if fault != Fault::Overflow {
            faults.arm(fault);
            return Ok(());
        }
        let index = self.dice.random_range(0..self.slots.len());
        let done = self.overflow(index, faults);
        self.judge(index, done)
    }

    /// A live lane plays on while the worker stalls, until its queue is full.
    fn overflow(&mut self, index: usize, faults: Faults) -> Result<()> {
        self.note(index, "overflow".to_owned());
        let lane = &mut self.slots[index].lane;
        lane.quieten(Clock::Free)?;
        faults.arm(Fault::Overflow);
        let begun = Instant::now();
        while faults.armed(Fault::Overflow) {
            if begun.elapsed() > NOTICE {
                bail!("the worker does not look up");
            }
            thread::sleep(Duration::from_millis(1));
        }
        let before = lane.frames();
        lane.flood(FLOOD_S, self.song, &mut self.dice)?;
        // The queue may be full already, of the last time.
        let lost = lane.frames().lost > before.lost || before.under_way() > 0;
        ensure!(lost || begun.elapsed() > OVERFLOW, "a full queue lost no frame");
        Ok(())
    }

    /// Ends the chaos: every frame must be accounted for, and every lane well again.
    fn calm(&mut self) -> Result<()> {
        self.watch.note("calm".to_owned());
        if let Some(faults) = self.faults {
            faults.disarm();
        }
        self.settle(0..self.slots.len())?;
        self.shelf.mend()?;
        for index in 0..self.slots.len() {
            let done = self.slots[index].lane.calm(&self.shelf, &mut self.dice);
            self.judge(index, done)?;
        }
        let (begun, mut turns) = (Instant::now(), 0);
        while turns < CALM_TURNS
            || (self.slots.iter().any(|slot| !slot.lane.is_well()) && begun.elapsed() < RECOVERY)
        {
            let mut any = false;
            for index in 0..self.slots.len() {
                any |= self.play(index)?;
            }
            turns += usize::from(any);
            if !any {
                thread::sleep(Duration::from_millis(2));
            }
        }
        for index in 0..self.slots.len() {
            let lane = &self.slots[index].lane;
            if !lane.is_well() {
                let said = lane.status().map_or("nothing".to_owned(), |status| {
                    format!("{}; tags: {}", status.health, status.tags)
                });
                self.judge(index, Err(anyhow::anyhow!("not well again, it says {said}")))?;
            }
        }
        self.settle(0..self.slots.len())?;
        let took = begun.elapsed().as_secs_f64();
        self.totals.recoveries += 1;
        self.totals.longest_recovery_s = self.totals.longest_recovery_s.max(took);
        meter::return_free_memory();
        if let Some(bytes) = meter::resident_bytes() {
            self.memory.push(self.watch.seconds(), bytes);
        }
        Ok(())
    }

    /// Waits until the worker has dealt with what these lanes sent.
    fn settle(&mut self, lanes: std::ops::Range<usize>) -> Result<()> {
        let begun = Instant::now();
        for index in lanes {
            let settled = loop {
                self.watch.turn();
                let lane = &mut self.slots[index].lane;
                let settled = lane.listen_in().and_then(|()| lane.settled());
                if settled.is_ok() || begun.elapsed() > SETTLE {
                    break settled;
                }
                thread::sleep(Duration::from_millis(2));
            };
            self.judge(index, settled)?;
        }
        Ok(())
    }

    /// A broken rule is kept, and another lane comes in place of the one that broke it.
    fn judge(&mut self, index: usize, outcome: Result<()>) -> Result<()> {
        let Err(broken) = outcome else { return Ok(()) };
        self.violations.push(Violation {
            what: format!("{broken:#}"),
            lane: Some(index),
            at_s: self.watch.seconds(),
            actions: self.slots[index].story.iter().cloned().collect(),
        });
        self.replace(index)
    }

    fn replace(&mut self, index: usize) -> Result<()> {
        let place = self.dice.random_range(0..self.song.frames());
        let lane = Lane::join(self.host, place)?;
        let gone = std::mem::replace(&mut self.slots[index], Slot { lane, story: VecDeque::new() });
        self.bid_farewell(gone.lane);
        Ok(())
    }

    fn bid_farewell(&mut self, mut lane: Lane) {
        // Its newest counts; what it cannot say any more is abandoned.
        let _ = lane.listen_in();
        let (frames, left, totals) = (lane.frames(), lane.left(), &mut self.totals);
        totals.frames.sent += frames.sent;
        totals.frames.heard += frames.heard;
        totals.frames.missed += frames.missed;
        totals.frames.lost += frames.lost;
        totals.abandoned += frames.under_way();
        totals.left.beats += left.beats;
        totals.left.onsets += left.onsets;
        totals.left.frames += left.frames;
        totals.left.notes += left.notes;
        totals.left.values += left.values;
        totals.played_s += lane.played_s();
        if let Some(status) = lane.status() {
            totals.late += status.late;
            totals.gaps += status.gaps;
        }
    }

    fn note(&mut self, index: usize, what: String) {
        let story = &mut self.slots[index].story;
        if story.len() == STORY {
            story.pop_front();
        }
        story.push_back(format!("{:9.3} s  {what}", self.watch.seconds()));
        self.watch.note(format!("lane {index}: {what}"));
    }
}
