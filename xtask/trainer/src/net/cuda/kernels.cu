// What the networks need on a GPU beside matrix products. All arrays are float32, row-major, the last
// index fastest; every sum has one order, so a run repeats to the bit. Indices are 32 bit.
//
// Layer for layer the arithmetic of ../*.rs, which is the reference: tests compare the two.

#define BANDS 64

__device__ inline float elu(float x) { return x > 0.0f ? x : expm1f(x); }
// Slope of the ELU, from its output.
__device__ inline float slope(float y) { return y > 0.0f ? 1.0f : y + 1.0f; }
__device__ inline float sigmoid(float x) { return 1.0f / (1.0f + expf(-x)); }

#define EACH(i, n)                                       \
    int i = blockIdx.x * blockDim.x + threadIdx.x;       \
    if (i >= (n)) return;

// padded [lanes, before + time, BANDS]: context [lanes, before, BANDS], then mel [lanes, time, BANDS].
extern "C" __global__ void pad(const float *context, const float *mel, float *padded, int lanes, int before,
                               int time) {
    EACH(i, lanes * (before + time) * BANDS)
    int band = i % BANDS, t = i / BANDS % (before + time), lane = i / BANDS / (before + time);
    padded[i] = t < before ? context[(lane * before + t) * BANDS + band]
                           : mel[(lane * time + t - before) * BANDS + band];
}

// First convolution, its pool over bands, ELU: padded [lanes, frames + 2, BANDS] ->
// y [lanes, frames, bands, channels], and which band won.
extern "C" __global__ void first(const float *padded, const float *weights, const float *bias, float *y,
                                 unsigned char *choice, int lanes, int frames, int bands, int size, int channels) {
    EACH(i, lanes * frames * bands * channels)
    int c = i % channels, b = i / channels % bands, at = i / channels / bands;
    int t = at % frames, lane = at / frames;
    const float *x = padded + (lane * (frames + 2) + t) * BANDS + size * b;
    float most = 0.0f;
    int won = 0;
    for (int k = 0; k < size; k++) {
        float sum = 0.0f;
        for (int tap = 0; tap < 9; tap++) sum += weights[tap * channels + c] * x[tap / 3 * BANDS + tap % 3 + k];
        if (k == 0 || sum > most) {
            most = sum;
            won = k;
        }
    }
    choice[i] = (unsigned char)won;
    y[i] = elu(most + bias[c]);
}

// Gradients of the first convolution, [gridDim.x, 10 channels]: a partial sum of each block over its
// share of the places. A thread per channel (x) and tap (y); the tenth tap is the bias.
extern "C" __global__ void first_back(const float *padded, const float *y, const float *dy,
                                      const unsigned char *choice, float *partial, int lanes, int frames, int bands,
                                      int size) {
    int channels = blockDim.x, c = threadIdx.x, tap = threadIdx.y;
    int places = lanes * frames * bands;
    int share = (places + gridDim.x - 1) / gridDim.x;
    int end = min(places, (int)(blockIdx.x + 1) * share);
    float sum = 0.0f;
    for (int place = blockIdx.x * share; place < end; place++) {
        int b = place % bands, t = place / bands % frames, lane = place / bands / frames;
        int i = place * channels + c;
        float d = dy[i] * slope(y[i]);
        const float *x = padded + (lane * (frames + 2) + t) * BANDS + size * b + choice[i];
        sum += tap < 9 ? d * x[tap / 3 * BANDS + tap % 3] : d;
    }
    partial[(blockIdx.x * 10 + tap) * channels + c] = sum;
}

// Windows of a later convolution: x [lanes, frames + 2, bands, channels] -> y [lanes, frames, kept, 9 channels],
// where `kept` are the bands that its pool reads.
extern "C" __global__ void windows(const float *x, float *y, int lanes, int frames, int bands, int kept,
                                   int channels) {
    EACH(i, lanes * frames * kept * 9 * channels)
    int c = i % channels, tap = i / channels % 9, row = i / channels / 9;
    int b = row % kept, t = row / kept % frames, lane = row / kept / frames;
    y[i] = x[((lane * (frames + 2) + t + tap / 3) * bands + b + tap % 3) * channels + c];
}

// The way back: from gradients of windows to those of x.
extern "C" __global__ void windows_back(const float *d_windows, float *dx, int lanes, int frames, int bands, int kept,
                                        int channels) {
    EACH(i, lanes * (frames + 2) * bands * channels)
    int c = i % channels, b = i / channels % bands, at = i / channels / bands;
    int t = at % (frames + 2), lane = at / (frames + 2);
    float sum = 0.0f;
    for (int tap = 0; tap < 9; tap++) {
        int from_t = t - tap / 3, from_b = b - tap % 3;
        if (from_t < 0 || from_t >= frames || from_b < 0 || from_b >= kept) continue;
        sum += d_windows[(((lane * frames + from_t) * kept + from_b) * 9 + tap) * channels + c];
    }
    dx[i] = sum;
}

// Where the pool at `place` of [rows, bands] begins in [rows * frames, bands * size].
#define POOLED(place) (((place) / bands * frames * bands + (place) % bands) * size * channels)

// Bias, pool over `size` bands and `frames` frames, ELU: x [rows * frames, bands * size, channels] ->
// y [rows, bands, channels], and which place won, counted frame by frame.
extern "C" __global__ void pool(const float *x, const float *bias, float *y, unsigned char *choice, int rows, int bands,
                                int size, int frames, int channels) {
    EACH(i, rows * bands * channels)
    int c = i % channels, won = 0;
    const float *from = x + POOLED(i / channels) + c;
    float most = 0.0f;
    for (int k = 0; k < frames * size; k++) {
        float value = from[(k / size * bands * size + k % size) * channels];
        if (k == 0 || value > most) {
            most = value;
            won = k;
        }
    }
    choice[i] = (unsigned char)won;
    y[i] = elu(most + bias[c]);
}

extern "C" __global__ void pool_back(const float *y, const float *dy, const unsigned char *choice, float *dx, int rows,
                                     int bands, int size, int frames, int channels) {
    EACH(i, rows * bands * channels)
    float *to = dx + POOLED(i / channels) + i % channels;
    for (int k = 0; k < frames * size; k++)
        to[(k / size * bands * size + k % size) * channels] = choice[i] == k ? dy[i] * slope(y[i]) : 0.0f;
}

// Bias and ELU, and from [lanes, time, width] to [time, lanes, width].
extern "C" __global__ void features(const float *x, const float *bias, float *y, int lanes, int time, int width) {
    EACH(i, lanes * time * width)
    int f = i % width, t = i / width % time, lane = i / width / time;
    y[(t * lanes + lane) * width + f] = elu(x[i] + bias[f]);
}

extern "C" __global__ void features_back(const float *y, const float *dy, float *dx, int lanes, int time, int width) {
    EACH(i, lanes * time * width)
    int f = i % width, t = i / width % time, lane = i / width / time;
    int from = (t * lanes + lane) * width + f;
    dx[i] = dy[from] * slope(y[from]);
}

// y = x + bias, rows of `width`.
extern "C" __global__ void add_bias(float *x, const float *bias, int count, int width) {
    EACH(i, count)
    x[i] += bias[i % width];
}

extern "C" __global__ void add(float *x, const float *more, int count) {
    EACH(i, count)
    x[i] += more[i];
}

// Sums the rows of x [rows, width].
extern "C" __global__ void sum_rows(const float *x, float *y, int rows, int width) {
    EACH(i, width)
    float sum = 0.0f;
    for (int row = 0; row < rows; row++) sum += x[row * width + i];
    y[i] = sum;
}

// Dropout of `threshold` in 256, by a hash of seed and place (the finaliser of MurmurHash3); the same
// call takes a gradient back.
extern "C" __global__ void dropout(const float *x, float *y, int count, unsigned seed, int threshold) {
    EACH(i, count)
    unsigned hash = (unsigned)i * 0x9E3779B9u ^ seed;
    hash = (hash ^ hash >> 16) * 0x85EBCA6Bu;
    hash = (hash ^ hash >> 13) * 0xC2B2AE35u;
    hash ^= hash >> 16;
    y[i] = (int)(hash & 255u) < threshold ? 0.0f : x[i] * 256.0f / (256.0f - threshold);
}

// Mean and maximum over blocks of frames, as ../summary.rs: x [blocks * block, lanes, width] ->
// y [blocks, lanes, row] from `offset` on, and which frame was the maximum.
extern "C" __global__ void pool_blocks(const float *x, float *y, int *winner, int blocks, int block, int lanes,
                                       int width, int row, int offset) {
    EACH(i, blocks * lanes * width)
    int unit = i % width, lane = i / width % lanes, at = i / width / lanes;
    float sum = 0.0f, most = 0.0f;
    int won = 0;
    for (int k = 0; k < block; k++) {
        float value = x[((at * block + k) * lanes + lane) * width + unit];
        sum += value;
        if (k == 0 || value > most) {
            most = value;
            won = k;
        }
    }
    float *to = y + (at * lanes + lane) * row + offset + unit;
    to[0] = sum / block;
    to[width] = most;
    winner[i] = won;
}

extern "C" __global__ void pool_blocks_back(const float *dy, const int *winner, float *dx, int blocks, int block,
                                            int lanes, int width, int row, int offset) {
    EACH(i, blocks * block * lanes * width)
    int unit = i % width, lane = i / width % lanes, t = i / width / lanes;
    int at = t / block, k = t % block;
    const float *from = dy + (at * lanes + lane) * row + offset + unit;
    float most = winner[(at * lanes + lane) * width + unit] == k ? from[width] : 0.0f;
    dx[i] = from[0] / block + most;
}

#ifdef HIDDEN
// An LSTM over time: a block per sequence, a thread per gate, which keeps its column of the recurrent weights:
// the first KEPT in registers, the next SHARED in shared memory, what is left comes from the cache.
#define GATES (4 * HIDDEN)

extern __shared__ float shared[];

// gates [time, lanes, GATES] come as products with the inputs and leave activated; cells and outputs
// [time + 1, lanes, HIDDEN] begin with the state; squashed [time, lanes, HIDDEN].
extern "C" __global__ void __launch_bounds__(GATES)
lstm(float *gates, const float *weights, const float *bias, const float *h, const float *c, float *cells,
     float *outputs, float *squashed, int time, int lanes) {
    __shared__ float output[HIDDEN], active[GATES];
    int gate = threadIdx.x, lane = blockIdx.x;
    float kept[KEPT];
#pragma unroll
    for (int k = 0; k < KEPT; k++) kept[k] = weights[k * GATES + gate];
    for (int k = 0; k < SHARED; k++) shared[k * GATES + gate] = weights[(KEPT + k) * GATES + gate];
    float cell = 0.0f, own_bias = bias[gate];
    if (gate < HIDDEN) {
        int at = lane * HIDDEN + gate;
        output[gate] = outputs[at] = h[at];
        cell = cells[at] = c[at];
    }
    __syncthreads();
    for (int t = 0; t < time; t++) {
        float *mine = gates + (t * lanes + lane) * GATES + gate;
        float sum = *mine + own_bias;
#pragma unroll
        for (int k = 0; k < KEPT; k++) sum += kept[k] * output[k];
#pragma unroll 8
        for (int k = 0; k < SHARED; k++) sum += shared[k * GATES + gate] * output[KEPT + k];
#pragma unroll 8
        for (int k = KEPT + SHARED; k < HIDDEN; k++) sum += weights[k * GATES + gate] * output[k];
        sum = gate < 3 * HIDDEN ? sigmoid(sum) : tanhf(sum);
        active[gate] = *mine = sum;
        __syncthreads();
        if (gate < HIDDEN) {
            cell = active[2 * HIDDEN + gate] * cell + active[gate] * active[3 * HIDDEN + gate];
            float squash = tanhf(cell);
            int at = (t * lanes + lane) * HIDDEN + gate;
            squashed[at] = squash;
            cells[at + lanes * HIDDEN] = cell;
            outputs[at + lanes * HIDDEN] = output[gate] = active[HIDDEN + gate] * squash;
        }
        __syncthreads();
    }
}

// The way back: gates become their gradients before activation. Thread (quarter, unit) has the weights from
// `unit` to that quarter of the gates.
extern "C" __global__ void __launch_bounds__(GATES)
lstm_back(float *gates, const float *weights, const float *dy, const float *cells, const float *squashed, int time,
          int lanes) {
    __shared__ float d_gates[GATES], part[GATES];
    int quarter = threadIdx.x / HIDDEN, unit = threadIdx.x % HIDDEN, lane = blockIdx.x;
    const float *own = weights + unit * GATES + quarter * HIDDEN;
    float kept[KEPT];
#pragma unroll
    for (int k = 0; k < KEPT; k++) kept[k] = own[k];
    for (int k = 0; k < SHARED; k++) shared[k * GATES + threadIdx.x] = own[KEPT + k];
    float d_cell = 0.0f;
    part[threadIdx.x] = 0.0f;
    __syncthreads();
    for (int t = time - 1; t >= 0; t--) {
        if (quarter == 0) {
            int at = (t * lanes + lane) * HIDDEN + unit;
            float *mine = gates + (t * lanes + lane) * GATES + unit;
            float i = mine[0], o = mine[HIDDEN], f = mine[2 * HIDDEN], g = mine[3 * HIDDEN];
            float squash = squashed[at];
            float dh = dy[at] + part[unit] + part[HIDDEN + unit] + part[2 * HIDDEN + unit] + part[3 * HIDDEN + unit];
            float dc = d_cell + dh * o * (1.0f - squash * squash);
            d_cell = dc * f;
            d_gates[unit] = mine[0] = dc * g * i * (1.0f - i);
            d_gates[HIDDEN + unit] = mine[HIDDEN] = dh * squash * o * (1.0f - o);
            d_gates[2 * HIDDEN + unit] = mine[2 * HIDDEN] = dc * cells[at] * f * (1.0f - f);
            d_gates[3 * HIDDEN + unit] = mine[3 * HIDDEN] = dc * i * (1.0f - g * g);
        }
        __syncthreads();
        const float *theirs = d_gates + quarter * HIDDEN;
        float sum = 0.0f;
#pragma unroll
        for (int k = 0; k < KEPT; k++) sum += kept[k] * theirs[k];
#pragma unroll 8
        for (int k = 0; k < SHARED; k++) sum += shared[k * GATES + threadIdx.x] * theirs[KEPT + k];
#pragma unroll 8
        for (int k = KEPT + SHARED; k < HIDDEN; k++) sum += own[k] * theirs[k];
        part[threadIdx.x] = sum;
        __syncthreads();
    }
}
#endif
