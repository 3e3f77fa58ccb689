//! `TagNet`: the streaming tag network, state in and state out, one second a step.
//!
//! Convolutions as in the beat network, or more that also pool frames, an LSTM over the rows they make, both
//! pooled over a block, an LSTM over blocks, and a head: genres (softmax), instruments (sigmoids), valence and
//! arousal (tanh).
//! Inputs `mel [batch, block, bands]`, `context [batch, context, bands]`, `h` and `c`
//! `[layers, batch, hidden]`; outputs `tags [batch, genres + instruments + 2]` and the state.

use std::sync::Arc;

use super::ear::TagEar;
use super::settings::TagSettings;
use super::vocabulary::Vocabulary;
use crate::model::{Engine, Graph, Interface, Parsed, unreadable};
use crate::{Backend, Error, FeatureSpec, ModelShape, Runtime};

/// A parsed and checked tag model.
pub struct TagFile {
    /// The features it was trained with.
    pub spec: FeatureSpec,
    /// Sizes of its state.
    pub shape: ModelShape,
    /// Frames heard in one step.
    pub block: usize,
    /// Its words, in the order of its outputs.
    pub vocabulary: Vocabulary,
    /// How its outputs become what is shown.
    pub settings: TagSettings,
    graph: Graph,
}

impl TagFile {
    /// Longest block that is believed: five seconds.
    const LONGEST: usize = 250;

    /// Parses `onnx` and checks its metadata and interface. Nothing is run yet.
    ///
    /// # Errors
    /// [`Error::Model`] if it is no ONNX file or its metadata is missing or damaged, [`Error::Shape`]
    /// if an input or output is missing or does not fit its vocabulary.
    pub fn read(onnx: &[u8]) -> Result<Self, Error> {
        let parsed = Parsed::read(onnx)?;
        let vocabulary: Vocabulary = parsed
            .setting("vocabulary")?
            .ok_or_else(|| unreadable("its metadata has no vocabulary".into()))?;
        vocabulary
            .check()
            .map_err(|e| unreadable(format!("its vocabulary cannot be used: {e}")))?;
        let settings: TagSettings = parsed.setting("tagging")?.unwrap_or_default();
        settings
            .check()
            .map_err(|e| unreadable(format!("its tagging settings are damaged: {e}")))?;
        let spec = parsed.spec.clone();
        let block = parsed.frames()?;
        if block > Self::LONGEST {
            let most = Self::LONGEST;
            return Err(unreadable(format!("its blocks have {block} frames, more than {most}")));
        }
        let width = vocabulary.outputs();
        let graph = parsed
            .graph(Interface { frames: block, output: "tags", width }, &[None, Some(width)])?;
        Ok(Self { spec, shape: graph.shape, block, vocabulary, settings, graph })
    }
}

/// The streaming tag network.
pub struct TagNet {
    shape: ModelShape,
    block: usize,
    vocabulary: Arc<Vocabulary>,
    settings: TagSettings,
    engine: Engine,
}

impl TagNet {
    /// Loads a model, checked against `spec`, into `runtime`.
    ///
    /// # Errors
    /// [`Error::Model`], [`Error::SpecMismatch`] or [`Error::Shape`] if the file is not a tag model of
    /// this build's features; [`Error::Backend`] if the engine cannot be started.
    pub fn from_bytes(onnx: &[u8], spec: &FeatureSpec, runtime: &Runtime) -> Result<Self, Error> {
        let file = TagFile::read(onnx)?;
        spec.require_same(&file.spec)?;
        let engine = Engine::new(onnx, &file.graph, runtime)?;
        let mut net = Self {
            shape: file.shape,
            block: file.block,
            vocabulary: Arc::new(file.vocabulary),
            settings: file.settings,
            engine,
        };
        // A block of silence, so that a model that loads but cannot run is refused now, not in play.
        let mut ear = net.new_ear();
        net.step(&mut [&mut ear])?;
        Ok(net)
    }

    /// What really runs the model.
    #[must_use]
    pub fn backend(&self) -> &Backend {
        self.engine.backend()
    }

    /// The model's words.
    #[must_use]
    pub fn vocabulary(&self) -> &Arc<Vocabulary> {
        &self.vocabulary
    }

    /// A fresh ear for a lane.
    #[must_use]
    pub fn new_ear(&self) -> TagEar {
        TagEar::new(&self.shape, self.block, &self.vocabulary, &self.settings)
    }

    /// Hears the block of each of `ears`, in one call. An ear's result does not depend on the others.
    ///
    /// # Errors
    /// [`Error::Backend`] if the engine fails; the ears must then be reset.
    pub fn step(&mut self, ears: &mut [&mut TagEar]) -> Result<(), Error> {
        self.engine.step(ears)
    }
}
