// A GPU for machines that have none: just so much of CUDA's driver, of cuBLAS and of NVRTC as the trainer calls,
// on the processor. Kernels are compiled by g++ and run one thread after the other, those that synchronise as
// fibres that take turns. It is slow, knows one caller at a time, and is made for small tests; `build` beside it
// makes the three libraries.

#include <dlfcn.h>
#include <ucontext.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <map>
#include <regex>
#include <sstream>
#include <string>
#include <vector>

#define EXPORT extern "C" __attribute__((visibility("default")))

namespace {

enum { SUCCESS = 0, INVALID_VALUE = 1, COMPILATION_FAILED = 6, NO_BINARY = 200, NOT_FOUND = 500 };
enum { SHARED_MEMORY_PER_BLOCK_OPTIN = 97, COMPUTE_CAPABILITY_MAJOR = 75 };

struct Index { unsigned x, y, z; };

struct Program { std::string source, library; };

struct Module {
    void *library;
    std::map<std::string, int> arguments;

    template <typename T> T *symbol(const char *name) const { return static_cast<T *>(dlsym(library, name)); }
};

struct Function { Module *module; std::string name; void *code; };

// What makes a kernel a C++ function.
const char *PRELUDE =
    "#include <algorithm>\n#include <cmath>\nusing std::min;\n"
    "struct Index { unsigned x, y, z; };\n"
    "extern \"C\" { Index threadIdx, blockIdx, blockDim, gridDim; void (*synchronise)(); }\n"
    "#define __global__\n#define __device__ static\n#define __launch_bounds__(x)\n"
    "#define __shared__ static\n#define __syncthreads() synchronise()\n";

// The name of every kernel and how many arguments it takes.
std::string signatures(const std::string &source) {
    static const std::regex kernel(R"(__global__ void\s+(?:__launch_bounds__\(GATES\)\s+)?(\w+)\(([^)]*)\))");
    std::string all;
    for (std::sregex_iterator it(source.begin(), source.end(), kernel), end; it != end; ++it) {
        std::string arguments = (*it)[2];
        all += (*it)[1].str() + " " + std::to_string(1 + std::count(arguments.begin(), arguments.end(), ',')) + " ";
    }
    return all;
}

// The threads of a block that synchronise.
struct Fibres {
    std::vector<ucontext_t> contexts;
    std::vector<std::vector<char>> stacks;
    std::vector<char> done;
    ucontext_t scheduler;
    size_t current;
} fibres;

Function *running;
uint64_t values[16];

void call() {
    auto code = reinterpret_cast<void (*)(uint64_t, uint64_t, uint64_t, uint64_t, uint64_t, uint64_t, uint64_t,
                                          uint64_t, uint64_t, uint64_t, uint64_t, uint64_t)>(running->code);
    // Pointers and numbers are passed alike; what is too many is not looked at.
    code(values[0], values[1], values[2], values[3], values[4], values[5], values[6], values[7], values[8], values[9],
         values[10], values[11]);
}

void fibre() {
    call();
    fibres.done[fibres.current] = 1;
    swapcontext(&fibres.contexts[fibres.current], &fibres.scheduler);
}

void synchronise() { swapcontext(&fibres.contexts[fibres.current], &fibres.scheduler); }

void run_together(unsigned threads, Index *thread) {
    const size_t stack = 1 << 16;
    fibres.contexts.resize(threads);
    fibres.stacks.resize(std::max<size_t>(fibres.stacks.size(), threads), std::vector<char>(stack));
    fibres.done.assign(threads, 0);
    for (unsigned i = 0; i < threads; i++) {
        ucontext_t &context = fibres.contexts[i];
        getcontext(&context);
        context.uc_stack = {fibres.stacks[i].data(), 0, stack};
        context.uc_link = &fibres.scheduler;
        makecontext(&context, fibre, 0);
    }
    for (bool any = true; any;) {
        any = false;
        for (unsigned i = 0; i < threads; i++) {
            if (fibres.done[i]) continue;
            any = true;
            fibres.current = i;
            *thread = {i, 0, 0};
            swapcontext(&fibres.scheduler, &fibres.contexts[i]);
        }
    }
}

}  // namespace

EXPORT int nvrtcCreateProgram(Program **program, const char *source, const char *, int, const char *const *,
                              const char *const *) {
    *program = new Program{source, ""};
    return SUCCESS;
}

EXPORT int nvrtcCompileProgram(Program *program, int count, const char *const *options) {
    static int programs = 0;
    std::string base = "/tmp/emulated-cuda-" + std::to_string(getpid()) + "-" + std::to_string(programs++);
    std::string code = base + ".cpp", defines;
    program->library = base + ".so";
    for (int i = 0; i < count; i++)
        if (!strncmp(options[i], "-D", 2)) defines += std::string(" ") + options[i];
    std::regex unsized(R"(extern __shared__ float shared\[\];)");
    std::ofstream(code) << PRELUDE << std::regex_replace(program->source, unsized, "static float shared[1 << 18];")
                        << "\nextern \"C\" const char *signatures() { return \"" << signatures(program->source)
                        << "\"; }\n";
    int failed = system(("g++ -O2 -w -fPIC -shared" + defines + " -o " + program->library + " " + code).c_str());
    unlink(code.c_str());
    return failed ? COMPILATION_FAILED : SUCCESS;
}

EXPORT int nvrtcDestroyProgram(Program **) { return SUCCESS; }
EXPORT int nvrtcGetPTXSize(Program *program, size_t *size) { return *size = program->library.size() + 1, SUCCESS; }
EXPORT int nvrtcGetPTX(Program *program, char *out) { return strcpy(out, program->library.c_str()), SUCCESS; }
EXPORT int nvrtcGetProgramLogSize(Program *, size_t *size) { return *size = 1, SUCCESS; }
EXPORT int nvrtcGetProgramLog(Program *, char *out) { return *out = 0, SUCCESS; }
EXPORT const char *nvrtcGetErrorString(int) { return "g++ refuses it"; }

EXPORT int cuInit(unsigned) { return SUCCESS; }
EXPORT int cuDeviceGet(int *device, int) { return *device = 0, SUCCESS; }
EXPORT int cuDeviceGetName(char *name, int size, int) { return snprintf(name, size, "the emulator"), SUCCESS; }
EXPORT int cuDeviceGetAttribute(int *value, int attribute, int) {
    *value = attribute == COMPUTE_CAPABILITY_MAJOR ? 9 : attribute == SHARED_MEMORY_PER_BLOCK_OPTIN ? 100000 : 0;
    return SUCCESS;
}
EXPORT int cuDevicePrimaryCtxRetain(void **context, int) { return *context = &fibres, SUCCESS; }
EXPORT int cuDevicePrimaryCtxRelease_v2(int) { return SUCCESS; }
EXPORT int cuCtxSetCurrent(void *) { return SUCCESS; }
EXPORT int cuCtxGetCurrent(void **context) { return *context = &fibres, SUCCESS; }
EXPORT int cuGetErrorName(int, const char **name) { return *name = "EMULATOR", SUCCESS; }
EXPORT int cuGetErrorString(int, const char **text) { return *text = "the emulator failed", SUCCESS; }

EXPORT int cuModuleLoadData(Module **module, const void *path) {
    void *library = dlopen(static_cast<const char *>(path), RTLD_NOW | RTLD_LOCAL);
    unlink(static_cast<const char *>(path));
    if (!library) return NO_BINARY;
    *module = new Module{library, {}};
    std::istringstream known(reinterpret_cast<const char *(*)()>(dlsym(library, "signatures"))());
    std::string name;
    for (int count; known >> name >> count;) (*module)->arguments[name] = count;
    return SUCCESS;
}
EXPORT int cuModuleUnload(Module *) { return SUCCESS; }
EXPORT int cuModuleGetFunction(Function **function, Module *module, const char *name) {
    void *code = dlsym(module->library, name);
    if (!code) return NOT_FOUND;
    *function = new Function{module, name, code};
    return SUCCESS;
}
EXPORT int cuFuncSetAttribute(Function *, int, int) { return SUCCESS; }

EXPORT int cuMemAlloc_v2(uint64_t *pointer, size_t size) {
    if (size == 0) return INVALID_VALUE;
    // Nobody may count on what new memory holds.
    void *memory = memset(aligned_alloc(256, (size + 511) / 256 * 256), 0xEE, size);
    return *pointer = reinterpret_cast<uint64_t>(memory), SUCCESS;
}
EXPORT int cuMemFree_v2(void *pointer) { return free(pointer), SUCCESS; }
EXPORT int cuMemsetD8Async(void *to, unsigned char value, size_t size, void *) {
    return memset(to, value, size), SUCCESS;
}
EXPORT int cuMemcpyHtoDAsync_v2(void *to, const void *from, size_t size, void *) {
    return memcpy(to, from, size), SUCCESS;
}
EXPORT int cuMemcpyDtoHAsync_v2(void *to, const void *from, size_t size, void *) {
    return memcpy(to, from, size), SUCCESS;
}
EXPORT int cuStreamSynchronize(void *) { return SUCCESS; }

EXPORT int cuLaunchKernel(Function *function, unsigned blocks, unsigned, unsigned, unsigned width, unsigned height,
                          unsigned, unsigned, void *, void **arguments, void **) {
    if (width * height > 1024) return INVALID_VALUE;
    Module &module = *function->module;
    Index *thread = module.symbol<Index>("threadIdx"), *block = module.symbol<Index>("blockIdx");
    *module.symbol<void (*)()>("synchronise") = synchronise;
    *module.symbol<Index>("blockDim") = {width, height, 1};
    *module.symbol<Index>("gridDim") = {blocks, 1, 1};
    running = function;
    for (int i = 0; i < module.arguments[function->name]; i++) memcpy(&values[i], arguments[i], sizeof values[i]);
    bool synchronises = function->name.rfind("lstm", 0) == 0;
    for (unsigned b = 0; b < blocks; b++) {
        *block = {b, 0, 0};
        if (synchronises) {
            run_together(width * height, thread);
            continue;
        }
        for (unsigned i = 0; i < width * height; i++) {
            *thread = {i % width, i / width, 0};
            call();
        }
    }
    return SUCCESS;
}

EXPORT int cublasCreate_v2(void **handle) { return *handle = &fibres, SUCCESS; }
EXPORT int cublasDestroy_v2(void *) { return SUCCESS; }
EXPORT int cublasSetStream_v2(void *, void *) { return SUCCESS; }
EXPORT int cublasSgemm_v2(void *, int a_turned, int b_turned, int m, int n, int k, const float *alpha, const float *a,
                          size_t lda, const float *b, size_t ldb, const float *beta, float *c, size_t ldc) {
    for (int column = 0; column < n; column++) {
        for (int row = 0; row < m; row++) {
            double sum = 0.0;
            for (int i = 0; i < k; i++)
                sum += static_cast<double>(a_turned ? a[i + row * lda] : a[row + i * lda]) *
                       (b_turned ? b[column + i * ldb] : b[i + column * ldb]);
            float &to = c[row + column * ldc];
            to = static_cast<float>(*alpha * sum) + (*beta == 0.0f ? 0.0f : *beta * to);
        }
    }
    return SUCCESS;
}
EXPORT int cublasSgemmStridedBatched(void *handle, int a_turned, int b_turned, int m, int n, int k,
                                     const float *alpha, const float *a, int lda, long long a_step, const float *b,
                                     int ldb, long long b_step, const float *beta, float *c, int ldc, long long c_step,
                                     int count) {
    for (int i = 0; i < count; i++)
        cublasSgemm_v2(handle, a_turned, b_turned, m, n, k, alpha, a + i * a_step, lda, b + i * b_step, ldb, beta,
                       c + i * c_step, ldc);
    return SUCCESS;
}
