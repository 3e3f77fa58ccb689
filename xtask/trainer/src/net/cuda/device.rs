//! The GPU: its memory, matrix products by cuBLAS, and the kernels of `kernels.cu` (which [`launch`] starts),
//! compiled when it is opened. CUDA's libraries are loaded at run time, so this builds, and says what is missing, without them.

#![allow(
    unsafe_code,
    reason = "kernels and cuBLAS take bare sizes; they are called from here alone"
)]

use std::cell::RefCell;
use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use anyhow::{Context, Result, anyhow, ensure};
use cudarc::cublas::sys::cublasOperation_t::{CUBLAS_OP_N, CUBLAS_OP_T};
use cudarc::cublas::{CudaBlas, Gemm, GemmConfig, StridedBatchedConfig};
use cudarc::driver::sys::CUdevice_attribute::CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK_OPTIN;
use cudarc::driver::sys::CUfunction_attribute_enum::CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES;
use cudarc::driver::{
    CudaContext, CudaFunction, CudaSlice, CudaStream, CudaView, CudaViewMut, DeviceRepr,
    LaunchConfig, ValidAsZeroBits,
};
use cudarc::nvrtc::{CompileOptions, Ptx, compile_ptx_with_opts};

const SOURCE: &str = include_str!("kernels.cu");
/// Threads of a block, of kernels that do not care.
const THREADS: u32 = 256;
/// Bytes of shared memory that the kernels declare themselves, at most.
const DECLARED_BYTES: usize = 8 * 1024;
/// Recurrent weights that a thread keeps in registers.
const KEPT: usize = 64;
/// A reduction over this many rows or more is cut, because cuBLAS makes a tiny result in one long sum.
const LONG: usize = 4096;
/// Most parts of a reduction.
const PARTS: usize = 128;

/// Numbers on the GPU.
pub(super) type Buffer<T = f32> = CudaSlice<T>;

/// An open GPU.
pub(super) struct Device {
    context: Arc<CudaContext>,
    stream: Arc<CudaStream>,
    blas: CudaBlas,
    kernels: HashMap<&'static str, CudaFunction>,
    /// As many ones as a sum over rows ever needed.
    ones: RefCell<Option<Buffer>>,
    partial: RefCell<Option<Buffer>>,
}

/// Kernels of LSTM layers of one size.
pub(super) struct LstmKernels {
    pub(super) forward: CudaFunction,
    pub(super) backward: CudaFunction,
    pub(super) launch: LaunchConfig,
}

/// Starts a kernel: `launch!(device, kernel, config; arguments)`.
macro_rules! launch {
    ($device:expr, $kernel:expr, $config:expr; $($argument:expr),* $(,)?) => {{
        use cudarc::driver::PushKernelArg as _;
        let config = $config;
        let mut call = $device.stream().launch_builder($kernel);
        $(call.arg($argument);)*
        // SAFETY: `kernels.cu` states the sizes of every array, and the callers in this folder make them so.
        #[allow(unsafe_code, reason = "see the module's head")]
        unsafe { call.launch(config) }.map(drop)
    }};
}
pub(super) use launch;

impl Device {
    /// Opens the first GPU and compiles the kernels.
    ///
    /// # Errors
    /// When a library of CUDA or a GPU is missing; the message names it.
    pub(super) fn open() -> Result<Self> {
        // SAFETY: these load the libraries and look at nothing else.
        let present = unsafe {
            [
                ("the driver (libcuda)", cudarc::driver::sys::is_culib_present()),
                ("cuBLAS (libcublas)", cudarc::cublas::sys::is_culib_present()),
                ("NVRTC (libnvrtc)", cudarc::nvrtc::sys::is_culib_present()),
            ]
        };
        for (library, present) in present {
            ensure!(
                present,
                "--gpu needs CUDA 13, and {library} is not there; install it, name its folder in \
                 LD_LIBRARY_PATH, or train without --gpu"
            );
        }
        let context = CudaContext::new(0).map_err(|e| anyhow!("no GPU could be opened: {e}"))?;
        // SAFETY: everything here goes through one stream, in which nothing overtakes anything.
        unsafe { context.disable_event_tracking() };
        let stream = context.default_stream();
        let blas = CudaBlas::new(stream.clone()).map_err(|e| anyhow!("cuBLAS: {e}"))?;
        let mut device = Self {
            context,
            stream,
            blas,
            kernels: HashMap::new(),
            ones: RefCell::default(),
            partial: RefCell::default(),
        };
        eprintln!("training on {}", device.context.name()?);
        let names = [
            "pad",
            "first",
            "windows",
            "windows_back",
            "pool",
            "pool_back",
            "first_back",
            "features",
            "features_back",
            "add_bias",
            "add",
            "sum_rows",
            "dropout",
            "pool_blocks",
            "pool_blocks_back",
        ];
        let module = device.context.load_module(device.compiled(&[])?)?;
        for name in names {
            device.kernels.insert(name, module.load_function(name).with_context(|| name)?);
        }
        Ok(device)
    }

    fn compiled(&self, defines: &[(&str, usize)]) -> Result<Ptx> {
        let (major, minor) = self.context.compute_capability()?;
        let mut options = vec![format!("--gpu-architecture=compute_{major}{minor}")];
        options.extend(defines.iter().map(|(name, value)| format!("-D{name}={value}")));
        let options = CompileOptions { options, ..CompileOptions::default() };
        compile_ptx_with_opts(SOURCE, options).map_err(|e| anyhow!("kernels.cu: {e:?}"))
    }

    /// Compiles the kernels of LSTM layers of `hidden` units, for `lanes` sequences.
    ///
    /// # Errors
    /// When a block cannot have a thread for every gate.
    pub(super) fn lstm(&self, hidden: usize, lanes: usize) -> Result<LstmKernels> {
        ensure!(hidden <= 256, "hidden = {hidden}: --gpu trains LSTM layers of up to 256 units");
        let gates = 4 * hidden;
        // The registers of a processor are shared out among the threads of a block.
        let kept = hidden.min(if hidden > 160 { KEPT / 2 } else { KEPT });
        let most = self.context.attribute(CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK_OPTIN)?;
        let bytes = usize::try_from(most)?.saturating_sub(DECLARED_BYTES);
        let shared = (hidden - kept).min(bytes / (4 * gates));
        let defines = [("HIDDEN", hidden), ("KEPT", kept), ("SHARED", shared)];
        let module = self.context.load_module(self.compiled(&defines)?)?;
        let bytes = 4 * gates * shared;
        let load = |name| -> Result<CudaFunction> {
            let function = module.load_function(name)?;
            function
                .set_attribute(CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES, bytes as i32)?;
            Ok(function)
        };
        let launch = LaunchConfig {
            grid_dim: (lanes as u32, 1, 1),
            block_dim: (gates as u32, 1, 1),
            shared_mem_bytes: bytes as u32,
        };
        Ok(LstmKernels { forward: load("lstm")?, backward: load("lstm_back")?, launch })
    }

    pub(super) fn stream(&self) -> &CudaStream {
        &self.stream
    }

    pub(super) fn kernel(&self, name: &'static str) -> &CudaFunction {
        &self.kernels[name]
    }

    /// A thread for each of `count` values.
    pub(super) fn each(count: usize) -> LaunchConfig {
        LaunchConfig {
            grid_dim: ((count as u32).div_ceil(THREADS), 1, 1),
            block_dim: (THREADS, 1, 1),
            shared_mem_bytes: 0,
        }
    }

    /// Memory for `len` values, zero.
    ///
    /// # Errors
    /// When the GPU has no more.
    pub(super) fn zeros<T: DeviceRepr + ValidAsZeroBits>(&self, len: usize) -> Result<Buffer<T>> {
        // Some GPUs have no memory of length 0.
        self.stream.alloc_zeros(len.max(1)).with_context(|| {
            let mib = (len * size_of::<T>()) >> 20;
            format!("the GPU has no {mib} MiB left; train with a smaller --batch")
        })
    }

    pub(super) fn upload(&self, from: &[f32], to: &mut Buffer) -> Result<()> {
        Ok(self.stream.memcpy_htod(from, to)?)
    }

    /// Copies all of `from`, and waits until everything asked for so far is done.
    pub(super) fn download(&self, from: &CudaView<'_, f32>, to: &mut [f32]) -> Result<()> {
        self.stream.memcpy_dtoh(from, to)?;
        Ok(self.stream.synchronize()?)
    }

    /// `c` [m, n] = `a` [m, k] `b` [k, n].
    pub(super) fn multiply(
        &self,
        a: &CudaView<'_, f32>,
        b: &CudaView<'_, f32>,
        c: &mut CudaViewMut<'_, f32>,
        [m, k, n]: [usize; 3],
    ) -> Result<()> {
        // cuBLAS counts columns first, so it is told of the transposes: c' = b' a'.
        let config = GemmConfig {
            transa: CUBLAS_OP_N,
            transb: CUBLAS_OP_N,
            m: n as i32,
            n: m as i32,
            k: k as i32,
            alpha: 1.0,
            lda: n as i32,
            ldb: k as i32,
            beta: 0.0,
            ldc: n as i32,
        };
        assert!(
            a.len() >= m * k && b.len() >= k * n && c.len() >= m * n,
            "matrices of these sizes"
        );
        // SAFETY: the sizes were checked.
        unsafe { self.blas.gemm(config, b, a, c) }.map_err(|e| anyhow!("cuBLAS: {e}"))
    }

    /// `dx` [m, k] = `dy` [m, n] `w`', where `w` is [k, n]: the gradient of inputs.
    pub(super) fn input_gradient(
        &self,
        dy: &CudaView<'_, f32>,
        w: &CudaView<'_, f32>,
        dx: &mut CudaViewMut<'_, f32>,
        [m, k, n]: [usize; 3],
    ) -> Result<()> {
        let config = GemmConfig {
            transa: CUBLAS_OP_T,
            transb: CUBLAS_OP_N,
            m: k as i32,
            n: m as i32,
            k: n as i32,
            alpha: 1.0,
            lda: n as i32,
            ldb: n as i32,
            beta: 0.0,
            ldc: k as i32,
        };
        assert!(
            dy.len() >= m * n && w.len() >= k * n && dx.len() >= m * k,
            "matrices of these sizes"
        );
        // SAFETY: the sizes were checked.
        unsafe { self.blas.gemm(config, w, dy, dx) }.map_err(|e| anyhow!("cuBLAS: {e}"))
    }

    /// `dw` [k, n] = `x`' `dy`, where `x` is [rows, k] and `dy` [rows, n]: the gradient of weights.
    pub(super) fn weight_gradient(
        &self,
        x: &CudaView<'_, f32>,
        dy: &CudaView<'_, f32>,
        dw: &mut CudaViewMut<'_, f32>,
        [rows, k, n]: [usize; 3],
    ) -> Result<()> {
        assert!(
            x.len() >= rows * k && dy.len() >= rows * n && dw.len() >= k * n,
            "matrices of these sizes"
        );
        let parts = match rows {
            ..LONG => 1,
            _ => (1..=PARTS).rev().find(|parts| rows.is_multiple_of(*parts)).unwrap_or(1),
        };
        let part = rows / parts;
        let gemm = GemmConfig {
            transa: CUBLAS_OP_N,
            transb: CUBLAS_OP_T,
            m: n as i32,
            n: k as i32,
            k: part as i32,
            alpha: 1.0,
            lda: n as i32,
            ldb: k as i32,
            beta: 0.0,
            ldc: n as i32,
        };
        if parts == 1 {
            // SAFETY: the sizes were checked.
            return unsafe { self.blas.gemm(gemm, dy, x, dw) }.map_err(|e| anyhow!("cuBLAS: {e}"));
        }
        let config = StridedBatchedConfig {
            gemm,
            batch_size: parts as i32,
            stride_a: (part * n) as i64,
            stride_b: (part * k) as i64,
            stride_c: (k * n) as i64,
        };
        let mut partial = self.partial.borrow_mut();
        let partial = self.at_least(&mut partial, parts * k * n, || self.zeros(parts * k * n))?;
        // SAFETY: the sizes were checked, and there is a place for every part.
        unsafe { self.blas.gemm_strided_batched(config, dy, x, partial) }
            .map_err(|e| anyhow!("cuBLAS: {e}"))?;
        self.sum_rows(&partial.as_view(), dw, [parts, k * n])
    }

    /// `y` [width] = the sum of the rows of `x` [rows, width], one after the other: for few rows.
    pub(super) fn sum_rows(
        &self,
        x: &CudaView<'_, f32>,
        y: &mut CudaViewMut<'_, f32>,
        [rows, width]: [usize; 2],
    ) -> Result<()> {
        let (height, width_arg) = (rows as i32, width as i32);
        Ok(launch!(self, self.kernel("sum_rows"), Self::each(width); x, y, &height, &width_arg)?)
    }

    /// `y` [width] = the sum of the rows of `x` [rows, width]: the gradient of a bias.
    pub(super) fn column_sums(
        &self,
        x: &CudaView<'_, f32>,
        y: &mut CudaViewMut<'_, f32>,
        [rows, width]: [usize; 2],
    ) -> Result<()> {
        let mut ones = self.ones.borrow_mut();
        let ones =
            self.at_least(&mut ones, rows, || Ok(self.stream.clone_htod(&vec![1.0; rows])?))?;
        self.weight_gradient(&ones.as_view(), x, y, [rows, 1, width])
    }

    fn at_least<'a>(
        &self,
        kept: &'a mut Option<Buffer>,
        len: usize,
        make: impl FnOnce() -> Result<Buffer>,
    ) -> Result<&'a mut Buffer> {
        if kept.as_ref().is_none_or(|kept| kept.len() < len) {
            *kept = Some(make()?);
        }
        kept.as_mut().context("memory on the GPU")
    }
}

/// The part `range` of flat parameters or gradients.
pub(super) fn part<'a>(buffer: &'a Buffer, range: &Range<usize>) -> CudaView<'a, f32> {
    buffer.slice(range.clone())
}

/// The part `range` of flat gradients, to be written.
pub(super) fn part_mut<'a>(buffer: &'a mut Buffer, range: &Range<usize>) -> CudaViewMut<'a, f32> {
    buffer.slice_mut(range.clone())
}
